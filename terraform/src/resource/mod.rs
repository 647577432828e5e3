//! Resources: a table each, and one life for all of them.

mod apply;
mod bounds;
mod import;
mod kinds;
mod orphan;
mod plan;
mod read;

pub use apply::apply;
pub use import::import;
pub use kinds::ALL;
pub use plan::plan;
pub use read::read;

use crate::diagnostics::{Diagnostics, Path};
use crate::schema::{Attribute, Type};
use crate::value::{Object, Value, at};
use serde_json::{Map, Value as Json};
use sluice::admin::schema::Object as Fields;
use sluice::domain::invalid::Invalid;

/// What a kind of resource is.
pub struct Resource {
    /// Its name after `sluice_`.
    pub name: &'static str,
    /// What sentences call one.
    pub noun: &'static str,
    /// What it is, in Markdown.
    pub doc: &'static str,
    /// Its attributes. Each has an `id`.
    pub attributes: &'static [Attribute],
    /// The API's own table of its fields.
    pub fields: &'static Fields,
    /// The path of the collection that it is in.
    pub collection: fn(&Object) -> String,
    /// The attribute that the collection's path has in it.
    pub parent: Option<&'static str>,
    /// What must hold beyond each field by itself.
    pub check: fn(&Object, &mut Diagnostics),
    /// What one attribute says of another, in a plan whose attributes are settled one by one.
    pub settle: fn(&mut Object, Change<'_>),
    /// What an update must say beside what changes.
    pub along: fn(&mut Map<String, Json>, Change<'_>),
    /// The query of its deletion, and what to do where that is refused.
    pub deletion: fn(&Object) -> (&'static str, &'static str),
}

/// What is asked for, beside what there is.
#[derive(Clone, Copy)]
pub struct Change<'c> {
    /// What the configuration says.
    pub config: &'c Object,
    /// What there is; `None` for a creation.
    pub prior: Option<&'c Object>,
    /// What there shall be.
    pub planned: &'c Object,
}

impl Resource {
    /// The path of one.
    pub fn path(&self, state: &Object) -> String {
        let id = at(state, "id").text().unwrap_or_default();
        format!("{}/{id}", (self.collection)(state))
    }

    /// What sentences call this one.
    pub fn named(&self, state: &Object) -> String {
        let name = ["name", "remote_model_name", "id"].into_iter().find_map(|name| at(state, name).text());
        name.map_or_else(|| self.noun.to_owned(), |name| format!("{} `{name}`", self.noun))
    }

    /// Checks a configuration, of which parts may not be known yet.
    pub fn validate(&self, config: &Object, diagnostics: &mut Diagnostics) {
        for attribute in self.attributes.iter().filter(|attribute| attribute.is_written()) {
            let value = at(config, attribute.name);
            if let (Type::Json, Some(text)) = (attribute.kind, value.text())
                && let Err(error) = serde_json::from_str::<Json>(text)
            {
                let detail = format!("{} must be JSON, such as jsonencode(…) makes: {error}", attribute.name);
                diagnostics.error(&Path::of(attribute.name), "A value is no JSON", detail);
                continue;
            }
            if let Err(invalid) = bounds::check(self.fields, attribute, value) {
                diagnostics.invalid(self.attributes, &invalid);
            }
        }
        if !diagnostics.has_errors() {
            (self.check)(config, diagnostics);
        }
    }
}

/// Runs checks that the API has, too, each on its own.
fn all_of(
    attributes: &[Attribute],
    diagnostics: &mut Diagnostics,
    checks: impl IntoIterator<Item = Result<(), Invalid>>,
) {
    for invalid in checks.into_iter().filter_map(Result::err) {
        diagnostics.invalid(attributes, &invalid);
    }
}

/// What a known attribute's text, read by `parse`, breaks.
fn broken<T>(config: &Object, name: &str, parse: impl Fn(&str) -> Result<T, Invalid>) -> Result<(), Invalid> {
    at(config, name).text().map_or(Ok(()), |text| parse(text).map(|_| ()))
}

/// The same of an attribute that holds JSON, which it is by then.
fn broken_json<T>(config: &Object, name: &str, parse: impl Fn(Json) -> Result<T, Invalid>) -> Result<(), Invalid> {
    broken(config, name, |text| serde_json::from_str(text).map_or(Ok(None), |json| parse(json).map(Some)))
}

/// A state with nothing in it.
fn empty(attributes: &[Attribute]) -> Object {
    attributes.iter().map(|attribute| (attribute.name.to_owned(), Value::Null)).collect()
}
