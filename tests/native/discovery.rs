//! `available-models` and `import-models`: what an upstream lists, for every kind.

use crate::harness::{ADMIN_TOKEN, Api, K1};
use serde_json::{Value, json};
use sluice::refusal::Reason;

const KEY: &str = "sk-0123456789abcdefghijkl";

fn at(id: &str) -> String {
    format!("/api/v1/providers/{id}")
}

fn available(api: &Api, id: &str) -> crate::harness::Answer {
    api.get(&format!("{}/available-models", at(id)))
}

/// The names that are listed.
fn names(api: &Api, id: &str) -> Vec<String> {
    available(api, id).must(200).column("model")
}

fn at_home() -> Api {
    Api::with(&[("ADMIN_TOKEN", ADMIN_TOKEN), ("SEALING_KEYS", K1), ("ALLOW_PRIVATE_UPSTREAMS", "true")])
}

#[test]
fn what_the_upstream_lists_says_of_each_whether_it_is_configured() {
    let api = Api::new();
    let id = api.provider("main");
    let model = api.model(&id, "GPT-5.4");
    api.upstream.lists(&["gpt-5.4", "gpt-5.4-mini"]);
    assert_eq!(
        available(&api, &id).must(200).body,
        json!({"data": [
            {"model": "gpt-5.4", "configured": true, "model_id": model, "capabilities": null},
            {"model": "gpt-5.4-mini", "configured": false, "model_id": null, "capabilities": null},
        ], "next_cursor": null})
    );
    let asked = api.upstream.taken();
    let [asked] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!((asked.method, asked.url.as_str()), ("GET", "https://api.openai.com/v1/models"));
    assert_eq!(asked.header("authorization"), Some(format!("Bearer {KEY}").as_str()));
    assert_eq!((asked.header("content-type"), asked.header("anthropic-version")), (None, None));
    assert!(asked.wait.as_secs() <= 30);
}

#[test]
fn each_kind_is_asked_at_its_own_address_with_its_own_header() {
    let api = at_home();
    let openai = json!({"object": "list", "data": [{"id": "m1"}, {"id": "m2"}]});
    let aws = json!({"access_key_id": "AKIDEXAMPLE", "secret_access_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"});
    for (kind, extra, url, header, value, answer) in [
        ("openai", json!({}), "https://api.openai.com/v1/models", "authorization", "Bearer ", openai.clone()),
        ("xai", json!({}), "https://api.x.ai/v1/models", "authorization", "Bearer ", openai.clone()),
        (
            "groq",
            json!({}),
            "https://api.groq.com/openai/v1/models",
            "authorization",
            "Bearer ",
            json!({"data": [{"id": "m1", "active": true}, {"id": "off", "active": false}, {"id": "m2"}]}),
        ),
        (
            "anthropic",
            json!({}),
            "https://api.anthropic.com/v1/models?limit=1000",
            "x-api-key",
            "sk-",
            json!({"data": [{"id": "m1"}, {"id": "m2"}], "has_more": false, "last_id": "m2"}),
        ),
        (
            "google",
            json!({}),
            "https://generativelanguage.googleapis.com/v1beta/models?pageSize=1000",
            "x-goog-api-key",
            "sk-",
            json!({"models": [{"name": "models/m1"}, {"name": "models/m2"}]}),
        ),
        ("ollama", json!({}), "http://localhost:11434/v1/models", "authorization", "Bearer ", openai.clone()),
        (
            "azure",
            json!({"base_url": "https://acme.openai.azure.com"}),
            "https://acme.openai.azure.com/openai/deployments?api-version=2023-03-15-preview",
            "api-key",
            "sk-",
            json!({"data": [{"id": "m1", "model": "gpt-5", "status": "succeeded"}, {"id": "no", "status": "failed"},
                            {"id": "m2", "model": "gpt-5"}]}),
        ),
        (
            "bedrock",
            json!({"advanced_json": {"region": "eu-west-1"}, "api_key": aws.to_string()}),
            "https://bedrock.eu-west-1.amazonaws.com/foundation-models",
            "authorization",
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261120/eu-west-1/bedrock/aws4_request, SignedHeaders=host;x-amz-date, ",
            json!({"modelSummaries": [{"modelId": "m1", "inferenceTypesSupported": ["ON_DEMAND"]},
                {"modelId": "m2"}, {"modelId": "rented", "inferenceTypesSupported": ["PROVISIONED"]}]}),
        ),
        (
            "gateway",
            json!({"base_url": "https://gw.example.com/api/v1/chat/completions"}),
            "https://gw.example.com/api/v1/models",
            "authorization",
            "Bearer ",
            json!({"data": [{"id": "m1"}, {"id": "m2"}]}),
        ),
        (
            "custom",
            json!({"base_url": "https://llm.example.com", "auth_method": "x_api_key"}),
            "https://llm.example.com/v1/models",
            "x-api-key",
            "sk-",
            json!([{"id": "m1"}, {"id": "m2"}]),
        ),
    ] {
        let mut body = json!({"name": kind, "provider": kind, "api_key": KEY});
        body.as_object_mut().expect("an object").extend(extra.as_object().expect("an object").clone());
        let id = api.provider_with(body);
        api.upstream.answers(200, answer);
        assert_eq!(names(&api, &id), ["m1", "m2"], "{kind}");
        let asked = api.upstream.taken();
        assert_eq!(asked.iter().map(|asked| asked.url.as_str()).collect::<Vec<_>>(), [url], "{kind}");
        assert!(asked[0].header(header).is_some_and(|sent| sent.starts_with(value)), "{kind}: {:?}", asked[0].headers);
        assert_eq!(asked[0].header("anthropic-version").is_some(), kind == "anthropic", "{kind}");
    }
}

