//! What only its issuer can read back, packed so that it survives in a client that knows another protocol.

use crate::domain::protocol::Protocol;
use crate::json::json;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// What every packed signature begins with: nothing of another origin is ever unpacked.
pub const PREFIX: &str = "sluice.v1.";

/// An upstream's proof of its own reasoning: Anthropic's signed block, Responses' encrypted item, Gemini's thought
/// signature (PROTOCOLS.md section 5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Which dialect the payload is in. Claude's blocks are Anthropic's wherever Claude is served, because Bedrock takes
    /// the same signatures.
    pub protocol: Protocol,
    /// The id of the provider that made it; empty for one that came unpacked.
    pub provider: String,
    /// JSON in the protocol's own terms: the block or item, with everything that has to come back unmodified.
    pub payload: String,
}

impl Signature {
    /// As one string that a client keeps without understanding it: base64url, so it fits wherever a signature does.
    pub fn pack(&self) -> String {
        let packed = json!([self.protocol.as_str(), self.provider, self.payload]).to_string();
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(packed))
    }

    /// Reads what [`Self::pack`] wrote; `None` for anything else, such as a vendor's own.
    pub fn unpack(text: &str) -> Option<Self> {
        let packed = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
        let Ok([Value::String(protocol), Value::String(provider), Value::String(payload)]) =
            serde_json::from_slice::<[Value; 3]>(&packed)
        else {
            return None;
        };
        Some(Self { protocol: Protocol::parse(&protocol)?, provider, payload })
    }

    /// The payload, if it is for a provider of this protocol: another one refuses it.
    pub fn payload_for(&self, protocol: Protocol, provider: &str) -> Option<Value> {
        let is_same = self.protocol == protocol && (self.provider.is_empty() || self.provider == provider);
        if is_same { serde_json::from_str(&self.payload).ok() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature() -> Signature {
        Signature { protocol: Protocol::Responses, provider: "aip_1".into(), payload: r#"{"id":"rs_1"}"#.into() }
    }

    #[test]
    fn what_was_packed_comes_back_and_nothing_else_does() {
        let packed = signature().pack();
        assert_eq!(Signature::unpack(&packed), Some(signature()));
        for other in ["", PREFIX, "EqQBCgIYAhIM", "sluice.v1.!!!", &format!("{PREFIX}W10")] {
            assert_eq!(Signature::unpack(other), None, "{other}");
        }
    }

    #[test]
    fn it_is_for_its_issuer_only() {
        assert!(signature().payload_for(Protocol::Responses, "aip_1").is_some());
        assert_eq!(signature().payload_for(Protocol::Responses, "aip_2"), None);
        assert_eq!(signature().payload_for(Protocol::Gemini, "aip_1"), None);
        let unpacked = Signature { provider: String::new(), ..signature() };
        assert!(unpacked.payload_for(Protocol::Responses, "aip_9").is_some());
    }
}
