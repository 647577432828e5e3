//! What bodies, answers and query parameters look like: a table an object, a file a resource, as in `admin`.
//!
//! It is the one place where a field is declared. [`Form`](super::form) takes from it which fields a body may have and
//! what they must be, MCP's tools and `/openapi.json` their JSON Schemas (`json_schema.rs`), and a test that each view
//! shows its table's fields and that each field is taken or refused as its table says. What one field alone cannot
//! tell (a name that is taken, a key that does not fit the auth method) is the handler's to check.
//!
//! A new field is a row here, in the place where the view shows it. A new object is a `static` in its resource's file, and
//! is named in `tests/native/field_tables.rs`.

pub mod admin_panel;
pub mod ai_providers;
pub mod audit;
pub mod discovery;
pub mod error;
pub mod extensions;
pub mod health;
mod json_schema;
pub mod me;
pub mod models;
pub mod own_keys;
pub mod page;
pub mod projects;
pub mod providers;
pub mod requests;
pub mod resolve;
pub mod sealing_keys;
pub mod secrets;
pub mod tokens;
pub mod usage;
pub mod users;

pub use json_schema::{Purpose, References, component, parameter, property, schema};

/// A JSON object.
#[derive(Debug)]
pub struct Object {
    /// What it is, in one word: its name among OpenAPI's components.
    pub name: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// Its fields, in the order in which it is shown.
    pub fields: &'static [Field],
    /// Whether it may have others.
    pub rest: Rest,
    /// A creation has all fields of at least one of these groups, the required ones aside.
    pub either: &'static [&'static [&'static str]],
}

/// What most objects have beside their name, meaning and fields: nothing.
pub const CLOSED: Object = Object { name: "", doc: "", fields: &[], rest: Rest::Refused, either: &[] };

/// What becomes of fields that an object does not list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// They are refused.
    Refused,
    /// They are kept, but for those of these names.
    Kept(&'static [&'static str]),
}

impl Object {
    /// The field of a name.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Those that a body may have, in the order in which they are shown.
    pub fn writable(&self) -> impl Iterator<Item = &'static Field> {
        self.fields.iter().filter(|field| field.written != Written::Never)
    }
}

/// A member of an object, or a query parameter.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Its JSON type, with the bounds that it has by itself.
    pub kind: Type,
    /// What it means, with its unit.
    pub doc: &'static str,
    /// Whether a body may have it.
    pub written: Written,
    /// Whether an answer has it.
    pub shown: Shown,
    /// What null means.
    pub null: Null,
    /// JSON: what a creation takes in its place where it is absent; empty where that is null, or none.
    pub default: &'static str,
    /// JSON: a value that it may have; empty where its type says enough.
    pub example: &'static str,
}

/// Whether a body may have a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is read-only: a body that has it is refused.
    Never,
    /// It may.
    Optional,
    /// A creation must have it; an update may.
    Required,
}

/// Whether an answer has a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Always.
    Always,
    /// Only where there is something to show, or where it was asked for.
    Sometimes,
    /// In the answer to its creation only.
    Once,
    /// Never: it is a secret.
    Never,
}

/// What null means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Null {
    /// It is no value of the field: neither shown nor taken.
    Never,
    /// Shown, and refused in a body.
    Shown,
    /// Shown, and clears the field in a body.
    Clears,
}