#[test]
fn a_protocol_of_anothers_is_listed_as_its_owner_lists() {
    let api = Api::new();
    for (protocol, url, answer) in [
        ("anthropic_messages", "https://llm.example.com/v1/models?limit=1000", json!({"data": [{"id": "m"}]})),
        ("gemini", "https://llm.example.com/v1beta/models?pageSize=1000", json!({"models": [{"name": "models/m"}]})),
        (
            "bedrock_converse",
            "https://llm.example.com/foundation-models",
            json!({"modelSummaries": [{"modelId": "m"}]}),
        ),
        ("responses", "https://llm.example.com/v1/models", json!({"models": [{"name": "m"}]})),
    ] {
        let id = api.provider_with(
            json!({"name": protocol, "protocol": protocol, "base_url": "https://llm.example.com", "api_key": KEY}),
        );
        api.upstream.answers(200, answer);
        assert_eq!(names(&api, &id), ["m"], "{protocol}");
        assert_eq!(api.upstream.taken()[0].url, url);
    }
}

#[test]
fn a_keyless_server_is_asked_without_a_credential_and_header_maps_go_along() {
    let api = at_home();
    let keyless = api.provider_with(json!({"name": "local", "provider": "ollama", "api_key": ""}));
    api.upstream.lists(&["llama4"]);
    assert_eq!(names(&api, &keyless), ["llama4"]);
    let asked = api.upstream.taken();
    for header in ["authorization", "x-api-key", "api-key"] {
        assert_eq!(asked[0].header(header), None);
    }
    let mapped = api.provider_with(json!({"name": "gw", "provider": "gateway", "base_url": "https://gw.example.com",
        "auth_method": "custom_headers", "custom_headers": {"x-gateway-key": "k-0123456789abcdef"},
        "advanced_json": {"extra_headers": {"x-team": "ml"}}}));
    api.upstream.lists(&["m"]);
    assert_eq!(names(&api, &mapped), ["m"]);
    let asked = api.upstream.taken();
    assert_eq!(asked[0].header("x-gateway-key"), Some("k-0123456789abcdef"));
    assert_eq!(asked[0].header("x-team"), Some("ml"));
}

