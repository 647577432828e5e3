//! The document, made of the route table, the tables of fields, the reasons, and `operations.rs`.

use super::components::{headers, parameters, shared_query, used_schemas};
use super::data_plane;
use super::mcp;
use super::operations::{Answer, Body, Described, GROUPS};
use serde_json::{Map, Value, json};
use sluice::access::Audience;
use sluice::access::route::{Method, PROVIDERS, ROUTES, Surface};
use sluice::access::{Operation, route};
use sluice::admin::schema::admin_panel::PLAIN_ERROR;
use sluice::admin::schema::error::ERROR;
use sluice::admin::schema::{Field, Object, Purpose, component, parameter};
use sluice::refusal::Reason;
use std::collections::BTreeMap;

const DESCRIPTION: &str = "\
One Worker in front of many LLM providers: operators register providers and models here, clients keep their SDK and change \
its base URL to `/v1` of this server.

**Tokens.** `ADMIN_TOKEN` reaches everything; every other token is minted by `POST /api/v1/tokens` and belongs to a project. \
Without a valid token everything but `/healthz` and this document answers 401, even paths that do not exist. What a token's \
policy does not allow is 403, and another project's rows are 404.

**Errors** of the control plane are `{\"error\": {\"code\", \"message\", \"param\", \"details\", \"request_id\"}}`. A method \
that a path does not have is 405, with `Allow`. A 500 is a fault of the server: none is expected.

**Lists** come in pages: `next_cursor` is the next one's `cursor`.

**Updates** keep what is absent, and clear what is null where null is allowed. Unknown fields are refused.

**Versions.** Reads carry an `ETag`: `If-None-Match` spares the body, and `If-Match` on a write that no longer \
fits is 412. A POST with an `Idempotency-Key` is done once.";

pub fn document() -> Value {
    let mut parts = Parts::default();
    let mut paths = Map::new();
    let mut tags = Vec::new();
    for group in GROUPS {
        tags.push(json!({"name": group.tag, "description": group.doc}));
        for described in group.routes {
            put(&mut paths, described.path, described.method, parts.operation(described, group.tag));
        }
    }
    for (path, methods) in aliases(&paths) {
        paths.insert(path, methods);
    }
    tags.push(mcp::tag());
    tags.extend(data_plane::tags());
    for (path, methods) in data_plane::paths().into_iter().chain([mcp::path()]) {
        paths.insert(path, methods);
    }
    let mut components = Map::new();
    components.insert("schemas".into(), Value::Null);
    components.insert("responses".into(), json!(parts.responses));
    components.insert("headers".into(), headers());
    components.insert("parameters".into(), parameters());
    components.insert(
        "securitySchemes".into(),
        json!({
            "bearer": {"type": "http", "scheme": "bearer", "description": "`ADMIN_TOKEN`, or a token that was minted."},
            "x-api-key": {"type": "apiKey", "in": "header", "name": "x-api-key",
                "description": "The same token where Anthropic's clients put theirs; on calls of models only."},
        }),
    );
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Sluice",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "An LLM gateway on Cloudflare's edge.",
            "description": DESCRIPTION,
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "The Worker that serves this document."}],
        "security": [{"bearer": []}],
        "tags": tags,
        "paths": paths,
        "components": components,
    });
    document["components"]["schemas"] = used_schemas(&document);
    document
}

fn put(paths: &mut Map<String, Value>, path: &str, method: Method, operation: Value) {
    let methods = paths.entry(path).or_insert_with(|| json!({}));
    methods[spelled(method)] = operation;
}

pub fn spelled(method: Method) -> &'static str {
    match method {
        Method::Get => "get",
        Method::Post => "post",
        Method::Put => "put",
        Method::Patch => "patch",
        Method::Delete => "delete",
    }
}

pub fn routed(method: Method, path: &str) -> Operation {
    let found = ROUTES.iter().find(|(routed, pattern, _)| (*routed, *pattern) == (method, path));
    found.unwrap_or_else(|| panic!("{method:?} {path} is described, and no route")).2
}

