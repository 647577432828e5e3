//! The tools: what each is given and comes to, by the tables of its route.

use super::super::super::Request;
use super::super::super::schema::ai_providers::{self, AI_PROVIDER};
use super::super::super::schema::discovery::{AVAILABLE_MODEL, TESTED};
use super::super::super::schema::extensions::EXTENSION;
use super::super::super::schema::models::{MODEL, OF_SELECTABLE};
use super::super::super::schema::page::{IN_PROJECT, NEXT_CURSOR, PAGE};
use super::super::super::schema::providers::ON_DELETE;
use super::super::super::schema::usage::{OF_USAGE, TOTALS};
use super::super::super::schema::{
    CLOSED, Field, Object, Purpose, References, TEXT, Type, field, property, read, schema,
};
use crate::access::route::{Method, of_tool};
use crate::domain::invalid::Invalid;
use crate::json::{Members, empty, json};
use crate::mcp::Headers;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

/// A tool. Its route, and with it its action, is in `access/route.rs`.
#[derive(Debug)]
pub struct Tool {
    /// What it is called by.
    pub name: &'static str,
    title: &'static str,
    doc: &'static str,
    /// What its route's path takes, in the path's order.
    pub path: &'static [Field],
    given: Given,
    comes_to: ComesTo,
    reach: Reach,
}

/// What a tool is given beside that.
#[derive(Debug, Clone, Copy)]
enum Given {
    /// Query parameters, but for those of these names.
    Query(&'static [&'static [Field]], &'static [&'static str]),
    /// The body that makes or changes one.
    Body(&'static Object, Purpose),
}