#[test]
fn pages_are_followed_to_the_last_one() {
    let api = Api::new();
    let anthropic = api.provider_with(json!({"name": "a", "provider": "anthropic", "api_key": KEY}));
    api.upstream.answers(200, json!({"data": [{"id": "c1"}], "has_more": true, "last_id": "c1/é"}));
    api.upstream.answers(200, json!({"data": [{"id": "c2"}, {"id": "C1"}], "has_more": false, "last_id": "c2"}));
    assert_eq!(names(&api, &anthropic), ["c1", "c2"]);
    assert_eq!(api.upstream.taken()[1].url, "https://api.anthropic.com/v1/models?limit=1000&after_id=c1%2F%C3%A9");

    let google = api.provider_with(json!({"name": "g", "provider": "google", "api_key": KEY}));
    api.upstream.answers(200, json!({"models": [{"name": "models/g1"}], "nextPageToken": "t="}));
    api.upstream.answers(200, json!({"models": [{"name": "tunedModels/g2"}], "nextPageToken": ""}));
    assert_eq!(names(&api, &google), ["g1", "tunedModels/g2"]);
    assert!(api.upstream.taken()[1].url.ends_with("/v1beta/models?pageSize=1000&pageToken=t%3D"));
    // A cursor that stands still ends the list.
    api.clock.advance(60_000);
    for _ in 0..2 {
        api.upstream.answers(200, json!({"models": [{"name": "models/g1"}], "nextPageToken": "same"}));
    }
    assert_eq!(names(&api, &google), ["g1"]);
    assert_eq!(api.upstream.taken().len(), 2);
}

#[test]
fn bedrocks_newer_models_are_listed_by_the_profiles_that_call_them() {
    let api = Api::new();
    let id = api.provider_with(json!({"name": "b", "provider": "bedrock", "auth_method": "bearer", "api_key": KEY}));
    let models = json!({"modelSummaries": [
        {"modelId": "amazon.nova-pro-v1:0", "modelName": "Nova Pro", "inferenceTypesSupported": ["ON_DEMAND"],
         "inputModalities": ["TEXT", "IMAGE"], "outputModalities": ["TEXT"]},
        {"modelId": "anthropic.claude-opus-5-v1:0", "inferenceTypesSupported": ["INFERENCE_PROFILE"]}]});
    api.upstream.answers(200, models.clone());
    api.upstream.answers(200, json!({"inferenceProfileSummaries": [
        {"inferenceProfileId": "us.anthropic.claude-opus-5-v1:0", "inferenceProfileName": "US Claude Opus 5", "status": "ACTIVE"},
        {"inferenceProfileId": "us.old", "status": "LEGACY"}]}));
    let listed = available(&api, &id).must(200);
    assert_eq!(listed.column("model"), ["amazon.nova-pro-v1:0", "us.anthropic.claude-opus-5-v1:0"]);
    assert_eq!(
        listed.body["data"][0]["capabilities"],
        json!({"display_name": "Nova Pro", "input_modalities": ["TEXT", "IMAGE"], "output_modalities": ["TEXT"]})
    );
    let asked = api.upstream.taken();
    assert_eq!(asked[1].url, "https://bedrock.us-east-1.amazonaws.com/inference-profiles?maxResults=1000");
    assert_eq!(asked[1].header("authorization"), Some(format!("Bearer {KEY}").as_str()));
    // A key that may not list profiles still lists the rest.
    api.clock.advance(60_000);
    api.upstream.answers(200, models);
    api.upstream.answers(403, json!({"message": "not authorized"}));
    assert_eq!(names(&api, &id), ["amazon.nova-pro-v1:0"]);
}