/// 000's spelling of the providers' paths.
fn aliases(paths: &Map<String, Value>) -> Vec<(String, Value)> {
    let (alias, own) = PROVIDERS;
    let under = paths.iter().filter_map(|(path, methods)| {
        let rest = path.strip_prefix(own)?;
        let alias = format!("{alias}{rest}");
        // A longer word is another path.
        (route::is_providers_alias(&alias)).then(|| (alias, methods.clone()))
    });
    under
        .map(|(path, mut methods)| {
            for operation in methods.as_object_mut().into_iter().flat_map(|methods| methods.values_mut()) {
                let id = operation["operationId"].as_str().expect("an id").to_owned();
                operation["operationId"] = format!("{id}By000").into();
                operation["tags"] = json!(["Document 000"]);
            }
            (path, methods)
        })
        .collect()
}

/// What operations share.
#[derive(Default)]
struct Parts {
    /// Refusals by the reasons that they can have.
    responses: BTreeMap<String, Value>,
}

impl Parts {
    fn operation(&mut self, described: &Described, tag: &str) -> Value {
        let operation = routed(described.method, described.path);
        let mut shown = Map::new();
        let own = format!("{operation:?}");
        let id = if described.name.is_empty() { lower_first(&own) } else { described.name.to_owned() };
        shown.insert("operationId".into(), id.into());
        shown.insert("tags".into(), json!([tag]));
        shown.insert("summary".into(), operation.summary().trim_end_matches('.').into());
        let action = match operation.audience() {
            Audience::Anyone => "Needs no token.".to_owned(),
            Audience::Holder => "Any valid token may.".to_owned(),
            Audience::Permitted => format!("Takes the action `{}`.", operation.action()),
            Audience::Root => format!("Takes the action `{}`, which `ADMIN_TOKEN` alone has.", operation.action()),
        };
        let more = [described.more, &action].into_iter().filter(|text| !text.is_empty());
        shown.insert("description".into(), more.collect::<Vec<_>>().join(" ").into());
        if operation.audience() == Audience::Anyone {
            shown.insert("security".into(), json!([]));
        }
        let parameters = parameters_of(described);
        if !parameters.is_empty() {
            shown.insert("parameters".into(), parameters.into());
        }
        if let Some(body) = &described.body {
            shown.insert("requestBody".into(), request_body(body));
        }
        shown.insert("responses".into(), self.responses(described, operation));
        Value::Object(shown)
    }

    fn responses(&mut self, described: &Described, operation: Operation) -> Value {
        let mut responses = answers(described.answer, described.method);
        let mut by_status: BTreeMap<u16, Vec<Reason>> = BTreeMap::new();
        for reason in reasons(described, operation) {
            let reasons = by_status.entry(reason.status()).or_default();
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        for (status, reasons) in by_status {
            responses.insert(
                status.to_string(),
                json!({"$ref": self.refusal(Surface::of(described.path), status, &reasons)}),
            );
        }
        Value::Object(responses)
    }

    fn refusal(&mut self, surface: Surface, status: u16, reasons: &[Reason]) -> String {
        let plain = surface != Surface::Own;
        let name = reasons.iter().map(|reason| format!("{reason:?}")).collect::<Vec<_>>().join("Or");
        let (name, object) = if plain { (format!("{name}Plain"), &PLAIN_ERROR) } else { (name, &ERROR) };
        let told: Vec<String> = reasons.iter().map(|reason| format!("`{}`: {}", reason.code(), reason.doc())).collect();
        let mut headers = json!({"x-request-id": header("RequestId")});
        match status {
            401 => headers["www-authenticate"] = header("Authenticate"),
            503 => headers["retry-after"] = header("RetryAfter"),
            _ => {}
        }
        let examples: Map<String, Value> = reasons
            .iter()
            .map(|reason| {
                let (code, message) = (reason.code(), reason.doc());
                let own = json!({"code": code, "message": message, "request_id": "req_0123456789abcdef"});
                let error = if plain { message.into() } else { own };
                (code.to_owned(), json!({"value": {"error": error}}))
            })
            .collect();
        let response = json!({
            "description": told.join(" "),
            "headers": headers,
            "content": {"application/json": {
                "schema": {"$ref": format!("#/components/schemas/{}", object.name)},
                "examples": examples,
            }},
        });
        let path = format!("#/components/responses/{name}");
        self.responses.insert(name, response);
        path
    }
}

fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().into_iter().flat_map(char::to_lowercase).chain(letters).collect()
}

