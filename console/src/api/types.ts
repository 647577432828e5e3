// The API's own words for its objects.
import type { components } from "./generated/schema";

export type Schemas = components["schemas"];
export type { Action } from "./generated/facts";

export type Me = Schemas["Me"];
export type Health = Schemas["Health"];
export type Project = Schemas["Project"];
export type Secret = Schemas["Secret"];
export type Provider = Schemas["Provider"];
export type Model = Schemas["Model"];
export type Extension = Schemas["Extension"];

/** A page of a list. */
export interface Page<Row> {
  data: Row[];
  next_cursor: string | null;
}
