//! `/api/v1/providers`: registering, reading, changing.

use crate::harness::{ADMIN_TOKEN, Api, K1, NOW};
use serde_json::{Value, json};

const PATH: &str = "/api/v1/providers";

fn at(id: &str) -> String {
    format!("{PATH}/{id}")
}

fn register(api: &Api, body: Value) -> crate::harness::Answer {
    api.post(PATH, body)
}

#[test]
fn a_provider_is_registered_with_its_kinds_defaults_resolved() {
    let api = Api::new();
    let made =
        register(&api, json!({"name": "  Main  ", "provider": "anthropic", "api_key": "sk-ant-0123456789abcdef"}))
            .must(201);
    let id = made.id();
    assert_eq!(made.header("location"), Some(at(&id).as_str()));
    assert!(id.starts_with("aip_") && id.len() == 20);
    let expected = json!({
        "id": id, "project_id": api.default_project(), "name": "Main", "provider": "anthropic", "protocol": null,
        "auth_method": null, "base_url": null, "openai_api_mode": null, "secret_id": null, "advanced_json": null,
        "default_model": null, "enabled": true,
        "credential": {"configured": true, "source": "inline", "hint": "cdef"}, "header_names": [],
        "resolved": {"base_url": "https://api.anthropic.com", "protocols": ["anthropic_messages"], "auth_method": "x_api_key"},
        "model_count": 0, "models": [],
        "created_at": "2026-11-20T06:44:34.007Z", "updated_at": "2026-11-20T06:44:34.007Z",
    });
    assert_eq!(made.body, expected);
    let read = api.get(&at(&id)).must(200);
    assert_eq!((&read.body, read.etag()), (&expected, made.etag()));
    assert_eq!(api.get(PATH).must(200).body, json!({"data": [expected], "next_cursor": null}));
}

#[test]
fn every_kind_brings_what_the_table_says() {
    let api = Api::with(&[("ADMIN_TOKEN", ADMIN_TOKEN), ("SEALING_KEYS", K1), ("ALLOW_PRIVATE_UPSTREAMS", "true")]);
    for (kind, extra, base_url, protocols, auth) in [
        ("openai", json!({}), "https://api.openai.com/v1", json!(["responses", "chat_completions"]), "bearer"),
        ("google", json!({}), "https://generativelanguage.googleapis.com/v1beta", json!(["gemini"]), "x_goog_api_key"),
        ("xai", json!({}), "https://api.x.ai/v1", json!(["responses", "chat_completions"]), "bearer"),
        ("groq", json!({}), "https://api.groq.com/openai/v1", json!(["chat_completions", "responses"]), "bearer"),
        (
            "ollama",
            json!({}),
            "http://localhost:11434/v1",
            json!(["chat_completions", "responses", "anthropic_messages"]),
            "bearer",
        ),
        (
            "azure",
            json!({"advanced_json": {"resource": "acme"}}),
            "https://acme.openai.azure.com/openai/v1",
            json!(["chat_completions", "responses"]),
            "api_key",
        ),
        (
            "bedrock",
            json!({"advanced_json": {"region": "eu-west-1"}}),
            "https://bedrock-runtime.eu-west-1.amazonaws.com",
            json!(["bedrock_converse"]),
            "aws_sigv4",
        ),
        (
            "gateway",
            json!({"base_url": "https://gw.example.com/"}),
            "https://gw.example.com",
            json!(["chat_completions"]),
            "bearer",
        ),
    ] {
        let mut body = json!({"name": kind, "provider": kind});
        body.as_object_mut().expect("object").extend(extra.as_object().expect("object").clone());
        let made = register(&api, body).must(201);
        let resolved = json!({"base_url": base_url, "protocols": protocols, "auth_method": auth});
        assert_eq!(made.body["resolved"], resolved, "{kind}");
    }
}

#[test]
fn a_provider_without_a_kind_is_registered_by_protocol_and_address() {
    let api = Api::new();
    let made = register(
        &api,
        json!({"name": "003", "protocol": "anthropic_messages", "base_url": "https://llm.example.com/v1/",
        "auth_method": "x_api_key", "api_key": "k"}),
    )
    .must(201);
    assert_eq!(
        (&made.body["provider"], &made.body["base_url"]),
        (&json!("custom"), &json!("https://llm.example.com/v1"))
    );
    assert_eq!(made.body["resolved"]["protocols"], json!(["anthropic_messages"]));
    for (partial, missing) in [
        (json!({"name": "x"}), "provider"),
        (json!({"name": "x", "protocol": "responses"}), "base_url"),
        (json!({"name": "x", "base_url": "https://a.example.com"}), "protocol"),
    ] {
        api.changes_nothing(|| register(&api, partial)).invalid(missing);
    }
}

