//! The Model Context Protocol over streamable HTTP, without sessions: its messages, which revision a request speaks, and
//! how it is answered. Knows nothing of tools: what they are and do is `admin/surface/mcp`.
//!
//! Both eras are spoken at one path. From 2026-07-28 on each request says in `_meta` what it is, and headers repeat it;
//! before, `initialize` agreed on a revision, and a header names it from then on. Nothing is remembered in either.

mod answer;
mod fault;
mod message;
mod revision;

#[cfg(test)]
mod tests;

pub use answer::{Server, discovered, initialized, listed, replied, told};
pub use fault::{Code, Fault};
pub use message::{Asked, Headers, Posted, What, read};
pub use revision::{Era, Revision};
