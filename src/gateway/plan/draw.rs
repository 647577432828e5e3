//! The number that decides among equals.

use super::Asked;
use crate::domain::protocol::Protocol;
use crate::ports::Rng;
use crate::protocol::body::RequestBody;
use crate::protocol::prompt::opening;
use crate::refusal::Refusal;
use memchr::memmem;
use sha2::{Digest, Sha256};

/// What a Responses client asks for to be able to send reasoning back.
const ENCRYPTED_REASONING: &str = "reasoning.encrypted_content";

/// A random number; for a conversation whose answers only their issuer can read back, the same one for each of its
/// turns. A vendor's signature does not say which account made it, and nothing is kept between calls, so what stays the
/// same is all there is to go by: the caller, and how the conversation began.
pub(super) fn number<H>(asked: &Asked<'_, H>, rng: &dyn Rng) -> Result<u64, Refusal> {
    let beginning = if binds_to_issuer(asked.door.protocol, asked.body) { opening(asked.body) } else { None };
    let mut bytes = [0; 8];
    match beginning {
        Some(text) => {
            let caller = asked.admitted.holder().map_or("root", |holder| holder.id.as_str());
            let hash = Sha256::new().chain_update(caller).chain_update(text.as_bytes()).finalize();
            for (byte, hashed) in bytes.iter_mut().zip(hash) {
                *byte = hashed;
            }
        }
        None => rng.fill(&mut bytes)?,
    }
    Ok(u64::from_be_bytes(bytes))
}

/// Whether the answer is going to hold what comes back with the next turn and is for its issuer only.
fn binds_to_issuer(client: Protocol, body: &RequestBody) -> bool {
    match client {
        Protocol::Responses => body
            .get("include")
            .is_some_and(|include| memmem::find(include.raw, ENCRYPTED_REASONING.as_bytes()).is_some()),
        Protocol::AnthropicMessages => {
            body.get("thinking").is_some_and(|thinking| memmem::find(thinking.raw, b"\"disabled\"").is_none())
        }
        Protocol::ChatCompletions | Protocol::Gemini | Protocol::BedrockConverse => false,
    }
}