/// What a tool comes to.
#[derive(Debug, Clone, Copy)]
enum ComesTo {
    /// One.
    One(&'static Object),
    /// All of them.
    All(&'static Object),
    /// A page of them.
    Page(&'static Object),
}

/// Whom a tool talks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// Sluice alone.
    Sluice,
    /// An upstream.
    Upstream,
}

const AI_PROVIDER_ID: &[Field] = &[field("aiProviderId", Type::Id("aip_"), "The provider's id.").required()];

const PROVIDER_ID: Field = field("provider_id", Type::Id("aip_"), "The provider's id.").required();

const EXTENSION_ID: &[Field] = &[field("extension_id", Type::Id("ext_"), "The extension's id.").required()];

const MODEL_ID: Field = field("model_id", Type::Id("mdl_"), "The id of one of its models.").required();

/// What a deletion comes to: HTTP says it without a body.
static DELETED: Object = Object {
    name: "Deleted",
    doc: "What was deleted.",
    fields: &[read("deleted", Type::Truth, "It is gone."), read("id", TEXT, "What it was.")],
    ..CLOSED
};

const ALL: &[Tool] = &[
    Tool {
        name: "list-ai-providers",
        title: "List AI providers",
        doc: "Lists the project's AI providers, oldest first, with their default models. No credential is shown.",
        path: &[],
        given: Given::Query(&[ai_providers::IN_PROJECT], &[]),
        comes_to: ComesTo::All(&AI_PROVIDER),
        reach: Reach::Sluice,
    },
    Tool {
        name: "get-ai-provider",
        title: "Get an AI provider",
        doc: "Reads one AI provider.",
        path: AI_PROVIDER_ID,
        given: Given::Query(&[], &[]),
        comes_to: ComesTo::One(&AI_PROVIDER),
        reach: Reach::Sluice,
    },
    Tool {
        name: "create-ai-provider",
        title: "Create an AI provider",
        doc: "Registers an AI provider, and its default model with it. The key comes from a secret that exists: give its \
              id as secretId.",
        path: &[],
        given: Given::Body(&AI_PROVIDER, Purpose::Create),
        comes_to: ComesTo::One(&AI_PROVIDER),
        reach: Reach::Sluice,
    },
    Tool {
        name: "update-ai-provider",
        title: "Update an AI provider",
        doc: "Changes the given fields of an AI provider and leaves the others as they are; null clears those that may be \
              null. The next call goes by the new settings.",
        path: AI_PROVIDER_ID,
        given: Given::Body(&AI_PROVIDER, Purpose::Update),
        comes_to: ComesTo::One(&AI_PROVIDER),
        reach: Reach::Sluice,
    },
    Tool {
        name: "delete-ai-provider",
        title: "Delete an AI provider",
        doc: "Deletes an AI provider with its users' keys and, unless `models` says otherwise, its models. It cannot be \
              undone: `models: \"refuse\"` deletes it only where nothing depends on it, and tells what does.",
        path: AI_PROVIDER_ID,
        given: Given::Query(&[ON_DELETE], &[]),
        comes_to: ComesTo::One(&DELETED),
        reach: Reach::Sluice,
    },
    Tool {
        name: "list-models",
        title: "List models",
        doc: "Lists the models that calls can choose from, oldest first, with their selectors, routing and prices.",
        path: &[],
        given: Given::Query(&[OF_SELECTABLE, PAGE, IN_PROJECT], &[]),
        comes_to: ComesTo::Page(&MODEL),
        reach: Reach::Sluice,
    },
    Tool {
        name: "test-model",
        title: "Test a model",
        doc: "Makes one short call of a model and says how it went. It costs what a call of a few tokens costs, and takes \
              30 seconds at most.",
        path: &[PROVIDER_ID, MODEL_ID],
        given: Given::Query(&[], &[]),
        comes_to: ComesTo::One(&TESTED),
        reach: Reach::Upstream,
    },
    Tool {
        name: "list-available-models",
        title: "List available models",
        doc: "Asks a provider's upstream which models it has, and says which of them are registered.",
        path: &[PROVIDER_ID],
        given: Given::Query(&[], &[]),
        comes_to: ComesTo::Page(&AVAILABLE_MODEL),
        reach: Reach::Upstream,
    },
    Tool {
        name: "get-usage",
        title: "Get usage",
        doc: "Sums up calls, errors, tokens and cost, of the last 30 days unless told otherwise.",
        path: &[],
        given: Given::Query(&[OF_USAGE, PAGE, IN_PROJECT], &["format"]),
        comes_to: ComesTo::Page(&TOTALS),
        reach: Reach::Sluice,
    },
    Tool {
        name: "list-extensions",
        title: "List extensions",
        doc: "Lists the project's WebAssembly extensions, oldest first, with how they do. `order` says in which order calls \
              go through them.",
        path: &[],
        given: Given::Query(&[PAGE, IN_PROJECT], &[]),
        comes_to: ComesTo::Page(&EXTENSION),
        reach: Reach::Sluice,
    },
    Tool {
        name: "get-extension",
        title: "Get an extension",
        doc: "Reads one extension: its settings, what its module says of itself, and whether it fails.",
        path: EXTENSION_ID,
        given: Given::Query(&[], &[]),
        comes_to: ComesTo::One(&EXTENSION),
        reach: Reach::Sluice,
    },
    Tool {
        name: "create-extension",
        title: "Create an extension",
        doc: "Uploads a WebAssembly module in base64, or enables a bundled one, and lets the project's calls go through it.",
        path: &[],
        given: Given::Body(&EXTENSION, Purpose::Create),
        comes_to: ComesTo::One(&EXTENSION),
        reach: Reach::Sluice,
    },
    Tool {
        name: "update-extension",
        title: "Update an extension",
        doc: "Changes the given fields of an extension, its module among them, and leaves the others as they are. The next \
              call goes by them.",
        path: EXTENSION_ID,
        given: Given::Body(&EXTENSION, Purpose::Update),
        comes_to: ComesTo::One(&EXTENSION),
        reach: Reach::Sluice,
    },
    Tool {
        name: "delete-extension",
        title: "Delete an extension",
        doc: "Deletes an extension and its module. The next call does not go through it.",
        path: EXTENSION_ID,
        given: Given::Query(&[], &[]),
        comes_to: ComesTo::One(&DELETED),
        reach: Reach::Sluice,
    },
];

/// The tool of a name.
pub fn tool(name: &str) -> Option<&'static Tool> {
    ALL.iter().find(|tool| tool.name == name)
}

impl Tool {
    fn parameters(&self) -> impl Iterator<Item = &'static Field> {
        let (tables, but): (&[&[Field]], &[&str]) = match self.given {
            Given::Query(tables, but) => (tables, but),
            Given::Body(..) => (&[], &[]),
        };
        tables.iter().copied().flatten().filter(move |field| !but.contains(&field.name))
    }

