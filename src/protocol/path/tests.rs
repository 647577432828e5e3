use proptest::prelude::*;

use super::*;

fn base(text: &str) -> BaseUrl {
    BaseUrl::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn join(text: &str, to: Endpoint) -> String {
    endpoint(&base(text), to)
}

#[test]
fn the_bases_that_operators_paste_reach_the_endpoint() {
    use Endpoint::*;
    let cases = [
        ("https://api.anthropic.com", Messages, "https://api.anthropic.com/v1/messages"),
        ("https://api.anthropic.com/v1", Messages, "https://api.anthropic.com/v1/messages"),
        ("https://api.anthropic.com/v1/messages", Messages, "https://api.anthropic.com/v1/messages"),
        ("https://api.anthropic.com/v1/messages", CountTokens, "https://api.anthropic.com/v1/messages/count_tokens"),
        ("https://api.anthropic.com/v1/messages/count_tokens", Messages, "https://api.anthropic.com/v1/messages"),
        ("https://api.anthropic.com", Models, "https://api.anthropic.com/v1/models"),
        ("https://api.openai.com/v1", ChatCompletions, "https://api.openai.com/v1/chat/completions"),
        ("https://api.openai.com/v1/", ChatCompletions, "https://api.openai.com/v1/chat/completions"),
        ("https://api.openai.com", ChatCompletions, "https://api.openai.com/v1/chat/completions"),
        ("https://api.openai.com/v1/chat/completions", ChatCompletions, "https://api.openai.com/v1/chat/completions"),
        ("https://api.openai.com/v1/chat/completions", Responses, "https://api.openai.com/v1/responses"),
        ("https://api.openai.com/v1/responses", ChatCompletions, "https://api.openai.com/v1/chat/completions"),
        (
            "https://api.openai.com/v1/responses",
            ResponsesInputTokens,
            "https://api.openai.com/v1/responses/input_tokens",
        ),
        ("https://api.openai.com/v1/chat/completions", Models, "https://api.openai.com/v1/models"),
        ("https://api.openai.com/v1/models", Embeddings, "https://api.openai.com/v1/embeddings"),
        ("https://api.groq.com/openai/v1", ChatCompletions, "https://api.groq.com/openai/v1/chat/completions"),
        ("https://api.groq.com/openai", Responses, "https://api.groq.com/openai/v1/responses"),
        ("https://api.x.ai", Responses, "https://api.x.ai/v1/responses"),
        ("http://localhost:11434", Messages, "http://localhost:11434/v1/messages"),
        ("https://gw.example.com/anthropic", Messages, "https://gw.example.com/anthropic/v1/messages"),
        (
            "https://r.services.ai.azure.com/anthropic/",
            Messages,
            "https://r.services.ai.azure.com/anthropic/v1/messages",
        ),
        ("https://r.openai.azure.com/openai/v1", Responses, "https://r.openai.azure.com/openai/v1/responses"),
        ("https://gw.example.com/v2", ChatCompletions, "https://gw.example.com/v2/chat/completions"),
        ("https://gw.example.com/api/v1beta1", Embeddings, "https://gw.example.com/api/v1beta1/embeddings"),
        ("https://gw.example.com/vision", Messages, "https://gw.example.com/vision/v1/messages"),
        ("https://gw.example.com/v", Messages, "https://gw.example.com/v/v1/messages"),
        ("https://gw.example.com/xchat/completions", Messages, "https://gw.example.com/xchat/completions/v1/messages"),
        ("https://gw.example.com/mymessages", Messages, "https://gw.example.com/mymessages/v1/messages"),
    ];
    for (text, to, expected) in cases {
        assert_eq!(join(text, to), expected, "{text} to {to:?}");
    }
}

#[test]
fn a_full_path_without_a_version_shows_that_none_is_wanted() {
    assert_eq!(
        join("https://api.perplexity.ai/chat/completions", Endpoint::ChatCompletions),
        "https://api.perplexity.ai/chat/completions"
    );
    assert_eq!(
        join("https://models.github.ai/inference/chat/completions", Endpoint::Embeddings),
        "https://models.github.ai/inference/embeddings"
    );
}

#[test]
fn openais_dialect_under_another_version_needs_no_second_one() {
    let gemini = "https://generativelanguage.googleapis.com/v1beta/openai";
    assert_eq!(join(gemini, Endpoint::ChatCompletions), format!("{gemini}/chat/completions"));
    let vertex = "https://x.googleapis.com/v1/projects/p/locations/l/endpoints/openapi";
    assert_eq!(join(vertex, Endpoint::ChatCompletions), format!("{vertex}/chat/completions"));
}

#[test]
fn azures_deployment_keeps_only_what_it_serves() {
    let deployment = "https://r.openai.azure.com/openai/deployments/gpt-5";
    for text in [deployment.to_owned(), format!("{deployment}/chat/completions")] {
        assert_eq!(join(&text, Endpoint::ChatCompletions), format!("{deployment}/chat/completions"));
        assert_eq!(join(&text, Endpoint::Embeddings), format!("{deployment}/embeddings"));
        assert_eq!(join(&text, Endpoint::Responses), "https://r.openai.azure.com/openai/responses");
        assert_eq!(join(&text, Endpoint::Models), "https://r.openai.azure.com/openai/models");
    }
}

#[test]
fn a_root_that_is_called_models_is_not_taken_for_the_endpoint() {
    assert_eq!(
        join("https://r.services.ai.azure.com/models", Endpoint::ChatCompletions),
        "https://r.services.ai.azure.com/models/v1/chat/completions"
    );
}

#[test]
fn a_model_in_the_path_is_one_encoded_segment() {
    use ModelAction::*;
    let gemini = "https://generativelanguage.googleapis.com";
    let bedrock = "https://bedrock-runtime.eu-west-1.amazonaws.com";
    let cases = [
        (gemini, GeminiGenerate, "gemini-3", "/v1beta/models/gemini-3:generateContent"),
        (gemini, GeminiGenerate, "models/gemini-3", "/v1beta/models/gemini-3:generateContent"),
        (gemini, GeminiStream, "tunedModels/x", "/v1beta/tunedModels/x:streamGenerateContent?alt=sse"),
        (gemini, GeminiCountTokens, "../../x", "/v1beta/models/..%2F..%2Fx:countTokens"),
        (gemini, GeminiEmbed, "e?x#y", "/v1beta/models/e%3Fx%23y:batchEmbedContents"),
        (bedrock, Converse, "eu.anthropic.claude-v1:0", "/model/eu.anthropic.claude-v1%3A0/converse"),
        (bedrock, ConverseStream, "arn:aws:x/y", "/model/arn%3Aaws%3Ax%2Fy/converse-stream"),
        (bedrock, ConverseCountTokens, "a b", "/model/a%20b/count-tokens"),
    ];
    for (origin, action, model, path) in cases {
        assert_eq!(model_action(&base(origin), action, model), Ok(format!("{origin}{path}")));
    }
    for text in [format!("{gemini}/v1beta"), format!("{gemini}/v1beta/models"), format!("{gemini}/v1beta/")] {
        assert_eq!(
            model_action(&base(&text), GeminiGenerate, "g"),
            Ok(format!("{gemini}/v1beta/models/g:generateContent"))
        );
    }
    assert_eq!(join(gemini, Endpoint::GeminiModels), format!("{gemini}/v1beta/models"));
    for model in ["", ".", "..", "models/", "models/.."] {
        assert!(model_action(&base(gemini), GeminiGenerate, model).is_err(), "{model}");
    }
    assert!(model_action(&base(bedrock), Converse, "..").is_err());
}

#[test]
fn a_raw_path_follows_the_base_with_one_version() {
    use Protocol::*;
    let cases = [
        ("https://a.com", ChatCompletions, "images/generations", "https://a.com/v1/images/generations"),
        ("https://a.com/v1", ChatCompletions, "images/generations", "https://a.com/v1/images/generations"),
        (
            "https://a.com/v1",
            ChatCompletions,
            "/v1/files?limit=2&after=x%20y",
            "https://a.com/v1/files?limit=2&after=x%20y",
        ),
        ("https://a.com", AnthropicMessages, "v1/messages/batches", "https://a.com/v1/messages/batches"),
        ("https://a.com/v1", Responses, "v2/x", "https://a.com/v2/x"),
        ("https://a.com/v1/chat/completions", Responses, "files/", "https://a.com/v1/files/"),
        ("https://a.com", Gemini, "models/g:generateContent", "https://a.com/v1beta/models/g:generateContent"),
        ("https://a.com", BedrockConverse, "model/m/invoke", "https://a.com/model/m/invoke"),
        ("https://a.com/openai/deployments/d", ChatCompletions, "x", "https://a.com/openai/deployments/d/x"),
        (
            "https://a.com/v1",
            ChatCompletions,
            "files?url=https://b.com/../?x",
            "https://a.com/v1/files?url=https://b.com/../?x",
        ),
    ];
    for (text, protocol, rest, expected) in cases {
        assert_eq!(raw(&base(text), protocol, rest), Ok(expected.to_owned()), "{text} and {rest}");
    }
}

#[test]
fn a_raw_path_cannot_leave_the_base() {
    for rest in [
        "../admin",
        "v1/../../admin",
        "%2e%2e/admin",
        ".%2E/x",
        "x%2f..%2fy",
        "..\\admin",
        "a//b",
        "//b.com/x",
        "a#b",
        "a?b#c",
        "a b",
        "a\nb",
        "a?b c",
        "a?\u{e4}",
        "\u{e4}",
    ] {
        let error = raw(&base("https://a.com/openai/deployments/d"), Protocol::ChatCompletions, rest).unwrap_err();
        assert_eq!(error.param, "path", "{rest}");
    }
}

fn any_endpoint() -> impl Strategy<Value = Endpoint> {
    (0..Endpoint::ALL.len()).prop_map(|index| Endpoint::ALL[index])
}

/// A pasted URL carries the version of its own endpoint, and Gemini's differs.
fn unless_gemini() -> impl Strategy<Value = Endpoint> {
    any_endpoint().prop_map(|endpoint| if endpoint == Endpoint::GeminiModels { Endpoint::Models } else { endpoint })
}

fn any_base() -> impl Strategy<Value = String> {
    let segment = prop_oneof![
        "[a-z]{1,6}",
        "[a-zA-Z0-9.%~:_-]{1,6}",
        Just("v1".to_owned()),
        Just("v1beta".to_owned()),
        Just("openai".to_owned()),
        Just("deployments".to_owned()),
        Just("models".to_owned()),
        Just("chat".to_owned()),
        Just("completions".to_owned()),
        Just("messages".to_owned()),
        Just("responses".to_owned()),
    ];
    (prop_oneof![Just("https"), Just("http")], "[a-z]{1,5}\\.[a-z]{2,3}(:8443)?", prop::collection::vec(segment, 0..5))
        .prop_map(|(scheme, host, path)| format!("{scheme}://{host}/{}", path.join("/")))
        .prop_filter("a base URL", |text| BaseUrl::parse(text).is_ok())
}

proptest! {
    #[test]
    fn joining_keeps_the_origin_and_ends_in_the_endpoint(text in any_base(), to in any_endpoint()) {
        let base = base(&text);
        let joined = endpoint(&base, to);
        let path = joined.strip_prefix(base.origin()).unwrap();
        prop_assert!(path.ends_with(to.tail()) && !path.contains("//"), "{}", joined);
        let read = BaseUrl::parse(&joined).unwrap();
        prop_assert_eq!(read.origin(), base.origin());
        prop_assert_eq!(read.host(), base.host());
    }

    #[test]
    fn a_trailing_slash_changes_nothing(text in any_base(), to in any_endpoint()) {
        prop_assert_eq!(join(&text, to), join(&format!("{text}/"), to));
    }

    #[test]
    fn the_full_path_of_any_endpoint_is_as_good_as_the_base(
        text in any_base(), pasted in unless_gemini(), to in unless_gemini(),
    ) {
        let full = join(&text, pasted);
        // Azure's classic endpoints beside the deployments leave no trace of the deployment.
        prop_assume!(!text.contains("/openai/deployments"));
        // A pasted `…/models` behind no version is a root of its own.
        prop_assume!(pasted != Endpoint::Models || ends_in_version(full.strip_suffix("/models").unwrap()));
        prop_assert_eq!(join(&full, to), join(&text, to), "{} via {}", text, full);
    }

    #[test]
    fn a_model_never_leaves_its_segment(text in any_base(), model in "\\PC{1,12}") {
        let base = base(&text);
        if let Ok(url) = model_action(&base, ModelAction::Converse, &model) {
            let path = url.strip_prefix(base.origin()).unwrap();
            let name = path.strip_suffix("/converse").unwrap().rsplit('/').next().unwrap();
            prop_assert_eq!(percent_encoding::percent_decode_str(name).decode_utf8().unwrap(), model);
        }
    }

    #[test]
    fn a_raw_path_stays_at_the_origin(text in any_base(), rest in "[a-z0-9/.%?#@:\\\\ ~-]{0,20}") {
        let base = base(&text);
        if let Ok(url) = raw(&base, Protocol::ChatCompletions, &rest) {
            let path = url.split('?').next().unwrap();
            let read = BaseUrl::parse(path).unwrap();
            prop_assert_eq!(read.origin(), base.origin());
            prop_assert!(!read.path().contains("//"));
        }
    }
}
