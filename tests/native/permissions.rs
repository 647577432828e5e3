//! The one table of routes, and MCP's tools, walked with rows that are there by every kind of caller: 401 before 403 before
//! 404.

use crate::fake_extensions::MODULE;
use crate::harness::{Answer, Api, NOW};
use crate::usage;
use serde_json::{Value, json};
use sluice::access::route::{Method, ROUTES, TOOLS, of_tool};
use sluice::access::{Audience, Operation, Policy, Role};

type Route = (Method, &'static str, Operation);

/// A project with one row of everything that a path can name.
struct Furnished {
    api: Api,
    ids: Vec<(&'static str, String)>,
}

impl Furnished {
    fn new() -> Self {
        let api = Api::new();
        // A list of models and an answer in one, for the routes that ask an upstream.
        api.upstream
            .otherwise(json!({"data": [{"id": "m"}], "object": "response", "status": "completed", "output": [],
            "error": null, "usage": {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}}));
        let provider = api.provider("a");
        let model = api.model(&provider, "m");
        let token = api.post("/api/v1/tokens", json!({"name": "t"})).must(201).id();
        let extension = json!({"name": "e", "module_base64": MODULE});
        let extension = api.post("/api/v1/extensions", extension).must(201).id();
        usage::write(&api, &[usage::row(&api, "req_0123456789abcdef")]);
        let ids = vec![
            ("{project_id}", api.default_project()),
            ("{secret_id}", api.secret("s", "sk-0123456789abcdefghij")),
            ("{user_id}", api.user("u")),
            ("{extension_id}", extension),
            ("{token_id}", token),
            ("{request_id}", "req_0123456789abcdef".to_owned()),
            ("{model_id}", model),
            ("{provider_id}", provider),
        ];
        Self { api, ids }
    }

    fn path(&self, pattern: &str) -> String {
        let path = self.ids.iter().fold(pattern.to_owned(), |path, (name, id)| path.replace(name, id));
        assert!(!path.contains('{'), "{pattern} takes a segment that this walk does not know");
        path
    }

    /// The ids that a route's path names.
    fn named(&self, pattern: &str) -> Vec<&str> {
        self.ids.iter().filter(|(name, _)| pattern.contains(name)).map(|(_, id)| id.as_str()).collect()
    }

    fn call(&self, token: Option<&str>, (method, pattern, _): Route) -> Answer {
        self.call_with(token, (method, pattern), body(method, pattern))
    }

    fn call_with(&self, token: Option<&str>, (method, pattern): (Method, &str), body: Value) -> Answer {
        let caller = self.api.authorized(token.map(|token| format!("Bearer {token}")));
        if let Some((tool, pattern)) = tool_of(pattern) {
            return caller.tool(tool, self.arguments(pattern, body));
        }
        caller.send(method.as_str(), &self.path(pattern), body.to_string().into_bytes())
    }

    /// What a tool is given where its route has a path and a body.
    fn arguments(&self, pattern: &str, body: Value) -> Value {
        let names_it = |name: &str| match (name, pattern.contains("/ai-providers")) {
            ("{provider_id}", true) => "aiProviderId".to_owned(),
            (name, _) => name.trim_matches(['{', '}']).to_owned(),
        };
        let mut arguments = body;
        for (name, id) in self.ids.iter().filter(|(name, _)| pattern.contains(name)) {
            arguments[names_it(name)] = json!(id);
        }
        arguments
    }

    fn token_of_policy(&self, policy: Value) -> String {
        self.api.token(json!({"name": "p", "policy": policy}))
    }
}

/// What a route is sent so that it does what it is for. A route that takes a body and is not here fails the walk.
fn body(method: Method, pattern: &str) -> Value {
    let pattern = tool_of(pattern).map_or(pattern, |(_, pattern)| pattern);
    match (method, pattern) {
        (Method::Post, "/mcp") => json!({"jsonrpc": "2.0", "id": 1, "method": "ping"}),
        (Method::Get | Method::Delete, _) | (_, "/api/v1/sealing-keys/rotate") => json!({}),
        (Method::Post, "/api/v1/projects" | "/api/v1/users") => json!({"name": "new"}),
        (Method::Post, "/api/v1/providers") => json!({"name": "new", "provider": "openai", "api_key": "sk-new"}),
        (Method::Post, "/api/v1/models/resolve") => json!({"model": "m"}),
        (Method::Post, "/api/v1/providers/{provider_id}/models") => json!({"model": "new"}),
        (Method::Post, "/api/v1/ai-providers") => json!({"name": "new", "provider": "openai", "defaultModel": "new"}),
        (Method::Post, "/api/admin/providers") => json!({"name": "new", "type": "openai", "api_key": "sk-new"}),
        (Method::Put, "/api/admin/providers/{provider_id}") => json!({"name": "renamed"}),
        (Method::Put, "/api/admin/providers/{provider_id}/toggle") => json!({"enabled": false}),
        (
            Method::Post,
            "/api/v1/providers/{provider_id}/import-models"
            | "/api/v1/providers/{provider_id}/models/{model_id}/test"
            | "/api/admin/providers/{provider_id}/fetch",
        ) => json!({}),
        (Method::Post, "/api/v1/secrets") => json!({"name": "new", "value": "sk-0123456789"}),
        (Method::Post, "/api/v1/extensions") => json!({"name": "new", "module_base64": MODULE}),
        // Within what a token may give that may do nothing but this.
        (Method::Post, "/api/v1/tokens") => {
            json!({"name": "new", "policy": [{"effect": "allow", "actions": ["tokens:CreateToken"]}]})
        }
        (Method::Put, "/api/v1/me/provider-keys/{provider_id}") => json!({"api_key": "sk-own"}),
        (Method::Patch, "/api/v1/providers/{provider_id}/models/{model_id}") => json!({"priority": 1}),
        (Method::Patch, _) => json!({"name": "renamed"}),
        (method, pattern) => panic!("{method:?} {pattern} is new: tell this walk what it takes"),
    }
}

/// Refused because of the action, and not because of what the body would give.
fn refuses_the_action(answer: &Answer) -> bool {
    answer.status == 403 && answer.body["error"]["param"] == Value::Null
}

/// Asserts a refusal, whatever its door's shape.
#[track_caller]
fn is_refused(answer: &Answer, status: u16, code: &str) {
    match answer.body["error"].is_string() {
        true => answer.says(status, &[]),
        false => answer.refuses(status, code, ""),
    }
}

fn routes() -> impl Iterator<Item = Route> {
    ROUTES.iter().copied()
}

/// The routes, and each tool as another way to its own.
fn ways_in() -> impl Iterator<Item = Route> {
    let tools = TOOLS.iter().map(|(name, method, pattern)| {
        let (_, _, operation) = of_tool(name).expect("a route");
        (*method, &*format!("tool {name} {pattern}").leak(), operation)
    });
    routes().chain(tools)
}

/// The tool that a way in is, and the pattern of its route.
fn tool_of(pattern: &str) -> Option<(&str, &str)> {
    pattern.strip_prefix("tool ").and_then(|rest| rest.split_once(' '))
}

fn takes_a_token(route: &Route) -> bool {
    route.2.audience() != Audience::Anyone
}

/// Asserts that a caller came through to the handler, and found the rows.
#[track_caller]
fn came_through(answer: &Answer, who: &str, (_, pattern, operation): Route) {
    // `me/provider-keys` asks for a token that has a user, and for a key that is there.
    let own_key = pattern.contains("provider-keys/") && answer.message().contains("of your own");
    let fine = !refuses_the_action(answer) && ![401, 404].contains(&answer.status) && answer.status < 500;
    assert!(fine || own_key, "{who}: {operation:?} on {pattern}: {}", answer.text);
}

#[test]
fn root_comes_through_on_every_route() {
    for route in ways_in() {
        let at = Furnished::new();
        came_through(&at.call(Some(crate::harness::ADMIN_TOKEN), route), "root", route);
    }
}

#[test]
fn each_role_does_what_its_policy_says_to_rows_that_are_there() {
    for role in Role::ALL {
        let refusing = Furnished::new();
        let token = refusing.api.token_of_role(role.as_str());
        for route in ways_in() {
            let allowed = match route.2.audience() {
                Audience::Anyone | Audience::Holder => true,
                Audience::Root => false,
                Audience::Permitted => Policy::of_role(role).permits(route.2, Some("anything")),
            };
            if allowed {
                let at = Furnished::new();
                let token = at.api.token_of_role(role.as_str());
                came_through(&at.call(Some(&token), route), role.as_str(), route);
            } else {
                let answer = refusing.api.changes_nothing(|| refusing.call(Some(&token), route));
                assert!(refuses_the_action(&answer), "{role:?} {route:?}: {}", answer.text);
            }
        }
    }
}

#[test]
fn a_policy_of_one_action_opens_that_action_and_no_other() {
    let refusing = Furnished::new();
    for operation in Operation::ALL.iter().filter(|operation| operation.audience() == Audience::Permitted) {
        let policy = json!([{"effect": "allow", "actions": [operation.action()]}]);
        let token = refusing.token_of_policy(policy.clone());
        for route in ways_in().filter(takes_a_token) {
            if route.2 == *operation {
                let at = Furnished::new();
                came_through(&at.call(Some(&at.token_of_policy(policy.clone())), route), operation.action(), route);
            } else if route.2.audience() != Audience::Holder {
                let answer = refusing.call(Some(&token), route);
                assert!(refuses_the_action(&answer), "{operation:?} opens {route:?}: {}", answer.text);
            }
        }
    }
}

#[test]
fn a_denied_action_is_refused_whatever_else_is_allowed() {
    for route in ways_in().filter(|route| route.2.audience() == Audience::Permitted) {
        let at = Furnished::new();
        let policy = json!([{"effect": "allow", "actions": ["*"]}, {"effect": "deny", "actions": [route.2.action()]}]);
        let token = at.token_of_policy(policy);
        let answer = at.api.changes_nothing(|| at.call(Some(&token), route));
        assert!(refuses_the_action(&answer), "{route:?}: {}", answer.text);
    }
}

#[test]
fn a_deny_of_any_row_in_the_path_closes_the_route() {
    for route in ways_in().filter(|route| route.2.audience() == Audience::Permitted) {
        let at = Furnished::new();
        for id in at.named(route.1) {
            let policy =
                json!([{"effect": "allow", "actions": ["*"]}, {"effect": "deny", "actions": ["*"], "resources": [id]}]);
            let token = at.token_of_policy(policy);
            let answer = at.api.changes_nothing(|| at.call(Some(&token), route));
            assert!(refuses_the_action(&answer), "{id} {route:?}: {}", answer.text);
        }
    }
}

#[test]
fn an_allow_of_one_row_opens_what_lies_under_it_and_no_collection() {
    for route in ways_in().filter(|route| route.2.audience() == Audience::Permitted) {
        let at = Furnished::new();
        let allow = |id: &str| json!([{"effect": "allow", "actions": ["*"], "resources": [id]}]);
        if at.named(route.1).is_empty() {
            let token = at.token_of_policy(allow("aip_*"));
            assert!(refuses_the_action(&at.call(Some(&token), route)), "{route:?}");
        }
        for name in at.ids.iter().map(|(name, _)| *name).filter(|name| route.1.contains(name)) {
            let at = Furnished::new();
            let token = at.token_of_policy(allow(&at.path(name)));
            came_through(&at.call(Some(&token), route), "a policy of one row", route);
        }
    }
}

#[test]
fn another_projects_admin_finds_nothing_here_whatever_it_sends() {
    let at = Furnished::new();
    let other = at.api.post("/api/v1/projects", json!({"name": "other"})).must(201).id();
    let minted = json!({"name": "o", "role": "admin", "project_id": other});
    let token = at.api.post("/api/v1/tokens", minted).must(201).body["token"].as_str().expect("a token").to_owned();
    for route in ways_in().filter(|route| route.2.audience() == Audience::Permitted) {
        let named = at.named(route.1);
        if named.is_empty() {
            if route.0 == Method::Get {
                let list = at.call(Some(&token), route);
                for (name, id) in &at.ids {
                    assert!(!list.text.contains(id.as_str()), "{route:?} shows {name}: {}", list.text);
                }
            }
            continue;
        }
        if route.1.contains("/me/") {
            // Own keys need a user, and this token has none: nothing of the provider is told.
            assert!([404, 422].contains(&at.call(Some(&token), route).status), "{route:?}");
            continue;
        }
        // What is sent is not looked at before it is known that there is something to send it to.
        // (What is no argument of a tool is its schema's to say, before any row.)
        let sent = match tool_of(route.1) {
            Some(_) => vec![body(route.0, route.1)],
            None => vec![body(route.0, route.1), json!({"nonsense": 1}), json!([])],
        };
        for body in sent {
            let answer = at.api.changes_nothing(|| at.call_with(Some(&token), (route.0, route.1), body));
            is_refused(&answer, 404, "not_found");
        }
    }
}

#[test]
fn a_token_that_ended_or_was_switched_off_is_401_on_every_route() {
    let at = Furnished::new();
    let (api, user) = (&at.api, at.api.user("off"));
    let disabled = api.token(json!({"name": "d", "role": "admin", "disabled": true}));
    let expired = api.token(json!({"name": "e", "role": "admin", "expires_at": "2026-11-20T06:44:35Z"}));
    let of_user = api.token(json!({"name": "u", "user_id": user}));
    api.patch(&format!("/api/v1/users/{user}"), json!({"disabled": true})).must(200);
    api.clock.advance(1000);
    assert!(api.clock_ms() > NOW);
    let unknown = "slu_00000000000000000000000000000000000000000000";
    for route in ways_in().filter(takes_a_token) {
        for token in [None, Some(""), Some(unknown), Some(&disabled), Some(&expired), Some(&of_user)] {
            // Neither the body nor the path is looked at.
            let other = if tool_of(route.1).is_some() { json!({"nonsense": 1}) } else { json!([]) };
            for body in [body(route.0, route.1), other] {
                let answer = api.changes_nothing(|| at.call_with(token, (route.0, route.1), body));
                is_refused(&answer, 401, "auth.invalid_token");
            }
        }
    }
}

#[test]
fn head_is_held_to_the_same_as_get() {
    let at = Furnished::new();
    let member = at.api.token_of_role("member");
    for route in routes().filter(|route| route.0 == Method::Get && takes_a_token(route)) {
        for token in [None, Some(member.as_str()), Some(crate::harness::ADMIN_TOKEN)] {
            let caller = at.api.authorized(token.map(|token| format!("Bearer {token}")));
            let path = at.path(route.1);
            let (get, head) = (caller.get(&path), caller.send("HEAD", &path, Vec::new()));
            assert_eq!(get.status, head.status, "{path}: {}", head.text);
            assert_eq!(get.header("etag"), head.header("etag"), "{path}");
        }
    }
}

#[test]
fn an_id_of_another_project_in_a_body_or_a_query_is_not_there() {
    let at = Furnished::new();
    let api = &at.api;
    let project = api.post("/api/v1/projects", json!({"name": "other"})).must(201).id();
    let of = |path: &str| format!("/api/v1/{path}?project_id={project}");
    let made = |path: &str, body: Value| api.post(&of(path), body).must(201);
    let mine = made("tokens", json!({"name": "o", "role": "admin"})).body["token"].as_str().expect("one").to_owned();
    let stranger = api.as_token(&mine);
    let own_provider = made("providers", json!({"name": "own", "provider": "openai"})).id();
    let own_token = made("tokens", json!({"name": "own"})).id();
    let own_model =
        stranger.post(&format!("/api/v1/providers/{own_provider}/models"), json!({"model": "m"})).must(201).id();
    let id = |name: &str| at.ids.iter().find(|(known, _)| *known == name).map(|(_, id)| id.clone()).expect(name);
    let (secret, user, provider, home) = (id("{secret_id}"), id("{user_id}"), id("{provider_id}"), id("{project_id}"));
    let models = format!("/api/v1/providers/{own_provider}/models");
    for (method, path, body, status, param) in [
        (
            "POST",
            "/api/v1/providers".into(),
            json!({"name": "n", "provider": "openai", "secret_id": secret}),
            422,
            "secret_id",
        ),
        ("PATCH", format!("/api/v1/providers/{own_provider}"), json!({"secret_id": secret}), 422, "secret_id"),
        ("PATCH", format!("/api/v1/providers/{own_provider}"), json!({"project_id": home}), 422, "project_id"),
        ("POST", models.clone(), json!({"model": "n", "provider_id": provider}), 422, "provider_id"),
        ("PATCH", format!("{models}/{own_model}"), json!({"provider_id": provider}), 422, "provider_id"),
        ("POST", "/api/v1/tokens".into(), json!({"name": "n", "user_id": user}), 422, "user_id"),
        ("PATCH", format!("/api/v1/tokens/{own_token}"), json!({"user_id": user}), 422, "user_id"),
        ("POST", "/api/v1/tokens".into(), json!({"name": "n", "project_id": home}), 404, "project_id"),
        ("POST", "/api/v1/users".into(), json!({"name": "n", "project_id": home}), 404, "project_id"),
        (
            "POST",
            "/api/v1/secrets".into(),
            json!({"name": "n", "value": "sk-01234567", "project_id": home}),
            404,
            "project_id",
        ),
        (
            "POST",
            format!("/api/v1/secrets?project_id={home}"),
            json!({"name": "n", "value": "sk-01234567"}),
            404,
            "project_id",
        ),
        (
            "POST",
            "/api/v1/providers".into(),
            json!({"name": "n", "provider": "openai", "project_id": home}),
            404,
            "project_id",
        ),
    ] {
        let answer = api.changes_nothing(|| stranger.send(method, &path, body.to_string().into_bytes()));
        let code = if status == 404 { "not_found" } else { "validation.failed" };
        answer.refuses(status, code, param);
    }
    for route in routes().filter(|route| route.0 == Method::Get && route.2.audience() == Audience::Permitted) {
        if at.named(route.1).is_empty() && !["/api/v1/projects", "/api/v1/me/provider-keys"].contains(&route.1) {
            let parameter = if route.1 == "/api/v1/ai-providers" { "projectId" } else { "project_id" };
            let answer = stranger.get(&format!("{}?{parameter}={home}", route.1));
            match answer.body["error"].is_string() {
                true => answer.says(404, &[parameter]),
                false => answer.refuses(404, "not_found", "project_id"),
            }
        }
    }
}

#[test]
fn a_fenced_off_row_is_in_no_list() {
    let at = Furnished::new();
    let api = &at.api;
    let (open, closed) = (api.provider("open"), api.provider("closed"));
    let (kept, hidden) = (api.model(&open, "kept"), api.model(&closed, "hidden"));
    let other = api.model(&open, "other");
    let secret = api.secret("closed", "sk-0123456789abcdefghij");
    let fenced = at.token_of_policy(json!([
        {"effect": "allow", "actions": ["*"]},
        {"effect": "deny", "actions": ["*"], "resources": [closed, other, secret]},
    ]));
    let fenced = api.as_token(&fenced);
    for (path, rows, shown, not_shown) in [
        ("/api/v1/ai-providers", "", vec![&open], vec![&closed]),
        ("/api/admin/providers", "/providers", vec![&open], vec![&closed]),
        ("/api/providers", "/providers", vec![&open], vec![&closed]),
        ("/api/models", "/models", vec![&kept], vec![&hidden, &other]),
    ] {
        let body = fenced.get(path).must(200).body;
        let ids: Vec<&str> = body
            .pointer(rows)
            .and_then(Value::as_array)
            .expect("a list")
            .iter()
            .filter_map(|row| row["id"].as_str())
            .collect();
        assert!(shown.iter().all(|id| ids.contains(&id.as_str())), "{path}: {ids:?}");
        assert!(!not_shown.iter().any(|id| ids.contains(&id.as_str())), "{path}: {ids:?}");
    }
    for (path, shown, not_shown) in [
        ("/api/v1/providers".to_owned(), vec![&open], vec![&closed]),
        ("/api/v1/models".to_owned(), vec![&kept], vec![&hidden, &other]),
        (format!("/api/v1/providers/{open}/models"), vec![&kept], vec![&other]),
        ("/api/v1/secrets".to_owned(), vec![], vec![&secret]),
    ] {
        let ids = fenced.get(&path).must(200).column("id");
        assert!(shown.iter().all(|id| ids.contains(id)), "{path}: {ids:?}");
        assert!(!not_shown.iter().any(|id| ids.contains(id)), "{path}: {ids:?}");
    }
    let shown = fenced.get(&format!("/api/v1/providers/{open}")).must(200);
    assert!(shown.text.contains(&kept) && !shown.text.contains(&other), "{}", shown.text);
    assert_eq!(shown.body["model_count"], 1);
    // Whoever may not read a row does not read it in a list, either.
    let unread = at.token_of_policy(json!([
        {"effect": "allow", "actions": ["*"]},
        {"effect": "deny", "actions": ["aiProviders:GetAiProvider"], "resources": [closed]},
    ]));
    assert!(!api.as_token(&unread).get("/api/v1/providers").must(200).column("id").contains(&closed));
    // A page is as long as its rows; the cursor goes on behind the hidden one.
    let first = fenced.get("/api/v1/providers?limit=3").must(200);
    let mut names = first.column("name");
    names.sort();
    assert_eq!(names, ["a", "open"]);
    assert_eq!(first.body["next_cursor"], Value::Null);
}

#[test]
fn linking_a_secret_takes_the_right_to_read_it() {
    let at = Furnished::new();
    let api = &at.api;
    let secret = api.secret("shared", "sk-0123456789abcdefghij");
    let providers = at.token_of_policy(json!([{"effect": "allow", "actions": ["aiProviders:*"]}]));
    let provider = api.provider("p");
    // With its base URL elsewhere, such a provider would tell the secret to whoever made it.
    let body = json!({"name": "n", "provider": "openai", "base_url": "https://api.example.com", "secret_id": secret});
    for id in [secret.as_str(), "sec_0000000000000000"] {
        let mut body = body.clone();
        body["secret_id"] = json!(id);
        let refused = api.changes_nothing(|| api.as_token(&providers).post("/api/v1/providers", body));
        refused.refuses(403, "auth.forbidden", "secret_id");
        let path = format!("/api/v1/providers/{provider}");
        api.changes_nothing(|| api.as_token(&providers).patch(&path, json!({"secret_id": id}))).refuses(
            403,
            "auth.forbidden",
            "secret_id",
        );
    }
    let both = at.token_of_policy(json!([
        {"effect": "allow", "actions": ["aiProviders:*"]},
        {"effect": "allow", "actions": ["secrets:GetSecret"], "resources": [secret]},
    ]));
    let linked = api.as_token(&both).post("/api/v1/providers", body).must(201).id();
    // What stays linked is not asked for again.
    api.as_token(&providers).patch(&format!("/api/v1/providers/{linked}"), json!({"name": "m"})).must(200);
}

#[test]
fn a_list_of_tools_shows_what_its_reader_might_use() {
    let at = Furnished::new();
    let tools = |policy: Value| at.api.as_token(&at.token_of_policy(policy)).tools();
    let all: Vec<&str> = TOOLS.iter().map(|(name, ..)| *name).collect();
    assert_eq!(at.api.root().tools(), all);
    assert_eq!(at.api.as_token(&at.api.token_of_role("admin")).tools(), all);
    assert_eq!(
        at.api.as_token(&at.api.token_of_role("viewer")).tools(),
        ["list-ai-providers", "get-ai-provider", "list-models", "get-usage"]
    );
    let one = at.path("{provider_id}");
    let of_one = json!([{"effect": "allow", "actions": ["aiProviders:UpdateAiProvider"], "resources": [one]}]);
    assert_eq!(tools(of_one), ["update-ai-provider"]);
    assert_eq!(tools(json!([{"effect": "allow", "actions": ["llm:Invoke"]}])), Vec::<String>::new());
    let denied = json!({"effect": "deny", "actions": ["models:*", "*:DeleteAiProvider"]});
    let denies = tools(json!([{"effect": "allow", "actions": ["aiProviders:*", "models:*"]}, denied]));
    assert_eq!(denies, ["list-ai-providers", "get-ai-provider", "create-ai-provider", "update-ai-provider"]);
}