#[test]
fn kinds_that_have_no_address_of_their_own_ask_for_one() {
    let api = Api::new();
    for kind in ["gateway", "custom", "azure"] {
        api.changes_nothing(|| register(&api, json!({"name": "x", "provider": kind}))).invalid("base_url");
    }
}

#[test]
fn names_are_checked_and_unique_whatever_their_case() {
    let api = Api::new();
    for bad in [json!(""), json!("   "), json!("x".repeat(101)), json!("a^b"), json!("a\nb"), json!(7), json!(null)] {
        api.changes_nothing(|| register(&api, json!({"name": bad, "provider": "openai"}))).invalid("name");
    }
    api.changes_nothing(|| register(&api, json!({"provider": "openai"}))).invalid("name");
    let first = api.provider("Ærø");
    let other = api.provider("other");
    api.changes_nothing(|| register(&api, json!({"name": " ÆRØ ", "provider": "groq"}))).refuses(
        409,
        "provider.name_conflict",
        "name",
    );
    api.changes_nothing(|| api.patch(&at(&other), json!({"name": "æRø"}))).refuses(
        409,
        "provider.name_conflict",
        "name",
    );
    assert_eq!(api.patch(&at(&first), json!({"name": "ÆRØ"})).must(200).body["name"], "ÆRØ");
    let project = api.post("/api/v1/projects", json!({"name": "second"})).must(201).id();
    api.post(&format!("{PATH}?project_id={project}"), json!({"name": "ærø", "provider": "openai"})).must(201);
    assert_eq!(
        register(&api, json!({"name": "x".repeat(100), "provider": "openai"})).must(201).body["name"],
        "x".repeat(100)
    );
}

#[test]
fn an_update_keeps_what_it_leaves_out_and_clears_what_it_nulls() {
    let api = Api::new();
    let id = api.provider_with(json!({"name": "a", "provider": "custom", "base_url": "https://a.example.com", "protocol": "responses",
        "openai_api_mode": "responses", "auth_method": "bearer", "api_key": "sk-0123456789abcdefghij", "advanced_json": {"temperature": 0.2}}));
    let before = api.get(&at(&id)).body;
    api.clock.advance(1000);
    let named = api.patch(&at(&id), json!({"name": "b"})).must(200).body;
    let mut expected = before.clone();
    expected["name"] = json!("b");
    expected["updated_at"] = json!("2026-11-20T06:44:35.007Z");
    assert_eq!(named, expected);
    for field in ["protocol", "openai_api_mode", "auth_method", "advanced_json"] {
        let cleared = api.patch(&at(&id), json!({field: null})).must(200).body;
        assert_eq!(cleared[field], Value::Null, "{field}");
        assert_eq!(cleared["credential"], before["credential"], "{field}");
    }
    api.changes_nothing(|| api.patch(&at(&id), json!({"base_url": null}))).invalid("base_url");
    let openai =
        api.provider_with(json!({"name": "o", "provider": "openai", "base_url": "https://eu.api.openai.com/v1"}));
    let cleared = api.patch(&at(&openai), json!({"base_url": null})).must(200).body;
    assert_eq!(
        (&cleared["base_url"], &cleared["resolved"]["base_url"]),
        (&Value::Null, &json!("https://api.openai.com/v1"))
    );
}

#[test]
fn what_may_not_be_null_says_so() {
    let api = Api::new();
    let id = api.provider("a");
    for field in ["name", "provider", "api_key", "custom_headers", "enabled"] {
        api.changes_nothing(|| api.patch(&at(&id), json!({field: null}))).invalid(field);
    }
}

#[test]
fn read_only_and_unknown_fields_are_refused_by_name() {
    let api = Api::new();
    let id = api.provider("a");
    for field in [
        "id",
        "project_id",
        "credential",
        "header_names",
        "resolved",
        "model_count",
        "models",
        "created_at",
        "updated_at",
        "apiKey",
        "nope",
        "",
    ] {
        api.changes_nothing(|| api.patch(&at(&id), json!({"name": "b", field: "x"}))).invalid(field);
        api.changes_nothing(|| register(&api, json!({"name": "b", "provider": "openai", field: null}))).invalid(field);
    }
}

#[test]
fn wrong_types_are_refused_by_name() {
    let api = Api::new();
    let id = api.provider("a");
    for (field, value) in [
        ("name", json!(["a"])),
        ("provider", json!("open-ai")),
        ("provider", json!(1)),
        ("protocol", json!("grpc")),
        ("auth_method", json!("basic")),
        ("base_url", json!(1)),
        ("openai_api_mode", json!("both")),
        ("api_key", json!({})),
        ("secret_id", json!(3)),
        ("custom_headers", json!("x")),
        ("advanced_json", json!([])),
        ("advanced_json", json!("{}")),
        ("default_model", json!(1)),
        ("enabled", json!("true")),
        ("enabled", json!(1)),
    ] {
        api.changes_nothing(|| api.patch(&at(&id), json!({field: value.clone()}))).invalid(field);
    }
}

