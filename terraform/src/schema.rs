//! What resources and data sources look like: a table of attributes each, of which Terraform's schema, the API's bodies
//! and the documentation are made.

use crate::plugin::messages::{self, Nesting, StringKind};
use serde_json::{Value as Json, json};

/// An attribute's type.
#[derive(Clone, Copy)]
pub enum Type {
    /// A string, trimmed by the API.
    Text,
    /// A string: an address.
    Address,
    /// A string: a time in RFC 3339.
    Time,
    /// A string that holds JSON, which is a value of its own in the API.
    Json,
    /// A number.
    Number,
    /// A bool.
    Truth,
    /// A list.
    List(&'static Type),
    /// A set.
    Set(&'static Type),
    /// A map.
    Map(&'static Type),
    /// A nested object.
    Object(&'static [Attribute]),
    /// A list of nested objects.
    Objects(&'static [Attribute]),
}

/// Who says what an attribute is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// The configuration must.
    Required,
    /// The configuration may; without it there is none.
    Optional,
    /// The configuration may; without it Sluice does.
    Either,
    /// Sluice does.
    Never,
}

/// How an attribute's value is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// In the state, as it is.
    Plain,
    /// In the state, hidden in what Terraform prints.
    Sensitive,
    /// Not at all, where Terraform knows write-only attributes, else as a sensitive one.
    Sealed(Seal),
}

/// What is kept in place of a sealed value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Seal {
    /// The attribute that holds a salted hash of what was set.
    pub hash: &'static str,
    /// The attribute that shows something of what is there: where it changes by itself, somebody else set another
    /// value.
    pub witness: &'static str,
}

/// One attribute.
#[derive(Clone, Copy)]
pub struct Attribute {
    /// Its name in HCL.
    pub name: &'static str,
    /// The API's field; empty where the API has none.
    pub field: &'static str,
    /// Its type.
    pub kind: Type,
    /// Who says it.
    pub given: Given,
    /// What it is where the configuration says nothing, as JSON; empty for none.
    pub default: &'static str,
    /// How it is kept.
    pub kept: Kept,
    /// Whether another value takes another object.
    pub replaces: bool,
    /// The attributes whose change may change it, where Sluice says what it is.
    pub follows: &'static [&'static str],
    /// What it is for, in Markdown.
    pub doc: &'static str,
}

const fn attribute(name: &'static str, field: &'static str, kind: Type, given: Given, doc: &'static str) -> Attribute {
    Attribute { name, field, kind, given, default: "", kept: Kept::Plain, replaces: false, follows: &[], doc }
}

/// One that the configuration must give.
pub const fn required(name: &'static str, field: &'static str, kind: Type, doc: &'static str) -> Attribute {
    attribute(name, field, kind, Given::Required, doc)
}

/// One that the configuration may give, and that is null without.
pub const fn optional(name: &'static str, field: &'static str, kind: Type, doc: &'static str) -> Attribute {
    attribute(name, field, kind, Given::Optional, doc)
}

/// One that the configuration may give, and Sluice chooses without.
pub const fn either(name: &'static str, field: &'static str, kind: Type, doc: &'static str) -> Attribute {
    attribute(name, field, kind, Given::Either, doc)
}

/// One that Sluice tells.
pub const fn computed(name: &'static str, field: &'static str, kind: Type, doc: &'static str) -> Attribute {
    attribute(name, field, kind, Given::Never, doc)
}

impl Attribute {
    /// The same with a default: an optional one that is never null.
    pub const fn default(self, json: &'static str) -> Self {
        Self { default: json, given: Given::Either, ..self }
    }

    /// The same, hidden in what Terraform prints.
    pub const fn sensitive(self) -> Self {
        Self { kept: Kept::Sensitive, ..self }
    }

    /// The same, never read back.
    pub const fn sealed(self, hash: &'static str, witness: &'static str) -> Self {
        Self { kept: Kept::Sealed(Seal { hash, witness }), ..self }
    }

    /// The same, whose value a change of these may change.
    pub const fn follows(self, those: &'static [&'static str]) -> Self {
        Self { follows: those, ..self }
    }

    /// The same; another value takes another object.
    pub const fn replaces(self) -> Self {
        Self { replaces: true, ..self }
    }

    /// What is kept in its place, if it is sealed.
    pub const fn seal(&self) -> Option<Seal> {
        match self.kept {
            Kept::Sealed(seal) => Some(seal),
            Kept::Plain | Kept::Sensitive => None,
        }
    }

    /// Whether the API takes it in a body.
    pub fn is_written(&self) -> bool {
        !self.field.is_empty() && self.given != Given::Never
    }

    /// Whether the API shows it.
    pub const fn is_shown(&self) -> bool {
        !self.field.is_empty() && !matches!(self.kept, Kept::Sealed(_))
    }

    fn message(&self) -> messages::Attribute {
        let (nested, nesting) = match self.kind {
            Type::Object(attributes) => (Some(attributes), Nesting::Single),
            Type::Objects(attributes) => (Some(attributes), Nesting::List),
            _ => (None, Nesting::Invalid),
        };
        messages::Attribute {
            name: self.name.into(),
            r#type: if nested.is_some() { Vec::new() } else { self.kind.json().to_string().into_bytes() },
            description: self.doc.into(),
            required: self.given == Given::Required,
            optional: matches!(self.given, Given::Optional | Given::Either),
            computed: matches!(self.given, Given::Never | Given::Either),
            sensitive: self.kept != Kept::Plain,
            description_kind: StringKind::Markdown.into(),
            nested_type: nested.map(|attributes| messages::NestedType {
                attributes: attributes.iter().map(Self::message).collect(),
                nesting: nesting.into(),
            }),
            write_only: self.seal().is_some(),
        }
    }
}

impl Type {
    /// Terraform's way of writing it.
    fn json(self) -> Json {
        match self {
            Self::Text | Self::Address | Self::Time | Self::Json => json!("string"),
            Self::Number => json!("number"),
            Self::Truth => json!("bool"),
            Self::List(of) => json!(["list", of.json()]),
            Self::Set(of) => json!(["set", of.json()]),
            Self::Map(of) => json!(["map", of.json()]),
            Self::Object(attributes) | Self::Objects(attributes) => {
                let members = attributes.iter().map(|attribute| (attribute.name.to_owned(), attribute.kind.json()));
                json!(["object", members.collect::<serde_json::Map<_, _>>()])
            }
        }
    }
}

/// The schema of a table.
pub fn message(doc: &str, attributes: &[Attribute]) -> messages::Schema {
    messages::Schema {
        version: 0,
        block: Some(messages::Block {
            version: 0,
            attributes: attributes.iter().map(Attribute::message).collect(),
            description: doc.into(),
            description_kind: StringKind::Markdown.into(),
        }),
    }
}
