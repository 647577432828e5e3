//! Sluice: an LLM gateway for Cloudflare's edge.
//!
//! The folders in the order of a request's way: `edge` hands it in, `access` says who it is, then either `admin`
//! changes what `store` keeps, or `gateway` takes it through `routing` to an upstream and back. `limits` is what a
//! limited token asks first, in an object of its own. `discovery` asks an upstream what it can do, for `admin`.
//! `retention` is what the clock starts. `domain`, `seal`, `protocol` and `refusal` are what all of them speak. Below
//! `edge` nothing knows
//! the Worker.

pub mod access;
pub mod admin;
pub mod deployment;
pub mod discovery;
pub mod domain;
pub mod gateway;
pub mod json;
pub mod limits;
pub mod mcp;
pub mod ports;
pub mod protocol;
pub mod refusal;
pub mod retention;
pub mod routing;
pub mod seal;
pub mod store;
pub mod translate;

#[cfg(target_arch = "wasm32")]
mod edge;

#[cfg(test)]
mod testing;