#[test]
fn azure_lists_what_is_deployed_under_the_names_that_calls_go_by_or_else_what_could_be() {
    let api = Api::new();
    let id = api.provider_with(json!({"name": "az", "provider": "azure", "api_key": KEY,
        "advanced_json": {"resource": "acme", "api_version": "2024-10-21", "deployments": {"gpt-5": "prod-5", "fast": "prod-5"}}}));
    api.upstream.answers(200, json!({"data": [{"id": "prod-5", "model": "gpt-5"}, {"id": "other", "model": "gpt-4"}]}));
    assert_eq!(names(&api, &id), ["gpt-5", "fast", "other"]);
    api.upstream.taken();
    api.clock.advance(60_000);
    api.upstream.answers(404, json!({"error": {"code": "404", "message": "Resource not found"}}));
    api.upstream.answers(200, json!({"data": [{"id": "gpt-5"}]}));
    assert_eq!(names(&api, &id), ["gpt-5"]);
    let asked = api.upstream.taken();
    assert_eq!(asked[1].url, "https://acme.openai.azure.com/openai/models?api-version=2024-10-21");
}

#[test]
fn an_ollama_without_openais_path_is_asked_in_its_own() {
    let api = at_home();
    let id = api.provider_with(json!({"name": "local", "provider": "ollama", "api_key": ""}));
    api.upstream.says(404, "404 page not found");
    api.upstream.answers(200, json!({"models": [{"name": "llama4:8b", "model": "llama4:8b", "size": 5}]}));
    assert_eq!(names(&api, &id), ["llama4:8b"]);
    assert_eq!(api.upstream.taken()[1].url, "http://localhost:11434/api/tags");
    // Where neither is there, the first refusal is told.
    api.clock.advance(60_000);
    api.upstream.says(404, "no v1");
    api.upstream.says(404, "no tags");
    let refused = available(&api, &id);
    refused.refuses(422, "upstream.request_failed", "");
    assert_eq!(refused.body["error"]["details"], json!({"status": 404, "body": "no v1"}));
}

#[test]
fn an_upstreams_refusal_is_told_by_who_has_to_act_with_its_status_and_words() {
    let api = Api::new();
    let id = api.provider("main");
    for (status, expected, code) in [
        (401, 422, "upstream.auth_failed"),
        (403, 422, "upstream.auth_failed"),
        (400, 422, "upstream.request_failed"),
        (404, 422, "upstream.request_failed"),
        (429, 422, "upstream.request_failed"),
        (500, 502, "upstream.error"),
        (503, 502, "upstream.error"),
        (302, 502, "upstream.error"),
    ] {
        api.upstream.says(status, &format!("no {KEY} {}", "x".repeat(600)));
        let refused = available(&api, &id);
        refused.refuses(expected, code, "");
        let details = &refused.body["error"]["details"];
        assert_eq!(details["status"], status);
        let said = details["body"].as_str().expect("words");
        assert!(said.starts_with("no [credential] xxx") && said.chars().count() <= 500, "{said}");
        assert!(!refused.text.contains(KEY));
    }
    for body in ["<html>", "{}", "{\"data\": 5}", "", "null"] {
        api.upstream.says(200, body);
        let refused = available(&api, &id);
        refused.refuses(502, "upstream.error", "");
        assert_eq!(refused.body["error"]["details"]["status"], 200);
    }
    for reason in [Reason::UpstreamUnreachable, Reason::UpstreamTimeout, Reason::UpstreamTruncated] {
        api.upstream.fails(reason, "provider `main` could not be reached: no route");
        let refused = available(&api, &id);
        refused.refuses(502, "upstream.error", "");
        assert!(refused.message().contains("no route"));
    }
}

#[test]
fn what_cannot_be_asked_says_why_and_asks_nobody() {
    let api = Api::new();
    let unset = api.provider_with(json!({"name": "unset", "provider": "openai"}));
    available(&api, &unset).refuses(502, "credential.missing", "");
    let moved = api.provider("moved");
    api.db.run(&format!("UPDATE providers SET base_url = 'https://169.254.169.254' WHERE id = '{moved}'"));
    available(&api, &moved).refuses(502, "upstream.address_refused", "");
    available(&api, "aip_0123456789abcdef").refuses(404, "not_found", "");
    assert!(api.upstream.taken().is_empty());
    // Who may not manage models has no business with the provider's credential.
    for role in ["member", "viewer"] {
        let token = api.token_of_role(role);
        for (method, path) in [("GET", "available-models"), ("POST", "import-models")] {
            let refused = api.as_token(&token).send(method, &format!("{}/{path}", at(&moved)), Vec::new());
            refused.refuses(403, "auth.forbidden", "");
        }
    }
}

