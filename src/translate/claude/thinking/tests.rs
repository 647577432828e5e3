use super::*;
use crate::translate::neutral::{Call, CallInput, Given, Outcome, Reasoned, Signature, Summary, ToolResult};

fn request(client: Client, mode: ThinkingMode, effort: Option<Effort>) -> Request {
    let mut request = Request::new(client);
    request.thinking = Some(Given::new("effort", Thinking { mode, effort, summary: Summary::Unsaid }));
    request
}

fn openai(effort: Effort) -> Request {
    request(Client::ChatCompletions, ThinkingMode::Unsaid, Some(effort))
}

fn decided(request: &Request, model: &str, max_tokens: u64) -> (ThinkingMode, Option<Effort>, usize) {
    let mut losses = Losses::default();
    let decided = decide(request, &Family::of(model), max_tokens, &mut losses);
    (decided.mode, decided.effort, losses.as_slice().len())
}

fn call() -> Part {
    let call = Call { id: "a".into(), name: "f".into(), input: CallInput::Json("{}".into()) };
    Part::new("", Body::Call(call))
}

fn result() -> Part {
    let result = ToolResult { call_id: "a".into(), name: None, content: Vec::new(), outcome: Outcome::Done };
    Part::new("", Body::Result(result))
}

fn thought(provider: &str) -> Part {
    let signature = Signature {
        protocol: Protocol::AnthropicMessages,
        provider: provider.into(),
        payload: r#"{"type":"thinking","thinking":"","signature":"s"}"#.into(),
    };
    Part::new("", Body::Reasoning(Reasoned { text: String::new(), signature: Some(signature) }))
}

#[test]
fn an_effort_is_adaptive_where_the_family_is_and_a_budget_elsewhere() {
    use Effort::{High, Low, Max, Medium, Minimal, XHigh};
    for (effort, told, budget) in [
        (Minimal, Low, 1024),
        (Low, Low, 1024),
        (Medium, Medium, 2048),
        (High, High, 4096),
        (XHigh, XHigh, 8192),
        (Max, Max, 16384),
    ] {
        let request = openai(effort);
        assert_eq!(decided(&request, "claude-opus-4-8", 64_000), (ThinkingMode::Adaptive, Some(told), 0));
        assert_eq!(decided(&request, "claude-sonnet-4-5", 64_000), (ThinkingMode::Budget(budget), None, 0));
    }
    assert_eq!(decided(&openai(XHigh), "claude-opus-4-6", 64_000), (ThinkingMode::Adaptive, Some(High), 0));
    assert_eq!(decided(&openai(High), "claude-3-5-haiku", 64_000), (ThinkingMode::Unsaid, None, 1));
}

#[test]
fn no_thinking_is_asked_for_in_the_strongest_way_that_the_family_takes() {
    for (model, mode, effort) in [
        ("claude-sonnet-4-5", ThinkingMode::Off, None),
        ("claude-opus-5", ThinkingMode::Off, None),
        ("claude-sonnet-5-5", ThinkingMode::BetweenTools, None),
        ("claude-fable-5", ThinkingMode::Adaptive, Some(Effort::Low)),
        ("claude-3-haiku", ThinkingMode::Unsaid, None),
    ] {
        assert_eq!(decided(&openai(Effort::None), model, 4096), (mode, effort, 0), "{model}");
    }
}

#[test]
fn an_effort_beyond_high_does_not_go_with_thinking_switched_off() {
    let request = request(Client::AnthropicMessages, ThinkingMode::Off, Some(Effort::Max));
    assert_eq!(decided(&request, "claude-opus-5", 4096), (ThinkingMode::Off, Some(Effort::High), 0));
}

#[test]
fn a_budget_becomes_an_effort_where_budgets_are_refused() {
    let request = request(Client::AnthropicMessages, ThinkingMode::Budget(2500), None);
    assert_eq!(decided(&request, "claude-opus-5-5", 64_000), (ThinkingMode::Adaptive, Some(Effort::Medium), 0));
    assert_eq!(decided(&request, "claude-sonnet-4-5", 64_000), (ThinkingMode::Budget(2500), None, 0));
}

#[test]
fn anthropics_effort_alone_does_not_switch_thinking_on() {
    let request = request(Client::AnthropicMessages, ThinkingMode::Unsaid, Some(Effort::Medium));
    assert_eq!(decided(&request, "claude-opus-5", 4096), (ThinkingMode::Unsaid, Some(Effort::Medium), 0));
    assert_eq!(decided(&request, "claude-sonnet-4-5", 4096), (ThinkingMode::Unsaid, None, 1));
}

#[test]
fn a_budget_leaves_room_for_the_answer_or_is_dropped() {
    let request = openai(Effort::High);
    assert_eq!(decided(&request, "claude-sonnet-4-5", 3000), (ThinkingMode::Budget(2999), None, 0));
    assert_eq!(decided(&request, "claude-sonnet-4-5", 1025), (ThinkingMode::Budget(1024), None, 0));
    assert_eq!(decided(&request, "claude-sonnet-4-5", 1024), (ThinkingMode::Off, None, 1));
}

#[test]
fn manual_thinking_gives_way_to_a_forced_tool_and_adaptive_does_not() {
    let mut request = openai(Effort::High);
    request.tool_choice = Some(Given::new("tool_choice", ToolChoice::Required));
    assert_eq!(decided(&request, "claude-sonnet-4-5", 64_000), (ThinkingMode::Off, None, 1));
    assert_eq!(decided(&request, "claude-opus-5", 64_000), (ThinkingMode::Adaptive, Some(Effort::High), 0));
}

#[test]
fn a_round_of_calls_without_signed_thoughts_goes_on_without_manual_thinking() {
    let mut request = openai(Effort::High);
    request.say(Role::User, Part::new("", Body::Text("go".into())));
    request.say(Role::Assistant, call());
    request.say(Role::User, result());
    assert_eq!(decided(&request, "claude-sonnet-4-5", 64_000), (ThinkingMode::Off, None, 1));
    assert_eq!(decided(&request, "claude-opus-5", 64_000), (ThinkingMode::Adaptive, Some(Effort::High), 0));
    request.say(Role::Assistant, Part::new("", Body::Text("done".into())));
    request.say(Role::User, Part::new("", Body::Text("thanks".into())));
    assert_eq!(decided(&request, "claude-sonnet-4-5", 64_000), (ThinkingMode::Budget(4096), None, 0));
}

#[test]
fn a_round_that_began_with_signed_thoughts_goes_on_thinking() {
    let mut request = openai(Effort::High);
    request.say(Role::User, Part::new("", Body::Text("go".into())));
    for part in [thought("aip_1"), call()] {
        request.say(Role::Assistant, part);
    }
    request.say(Role::User, result());
    request.say(Role::Assistant, call());
    request.say(Role::User, result());
    forget_foreign_signatures(&mut request, "aip_1");
    assert_eq!(decided(&request, "claude-sonnet-4-5", 64_000), (ThinkingMode::Budget(4096), None, 0));
    forget_foreign_signatures(&mut request, "aip_2");
    assert_eq!(decided(&request, "claude-sonnet-4-5", 64_000), (ThinkingMode::Off, None, 1));
}
