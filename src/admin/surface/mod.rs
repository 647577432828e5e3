//! The doors that the reference documents describe, onto the same service: other paths, other names for the same fields,
//! another shape of errors, and nothing of their own besides.

pub mod admin_panel;
pub mod ai_providers;
pub mod mcp;

use crate::access::route::Surface;
use crate::refusal::{Dialect, Refusal};

/// The shape of a door's errors.
pub const fn dialect(surface: Surface) -> Dialect {
    match surface {
        Surface::Own | Surface::Mcp => Dialect::Admin,
        Surface::AiProviders | Surface::AdminPanel => Dialect::Plain,
    }
}

/// A door's name of a field, and the service's.
type Names = &'static [(&'static str, &'static str)];

/// A refusal of the service's, which names its own fields, in the words of a door.
fn told(names: Names) -> impl Fn(Refusal) -> Refusal {
    move |refusal| in_words_of(names, refusal)
}

fn in_words_of(names: Names, mut refusal: Refusal) -> Refusal {
    for (theirs, ours) in names {
        let told = match refusal.param.as_deref().and_then(|param| param.strip_prefix(ours)) {
            Some("") => Some((*theirs).to_owned()),
            Some(nested) if nested.starts_with('.') => Some(format!("{theirs}{nested}")),
            _ => None,
        };
        if let Some(param) = told {
            // Where the field's name is an English word, only the message's subject is sure to mean the field.
            if let Some(rest) = refusal.message.strip_prefix(&format!("{ours} ")) {
                refusal.message = format!("{theirs} {rest}");
            }
            refusal.param = Some(param);
        }
        if ours.contains('_') {
            refusal.message = refusal.message.replace(ours, theirs);
        }
    }
    refusal
}