#[test]
fn the_mode_is_for_openais_dialects_and_may_not_disagree_with_the_protocol() {
    let api = Api::new();
    register(&api, json!({"name": "x", "provider": "anthropic", "openai_api_mode": "auto"})).invalid("openai_api_mode");
    register(
        &api,
        json!({"name": "x", "provider": "openai", "openai_api_mode": "responses", "protocol": "chat_completions"}),
    )
    .invalid("openai_api_mode");
    let id = api.provider_with(json!({"name": "x", "provider": "openai", "openai_api_mode": "chat_completions"}));
    assert_eq!(api.get(&at(&id)).body["resolved"]["protocols"], json!(["chat_completions"]));
    api.changes_nothing(|| api.patch(&at(&id), json!({"protocol": "responses"}))).invalid("openai_api_mode");
    api.changes_nothing(|| api.patch(&at(&id), json!({"provider": "anthropic", "auth_method": "bearer"})))
        .invalid("openai_api_mode");
    let both = api.patch(&at(&id), json!({"protocol": "responses", "openai_api_mode": "auto"})).must(200);
    assert_eq!(both.body["resolved"]["protocols"], json!(["responses"]));
}

#[test]
fn an_address_must_be_public_https_and_bare() {
    let api = Api::new();
    for bad in [
        "",
        "llm.example.com",
        "ftp://llm.example.com",
        "https://",
        "https://user:pw@llm.example.com",
        "https://llm.example.com?x=1",
        "https://llm.example.com/#f",
        "http://llm.example.com",
        "https://localhost",
        "https://127.0.0.1",
        "https://2130706433",
        "https://0x7f.1",
        "https://0177.0.0.1",
        "https://10.1.2.3",
        "https://192.168.1.1",
        "https://172.16.0.1",
        "https://169.254.169.254",
        "https://[::1]",
        "https://[::ffff:127.0.0.1]",
        "https://[fd00::1]",
        "https://metadata.google.internal",
        "https://a.internal",
        "https://127.1",
        "https://100.64.0.1",
        "https://0.0.0.0",
        "https://localhost.",
        "https://x.localhost",
    ] {
        let body = json!({"name": "x", "provider": "custom", "base_url": bad});
        let answer = api.changes_nothing(|| register(&api, body));
        answer.invalid("base_url");
        assert!(!answer.text.contains("user:pw"), "{}", answer.text);
    }
    register(&api, json!({"name": "x", "provider": "ollama"})).invalid("base_url");
    for (good, kept) in [
        ("https://llm.example.com///", "https://llm.example.com"),
        ("HTTPS://LLM.Example.com:443/v1/", "https://llm.example.com/v1"),
        ("https://8.8.8.8:8443/a", "https://8.8.8.8:8443/a"),
    ] {
        let made = register(&api, json!({"name": good, "provider": "custom", "base_url": good})).must(201);
        assert_eq!(made.body["base_url"], kept);
    }
}

#[test]
fn private_addresses_are_for_deployments_that_allow_them() {
    let allowed = &[("ADMIN_TOKEN", ADMIN_TOKEN), ("SEALING_KEYS", K1), ("ALLOW_PRIVATE_UPSTREAMS", "true")];
    let api = Api::with(allowed);
    let id = api.provider_with(json!({"name": "local", "provider": "ollama", "api_key": ""}));
    assert_eq!(api.get(&at(&id)).body["resolved"]["base_url"], "http://localhost:11434/v1");
    // The variable goes: the row can still be read, switched off and deleted, but its address is no longer in force.
    let api = api.redeployed(&[("ADMIN_TOKEN", ADMIN_TOKEN), ("SEALING_KEYS", K1)]);
    let read = api.get(&at(&id)).must(200);
    assert_eq!((&read.body["resolved"], &read.body["provider"]), (&Value::Null, &json!("ollama")));
    api.changes_nothing(|| api.patch(&at(&id), json!({"base_url": "http://10.0.0.1/v1"}))).invalid("base_url");
    assert_eq!(api.patch(&at(&id), json!({"enabled": false})).must(200).body["enabled"], false);
    api.delete(&at(&id)).must(204);
}

