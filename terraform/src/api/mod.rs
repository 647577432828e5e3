//! Sluice's admin API as a client: what it answers, and what it refuses.

mod client;
mod wait;

pub use client::{Client, Sent};

use crate::diagnostics::{Diagnostics, Path, in_terraforms_words};
use crate::schema::Attribute;
use serde_json::Value as Json;

/// An answer of success.
pub struct Answer {
    /// The tag of what it shows.
    pub tag: Option<String>,
    /// The body; null where there is none.
    pub body: Json,
}

/// Why there is none.
#[derive(Debug, Clone, PartialEq)]
pub enum Failure {
    /// Sluice said no.
    Refused(Box<Refused>),
    /// It said nothing that could be understood.
    Unreachable(String),
}

/// A refusal, in Sluice's words.
#[derive(Debug, Clone, PartialEq)]
pub struct Refused {
    /// HTTP status.
    pub status: u16,
    /// Which rule.
    pub code: String,
    /// The rule in words.
    pub message: String,
    /// The field at fault.
    pub param: String,
    /// What else a program may need.
    pub details: Json,
    /// The request, for the operator's log.
    pub request_id: String,
}

impl Failure {
    /// Whether what was asked for is not there.
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Refused(refused) if refused.status == 404)
    }

    /// Whether what was to be changed is no longer as it was.
    pub fn is_overtaken(&self) -> bool {
        matches!(self, Self::Refused(refused) if refused.status == 412)
    }

    /// Tells it, by the attribute at fault, with a way out that only the caller knows.
    pub fn tell(&self, attributes: &[Attribute], what: &str, way_out: &str, diagnostics: &mut Diagnostics) {
        match self {
            Self::Refused(refused) => {
                let path = Path::of_param(attributes, &refused.param);
                let told = if way_out.is_empty() { &refused.message } else { way_out };
                let mut detail = in_terraforms_words(attributes, told);
                if let Some(names) = refused.dependents() {
                    detail.push_str(&format!("\n\nIn the way: {names}."));
                }
                detail.push_str(&format!("\n\n{} ({}), request {}", refused.code, refused.status, refused.request_id));
                diagnostics.error(&path, format!("Sluice refused to {what}"), detail);
            }
            Self::Unreachable(why) => {
                diagnostics.error(&Path::default(), format!("Sluice could not be asked to {what}"), why);
            }
        }
    }
}

impl Refused {
    /// What hangs on the object, by name where the API tells names.
    fn dependents(&self) -> Option<String> {
        let details = self.details.as_object()?;
        let mut told = Vec::new();
        for (what, value) in details {
            match value {
                Json::Number(count) if count.as_u64() != Some(0) => told.push(format!("{what} {count}")),
                Json::Array(rows) if !rows.is_empty() => {
                    let name = |row: &Json| row.as_str().or_else(|| row.get("name")?.as_str()).map(str::to_owned);
                    told.push(format!("{what} {}", rows.iter().filter_map(name).collect::<Vec<_>>().join(", ")));
                }
                _ => {}
            }
        }
        (!told.is_empty()).then(|| told.join("; ").replace('_', " "))
    }
}

/// A refusal's body; what is no such body is not Sluice's.
fn refused(status: u16, body: &[u8]) -> Failure {
    let json: Json = serde_json::from_slice(body).unwrap_or_default();
    let Some(error) = json.get("error").filter(|error| error.get("request_id").is_some()) else {
        return Failure::Unreachable(format!(
            "The endpoint answered {status}, and not in the way of Sluice's API: is it the deployment's address?"
        ));
    };
    let text = |name: &str| error.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    Failure::Refused(Box::new(Refused {
        status,
        code: text("code"),
        message: text("message"),
        param: text("param"),
        details: error.get("details").cloned().unwrap_or_default(),
        request_id: text("request_id"),
    }))
}
