use super::*;

fn schema() -> Value {
    json!({"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}, "required": ["n"]})
}

fn thinks(mode: ThinkingMode, effort: Option<Effort>, summary: Summary) -> Option<Given<Thinking>> {
    Some(Given::new("thinking", Thinking { mode, effort, summary }))
}

#[test]
fn everything_that_gemini_has_a_field_for_is_written_and_nothing_else() {
    let mut request = hello();
    request.system.push(Part::new("messages[0]", said("Be brief.")));
    request.temperature = Some(Given::new("temperature", serde_json::from_str("0.70").expect("a number")));
    request.top_p = Some(Given::new("top_p", serde_json::from_str("0.9").expect("a number")));
    request.top_k = Some(Given::new("top_k", 40.into()));
    request.max_output = Some(Given::new("max_tokens", 300));
    request.stop = Some(Given::new("stop", vec!["END".into()]));
    request.seed = Some(Given::new("seed", 7.into()));
    request.presence_penalty = Some(Given::new("presence_penalty", 1.into()));
    request.frequency_penalty = Some(Given::new("frequency_penalty", 0.into()));
    let wrote = write(request, "gemini-3-flash-preview");
    assert_eq!(
        wrote.body.to_string(),
        json!({
            "contents": [{"role": "user", "parts": [{"text": "Hi"}]}],
            "systemInstruction": {"parts": [{"text": "Be brief."}]},
            "generationConfig": {
                "temperature": serde_json::from_str::<Value>("0.70").expect("a number"),
                "topP": 0.9, "topK": 40, "maxOutputTokens": 300, "stopSequences": ["END"], "seed": 7,
                "presencePenalty": 1,
            },
        })
        .to_string()
    );
    assert!(wrote.body.to_string().contains("0.70"));
    assert_eq!(wrote.lost(), []);
}

#[test]
fn hints_without_a_counterpart_are_details_under_the_clients_names() {
    let mut request = hello();
    request.verbosity = Some(Given::new("verbosity", "low".into()));
    request.end_user = Some(Given::new("user", "ann".into()));
    request.cache_key = Some(Given::new("prompt_cache_key", "k".into()));
    request.metadata = Some(Given::new("metadata", Map::from_iter([("a".to_owned(), json!("b"))])));
    request.service_tier = Some(Given::new("service_tier", ServiceTier::Flex));
    request.store = Some(Given::new("store", true));
    request.temperature = Some(Given::new("temperature", 1.into()));
    request.seed = Some(Given::new("seed", serde_json::from_str("12345678901234567890").expect("a number")));
    let wrote = write(request, "gemini-3.8-flash");
    let fields = ["temperature", "seed", "verbosity", "user", "prompt_cache_key", "metadata", "service_tier", "store"];
    assert_eq!(wrote.lost(), fields.map(|field| (field, Severity::Detail)));
    assert_eq!(wrote.body, json!({"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}));
}

#[test]
fn more_stop_sequences_than_gemini_takes_are_left_to_the_gateway() {
    let mut request = hello();
    let stops: Vec<String> = ["a", "b", "c", "d", "e", "f"].map(str::to_owned).to_vec();
    request.stop = Some(Given::new("stop_sequences", stops.clone()));
    let wrote = write(request, "gemini-2.5-pro");
    assert_eq!(wrote.bridge.stops, stops);
    assert_eq!(wrote.body.get("generationConfig"), None);
    assert_eq!(wrote.lost(), []);
}

#[test]
fn an_effort_becomes_a_budget_a_level_or_nothing_by_the_models_generation() {
    for (model, effort, config) in [
        ("gemini-2.5-pro", Effort::None, json!({"thinkingBudget": 128})),
        ("gemini-2.5-flash", Effort::None, json!({"thinkingBudget": 0})),
        ("gemini-2.5-flash-lite", Effort::Minimal, json!({"thinkingBudget": 512, "includeThoughts": true})),
        ("gemini-2.5-flash", Effort::High, json!({"thinkingBudget": 24576, "includeThoughts": true})),
        ("gemini-2.5-pro", Effort::Max, json!({"thinkingBudget": 32768, "includeThoughts": true})),
        ("gemini-3-flash-preview", Effort::None, json!({"thinkingLevel": "MINIMAL"})),
        ("gemini-3.1-pro-preview", Effort::Minimal, json!({"thinkingLevel": "LOW", "includeThoughts": true})),
        ("gemini-3.5-flash", Effort::Medium, json!({"thinkingLevel": "MEDIUM", "includeThoughts": true})),
        ("gemini-3.8-flash", Effort::XHigh, json!({"thinkingLevel": "HIGH", "includeThoughts": true})),
        ("gemini-2.0-flash", Effort::High, Value::Null),
    ] {
        let mut request = hello();
        request.thinking = thinks(ThinkingMode::Unsaid, Some(effort), Summary::Unsaid);
        let wrote = write(request, model);
        let written = wrote.body.pointer("/generationConfig/thinkingConfig").cloned().unwrap_or_default();
        assert_eq!(written, config, "{model} {effort:?}");
    }
}

#[test]
fn thoughts_are_shown_to_whom_they_are_wanted_by() {
    use Client::*;
    use Summary::{Detailed, Omitted, Unsaid};
    use ThinkingMode::{Adaptive, Budget, Off};
    for (client, mode, summary, shown) in [
        (AnthropicMessages, Adaptive, Unsaid, true),
        (AnthropicMessages, Budget(2048), Omitted, false),
        (AnthropicMessages, Off, Unsaid, false),
        (Responses, ThinkingMode::Unsaid, Unsaid, false),
        (Responses, ThinkingMode::Unsaid, Detailed, true),
        (ChatCompletions, ThinkingMode::Unsaid, Unsaid, true),
    ] {
        let mut request = hello();
        request.client = client;
        let effort = (client != AnthropicMessages).then_some(Effort::Low);
        request.thinking = thinks(mode, effort, summary);
        let body = write(request, "gemini-3-flash-preview").body;
        let written = body.pointer("/generationConfig/thinkingConfig/includeThoughts").and_then(Value::as_bool);
        assert_eq!(written.unwrap_or(false), shown, "{client:?} {mode:?} {summary:?}");
    }
}

#[test]
fn a_budget_is_kept_within_what_the_model_takes() {
    let mut request = hello();
    request.client = Client::AnthropicMessages;
    request.thinking = thinks(ThinkingMode::Budget(60_000), None, Summary::Unsaid);
    let body = write(request.clone(), "gemini-2.5-flash").body;
    assert_eq!(body["generationConfig"]["thinkingConfig"]["thinkingBudget"], json!(24_576));
    let body = write(request, "gemini-3.1-pro-preview").body;
    assert_eq!(body["generationConfig"]["thinkingConfig"]["thinkingLevel"], json!("HIGH"));
}

#[test]
fn tools_go_by_json_schema_and_without_parameters_where_they_take_nothing() {
    let mut request = hello();
    let nothing = json!({"type": "object", "properties": {}, "additionalProperties": false});
    request.tools = vec![
        function("get", Some(schema())),
        function("now", Some(nothing)),
        function("free", Some(json!({"type": "object", "additionalProperties": true}))),
        Tool::Freeform(Freeform {
            at: "tools[3]".into(),
            name: "apply.patch".into(),
            description: Some("Patches.".into()),
            format: Some(json!({"type": "grammar", "syntax": "lark", "definition": "start: \"x\""})),
        }),
    ];
    request.parallel = Some(Given::new("parallel_tool_calls", Parallel::Forbidden));
    let wrote = write(request, "gemini-3-flash-preview");
    let declared = &wrote.body["tools"][0]["functionDeclarations"];
    assert_eq!(declared[0], json!({"name": "get", "description": "It does.", "parametersJsonSchema": schema()}));
    assert_eq!(declared[1], json!({"name": "now", "description": "It does."}));
    assert_eq!(declared[2]["parametersJsonSchema"]["additionalProperties"], json!(true));
    let fitted = declared[3]["name"].as_str().expect("a name");
    assert_eq!(wrote.bridge.names.restore(fitted), ("apply.patch", Sent::Wrapped));
    assert!(declared[3]["description"].as_str().expect("words").contains("lark grammar:\nstart: \"x\""));
    assert_eq!(declared[3]["parametersJsonSchema"]["required"], json!(["input"]));
    assert_eq!(wrote.bridge.calls, Parallel::Forbidden);
    assert_eq!(wrote.lost(), []);
}

#[test]
fn a_choice_of_tools_is_a_mode_with_names() {
    let names = || vec!["a.b".to_owned()];
    for (choice, config) in [
        (ToolChoice::Auto, Value::Null),
        (ToolChoice::None, json!({"mode": "NONE"})),
        (ToolChoice::Required, json!({"mode": "ANY"})),
        (ToolChoice::Named("c".into()), json!({"mode": "ANY", "allowedFunctionNames": ["c"]})),
        (ToolChoice::AllowedAuto(names()), Value::Null),
    ] {
        let mut request = hello();
        request.tools = vec![function("a.b", None), function("c", None)];
        let count = if matches!(choice, ToolChoice::AllowedAuto(_)) { 1 } else { 2 };
        request.tool_choice = Some(Given::new("tool_choice", choice));
        let body = write(request, "gemini-2.5-flash").body;
        let written = body.pointer("/toolConfig/functionCallingConfig").cloned().unwrap_or_default();
        assert_eq!(written, config);
        assert_eq!(body["tools"][0]["functionDeclarations"].as_array().map(Vec::len), Some(count));
    }
    let mut request = hello();
    request.tools = vec![function("a.b", None)];
    request.tool_choice = Some(Given::new("tool_choice", ToolChoice::AllowedRequired(names())));
    let body = write(request, "gemini-2.5-flash").body;
    let allowed = &body["toolConfig"]["functionCallingConfig"]["allowedFunctionNames"][0];
    assert_eq!(*allowed, body["tools"][0]["functionDeclarations"][0]["name"]);
}

#[test]
fn a_search_of_the_web_is_googles_own_and_older_models_take_it_alone() {
    let search = || {
        Tool::WebSearch(WebSearch {
            at: "tools[1]".into(),
            allowed_domains: vec![],
            blocked_domains: vec![],
            max_uses: Some(2),
            user_location: None,
            severity: Severity::Meaning,
        })
    };
    let mut request = hello();
    request.tools = vec![search()];
    let wrote = write(request, "gemini-2.5-flash");
    assert_eq!(wrote.body["tools"], json!([{"googleSearch": {}}]));
    assert_eq!(wrote.lost(), [("tools[1].max_uses", Severity::Detail)]);
    let mut request = hello();
    request.tools = vec![function("f", None), search()];
    let wrote = write(request.clone(), "gemini-2.5-flash");
    assert_eq!(wrote.lost(), [("tools[1]", Severity::Meaning)]);
    let wrote = write(request, "gemini-3-flash-preview");
    assert_eq!(wrote.body["tools"][1], json!({"googleSearch": {}}));
    assert_eq!(wrote.body["toolConfig"], json!({"includeServerSideToolInvocations": true}));
}

#[test]
fn a_schema_is_sent_as_such_unless_an_older_model_has_tools_too() {
    let format =
        || Format::JsonSchema { name: Some("n".into()), description: None, schema: schema(), strict: Some(true) };
    let mut request = hello();
    request.format = Some(Given::new("response_format", format()));
    let config = &write(request.clone(), "gemini-2.5-flash").body["generationConfig"];
    assert_eq!(*config, json!({"responseMimeType": "application/json", "responseJsonSchema": schema()}));
    request.tools = vec![function("f", None)];
    assert!(
        write(request.clone(), "gemini-3-flash-preview").body["generationConfig"]["responseJsonSchema"].is_object()
    );
    let wrote = write(request.clone(), "gemini-2.5-flash");
    assert_eq!(wrote.lost(), [("response_format", Severity::Detail)]);
    assert_eq!(wrote.body.get("generationConfig"), None);
    let told = wrote.body["systemInstruction"]["parts"][0]["text"].as_str().expect("words").to_owned();
    assert!(told.contains(r#""minimum":1"#), "{told}");
    request.tools.clear();
    request.format = Some(Given::new("response_format", Format::JsonObject));
    let config = &write(request, "gemini-2.5-flash").body["generationConfig"];
    assert_eq!(*config, json!({"responseMimeType": "application/json"}));
}

#[test]
fn tokens_are_counted_of_the_whole_request() {
    let (mut bridge, mut losses, defaults) = (Bridge::default(), Losses::default(), Map::new());
    let target = Target {
        protocol: Protocol::Gemini,
        kind: Kind::Google,
        model: "gemini-2.5-pro",
        provider: PROVIDER,
        defaults: &defaults,
    };
    let body = count::write_count(hello(), &target, &mut bridge, &mut losses).expect("a body");
    let contents = json!([{"role": "user", "parts": [{"text": "Hi"}]}]);
    let counted = json!({"generateContentRequest": {"model": "models/gemini-2.5-pro", "contents": contents}});
    assert_eq!(Value::from(body), counted);
    assert_eq!(count::read_count(&json!({"totalTokens": 31, "promptTokensDetails": []})), Some(31));
    assert_eq!(count::read_count(&json!({})), None);
}
