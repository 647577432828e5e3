//! Sluice: an LLM gateway for Cloudflare's edge.

pub mod domain;
pub mod ports;
pub mod protocol;
pub mod refusal;
pub mod seal;

#[cfg(target_arch = "wasm32")]
mod edge;

#[cfg(test)]
mod testing;
