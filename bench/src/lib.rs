//! What `npm run bench` measures with: an upstream that answers the same bytes each time, and a load that waits for each answer
//! before it asks again. Both use one thread, so that the gateway has the other core.

pub mod answers;
pub mod checks;
pub mod events;
pub mod figures;
