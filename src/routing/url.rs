//! Where a call goes: the kind's way to write an address, for each dialect and purpose.

use super::azure;
use crate::domain::advanced::Effective;
use crate::domain::base_url::BaseUrl;
use crate::domain::invalid::Invalid;
use crate::domain::kind::Kind;
use crate::domain::protocol::Protocol;
use crate::protocol::path::{Endpoint, ModelAction, endpoint, model_action};

/// What an upstream is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A whole answer.
    Answer,
    /// An answer as a stream.
    Stream,
    /// How many tokens a request has.
    Count,
    /// Embeddings.
    Embed,
}

enum Place {
    Fixed(Endpoint),
    OfModel(ModelAction),
}

/// The URL. `model` is the upstream's name of the model.
///
/// # Errors
/// [`Invalid`] on `model` where its name cannot stand in a path.
pub fn url(
    kind: Kind,
    base: &BaseUrl,
    (protocol, purpose): (Protocol, Purpose),
    effective: &Effective,
    model: &str,
) -> Result<String, Invalid> {
    match (place(protocol, purpose)?, kind) {
        (Place::Fixed(place), Kind::Azure) => azure::url(base, place, effective, model),
        (Place::Fixed(place), _) => Ok(endpoint(base, place)),
        (Place::OfModel(action), _) => model_action(base, action, model),
    }
}

#[rustfmt::skip]
fn place(protocol: Protocol, purpose: Purpose) -> Result<Place, Invalid> {
    use Place::{Fixed, OfModel};
    use Purpose::{Answer, Count, Embed, Stream};
    Ok(match (protocol, purpose) {
        (Protocol::ChatCompletions, Answer | Stream) => Fixed(Endpoint::ChatCompletions),
        (Protocol::Responses, Answer | Stream) => Fixed(Endpoint::Responses),
        (Protocol::AnthropicMessages, Answer | Stream) => Fixed(Endpoint::Messages),
        (Protocol::Gemini, Answer) => OfModel(ModelAction::GeminiGenerate),
        (Protocol::Gemini, Stream) => OfModel(ModelAction::GeminiStream),
        (Protocol::BedrockConverse, Answer) => OfModel(ModelAction::Converse),
        (Protocol::BedrockConverse, Stream) => OfModel(ModelAction::ConverseStream),
        (Protocol::AnthropicMessages, Count) => Fixed(Endpoint::CountTokens),
        (Protocol::Responses, Count) => Fixed(Endpoint::ResponsesInputTokens),
        (Protocol::Gemini, Count) => OfModel(ModelAction::GeminiCountTokens),
        (Protocol::BedrockConverse, Count) => OfModel(ModelAction::ConverseCountTokens),
        (Protocol::ChatCompletions | Protocol::Responses, Embed) => Fixed(Endpoint::Embeddings),
        (Protocol::Gemini, Embed) => OfModel(ModelAction::GeminiEmbed),
        (Protocol::ChatCompletions, Count) | (Protocol::AnthropicMessages | Protocol::BedrockConverse, Embed) => {
            return Err(Invalid::new("model", "The protocol of this model's provider has no such endpoint."));
        }
    })
}
