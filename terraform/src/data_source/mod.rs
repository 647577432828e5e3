//! Data sources: one for each kind of resource, found by its id or its name, and what an upstream lists.

mod available_models;

use crate::api::{Client, Failure};
use crate::diagnostics::{Diagnostics, Path};
use crate::resource::{self, Resource};
use crate::schema::{Attribute, Given, Kept, Type};
use crate::value::{Object, at, is_same, object_from_api};
use serde_json::Value as Json;
use std::sync::LazyLock;

/// What a data source is.
pub struct DataSource {
    /// Its name after `sluice_`.
    pub name: &'static str,
    /// What it is, in Markdown.
    pub doc: String,
    /// Its attributes.
    pub attributes: &'static [Attribute],
    /// The resource that it finds; `None` for what an upstream lists.
    resource: Option<&'static Resource>,
}

/// All of them.
pub static ALL: LazyLock<Vec<DataSource>> = LazyLock::new(|| {
    let found = resource::ALL.into_iter().map(|resource| DataSource {
        name: resource.name,
        doc: format!("{} Found by {}.", resource.doc, keys(resource).join(" or ")),
        attributes: searched(resource),
        resource: Some(resource),
    });
    let listed = DataSource {
        name: "available_models",
        doc: available_models::DOC.to_owned(),
        attributes: available_models::ATTRIBUTES,
        resource: None,
    };
    found.chain([listed]).collect()
});

/// What one may be found by.
fn keys(resource: &Resource) -> Vec<&'static str> {
    let names = ["id", "name", "remote_model_name"];
    names.into_iter().filter(|name| resource.attributes.iter().any(|attribute| attribute.name == *name)).collect()
}

/// A resource's table as something to look for: what finds it may be given, and the rest is told.
fn searched(resource: &'static Resource) -> &'static [Attribute] {
    let is_key = |name: &str| keys(resource).contains(&name) || name == "organization_id";
    let shown = |attribute: &&Attribute| attribute.is_shown() && attribute.kept == Kept::Plain;
    let each = resource.attributes.iter().filter(shown).map(|attribute| Attribute {
        given: match attribute.name {
            name if Some(name) == resource.parent => Given::Required,
            name if is_key(name) => Given::Either,
            _ => Given::Never,
        },
        kind: told(attribute.kind),
        default: "",
        replaces: false,
        ..*attribute
    });
    each.collect::<Vec<_>>().leak()
}

/// A type of which every part is told.
fn told(kind: Type) -> Type {
    match kind {
        Type::Object(attributes) => {
            let told = attributes.iter().map(|attribute| Attribute { given: Given::Never, ..*attribute });
            Type::Object(told.collect::<Vec<_>>().leak())
        }
        other => other,
    }
}

impl DataSource {
    /// Checks a configuration.
    pub fn validate(&self, config: &Object, diagnostics: &mut Diagnostics) {
        let Some(resource) = self.resource else { return };
        let keys = keys(resource);
        if keys.iter().all(|key| at(config, key).is_null()) {
            let detail = format!("Give {}.", keys.join(" or "));
            diagnostics.error(&Path::default(), format!("Which sluice_{} is meant?", self.name), detail);
        }
    }

    /// Finds it.
    pub async fn read(&self, client: &Client, config: &Object, diagnostics: &mut Diagnostics) -> Option<Object> {
        let found = match self.resource {
            Some(resource) => find(resource, self.attributes, client, config).await,
            None => available_models::read(client, config).await.map(Some),
        };
        match found {
            Ok(Some(json)) => {
                let mut state = object_from_api(self.attributes, &json);
                // What it was asked by stays as it was written.
                for attribute in self.attributes {
                    let asked = at(config, attribute.name);
                    if !asked.is_null() {
                        state.insert(attribute.name.into(), asked.clone());
                    }
                }
                Some(state)
            }
            Ok(None) => {
                let detail = format!("Nothing that the token may see is what data.sluice_{} asks for.", self.name);
                diagnostics.error(&Path::default(), "It was not found", detail);
                None
            }
            Err(Failure::Unreachable(why)) if why == AMBIGUOUS => {
                diagnostics.error(&Path::of("name"), "Several have this name", AMBIGUOUS);
                None
            }
            Err(failure) => {
                failure.tell(self.attributes, "show it", "", diagnostics);
                None
            }
        }
    }
}

const AMBIGUOUS: &str = "Names of tokens may be given twice: ask by id.";

/// The row that all that is asked by fits.
async fn find(
    resource: &Resource,
    attributes: &[Attribute],
    client: &Client,
    config: &Object,
) -> Result<Option<Json>, Failure> {
    let fits = |row: &Json| {
        let shown = object_from_api(attributes, row);
        attributes.iter().all(|attribute| {
            let asked = at(config, attribute.name);
            let is_name = attribute.name == "name" || attribute.name == "remote_model_name";
            let same_name = || match (asked.text(), at(&shown, attribute.name).text()) {
                (Some(asked), Some(name)) => sluice::domain::name::key(asked) == sluice::domain::name::key(name),
                _ => false,
            };
            asked.is_null() || is_same(attribute.kind, asked, at(&shown, attribute.name)) || (is_name && same_name())
        })
    };
    if !at(config, "id").is_null() {
        return match client.get(&resource.path(config)).await {
            Ok(answer) => Ok(Some(answer.body).filter(fits)),
            Err(failure) if failure.is_gone() => Ok(None),
            Err(failure) => Err(failure),
        };
    }
    let mut path = (resource.collection)(config);
    if let Some(project) = at(config, "organization_id").text() {
        path.push_str(&format!("?project_id={project}"));
    }
    let mut rows: Vec<Json> = client.list(&path).await?.into_iter().filter(fits).collect();
    match rows.len() {
        0 | 1 => Ok(rows.pop()),
        _ => Err(Failure::Unreachable(AMBIGUOUS.into())),
    }
}