/// A JSON type, with its bounds.
#[derive(Debug, Clone, Copy)]
pub enum Type {
    /// A string.
    Text {
        /// Fewest characters.
        least: u32,
        /// Most characters.
        most: u32,
        /// JSON Schema's `format`; empty for none.
        format: &'static str,
        /// ECMA-262, of the whole text; empty for any.
        pattern: &'static str,
    },
    /// An id: this prefix and 16 letters and digits.
    Id(&'static str),
    /// A time, RFC 3339; shown in UTC with milliseconds.
    Time,
    /// One of a closed list of words.
    Word(fn() -> Vec<&'static str>),
    /// true or false.
    Truth,
    /// A whole number, from the first to the second.
    Whole(i64, i64),
    /// A number.
    Number {
        /// Where it begins.
        from: Bound,
        /// Its largest value.
        to: f64,
    },
    /// A list.
    List {
        /// Of what.
        of: &'static Type,
        /// Fewest elements.
        least: u32,
        /// Most elements.
        most: u32,
    },
    /// An object of any names.
    Map {
        /// What its values are.
        of: &'static Type,
        /// Fewest members.
        least: u32,
        /// Most members.
        most: u32,
    },
    /// An object of a table.
    Object(&'static Object),
    /// One of several types.
    Either(&'static [Type]),
    /// Any JSON.
    Any,
}

/// Where a number begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// With this one.
    At(f64),
    /// Just above this one.
    Above(f64),
}

/// Longer than anything that passes as a body, and more than any list holds: no bound of its own.
pub const UNBOUNDED: u32 = u32::MAX;

/// The largest whole number that every JSON reader keeps exactly: 2^53 - 1.
pub const EXACT: i64 = (1 << 53) - 1;

/// Any string.
pub const TEXT: Type = text(0, UNBOUNDED);

/// A name as [`crate::domain::name::Name`] takes it.
pub const NAME: Type = text(1, 100).pattern(r"^[^\x00-\x1f\x7f-\x9f]*\S[^\x00-\x1f\x7f-\x9f]*$");

/// How many of something.
pub const COUNT: Type = Type::Whole(0, EXACT);

/// US dollars, exact to the billionth.
pub const USD: Type = Type::Number { from: Bound::At(0.0), to: f64::INFINITY };

/// A list of any strings.
pub const TEXTS: Type = Type::List { of: &TEXT, least: 0, most: UNBOUNDED };

/// A string of so many characters.
pub const fn text(least: u32, most: u32) -> Type {
    Type::Text { least, most, format: "", pattern: "" }
}

/// A list of any length.
pub const fn list(of: &'static Type) -> Type {
    Type::List { of, least: 0, most: UNBOUNDED }
}

impl Type {
    /// The same with a JSON Schema `format`, if it is a string.
    pub const fn format(self, format: &'static str) -> Self {
        match self {
            Self::Text { least, most, pattern, .. } => Self::Text { least, most, format, pattern },
            other => other,
        }
    }

    /// The same with a pattern, if it is a string.
    pub const fn pattern(self, pattern: &'static str) -> Self {
        match self {
            Self::Text { least, most, format, .. } => Self::Text { least, most, format, pattern },
            other => other,
        }
    }

    /// What a value of it is called in a refusal: "`name` must be …".
    pub fn expected(&self) -> String {
        match self {
            Self::Text { .. } | Self::Id(_) | Self::Time => "a string".into(),
            Self::Word(words) => format!("one of {}", words().join(", ")),
            Self::Truth => "true or false".into(),
            Self::Whole(from, to) => format!("a whole number from {from} to {to}"),
            Self::Number { .. } => "a number".into(),
            Self::List { of: Self::Text { .. }, .. } => "a list of strings".into(),
            Self::List { .. } => "a list".into(),
            Self::Map { .. } | Self::Object(_) => "an object".into(),
            Self::Either(_) | Self::Any => "another value".into(),
        }
    }

    /// The table of the objects that it holds.
    pub fn object(&self) -> Option<&'static Object> {
        match self {
            Self::Object(object) => Some(object),
            Self::List { of, .. } | Self::Map { of, .. } => of.object(),
            _ => None,
        }
    }
}

/// A field that answers have and bodies may have.
pub const fn field(name: &'static str, kind: Type, doc: &'static str) -> Field {
    Field {
        name,
        kind,
        doc,
        written: Written::Optional,
        shown: Shown::Always,
        null: Null::Never,
        default: "",
        example: "",
    }
}

/// A field that answers have and nobody writes.
pub const fn read(name: &'static str, kind: Type, doc: &'static str) -> Field {
    Field { written: Written::Never, ..field(name, kind, doc) }
}

/// The id of the object itself.
pub const fn id(prefix: &'static str) -> Field {
    read("id", Type::Id(prefix), "Its id.")
}

/// The project that a row belongs to.
pub const PROJECT_ID: Field = field(
    "project_id",
    text(1, 100),
    "The project it belongs to. A body may leave it out: it is the token's own. `ADMIN_TOKEN`, which has none, may give \
     an id or a name, and means `default` without one. A row stays in its project.",
);

/// When it was made.
pub const CREATED_AT: Field = read("created_at", Type::Time, "When it was made.");

/// When it was last changed.
pub const UPDATED_AT: Field = read("updated_at", Type::Time, "When it was last changed.");

impl Field {
    /// A creation must have it.
    pub const fn required(self) -> Self {
        Self { written: Written::Required, ..self }
    }

    /// Nothing shows it again.
    pub const fn write_only(self) -> Self {
        Self { shown: Shown::Never, ..self }
    }

    /// Answers have it in some cases only, which its doc tells.
    pub const fn sometimes(self) -> Self {
        Self { shown: Shown::Sometimes, ..self }
    }

    /// The answer to its creation has it, and no other.
    pub const fn once(self) -> Self {
        Self { shown: Shown::Once, ..self }
    }

    /// Null is shown where there is none, and clears it.
    pub const fn or_null(self) -> Self {
        Self { null: Null::Clears, ..self }
    }

    /// Null is shown where there is none, and is refused in a body.
    pub const fn or_null_when_read(self) -> Self {
        Self { null: Null::Shown, ..self }
    }

    /// What a creation takes where it is absent, as JSON.
    pub const fn default(self, json: &'static str) -> Self {
        Self { default: json, ..self }
    }

    /// A value that it may have, as JSON.
    pub const fn example(self, json: &'static str) -> Self {
        Self { example: json, ..self }
    }
}
