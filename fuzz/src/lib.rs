//! What holds for every input, and how inputs are made: `scripts/fuzz.mjs` tries many, and `tests/fuzz` tries again those
//! that have ever been a finding.

#[path = "../../tests/golden/accumulate.rs"]
mod accumulate;
#[path = "../../tests/golden/framing.rs"]
mod framing;
pub mod mutate;
#[path = "../../tests/golden/order.rs"]
mod order;
pub mod properties;
