// What the signed-in may do, by what `/api/v1/me` says: the console offers nothing else. The API decides all the same.
import type { Action, Me } from "../api/types";
import { session } from "./session";

/**
 * Whether the action is allowed: on everything in the project, or on one row, named by its id with those of the rows that it
 * lies within before it (a model's provider).
 */
export function may(action: Action, ...row: string[]): boolean {
  return allows(session.get().me, action, row);
}

/** Whether there may be any row that the action is allowed on. */
export function mayOnSome(action: Action): boolean {
  return session.get().me?.possible_actions.includes(action) ?? false;
}

/** The same of anybody. */
export function allows(me: Me | null, action: Action, row: string[]): boolean {
  if (!me || !me.possible_actions.includes(action)) return false;
  if (me.policies === null) return true;
  if (row.length === 0) return me.actions.includes(action);
  return me.policies.every((statements) => {
    const about = statements.filter(
      ({ actions, resources }) => matches(actions, action) && (resources ?? ["*"]).some((pattern) => row.some((id) => matches([pattern], id))),
    );
    return about.length > 0 && about.every(({ effect }) => effect === "allow");
  });
}

/** `*` stands for any characters, and case means nothing. */
function matches(patterns: string[], text: string): boolean {
  return patterns.some((pattern) => {
    const literal = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
    return new RegExp(`^${literal.join(".*")}$`, "is").test(text);
  });
}