    /// The request that takes the tool's route. What is in a body is the route's to judge.
    pub fn request(
        &self,
        outer: &Request,
        (method, pattern): (Method, &str),
        arguments: &Map<String, Value>,
    ) -> Result<Request, Invalid> {
        let in_path = |name: &str| self.path.iter().any(|field| field.name == name);
        let rest = arguments.iter().filter(|(name, _)| !in_path(name));
        let (mut query, mut body) = (Vec::new(), Vec::new());
        match self.given {
            Given::Body(..) => {
                let fields: Map<String, Value> = rest.map(|(name, value)| (name.clone(), value.clone())).collect();
                body = Value::Object(fields).to_string().into_bytes();
            }
            Given::Query(..) => {
                for (name, value) in rest {
                    query.push(format!(
                        "{name}={}",
                        utf8_percent_encode(&self.parameter(name, value)?, NON_ALPHANUMERIC)
                    ));
                }
            }
        }
        let mut path = pattern.to_owned();
        for field in self.path {
            let segment = arguments.get(field.name).and_then(Value::as_str).unwrap_or_default();
            let (before, rest) = path.split_once('{').unwrap_or((&path, ""));
            let after = rest.split_once('}').map_or("", |(_, after)| after);
            path = format!("{before}{segment}{after}");
        }
        Ok(Request {
            method: method.as_str().to_owned(),
            path,
            query: query.join("&"),
            content_type: Some("application/json".into()),
            if_match: None,
            if_none_match: None,
            accept: None,
            idempotency_key: None,
            mcp: Headers::default(),
            body,
            ..outer.clone()
        })
    }

    /// An argument as the query has it; its bounds are the route's to judge.
    fn parameter(&self, name: &str, value: &Value) -> Result<String, Invalid> {
        let Some(known) = self.parameters().find(|field| field.name == name) else {
            let names: Vec<&str> = self.path.iter().chain(self.parameters()).map(|field| field.name).collect();
            return Err(Invalid::new(name, format!("there is no argument `{name}`; there are {}", names.join(", "))));
        };
        match (known.kind, value) {
            (Type::Whole(..), Value::Number(number)) if number.is_i64() => Ok(number.to_string()),
            (Type::Truth, Value::Bool(truth)) => Ok(truth.to_string()),
            (Type::Whole(..) | Type::Truth, _) => {
                Err(Invalid::new(name, format!("{name} must be {}", known.kind.expected())))
            }
            (_, Value::String(text)) => Ok(text.clone()),
            _ => Err(Invalid::new(name, format!("{name} must be a string"))),
        }
    }

    /// As `tools/list` shows it.
    pub fn to_json(&self) -> Value {
        crate::json::object([
            ("name", self.name.into()),
            ("title", self.title.into()),
            ("description", self.doc.into()),
            ("inputSchema", self.input_schema()),
            ("outputSchema", self.output_schema()),
            ("annotations", self.annotations()),
        ])
    }

    fn input_schema(&self) -> Value {
        let told = |field: &Field| property(field, Purpose::Create, References::Inline);
        let mut properties = empty();
        for field in self.path.iter().chain(self.parameters()) {
            properties.put(field.name, told(field));
        }
        let mut required: Vec<Value> = self.path.iter().map(|field| field.name.into()).collect();
        if let Given::Body(object, purpose) = self.given
            && let Value::Object(mut body) = schema(object, purpose, References::Inline)
        {
            if let Some(Value::Object(fields)) = body.remove("properties") {
                properties.extend(fields);
            }
            if let Some(Value::Array(fields)) = body.remove("required") {
                required.extend(fields);
            }
        }
        let mut schema = empty();
        schema.put("type", "object");
        schema.put("properties", Value::Object(properties));
        if !required.is_empty() {
            schema.put("required", required);
        }
        schema.put("additionalProperties", false);
        Value::Object(schema)
    }

    fn output_schema(&self) -> Value {
        let of = |object: &Object| schema(object, Purpose::Read, References::Inline);
        let mut properties = empty();
        let (ComesTo::All(object) | ComesTo::Page(object)) = self.comes_to else {
            let ComesTo::One(object) = self.comes_to else { return Value::Object(properties) };
            return of(object);
        };
        properties.put("data", json!({"type": "array", "items": of(object)}));
        if let ComesTo::Page(_) = self.comes_to {
            properties.put(NEXT_CURSOR.name, property(&NEXT_CURSOR, Purpose::Read, References::Inline));
        }
        let required: Vec<Value> = properties.keys().map(|name| name.as_str().into()).collect();
        json!({"type": "object", "properties": properties, "required": required})
    }

    fn annotations(&self) -> Value {
        let method = of_tool(self.name).map(|(method, ..)| method);
        let changes = matches!(method, Some(Method::Patch | Method::Put | Method::Delete));
        json!({
            "title": self.title,
            "readOnlyHint": method == Some(Method::Get),
            "destructiveHint": changes,
            "idempotentHint": changes || method == Some(Method::Get),
            "openWorldHint": self.reach == Reach::Upstream,
        })
    }
}
