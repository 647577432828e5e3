use super::super::model::Model;
use super::super::settings::{write_format, write_inference};
use super::super::thinking::{Decided, of_claude};
use super::*;
use crate::translate::claude::ClaudeThinking;

fn thinking(mode: ThinkingMode, effort: Option<Effort>) -> Request {
    let mut request = hello();
    request.thinking = given("reasoning_effort", Thinking { mode, effort, summary: Summary::Unsaid });
    request
}

fn sampled() -> Request {
    let mut request = hello();
    request.max_output = given("max_tokens", 100);
    request.temperature = given("temperature", number("0.70"));
    request.top_p = given("top_p", number("0.9"));
    request.top_k = given("top_k", number("5"));
    request
}

#[test]
fn sampling_goes_where_the_model_takes_it() {
    let claude = write(CLAUDE_46, sampled());
    let inference = &claude.body["inferenceConfig"];
    assert_eq!(inference.to_string(), r#"{"maxTokens":100,"temperature":0.70,"topP":0.9}"#);
    assert_eq!(claude.body["additionalModelRequestFields"], json!({"top_k": 5}));
    assert_eq!(claude.lost(), []);
    assert_eq!(write(CLAUDE_45, sampled()).lost(), [("top_p", Severity::Detail)]);
    assert_eq!(write(NOVA, sampled()).lost(), [("top_k", Severity::Detail)]);
    for model in [CLAUDE_5_5, GPT] {
        let written = write(model, sampled());
        assert_eq!(written.body["inferenceConfig"], json!({"maxTokens": 100}), "{model}");
        assert_eq!(written.lost().len(), 3);
    }
}

#[test]
fn a_temperature_above_one_is_lowered() {
    let mut request = hello();
    request.temperature = given("temperature", number("1.5"));
    let written = write(NOVA, request);
    assert_eq!(written.body["inferenceConfig"], json!({"temperature": 1}));
    assert_eq!(written.lost(), [("temperature", Severity::Detail)]);
}

#[test]
fn claude_gets_as_many_tokens_as_its_family_has_unless_somebody_says_otherwise() {
    assert_eq!(write(CLAUDE_46, hello()).body["inferenceConfig"]["maxTokens"], 64_000);
    let defaults = json!({"inferenceConfig": {"maxTokens": 77, "temperature": 0.1}});
    let written = write_with(CLAUDE_46, hello(), defaults.as_object().expect("an object"));
    assert_eq!(written.body["inferenceConfig"], json!({"maxTokens": 77, "temperature": 0.1}));
    assert!(write(LLAMA, hello()).body.get("inferenceConfig").is_none());
}

#[test]
fn stop_sequences_that_the_model_does_not_take_are_left_to_the_gateway() {
    let stopped = |client| {
        let mut request = Request { client, ..hello() };
        request.stop = given("stop", ["a", "b", "\n", "", "c", "d", "e"].map(str::to_owned).to_vec());
        request
    };
    let claude = write(CLAUDE_46, stopped(Client::ChatCompletions));
    assert_eq!(claude.body["inferenceConfig"]["stopSequences"], json!(["a", "b", "c", "d", "e"]));
    assert_eq!(claude.bridge.stops, ["\n"]);
    assert!(claude.body.get("additionalModelResponseFieldPaths").is_none());
    let nova = write(NOVA, stopped(Client::ChatCompletions));
    assert_eq!(nova.bridge.stops, ["e", "\n"]);
    let llama = write(LLAMA, stopped(Client::ChatCompletions));
    assert!(llama.body.get("inferenceConfig").is_none());
    assert_eq!(llama.bridge.stops.len(), 6);
    assert_eq!(llama.lost(), []);
    let told = write(CLAUDE_46, stopped(Client::AnthropicMessages));
    assert_eq!(told.body["additionalModelResponseFieldPaths"], json!(["/stop_sequence"]));
}

#[test]
fn effort_goes_into_the_field_that_the_model_reads() {
    let high = |model| {
        let written = write(model, thinking(ThinkingMode::Unsaid, Some(Effort::XHigh)));
        (written.body["additionalModelRequestFields"].clone(), written.losses.as_slice().len())
    };
    assert_eq!(high(GPT_OSS), (json!({"reasoning_effort": "high"}), 0));
    assert_eq!(high(GPT), (json!({"reasoning": {"effort": "xhigh"}}), 0));
    assert_eq!(high(NOVA_2), (json!({"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "high"}}), 0));
    assert_eq!(high(LLAMA), (Value::Null, 1));
}

#[test]
fn novas_effort_is_lowered_where_something_bounds_it() {
    let mut request = thinking(ThinkingMode::Budget(9000), None);
    request.max_output = given("max_tokens", 100);
    let written = write(NOVA_2, request);
    assert_eq!(
        written.body["additionalModelRequestFields"],
        json!({"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "medium"}})
    );
    assert_eq!(written.lost(), [("reasoning_effort", Severity::Detail)]);
    let off = write(NOVA_2, thinking(ThinkingMode::Off, None));
    assert_eq!(off.body["additionalModelRequestFields"], json!({"reasoningConfig": {"type": "disabled"}}));
}

fn schema() -> Option<Given<Format>> {
    let schema = json!({"type": "object", "properties": {}, "additionalProperties": false});
    given("response_format", Format::JsonSchema { name: Some("out".into()), description: None, schema, strict: None })
}

#[test]
fn a_schema_is_text_in_the_output_config_or_words_in_the_system_prompt() {
    let asked = || Request { format: schema(), ..hello() };
    for model in [CLAUDE_45, GPT] {
        let written = write(model, asked());
        let format = &written.body["outputConfig"]["textFormat"];
        assert_eq!(format["type"], "json_schema");
        let definition = &format["structure"]["jsonSchema"];
        assert_eq!(definition["name"], "out");
        let text = definition["schema"].as_str().expect("the schema is a string");
        assert_eq!(serde_json::from_str::<Value>(text).expect("JSON")["type"], "object");
        assert_eq!(written.lost(), []);
    }
    let written = write(CLAUDE_37, asked());
    assert!(written.body.get("outputConfig").is_none());
    let words = written.body["system"][0]["text"].as_str().expect("words");
    assert!(words.contains("JSON Schema") && words.contains(r#""additionalProperties":false"#), "{words}");
    assert_eq!(written.lost(), [("response_format", Severity::Detail)]);
}

#[test]
fn any_json_object_is_asked_for_in_words() {
    let mut request = hello();
    request.format = given("response_format", Format::JsonObject);
    let written = write(CLAUDE_46, request);
    assert!(written.body["system"][0]["text"].as_str().is_some_and(|words| words.contains("one JSON object")));
    assert_eq!(written.lost(), [("response_format", Severity::Detail)]);
}

#[test]
fn who_asks_and_the_clients_notes_are_metadata_as_far_as_they_fit() {
    let mut request = hello();
    request.end_user = given("user", "ann@example.com".into());
    let notes = json!({"team": "a b", "bad": "ü", "n": 1, "": "x"});
    request.metadata = given("metadata", notes.as_object().expect("an object").clone());
    request.service_tier = given("service_tier", ServiceTier::Flex);
    let written = write(CLAUDE_46, request);
    assert_eq!(written.body["requestMetadata"], json!({"end_user": "ann@example.com", "team": "a b"}));
    assert_eq!(written.body["serviceTier"], json!({"type": "flex"}));
    let lost: Vec<_> = written.lost().into_iter().map(|(field, _)| field.to_owned()).collect();
    assert_eq!(lost, ["metadata.bad", "metadata.n", "metadata."]);
}

#[test]
fn no_more_than_sixteen_notes_are_sent() {
    let mut request = hello();
    request.metadata = given("metadata", (0..20).map(|n| (format!("k{n}"), json!("v"))).collect());
    let written = write(CLAUDE_46, request);
    assert_eq!(written.body["requestMetadata"].as_object().map(Map::len), Some(16));
    assert_eq!(written.lost().len(), 4);
}

#[test]
fn what_converse_has_no_place_for_is_named() {
    let mut request = hello();
    request.seed = given("seed", number("7"));
    request.presence_penalty = given("presence_penalty", number("0.5"));
    request.frequency_penalty = given("frequency_penalty", number("0.5"));
    request.verbosity = given("verbosity", "low".into());
    request.cache_key = given("prompt_cache_key", "k".into());
    request.store = given("store", true);
    request.service_tier = given("service_tier", ServiceTier::Other("fast".into()));
    let written = write(CLAUDE_46, request);
    let lost: Vec<_> = written.lost().into_iter().map(|(field, _)| field.to_owned()).collect();
    let named =
        ["service_tier", "seed", "presence_penalty", "frequency_penalty", "verbosity", "prompt_cache_key", "store"];
    assert_eq!(lost, named);
    let mut request = hello();
    request.store = given("store", false);
    assert_eq!(write(CLAUDE_46, request).lost(), []);
}

fn claude(mode: ThinkingMode, effort: Option<Effort>, max_tokens: u64) -> Decided {
    of_claude(ClaudeThinking { mode, effort, max_tokens }, 100, None)
}

#[test]
fn claudes_thinking_is_in_its_own_fields_and_raises_the_limit_where_it_must() {
    for (mode, effort, expected) in [
        (ThinkingMode::Unsaid, None, json!({})),
        (ThinkingMode::Off, None, json!({"thinking": {"type": "disabled"}})),
        (ThinkingMode::BetweenTools, None, json!({"thinking": {"type": "between_tools"}})),
        (ThinkingMode::Budget(2000), None, json!({"thinking": {"type": "enabled", "budget_tokens": 2000}})),
        (
            ThinkingMode::Adaptive,
            Some(Effort::Medium),
            json!({"thinking": {"type": "adaptive", "display": "summarized"}, "output_config": {"effort": "medium"}}),
        ),
    ] {
        assert_eq!(Value::Object(claude(mode, effort, 100).fields), expected);
    }
    assert_eq!(claude(ThinkingMode::Budget(2000), None, 3000).max_tokens, Some(3000));
    assert_eq!(claude(ThinkingMode::Off, None, 50).max_tokens, Some(100));
}

#[test]
fn sampling_is_left_out_while_claude_thinks() {
    let (mut bridge, mut losses, mut body) = (Bridge::default(), Losses::default(), Map::new());
    let decided = claude(ThinkingMode::Budget(2000), None, 3000);
    let model = Model::of(CLAUDE_37);
    write_inference(&mut sampled(), &model, decided, &mut bridge, &mut body, &mut losses);
    assert_eq!(body["inferenceConfig"], json!({"maxTokens": 3000}));
    assert!(body["additionalModelRequestFields"].get("top_k").is_none());
    assert_eq!(losses.as_slice().len(), 3);
}

#[test]
fn a_schema_is_beside_claudes_effort_where_there_is_one() {
    let mut body = Map::new();
    let fields = claude(ThinkingMode::Adaptive, Some(Effort::Low), 100).fields;
    body.insert("additionalModelRequestFields".into(), fields.into());
    let mut request = Request { format: schema(), ..hello() };
    let (mut notes, mut losses) = (Vec::new(), Losses::default());
    write_format(&mut request, &Model::of(CLAUDE_46), &mut body, &mut notes, &mut losses);
    let config = &body["additionalModelRequestFields"]["output_config"];
    assert_eq!((&config["effort"], &config["format"]["type"]), (&json!("low"), &json!("json_schema")));
    assert!(body.get("outputConfig").is_none() && notes.is_empty());
}
