//! Sluice: an LLM gateway for Cloudflare's edge.

pub mod domain;
pub mod protocol;
pub mod routing;

#[cfg(target_arch = "wasm32")]
mod edge;