#[test]
fn defaults_may_not_name_what_belongs_to_the_call() {
    let api = Api::new();
    for key in [
        "model",
        "messages",
        "input",
        "instructions",
        "system",
        "contents",
        "stream",
        "stream_options",
        "tools",
        "tool_choice",
    ] {
        let body = json!({"name": "x", "provider": "openai", "advanced_json": {"temperature": 1, key: null}});
        api.changes_nothing(|| register(&api, body)).invalid(&format!("advanced_json.{key}"));
    }
    for (key, value, param) in [
        ("extra_headers", json!({"Authorization": "Bearer x"}), "advanced_json.extra_headers.Authorization"),
        ("extra_headers", json!({"hOsT": "x"}), "advanced_json.extra_headers.hOsT"),
        ("timeout_ms", json!(0), "advanced_json.timeout_ms"),
        ("resource", json!("evil.com/"), "advanced_json.resource"),
        ("anthropic_version", json!("latest"), "advanced_json.anthropic_version"),
    ] {
        register(&api, json!({"name": "x", "provider": "openai", "advanced_json": {key: value}})).invalid(param);
    }
    let written = json!({"temperature": 0.70, "reasoning": {"effort": "high"}, "extra_headers": {"OpenAI-Beta": "x"}, "seed": null});
    let made = register(&api, json!({"name": "x", "provider": "openai", "advanced_json": written})).must(201);
    assert_eq!(made.body["advanced_json"], written);
}

#[test]
fn the_default_model_is_written_by_name_and_read_back() {
    let api = Api::new();
    register(&api, json!({"name": "x", "provider": "openai", "default_model": "gpt-5"})).invalid("default_model");
    let id = api.provider("a");
    let (first, second) = (api.model(&id, "GPT-5"), api.model(&id, "gpt-6"));
    assert_eq!(api.get(&at(&id)).body["default_model"], "GPT-5");
    api.changes_nothing(|| api.patch(&at(&id), json!({"default_model": "gpt-7"}))).invalid("default_model");
    assert_eq!(api.patch(&at(&id), json!({"default_model": " GPT-6 "})).must(200).body["default_model"], "gpt-6");
    assert_eq!(api.db.one("SELECT id FROM models WHERE is_default = 1"), second);
    // Null unsets it, and unsetting promotes the best of the others.
    assert_eq!(api.patch(&at(&id), json!({"default_model": null})).must(200).body["default_model"], "GPT-5");
    assert_eq!(api.db.one("SELECT id FROM models WHERE is_default = 1"), first);
    register(&api, json!({"name": "y", "provider": "openai", "default_model": null})).must(201);
}

#[test]
fn document_000s_path_serves_the_same_providers() {
    let api = Api::new();
    let id = api.post("/v1/llm-providers", json!({"name": "a", "provider": "openai"})).must(201).id();
    let path = format!("/v1/llm-providers/{id}");
    assert_eq!(api.get(&path).must(200).body, api.get(&at(&id)).body);
    api.post(&format!("{path}/models"), json!({"model": "m"})).must(201);
    api.patch(&path, json!({"default_model": "m"})).must(200);
    assert_eq!(api.get("/v1/llm-providers").must(200).column("id"), [id]);
    api.delete(&path).must(204);
}

#[test]
fn every_write_leaves_one_audit_row_that_names_fields_and_no_values() {
    let api = Api::new();
    let project = api.default_project();
    let id = api.provider_with(json!({"name": "a", "provider": "openai", "api_key": "sk-0123456789abcdefghij"}));
    let row = |action: &str, fields: Value| json!({"project": project, "actor": "root", "action": action, "type": "provider", "id": id, "fields": fields, "address": "192.0.2.7", "at": NOW});
    assert_eq!(api.last_audit(), row("aiProviders:CreateAiProvider", json!(["name", "provider", "api_key"])));
    api.patch(&at(&id), json!({"enabled": false, "api_key": "sk-9876543210abcdefghij"})).must(200);
    assert_eq!(api.last_audit(), row("aiProviders:UpdateAiProvider", json!(["enabled", "api_key"])));
    api.delete(&at(&id)).must(204);
    assert_eq!(api.last_audit(), row("aiProviders:DeleteAiProvider", json!([])));
    assert_eq!(api.audit_rows(), 3);
}

#[test]
fn a_provider_that_is_not_there_is_404_whatever_is_asked_of_it() {
    let api = Api::new();
    for id in ["aip_0123456789abcdef", "nope", "mdl_0123456789abcdef", "aip_%27%20OR%201=1"] {
        api.get(&at(id)).refuses(404, "not_found", "");
        api.patch(&at(id), json!({"name": "x"})).refuses(404, "not_found", "");
        api.delete(&at(id)).refuses(404, "not_found", "");
        api.post(&format!("{}/models", at(id)), json!({"model": "x"})).refuses(404, "not_found", "");
    }
    assert_eq!(api.audit_rows(), 0);
}
