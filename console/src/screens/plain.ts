// The screens that do not chart, loaded together.
export { default as Providers } from "./providers";
export { default as Models } from "./models";
export { default as Secrets } from "./secrets";
export { default as Extensions } from "./extensions";
export { default as Playground } from "./playground";
export { default as Users } from "./users";
export { default as Tokens } from "./tokens";
export { default as MyKeys } from "./my-keys";
export { default as Requests } from "./requests";
export { default as AuditLog } from "./audit-log";
export { default as Projects } from "./projects";
export { default as SealingKeys } from "./sealing-keys";
export { default as Settings } from "./settings";
