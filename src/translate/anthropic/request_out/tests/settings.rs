//! Tools, formats, sampling, thinking, limits.

use super::*;

#[test]
fn a_tools_schema_is_an_object_at_its_root() {
    let schema = |parameters: Value| {
        let mut request = asked();
        request.tools = vec![function("f", Some(parameters))];
        write(request, OLD).body["tools"][0]["input_schema"].clone()
    };
    assert_eq!(
        write(with_tool(asked()), OLD).body["tools"][0],
        json!({"name": "f", "input_schema": {"type": "object", "properties": {}}})
    );
    assert_eq!(schema(json!({})), json!({"type": "object", "properties": {}}));
    assert_eq!(schema(json!({"properties": {"a": {}}})), json!({"properties": {"a": {}}, "type": "object"}));
    let flat = schema(json!({
        "anyOf": [{"$ref": "#/$defs/a"}, {"properties": {"k": {"const": "b"}, "y": {}}, "required": ["k", "y"]}],
        "$defs": {"a": {"properties": {"k": {"const": "a"}, "x": {}}, "required": ["k"]}}
    }));
    assert_eq!((&flat["type"], &flat["required"]), (&json!("object"), &json!(["k"])));
    assert_eq!(flat["properties"], json!({"k": {"const": "a"}, "x": {}, "y": {}}));
    assert!(flat.get("anyOf").is_none() && flat["description"].as_str().expect("told").contains("anyOf: "));
}

#[test]
fn a_freeform_tool_is_a_function_around_a_text() {
    let freeform = Freeform {
        at: "tools[0]".into(),
        name: "apply_patch".into(),
        description: Some("Patches.".into()),
        format: Some(json!({"type": "grammar", "syntax": "lark", "definition": "start: x"})),
    };
    let call = Call { id: "a".into(), name: "apply_patch".into(), input: CallInput::Text("*** Begin".into()) };
    let mut request =
        said([(Role::User, text("go")), (Role::Assistant, Body::Call(call)), (Role::User, result("a", "ok"))]);
    request.tools = vec![Tool::Freeform(freeform)];
    request.tool_choice = Some(Given::new("tool_choice", ToolChoice::Named("apply_patch".into())));
    let written = write(request, OLD);
    assert_eq!(written.body["messages"][1]["content"][0]["input"], json!({"input": "*** Begin"}));
    assert_eq!(written.bridge.names.restore("apply_patch"), ("apply_patch", Sent::Wrapped));
    let description = written.body["tools"][0]["description"].as_str().expect("told");
    assert!(description.starts_with("Patches.") && description.ends_with("lark grammar:\nstart: x"));
}

#[test]
fn the_choice_of_a_tool_is_told_in_anthropics_words() {
    let choice = |choice: ToolChoice, parallel: Option<Parallel>, model: &str| {
        let mut request = with_tool(asked());
        request.tools.push(function("g", None));
        request.tool_choice = Some(Given::new("tool_choice", choice));
        request.parallel = Fields::given("parallel_tool_calls", parallel);
        write(request, model)
    };
    use crate::translate::neutral::Fields;
    use ToolChoice::{AllowedRequired, Auto, Named, None as Never, Required};
    let sent = |written: &Written| written.body["tool_choice"].clone();
    assert_eq!(
        sent(&choice(Auto, Some(Parallel::Forbidden), OLD)),
        json!({"type": "auto", "disable_parallel_tool_use": true})
    );
    assert_eq!(sent(&choice(Required, None, OLD)), json!({"type": "any"}));
    assert_eq!(sent(&choice(Never, Some(Parallel::Forbidden), OLD)), json!({"type": "none"}));
    assert_eq!(
        sent(&choice(Named("g".into()), None, OLD)),
        json!({"type": "tool", "name": "g", "disable_parallel_tool_use": true})
    );
    let allowed = choice(AllowedRequired(vec!["g".into()]), None, OLD);
    assert_eq!((sent(&allowed), allowed.body["tools"].as_array().map(Vec::len)), (json!({"type": "any"}), Some(1)));
    let unforced = choice(Required, None, NEW);
    assert_eq!((sent(&unforced), unforced.lost), (json!({"type": "auto"}), vec!["tool_choice".to_owned()]));
    assert!(unforced.body["system"].to_string().contains("You must call at least one tool"));
    let mut request = with_tool(asked());
    request.parallel = Some(Given::new("parallel_tool_calls", Parallel::Forbidden));
    assert_eq!(write(request, OLD).body["tool_choice"], json!({"type": "auto", "disable_parallel_tool_use": true}));
}

#[test]
fn a_history_of_calls_has_its_tools_defined_even_where_none_are_offered() {
    let request = said([(Role::User, text("go")), (Role::Assistant, call("a", "{}")), (Role::User, result("a", "A"))]);
    let body = write(request, OLD).body;
    assert_eq!((&body["tools"][0]["name"], &body["tool_choice"]), (&json!("f"), &json!({"type": "none"})));
}

#[test]
fn web_search_is_anthropics_own() {
    let mut request = asked();
    request.tools = vec![Tool::WebSearch(WebSearch {
        at: "tools[0]".into(),
        allowed_domains: vec!["a.com".into()],
        blocked_domains: vec!["b.com".into()],
        max_uses: Some(2),
        user_location: None,
        severity: Severity::Meaning,
    })];
    let written = write(request, OLD);
    assert_eq!(
        written.body["tools"][0],
        json!({"type": "web_search_20250305", "name": "web_search", "max_uses": 2, "allowed_domains": ["a.com"]})
    );
    assert_eq!(written.lost, ["tools[0]"]);
}