#[test]
fn a_list_is_kept_for_a_minute_and_dropped_by_any_write() {
    let api = Api::new();
    let (id, secret) = (api.provider("main"), api.secret("s", KEY));
    api.upstream.lists(&["m1"]);
    assert_eq!(names(&api, &id), ["m1"]);
    assert_eq!(names(&api, &id), ["m1"]);
    api.clock.advance(59_999);
    assert_eq!(names(&api, &id), ["m1"]);
    api.clock.advance(1);
    api.upstream.lists(&["m2"]);
    assert_eq!(names(&api, &id), ["m2"]);
    // A write through another door, and in whichever isolate.
    api.root().put(&format!("/api/admin/providers/{id}"), json!({"api_key": "sk-another-0123456789wxyz"})).must(200);
    api.upstream.lists(&["m3"]);
    assert_eq!(names(&api, &id), ["m3"]);
    api.patch(&at(&id), json!({"secret_id": secret})).must(200);
    api.upstream.lists(&["m4"]);
    assert_eq!(names(&api, &id), ["m4"]);
    api.patch(&format!("/api/v1/secrets/{secret}"), json!({"value": "sk-rotated-0123456789wxyz"})).must(200);
    api.upstream.lists(&["m5"]);
    assert_eq!(names(&api, &id), ["m5"]);
    let asked = api.upstream.taken();
    assert_eq!(asked.len(), 5);
    assert_eq!(asked[4].header("authorization"), Some("Bearer sk-rotated-0123456789wxyz"));
}

#[test]
fn an_import_registers_what_is_new_in_the_upstreams_order_and_leaves_what_is_there() {
    let api = Api::new();
    let id = api.provider_with(json!({"name": "g", "provider": "google", "api_key": KEY}));
    api.upstream.answers(
        200,
        json!({"models": [{"name": "models/b", "inputTokenLimit": 1000}, {"name": "models/a"}, {"name": "models/c"}]}),
    );
    let import = format!("{}/import-models", at(&id));
    let done = api.root().content_type(None).send("POST", &import, Vec::new()).must(200);
    assert_eq!(done.body, json!({"fetched": 3, "imported": 3, "existing": 0}));
    let models = api.get(&format!("{}/models", at(&id))).must(200);
    assert_eq!(models.column("model"), ["b", "a", "c"]);
    assert_eq!(models.body["data"][0]["capabilities"], json!({"max_input_tokens": 1000}));
    assert_eq!(models.body["data"][1]["capabilities"], Value::Null);
    assert_eq!(api.get(&at(&id)).body["default_model"], "b");
    let audit = api.last_audit();
    assert_eq!((&audit["action"], &audit["id"]), (&json!("models:ImportModels"), &json!(id)));

    // The operator goes on working with them; the upstream renames its limits, and one has gone there.
    let b = models.body["data"][0]["id"].as_str().expect("an id").to_owned();
    let edited = json!({"priority": 7, "enabled": false, "name": "best", "cost_per_1k_input": 0.5, "tags": ["x"]});
    api.patch(&format!("{}/models/{b}", at(&id)), edited).must(200);
    let before = api.get(&format!("{}/models/{b}", at(&id))).body;
    api.upstream.answers(200, json!({"models": [{"name": "models/d"}, {"name": "models/B", "inputTokenLimit": 2000}]}));
    let again = api.post(&import, json!({})).must(200);
    assert_eq!(again.body, json!({"fetched": 2, "imported": 1, "existing": 1}));
    let mut expected = before;
    expected["capabilities"] = json!({"max_input_tokens": 2000});
    assert_eq!(api.get(&format!("{}/models/{b}", at(&id))).body, expected);
    assert_eq!(api.db.count("SELECT count(*) FROM models"), 4);
    assert_eq!(api.get(&at(&id)).body["default_model"], "b");
}

