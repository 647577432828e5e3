// What the console knows of the API, made of openapi.json: the types of every path, and the few facts that are needed at run time.

/** Where they go, in console/. Git does not keep them: every build makes them. */
export const SCHEMA = "src/api/generated/schema.d.ts";
export const FACTS = "src/api/generated/facts.ts";

/** TypeScript's types of the document. */
export async function schema(document) {
  const { default: openapiTS, astToString } = await import("openapi-typescript");
  return astToString(await openapiTS(document, { alphabetize: false }));
}

/** The actions that policies name, and which requests take `project_id`. */
export function facts(document) {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, ...operation })),
  );
  const actions = new Set(operations.flatMap(({ description = "" }) => [...description.matchAll(/`([A-Za-z]+:[A-Za-z]+)`/g)].map(([, action]) => action)));
  const scoped = operations.filter(({ parameters = [] }) => parameters.some(({ $ref = "" }) => $ref.endsWith("/query-project_id")));
  return `/** What a policy can allow. */
export type Action = ${[...actions].sort().map((action) => JSON.stringify(action)).join(" | ")};

/** The requests that root may make in any project, by \`?project_id=\`. */
export const SCOPED: ReadonlySet<string> = new Set(${JSON.stringify(scoped.map(({ name }) => name).filter((name) => name.includes(" /api/v1/")))});
`;
}
