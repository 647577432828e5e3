//! Finding out what a provider can do (SPEC section 5): which models its upstream lists, and whether one of them answers.

mod cache;
mod listing;
mod model;
mod probe;

pub use cache::Catalogues;
pub use listing::{Account, available};
pub use model::Listed;
pub use probe::{Ability, Probe, Tested};
