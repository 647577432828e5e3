use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Call, Description, Event, EventOutcome, RequestOutcome, Response, ResponseOutcome, Usage};

/// An extension. One value serves many calls, and streams that overlap: what belongs to a call is kept under its
/// `request_id`. The value is made anew whenever the host needs another instance, so nothing kept in it may be missed.
pub trait Extension: Sized + 'static {
    /// What the operator's `config` has to be; a `#[derive(Deserialize)]` type, or [`Value`].
    type Config: DeserializeOwned;

    /// What the extension is, and which hooks it wants.
    fn describe() -> Description;

    /// Takes the configuration.
    ///
    /// # Errors
    /// In words for the operator, beginning with the member they are about: `config.rules[2]: …`.
    fn configure(config: Self::Config) -> Result<Self, String>;

    /// A call, before it is routed; `body` is the client's.
    fn request(&mut self, _call: &Call, _body: Value) -> RequestOutcome {
        RequestOutcome::unchanged()
    }

    /// A whole answer, before the client gets it.
    fn response(&mut self, _call: &Call, _response: Response) -> ResponseOutcome {
        ResponseOutcome::unchanged()
    }

    /// One event of a streamed answer, before the client gets it.
    fn event(&mut self, _call: &Call, _event: Event) -> EventOutcome {
        EventOutcome::unchanged()
    }

    /// A call that is over.
    fn settle(&mut self, _call: &Call, _usage: Usage) {}
}
