// The screens that chart, loaded together with what draws.
export { default as Overview } from "./overview";
export { default as Usage } from "./usage";
