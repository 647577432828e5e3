//! Client protocol × upstream protocol: requests, answers and streams, through one neutral form.

pub mod neutral;
