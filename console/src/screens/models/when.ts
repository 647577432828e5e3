// A model's `when` as rows to choose from, and back. What rows cannot say stays JSON.
export type Kind = "text" | "number" | "truth";

/** What a request shows, in the API's names; `metadata.…` comes on top. */
export const ATTRIBUTES: Readonly<Record<string, { label: string; kind: Kind }>> = {
  model: { label: "model asked for", kind: "text" },
  protocol: { label: "client's protocol", kind: "text" },
  stream: { label: "streams", kind: "truth" },
  input_chars: { label: "characters of input", kind: "number" },
  max_tokens: { label: "most tokens to answer with", kind: "number" },
  tools: { label: "number of tools", kind: "number" },
  images: { label: "number of images", kind: "number" },
  tags: { label: "tag", kind: "text" },
  user: { label: "user (id or name)", kind: "text" },
  token: { label: "token (id or name)", kind: "text" },
  project: { label: "project (id)", kind: "text" },
  country: { label: "client's country", kind: "text" },
};

/** The choice that stands for `metadata.<key>`. */
export const METADATA = "metadata";

export type Operator = "is" | "$ne" | "$in" | "$nin" | "$gt" | "$gte" | "$lt" | "$lte" | "$prefix" | "$glob" | "$exists";

export const OPERATORS: Readonly<Record<Operator, string>> = {
  is: "is",
  $ne: "is not",
  $in: "is one of",
  $nin: "is none of",
  $gt: "is more than",
  $gte: "is at least",
  $lt: "is less than",
  $lte: "is at most",
  $prefix: "begins with",
  $glob: "fits the pattern",
  $exists: "is there",
};

/** A line of the builder: all of them must hold. */
export interface Row {
  id: number;
  attribute: string;
  /** Of metadata: the key, dotted where it is nested. */
  key: string;
  operator: Operator;
  value: string;
}

const kindOf = (attribute: string): Kind => ATTRIBUTES[attribute]?.kind ?? "text";

/** The comparisons that make sense of an attribute. */
export function operatorsOf(attribute: string): Operator[] {
  switch (kindOf(attribute)) {
    case "number": return ["$gt", "$gte", "$lt", "$lte", "is", "$ne", "$exists"];
    case "truth": return ["is"];
    case "text": return ["is", "$ne", "$in", "$nin", "$prefix", "$glob", "$exists"];
  }
}

export const newRow = (id: number): Row => ({ id, attribute: "input_chars", key: "", operator: "$gt", value: "" });

/** The row about another attribute: what no longer fits goes. */
export function about(row: Row, attribute: string): Row {
  const [first] = operatorsOf(attribute);
  const operator = operatorsOf(attribute).includes(row.operator) ? row.operator : (first ?? "is");
  const value = kindOf(attribute) === kindOf(row.attribute) ? row.value : kindOf(attribute) === "truth" ? "true" : "";
  return { ...row, attribute, operator, value };
}

type Scalar = string | number | boolean;
export type When = Record<string, unknown>;

function scalar(row: Row, text: string): Scalar {
  if (row.operator === "$exists" || kindOf(row.attribute) === "truth") return text !== "false";
  const trimmed = text.trim();
  // What is no number is the API's to refuse, in its words.
  if (kindOf(row.attribute) === "number" && trimmed !== "" && Number.isFinite(Number(trimmed))) return Number(trimmed);
  return text;
}

/** The condition that rows say; a text where they contradict each other. */
export function toWhen(rows: readonly Row[]): When | null | string {
  const when: Record<string, Record<string, unknown>> = {};
  for (const row of rows) {
    const name = row.attribute === METADATA ? `${METADATA}.${row.key}` : row.attribute;
    const isList = row.operator === "$in" || row.operator === "$nin";
    const value = isList ? row.value.split(",").map((part) => part.trim()).filter(Boolean).map((part) => scalar(row, part)) : scalar(row, row.value);
    const tests = (when[name] ??= {});
    if (row.operator in tests) return `“${name} ${OPERATORS[row.operator]}” is there twice: one line can say it, or write it as JSON.`;
    tests[row.operator] = value;
  }
  const entries = Object.entries(when).map(([name, { is, ...tests }]) => {
    if (is === undefined) return [name, tests] as const;
    // An equality beside other tests is a list of one.
    if (Object.keys(tests).length === 0) return [name, is] as const;
    return [name, "$in" in tests ? null : { $in: [is], ...tests }] as const;
  });
  const clash = entries.find(([, test]) => test === null);
  if (clash) return `“${clash[0]} is” and “${clash[0]} is one of” say the same thing: keep one.`;
  return entries.length > 0 ? Object.fromEntries(entries) : null;
}

/** The rows that say a condition, or null where only JSON can. */
export function toRows(when: When | null): Row[] | null {
  const rows: Row[] = [];
  const isScalar = (value: unknown): value is Scalar => ["string", "number", "boolean"].includes(typeof value);
  for (const [name, test] of Object.entries(when ?? {})) {
    const isMetadata = name.startsWith(`${METADATA}.`);
    const attribute = isMetadata ? METADATA : name;
    if (!isMetadata && !(name in ATTRIBUTES)) return null;
    const tests = isScalar(test) ? [["is", test] as const] : typeof test === "object" && test !== null ? Object.entries(test) : null;
    if (!tests) return null;
    for (const [operator, operand] of tests) {
      const values: unknown[] = Array.isArray(operand) ? operand : [operand];
      if (!(operator in OPERATORS) || !values.every(isScalar)) return null;
      rows.push({ id: rows.length, attribute, key: isMetadata ? name.slice(METADATA.length + 1) : "", operator: operator as Operator, value: values.join(", ") });
    }
  }
  // Only what comes out as it went in: a comma within a value, a number in metadata and the like stay JSON.
  const back = toWhen(rows);
  return typeof back !== "string" && JSON.stringify(back) === JSON.stringify(Object.keys(when ?? {}).length > 0 ? when : null) ? rows : null;
}
