//! Terraform's side of it: the protocol's messages, who is called by which name, and how the two processes meet.

mod meeting;
pub mod messages;
mod rpc;

pub use meeting::serve;
