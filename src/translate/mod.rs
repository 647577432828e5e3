//! Client protocol × upstream protocol: requests, answers and streams, through one neutral form.

pub mod anthropic;
pub mod bedrock;
pub mod chat;
pub mod claude;
pub mod gemini;
pub mod neutral;
pub mod responses;
