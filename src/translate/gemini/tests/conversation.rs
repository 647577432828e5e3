use super::*;

const NEW: &str = "gemini-3-flash-preview";
const OLD: &str = "gemini-2.5-flash";

fn contents(turns: Vec<(Role, Vec<Body>)>, model: &str) -> Value {
    write(asks(turns), model).body["contents"].take()
}

fn round() -> Vec<(Role, Vec<Body>)> {
    vec![
        (Role::User, vec![said("Weather?")]),
        (
            Role::Assistant,
            vec![
                said("I look."),
                called("c1", "get", r#"{"n": 1.0, "id": 12345678901234567890}"#),
                called("c2", "get", ""),
            ],
        ),
        (
            Role::User,
            vec![
                said("And hurry."),
                returned("c2", vec![said("no such place")], Outcome::Failed),
                returned("c1", vec![said("sun"), said("wind")], Outcome::Done),
            ],
        ),
    ]
}

#[test]
fn results_stand_in_the_order_of_their_calls_before_everything_else() {
    let written = contents(round(), OLD);
    assert_eq!(
        written.to_string(),
        json!([
            {"role": "user", "parts": [{"text": "Weather?"}]},
            {"role": "model", "parts": [
                {"text": "I look."},
                {"functionCall": {"name": "get", "args": serde_json::from_str::<Value>(r#"{"n": 1.0, "id": 12345678901234567890}"#).expect("JSON")}},
                {"functionCall": {"name": "get", "args": {}}},
            ]},
            {"role": "user", "parts": [
                {"functionResponse": {"name": "get", "response": {"output": "sun\nwind"}}},
                {"functionResponse": {"name": "get", "response": {"error": "no such place"}}},
                {"text": "And hurry."},
            ]},
        ])
        .to_string()
    );
}

#[test]
fn gemini_3_gets_ids_and_a_sentinel_on_a_steps_first_call_only() {
    let written = contents(round(), NEW);
    let parts = &written[1]["parts"];
    assert_eq!(parts[1]["functionCall"]["id"], "c1");
    assert_eq!(parts[1]["thoughtSignature"], "skip_thought_signature_validator");
    assert_eq!(parts[2].get("thoughtSignature"), None);
    assert_eq!(written[2]["parts"][1]["functionResponse"]["id"], "c2");
}

#[test]
fn arguments_are_an_object_whatever_the_model_wrote() {
    let turns = ["{broken", "[1]", "  "].into_iter().map(|args| called("c", "f", args)).collect();
    let written = contents(vec![(Role::User, vec![said("x")]), (Role::Assistant, turns)], OLD);
    let args: Vec<_> = (0..3).map(|call| written[1]["parts"][call]["functionCall"]["args"].clone()).collect();
    assert_eq!(args, [json!({"_raw": "{broken"}), json!({"value": [1]}), json!({})]);
}

#[test]
fn a_freeform_call_is_wrapped_in_history_too() {
    let call = Body::Call(Call { id: "c".into(), name: "patch".into(), input: CallInput::Text("*** x".into()) });
    let wrote = write(asks(vec![(Role::User, vec![said("x")]), (Role::Assistant, vec![call])]), OLD);
    let written = &wrote.body["contents"][1]["parts"][0]["functionCall"];
    assert_eq!(*written, json!({"name": "patch", "args": {"input": "*** x"}}));
    assert_eq!(wrote.bridge.names.restore("patch"), ("patch", Sent::Wrapped));
}

#[test]
fn a_conversation_begins_with_the_user_and_late_words_of_the_operator_are_notes() {
    let written = contents(
        vec![
            (Role::Assistant, vec![said("Welcome.")]),
            (Role::User, vec![said("Hi")]),
            (Role::System, vec![said("Be brief.")]),
            (Role::User, vec![said("Well?")]),
        ],
        OLD,
    );
    assert_eq!(
        written,
        json!([
            {"role": "user", "parts": [{"text": "Continue."}]},
            {"role": "model", "parts": [{"text": "Welcome."}]},
            {"role": "user", "parts": [
                {"text": "Hi"},
                {"text": "[From the operator of this conversation, not from the user:]\nBe brief."},
                {"text": "Well?"},
            ]},
        ])
    );
    assert_eq!(contents(vec![], OLD), json!([{"role": "user", "parts": [{"text": "Continue."}]}]));
}

#[test]
fn a_note_of_the_operators_between_call_and_result_does_not_part_them() {
    let written = contents(
        vec![
            (Role::User, vec![said("x")]),
            (Role::Assistant, vec![called("c1", "f", "{}")]),
            (Role::System, vec![said("Note.")]),
            (Role::User, vec![returned("c1", vec![said("r")], Outcome::Done)]),
        ],
        OLD,
    );
    assert_eq!(written[2]["parts"][0]["functionResponse"]["response"], json!({"output": "r"}));
    assert_eq!(written.as_array().map(Vec::len), Some(3));
}

#[test]
fn newer_models_get_a_word_of_the_users_after_the_models_last() {
    let turns = || asks(vec![(Role::User, vec![said("x")]), (Role::Assistant, vec![said("{")])]);
    assert_eq!(write(turns(), NEW).body["contents"].as_array().map(Vec::len), Some(2));
    let wrote = write(turns(), "gemini-3.6-flash");
    assert_eq!(wrote.body["contents"][2], json!({"role": "user", "parts": [{"text": "Continue."}]}));
    assert_eq!(wrote.lost(), [("messages[1]", Severity::Detail)]);
}

#[test]
fn a_signature_goes_back_to_its_call_or_its_text_and_to_its_provider_only() {
    let sign = |text: &str| signed(json!({ "thoughtSignature": text }));
    let turn =
        |bodies| contents(vec![(Role::User, vec![said("x")]), (Role::Assistant, bodies)], NEW)[1]["parts"].take();
    let parts = turn(vec![said("a"), sign("T"), sign("C"), called("c1", "f", "{}"), called("c2", "f", "{}")]);
    assert_eq!(parts[0], json!({"text": "a", "thoughtSignature": "T"}));
    assert_eq!(parts[1]["thoughtSignature"], "C");
    assert_eq!(parts[2].get("thoughtSignature"), None);
    assert_eq!(turn(vec![sign("A"), said("a")]), json!([{"text": "a", "thoughtSignature": "A"}]));
    assert_eq!(turn(vec![said("a"), sign("A")]), json!([{"text": "a", "thoughtSignature": "A"}]));
    let foreign = signed_by("aip_other", json!({"thoughtSignature": "F"}));
    let parts = turn(vec![foreign, called("c1", "f", "{}")]);
    assert_eq!(parts.as_array().map(Vec::len), Some(1));
    assert_eq!(parts[0]["thoughtSignature"], "skip_thought_signature_validator");
}

#[test]
fn steps_of_googles_own_tools_go_back_as_they_came_and_nothing_else_of_a_payload() {
    let step =
        json!({"toolCall": {"toolType": "GOOGLE_SEARCH_WEB", "id": "t"}, "thoughtSignature": "S", "fileData": {}});
    let written = contents(vec![(Role::User, vec![said("x")]), (Role::Assistant, vec![signed(step), said("a")])], NEW);
    let step = json!({"toolCall": {"toolType": "GOOGLE_SEARCH_WEB", "id": "t"}, "thoughtSignature": "S"});
    assert_eq!(written[1]["parts"], json!([step, {"text": "a"}]));
}

#[test]
fn media_are_inline_by_their_bytes_or_by_an_address_that_newer_models_fetch() {
    let media = || {
        let at = |source| Body::Image(Image { source, detail: Some("high".into()) });
        let pdf = Source::Base64 { media_type: "application/pdf".into(), data: "JVBERi0x".into() };
        asks(vec![(
            Role::User,
            vec![
                Body::Image(picture()),
                at(Source::Url("https://example.com/cat.webp?x".into())),
                at(Source::File("file_1".into())),
                Body::Document(Document { source: pdf, title: Some("a.pdf".into()), context: None }),
                Body::Document(Document { source: Source::Text("words".into()), title: None, context: None }),
                Body::Audio { data: "UklGRg==".into(), format: "wav".into() },
            ],
        )])
    };
    let wrote = write(media(), OLD);
    assert_eq!(
        wrote.body["contents"][0]["parts"],
        json!([
            {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}},
            {"fileData": {"fileUri": "https://example.com/cat.webp?x", "mimeType": "image/webp"}},
            {"text": "a.pdf"},
            {"inlineData": {"mimeType": "application/pdf", "data": "JVBERi0x"}},
            {"text": "words"},
            {"inlineData": {"mimeType": "audio/wav", "data": "UklGRg=="}},
        ])
    );
    let detail = ("messages[0].detail", Severity::Detail);
    assert_eq!(wrote.lost(), [detail, detail, ("messages[0]", Severity::Meaning)]);
    let meanings = write(media(), "gemini-2.0-flash").lost().iter().filter(|loss| loss.1 == Severity::Meaning).count();
    assert_eq!(meanings, 2);
}

#[test]
fn a_picture_of_a_tools_is_in_its_result_or_behind_all_of_them() {
    let turns = || {
        vec![
            (Role::User, vec![said("x")]),
            (Role::Assistant, vec![called("c1", "draw", "{}"), called("c2", "f", "{}")]),
            (
                Role::User,
                vec![
                    returned("c1", vec![said("here"), Body::Image(picture())], Outcome::Done),
                    returned("c2", vec![], Outcome::Done),
                ],
            ),
        ]
    };
    let inline = json!({"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}});
    let newer = contents(turns(), NEW);
    let first = json!({"id": "c1", "name": "draw", "response": {"output": "here"}, "parts": [inline]});
    assert_eq!(newer[2]["parts"][0]["functionResponse"], first);
    let older = contents(turns(), OLD);
    assert_eq!(older[2]["parts"][1]["functionResponse"], json!({"name": "f", "response": {"output": ""}}));
    assert_eq!(older[2]["parts"][2], json!({"text": "[Returned by draw:]"}));
    assert_eq!(older[2]["parts"][3], inline);
}

#[test]
fn cache_marks_are_details() {
    let mut request = hello();
    request.client = Client::AnthropicMessages;
    request.turns[0].parts[0].cache = Some(CacheMark::Hour);
    assert_eq!(write(request, NEW).lost(), [("messages[0].cache_control", Severity::Detail)]);
}

#[test]
fn a_longer_conversation_begins_as_the_shorter_one_did() {
    let turns = || {
        let mut turns = round();
        turns.extend([
            (Role::Assistant, vec![signed(json!({"thoughtSignature": "S"})), called("c.3", "get", "{}")]),
            (Role::User, vec![returned("c.3", vec![said("r")], Outcome::Done)]),
            (Role::Assistant, vec![said("Done.")]),
            (Role::User, vec![said("Thanks")]),
        ]);
        turns
    };
    let longest = contents(turns(), NEW);
    for length in [1, 3, 5, 7] {
        let shorter = contents(turns().into_iter().take(length).collect(), NEW);
        let (shorter, longest) = (shorter.as_array().expect("contents"), longest.as_array().expect("contents"));
        assert_eq!(shorter[..], longest[..length]);
    }
}
