//! The data plane as phases, each made from the one before, so that a skipped check does not compile:
//!
//! [`door`] which endpoint is it → [`admit`] who is calling, and on which state of the project → [`plan`] which model,
//! which upstream, which bytes and headers → (the edge fetches) → [`answer`] what the upstream said, in the client's
//! protocol → [`settle`] one usage row, which [`ledger`], [`queue`] or [`analytics`] takes from there, and [`settlements`] what a
//! limited token's call came to.

pub mod admit;
pub mod analytics;
pub mod answer;
pub mod attempts;
pub mod cache;
pub mod copies;
pub mod cors;
pub mod door;
pub mod estimate;
pub mod extensions;
pub mod ledger;
pub mod limit;
pub mod list;
pub mod plan;
pub mod proxy;
pub mod queue;
pub mod relay;
pub mod replicas;
pub mod settle;
pub mod settlements;