/// Why a route may refuse, in the order in which it looks.
fn reasons(described: &Described, operation: Operation) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if matches!(described.answer, Answer::Health(_)) {
        return reasons;
    }
    if operation.audience() != Audience::Anyone {
        reasons.push(Reason::Unauthenticated);
    }
    if matches!(operation.audience(), Audience::Permitted | Audience::Root) {
        reasons.push(Reason::Forbidden);
    }
    let names_a_project = described
        .query
        .iter()
        .flat_map(|fields| fields.iter())
        .any(|field| ["project_id", "projectId"].contains(&field.name));
    let body_names_one =
        described.body.is_some_and(|body| body.object.writable().any(|field| field.name == "projectId"));
    if described.path.contains('{') || names_a_project || body_names_one {
        reasons.push(Reason::NotFound);
    }
    if described.path.contains('{') && described.method != Method::Get && described.method != Method::Post {
        reasons.push(Reason::PreconditionFailed);
    }
    if described.body.is_some() {
        reasons.extend([
            Reason::MalformedJson,
            Reason::BadRequest,
            Reason::TooLarge,
            Reason::UnsupportedMediaType,
            Reason::ValidationFailed,
        ]);
    }
    if !described.query.is_empty() {
        reasons.push(Reason::ValidationFailed);
    }
    if described.method == Method::Post {
        reasons.extend([
            Reason::ValidationFailed,
            Reason::IdempotencyInProgress,
            Reason::IdempotencyKeyReused,
            Reason::SealingNotConfigured,
            Reason::SealingKeyMissing,
            Reason::SealBroken,
        ]);
    }
    reasons.extend(described.reasons.iter().flat_map(|reasons| reasons.iter()));
    reasons.extend([Reason::AdminNotConfigured, Reason::DeploymentInvalid]);
    if operation.audience() != Audience::Anyone {
        reasons.push(Reason::DatabaseAway);
    }
    reasons
}

fn parameters_of(described: &Described) -> Vec<Value> {
    let mut parameters: Vec<Value> = Vec::new();
    for segment in described.path.split('/') {
        if let Some(name) = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            parameters.push(json!({"$ref": format!("#/components/parameters/{name}")}));
        }
    }
    for field in described.query.iter().flat_map(|fields| fields.iter()) {
        parameters.push(
            match shared_query().find(|(_, shared)| (shared.name, shared.doc) == (field.name, field.doc)) {
                Some((name, _)) => json!({"$ref": format!("#/components/parameters/{name}")}),
                None if described.needs == field.name => {
                    let mut needed = query_parameter(field);
                    needed["required"] = true.into();
                    needed
                }
                None => query_parameter(field),
            },
        );
    }
    let one = described.path.contains('{');
    let header = match described.method {
        Method::Get => Some("if-none-match"),
        Method::Post => Some("idempotency-key"),
        Method::Put | Method::Patch | Method::Delete => Some("if-match").filter(|_| one),
    };
    parameters.extend(header.map(|name| json!({"$ref": format!("#/components/parameters/{name}")})));
    parameters
}

pub fn query_parameter(field: &Field) -> Value {
    json!({"name": field.name, "in": "query", "description": field.doc, "schema": parameter(field)})
}

fn header(name: &str) -> Value {
    json!({"$ref": format!("#/components/headers/{name}")})
}

