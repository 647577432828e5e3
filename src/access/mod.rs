//! Who is asking, and what they may do (SPEC section 4).
//!
//! Invariants: nothing is open by default; tokens are compared and looked up by their full hash; a deny wins.

pub mod operation;
pub mod policy;
pub mod principal;
pub mod route;
pub mod token;

pub use operation::{Audience, Operation};
pub use policy::{Policy, Role, Statement};
pub use principal::{Principal, TokenHolder};
pub use token::{PlainToken, TokenHash};
