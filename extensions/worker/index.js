// The Worker's side of extensions: what Rust calls (src/edge/extensions.rs). scripts/build/extension-host.mjs bundles it into
// build/extensions.js, with the host's text and the modules of extensions/bundled.
export { check } from "./check.js";
export { Passage } from "./passage.js";