fn request_body(body: &Body) -> Value {
    let example: Value = serde_json::from_str(body.example).expect("JSON");
    json!({
        "required": body.required,
        "content": {"application/json": {
            "schema": {"$ref": reference(body.object, body.purpose)},
            "examples": {"usual": {"value": example}},
        }},
    })
}

pub fn reference(object: &Object, purpose: Purpose) -> String {
    format!("#/components/schemas/{}", component(object, purpose))
}

fn answers(answer: Answer, method: Method) -> Map<String, Value> {
    let reads = method == Method::Get;
    let mut answers = Map::new();
    let mut put = |status: &str, doc: &str, headers: &[(&str, &str)], content: Value| {
        let mut response = json!({"description": doc});
        let replayed = Some(&("idempotency-replayed", "Replayed")).filter(|_| method == Method::Post);
        let all = std::iter::once(&("x-request-id", "RequestId")).chain(headers).chain(replayed);
        response["headers"] = all.map(|(name, of)| ((*name).to_owned(), header(of))).collect::<Map<_, _>>().into();
        if !content.is_null() {
            response["content"] = content;
        }
        answers.insert(status.into(), response);
    };
    let json = |schema: Value| json!({"application/json": {"schema": schema}});
    let of = |object: &Object, purpose| json(json!({"$ref": reference(object, purpose)}));
    let page = |object: &Object| json(json!({"$ref": page_reference(object)}));
    let (tag, location) = (("etag", "ETag"), ("location", "Location"));
    let tagged: &[_] = if reads { &[tag] } else { &[] };
    match answer {
        Answer::One(object) => put("200", object.doc, &[tag], of(object, Purpose::Read)),
        Answer::Plain(object) => put("200", object.doc, tagged, of(object, Purpose::Read)),
        Answer::Bare(object) => {
            let all = json!({"type": "array", "items": {"$ref": reference(object, Purpose::Read)}});
            put("200", "All of them.", tagged, json(all));
        }
        Answer::Page(object) => put("200", "A page of them.", tagged, page(object)),
        Answer::PageOrCsv(object) => {
            let mut content = page(object);
            content["text/csv"] = json!({"schema": {"type": "string"}});
            put("200", "A page of them, or a CSV file of them all.", tagged, content);
        }
        Answer::Made(object) => put("201", "It was made.", &[tag, location], of(object, Purpose::Made)),
        Answer::Set(object) => {
            put("200", "It was replaced.", &[tag], of(object, Purpose::Read));
            put("201", "It was made.", &[tag, location], of(object, Purpose::Made));
        }
        Answer::Nothing => put("204", "Done: there is nothing to show.", &[], Value::Null),
        Answer::Health(object) => {
            put("200", "All is well.", tagged, of(object, Purpose::Read));
            put("503", "Something is missing.", &[], of(object, Purpose::Read));
        }
        Answer::Json(schema) => put("200", "All is well.", tagged, json(schema())),
    }
    if reads {
        put("304", "The caller has this version already.", &[tag], Value::Null);
    }
    answers
}

fn page_reference(object: &Object) -> String {
    format!("#/components/schemas/{}Page", object.name)
}

/// The document as it is checked in: a line an operation and a schema, so that a change reads as one.
pub fn text(document: &Value) -> String {
    let mut text = String::new();
    write(document, 3, 0, &mut text);
    text.push('\n');
    text
}

fn write(value: &Value, open: usize, depth: usize, text: &mut String) {
    let members = match value {
        Value::Object(members) if open > 0 && !members.is_empty() => members,
        _ => return text.push_str(&value.to_string()),
    };
    text.push('{');
    for (index, (name, member)) in members.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push('\n');
        text.push_str(&" ".repeat(depth + 1));
        text.push_str(&Value::from(name.as_str()).to_string());
        text.push(':');
        write(member, open - 1, depth + 1, text);
    }
    text.push('}');
}