#[test]
fn a_selection_is_imported_alone_and_must_be_of_the_list() {
    let api = Api::new();
    let id = api.provider("main");
    let import = format!("{}/import-models", at(&id));
    api.upstream.lists(&["gpt-5.4", "gpt-5.4-mini", "whisper-1"]);
    assert_eq!(names(&api, &id).len(), 3);
    // Who selects has just seen the list: it is not asked for again.
    let done = api.post(&import, json!({"models": ["GPT-5.4-mini"]})).must(200);
    assert_eq!(done.body, json!({"fetched": 3, "imported": 1, "existing": 0}));
    api.upstream.lists(&["gpt-5.4", "gpt-5.4-mini", "whisper-1"]);
    assert_eq!(available(&api, &id).body["data"][1]["configured"], true);
    let refused = api.changes_nothing(|| api.post(&import, json!({"models": ["gpt-5.4", "gpt-9"]})));
    refused.invalid("models");
    assert!(refused.message().contains("gpt-9"));
    api.changes_nothing(|| api.post(&import, json!({"models": "gpt-5.4"}))).invalid("models");
    api.changes_nothing(|| api.post(&import, json!({"all": true}))).invalid("all");
    assert_eq!(api.upstream.taken().len(), 2);
}

#[test]
fn an_import_that_the_upstream_refuses_changes_nothing() {
    let api = Api::new();
    let id = api.provider("main");
    api.upstream.answers(401, json!({"error": {"message": "Incorrect API key"}}));
    let refused = api.changes_nothing(|| api.post(&format!("{}/import-models", at(&id)), json!({})));
    refused.refuses(422, "upstream.auth_failed", "");
}

#[test]
fn a_list_of_thousands_is_imported_whole() {
    let api = Api::new();
    let id = api.provider("main");
    let many: Vec<String> = (0..1200).map(|number| format!("m{number}")).collect();
    api.upstream.lists(&many.iter().map(String::as_str).collect::<Vec<_>>());
    let done = api.post(&format!("{}/import-models", at(&id)), json!({})).must(200);
    assert_eq!(done.body, json!({"fetched": 1200, "imported": 1200, "existing": 0}));
    assert_eq!(api.db.count("SELECT count(*) FROM models WHERE is_default = 1"), 1);
}

/// Document 002, "Fetching Models".
#[test]
fn document_002s_fetch_imports_and_says_how_many() {
    let api = Api::new();
    let id = api.provider("OpenAI");
    api.model(&id, "gpt-5.4");
    let fetch = format!("/api/admin/providers/{id}/fetch");
    api.upstream.lists(&["gpt-5.4", "gpt-5.4-mini"]);
    let done = api.root().content_type(None).send("POST", &fetch, Vec::new()).must(200);
    assert_eq!(
        done.body,
        json!({"success": true, "models_fetched": 2, "models_imported": 1,
               "message": "provider `OpenAI` lists 2 models; 1 are new"})
    );
    assert_eq!(api.get("/api/admin/providers").body["providers"][0]["models_count"], 2);
    api.upstream.answers(401, json!({"error": {"message": "Incorrect API key"}}));
    api.changes_nothing(|| api.post(&fetch, json!({}))).says(422, &["OpenAI", "credential"]);
    api.post("/api/admin/providers/aip_0123456789abcdef/fetch", json!({})).says(404, &["provider"]);
}

/// Document 000, "List Available Models".
#[test]
fn document_000s_path_lists_what_the_upstream_has() {
    let api = Api::new();
    let id = api.provider("main");
    api.upstream.lists(&["gpt-5.4"]);
    let listed = api.get(&format!("/v1/llm-providers/{id}/available-models")).must(200);
    assert_eq!(listed.column("model"), ["gpt-5.4"]);
}