#[test]
fn a_schema_is_native_where_the_family_has_it_and_words_elsewhere() {
    let shaped = |format: Format, model: &str| {
        let mut request = asked();
        request.format = Some(Given::new("response_format", format));
        write(request, model)
    };
    let schema = |schema: Value| Format::JsonSchema { name: None, description: None, schema, strict: None };
    let simple = || schema(json!({"type": "object", "properties": {"a": {"type": "integer", "minimum": 1}}}));
    let native = shaped(simple(), OLD);
    assert_eq!(
        native.body["output_config"],
        json!({"format": {"type": "json_schema", "schema": {"type": "object", "additionalProperties": false,
               "properties": {"a": {"type": "integer", "description": "(minimum: 1)"}}}}})
    );
    assert!(native.lost.is_empty());
    let recursive = schema(json!({"$ref": "#/$defs/a", "$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}}));
    for told in [shaped(simple(), "claude-sonnet-4-0"), shaped(recursive, OLD), shaped(Format::JsonObject, OLD)] {
        assert!(told.body["system"][0]["text"].as_str().expect("told").contains("JSON"));
        assert_eq!((told.body.get("output_config"), told.lost), (None, vec!["response_format".to_owned()]));
    }
}

#[test]
fn sampling_is_what_the_family_takes() {
    let sampled = |temperature: &str, top_p: Option<&str>, model: &str| {
        let number = |text: &str| text.parse::<Number>().expect("a number");
        let mut request = asked();
        request.temperature = Some(Given::new("temperature", number(temperature)));
        request.top_p = top_p.map(|top_p| Given::new("top_p", number(top_p)));
        let written = write(request, model);
        (
            written.body.get("temperature").map(Value::to_string),
            written.body.get("top_p").map(Value::to_string),
            written.lost,
        )
    };
    let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    assert_eq!(sampled("1.7", None, OLD), (Some("1".into()), None, owned(&["temperature"])));
    assert_eq!(sampled("0.50", Some("0.9"), OLD), (Some("0.50".into()), None, owned(&["top_p"])));
    assert_eq!(sampled("0.50", Some("0.9"), "claude-opus-4-6").1, Some("0.9".into()));
    assert_eq!(sampled("0.5", None, NEW), (None, None, owned(&["temperature"])));
    assert_eq!(sampled("1", Some("1.0"), NEW), (None, None, owned(&[])));
}

#[test]
fn the_limit_is_the_clients_else_the_operators_else_the_familys() {
    let defaults = Map::from_iter([("max_tokens".to_owned(), json!(777))]);
    assert_eq!(write(asked(), OLD).body["max_tokens"], 64_000);
    assert_eq!(write_with(asked(), OLD, &defaults).body["max_tokens"], 777);
    let mut request = asked();
    request.max_output = Some(Given::new("max_tokens", 5));
    assert_eq!(write_with(request, OLD, &defaults).body["max_tokens"], 5);
}

#[test]
fn thoughts_are_asked_for_as_the_family_thinks() {
    let thinking = |effort: Effort, model: &str| {
        let mut request = asked();
        request.temperature = Some(Given::new("temperature", Number::from(0)));
        let thinking = Thinking { mode: ThinkingMode::Unsaid, effort: Some(effort), summary: Summary::Unsaid };
        request.thinking = Some(Given::new("reasoning_effort", thinking));
        write(request, model)
    };
    let adaptive = thinking(Effort::High, NEW).body;
    assert_eq!(adaptive["thinking"], json!({"type": "adaptive", "display": "summarized"}));
    assert_eq!(adaptive["output_config"], json!({"effort": "high"}));
    let manual = thinking(Effort::High, OLD);
    assert_eq!(manual.body["thinking"], json!({"type": "enabled", "budget_tokens": 4096}));
    assert_eq!((manual.body.get("temperature"), manual.lost), (None, vec!["temperature".to_owned()]));
    assert_eq!(thinking(Effort::None, OLD).body["thinking"], json!({"type": "disabled"}));
}

#[test]
fn what_anthropic_has_no_word_for_is_named() {
    let mut request = asked();
    request.seed = Some(Given::new("seed", Number::from(1)));
    request.presence_penalty = Some(Given::new("presence_penalty", Number::from(0)));
    request.frequency_penalty = Some(Given::new("frequency_penalty", Number::from(1)));
    request.store = Some(Given::new("store", false));
    request.verbosity = Some(Given::new("verbosity", "low".into()));
    request.service_tier = Some(Given::new("service_tier", ServiceTier::Flex));
    request.stop = Some(Given::new("stop", vec![" ".into(), "END".into()]));
    request.end_user = Some(Given::new("user", "u".into()));
    let written = write(request, OLD);
    assert_eq!(written.lost, ["service_tier", "seed", "frequency_penalty", "verbosity"]);
    assert_eq!(
        (&written.body["stop_sequences"], &written.body["metadata"]),
        (&json!(["END"]), &json!({"user_id": "u"}))
    );
}
