//! The one table of admin routes. A path that is not here is 404; a method that is not here is 405.

use super::Operation;

/// An HTTP method of the admin surfaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// GET, and HEAD, which is GET without the body.
    Get,
    /// POST.
    Post,
    /// PUT.
    Put,
    /// PATCH.
    Patch,
    /// DELETE.
    Delete,
}

impl Method {
    /// Every method, in the order in which they are listed.
    const ALL: [Self; 5] = [Self::Get, Self::Post, Self::Put, Self::Patch, Self::Delete];

    /// Reads the method of a request; `None` where no route has it.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "GET" | "HEAD" => Some(Self::Get),
            "POST" => Some(Self::Post),
            "PUT" => Some(Self::Put),
            "PATCH" => Some(Self::Patch),
            "DELETE" => Some(Self::Delete),
            _ => None,
        }
    }

    /// The name of it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// As `Allow` has it.
    const fn allowed(self) -> &'static str {
        match self {
            Self::Get => "GET, HEAD",
            other => other.as_str(),
        }
    }
}

use Method::{Delete, Get, Patch, Post, Put};
use Operation::*;

/// Method, path pattern, operation. `{…}` takes one segment.
pub const ROUTES: &[(Method, &str, Operation)] = &[
    (Get, "/healthz", CheckHealth),
    (Get, "/openapi.json", GetOpenApi),
    (Get, "/api/v1/me", GetMe),
    (Get, "/api/v1/me/provider-keys", ListProviderKeys),
    (Get, "/api/v1/me/provider-keys/{provider_id}", GetProviderKey),
    (Put, "/api/v1/me/provider-keys/{provider_id}", PutProviderKey),
    (Delete, "/api/v1/me/provider-keys/{provider_id}", DeleteProviderKey),
    (Get, "/api/v1/projects", ListProjects),
    (Post, "/api/v1/projects", CreateProject),
    (Get, "/api/v1/projects/{project_id}", GetProject),
    (Patch, "/api/v1/projects/{project_id}", UpdateProject),
    (Delete, "/api/v1/projects/{project_id}", DeleteProject),
    (Get, "/api/v1/providers", ListProviders),
    (Post, "/api/v1/providers", CreateProvider),
    (Get, "/api/v1/providers/{provider_id}", GetProvider),
    (Patch, "/api/v1/providers/{provider_id}", UpdateProvider),
    (Delete, "/api/v1/providers/{provider_id}", DeleteProvider),
    (Get, "/api/v1/providers/{provider_id}/models", ListModels),
    (Post, "/api/v1/providers/{provider_id}/models", CreateModel),
    (Get, "/api/v1/providers/{provider_id}/models/{model_id}", GetModel),
    (Patch, "/api/v1/providers/{provider_id}/models/{model_id}", UpdateModel),
    (Delete, "/api/v1/providers/{provider_id}/models/{model_id}", DeleteModel),
    (Get, "/api/v1/providers/{provider_id}/available-models", ListAvailableModels),
    (Post, "/api/v1/providers/{provider_id}/import-models", ImportModels),
    (Post, "/api/v1/providers/{provider_id}/models/{model_id}/test", TestModel),
    (Get, "/api/v1/models", ListModels),
    (Get, "/api/v1/models/resolve", ResolveModel),
    (Post, "/api/v1/models/resolve", ResolveModel),
    (Get, "/api/v1/secrets", ListSecrets),
    (Post, "/api/v1/secrets", CreateSecret),
    (Get, "/api/v1/secrets/{secret_id}", GetSecret),
    (Patch, "/api/v1/secrets/{secret_id}", UpdateSecret),
    (Delete, "/api/v1/secrets/{secret_id}", DeleteSecret),
    (Get, "/api/v1/users", ListUsers),
    (Post, "/api/v1/users", CreateUser),
    (Get, "/api/v1/users/{user_id}", GetUser),
    (Patch, "/api/v1/users/{user_id}", UpdateUser),
    (Delete, "/api/v1/users/{user_id}", DeleteUser),
    (Get, "/api/v1/tokens", ListTokens),
    (Post, "/api/v1/tokens", CreateToken),
    (Get, "/api/v1/tokens/{token_id}", GetToken),
    (Patch, "/api/v1/tokens/{token_id}", UpdateToken),
    (Delete, "/api/v1/tokens/{token_id}", DeleteToken),
    (Get, "/api/v1/extensions", ListExtensions),
    (Post, "/api/v1/extensions", CreateExtension),
    (Get, "/api/v1/extensions/{extension_id}", GetExtension),
    (Patch, "/api/v1/extensions/{extension_id}", UpdateExtension),
    (Delete, "/api/v1/extensions/{extension_id}", DeleteExtension),
    (Get, "/api/v1/usage", ListUsage),
    (Get, "/api/v1/requests", ListRequests),
    (Get, "/api/v1/requests/{request_id}", GetRequest),
    (Get, "/api/v1/audit-log", ListAuditLog),
    (Get, "/api/v1/sealing-keys", GetSealingKeys),
    (Post, "/api/v1/sealing-keys/rotate", RotateSealingKeys),
    // Document 001's.
    (Get, "/api/v1/ai-providers", ListProviders),
    (Post, "/api/v1/ai-providers", CreateProvider),
    (Get, "/api/v1/ai-providers/{provider_id}", GetProvider),
    (Patch, "/api/v1/ai-providers/{provider_id}", UpdateProvider),
    (Delete, "/api/v1/ai-providers/{provider_id}", DeleteProvider),
    // Document 002's.
    (Get, "/api/admin/providers", ListProviders),
    (Post, "/api/admin/providers", CreateProvider),
    (Get, "/api/admin/providers/{provider_id}", GetProvider),
    (Put, "/api/admin/providers/{provider_id}", UpdateProvider),
    (Put, "/api/admin/providers/{provider_id}/toggle", UpdateProvider),
    (Post, "/api/admin/providers/{provider_id}/fetch", ImportModels),
    (Delete, "/api/admin/providers/{provider_id}", DeleteProvider),
    (Get, "/api/providers", ListProviders),
    (Get, "/api/models", ListModels),
    // MCP's.
    (Post, "/mcp", UseTools),
];

/// MCP's tools: each takes one of these routes, and is held to its operation.
pub const TOOLS: &[(&str, Method, &str)] = &[
    ("list-ai-providers", Get, "/api/v1/ai-providers"),
    ("get-ai-provider", Get, "/api/v1/ai-providers/{provider_id}"),
    ("create-ai-provider", Post, "/api/v1/ai-providers"),
    ("update-ai-provider", Patch, "/api/v1/ai-providers/{provider_id}"),
    ("delete-ai-provider", Delete, "/api/v1/ai-providers/{provider_id}"),
    ("list-models", Get, "/api/v1/models"),
    ("test-model", Post, "/api/v1/providers/{provider_id}/models/{model_id}/test"),
    ("list-available-models", Get, "/api/v1/providers/{provider_id}/available-models"),
    ("get-usage", Get, "/api/v1/usage"),
    ("list-extensions", Get, "/api/v1/extensions"),
    ("get-extension", Get, "/api/v1/extensions/{extension_id}"),
    ("create-extension", Post, "/api/v1/extensions"),
    ("update-extension", Patch, "/api/v1/extensions/{extension_id}"),
    ("delete-extension", Delete, "/api/v1/extensions/{extension_id}"),
];

/// The route that a tool takes.
pub fn of_tool(name: &str) -> Option<(Method, &'static str, Operation)> {
    let (_, method, pattern) = TOOLS.iter().find(|(tool, ..)| *tool == name)?;
    ROUTES.iter().find(|(candidate, path, _)| (candidate, path) == (method, pattern)).copied()
}

/// What the table says of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Matched<'a> {
    /// The operation, and the segments that the pattern's `{…}` took, in order.
    Route(Operation, Vec<&'a str>),
    /// The path exists, with these methods.
    MethodNotAllowed(String),
    /// No such path.
    NoPath,
}

/// 000's spelling of the providers' paths, served by the same handlers.
pub const PROVIDERS: (&str, &str) = ("/v1/llm-providers", "/api/v1/providers");

/// Whether a path is one of the control plane's among the data plane's.
pub fn is_providers_alias(path: &str) -> bool {
    path.strip_prefix(PROVIDERS.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Which of the documents' doors a path belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surface {
    /// `/api/v1`, and 000's spelling of it.
    Own,
    /// 001: `/api/v1/ai-providers`.
    AiProviders,
    /// 002: `/api/admin/providers`, and what its users see.
    AdminPanel,
    /// `/mcp`.
    Mcp,
}

/// The documents' doors, by where their paths begin.
const SURFACES: [(&str, Surface); 5] = [
    ("/api/v1/ai-providers", Surface::AiProviders),
    ("/api/admin", Surface::AdminPanel),
    ("/api/providers", Surface::AdminPanel),
    ("/api/models", Surface::AdminPanel),
    ("/mcp", Surface::Mcp),
];

impl Surface {
    /// By a path, known or not: its errors have that door's shape, too.
    pub fn of(path: &str) -> Self {
        let under = |door: &str| path.strip_prefix(door).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        SURFACES.iter().find(|(door, _)| under(door)).map_or(Self::Own, |(_, surface)| *surface)
    }
}

/// Looks a request up in the table. Segments come as they were sent: an id is never percent-encoded.
pub fn find<'a>(method: Option<Method>, path: &'a str) -> Matched<'a> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let mut allowed = Vec::new();
    for (candidate, pattern, operation) in ROUTES {
        let found = match (path.strip_prefix(PROVIDERS.0), pattern.strip_prefix(PROVIDERS.1)) {
            (Some(path), Some(pattern)) => captures(pattern, path),
            _ => captures(pattern, path),
        };
        let Some(captured) = found else { continue };
        if Some(*candidate) == method {
            return Matched::Route(*operation, captured);
        }
        allowed.push(*candidate);
    }
    if allowed.is_empty() {
        return Matched::NoPath;
    }
    let allowed = Method::ALL.into_iter().filter(|method| allowed.contains(method));
    Matched::MethodNotAllowed(allowed.map(Method::allowed).chain(["OPTIONS"]).collect::<Vec<_>>().join(", "))
}

fn captures<'a>(pattern: &str, path: &'a str) -> Option<Vec<&'a str>> {
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    let mut captured = Vec::new();
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(captured),
            (Some(segment), Some(text)) if segment.starts_with('{') && !text.is_empty() => captured.push(text),
            (Some(segment), Some(text)) if segment == text => {}
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_is_found_with_its_segments() {
        assert_eq!(
            find(Some(Patch), "/api/v1/providers/aip_1/models/mdl_2"),
            Matched::Route(UpdateModel, vec!["aip_1", "mdl_2"])
        );
        assert_eq!(find(Some(Get), "/api/v1/providers/"), Matched::Route(ListProviders, vec![]));
    }

    #[test]
    fn document_000s_paths_are_the_providers() {
        let path = "/v1/llm-providers/aip_1/models";
        assert_eq!(find(Some(Post), path), Matched::Route(CreateModel, vec!["aip_1"]));
        assert!(is_providers_alias("/v1/llm-providers") && !is_providers_alias("/v1/llm-providers-x"));
        assert_eq!(find(Some(Get), "/v1/llm-providersx"), Matched::NoPath);
    }

    #[test]
    fn a_known_path_says_which_methods_it_has() {
        let allow = |method, path| match find(method, path) {
            Matched::MethodNotAllowed(allow) => allow,
            other => panic!("{other:?}"),
        };
        assert_eq!(allow(Some(Delete), "/api/v1/providers"), "GET, HEAD, POST, OPTIONS");
        assert_eq!(allow(None, "/api/v1/providers/x"), "GET, HEAD, PATCH, DELETE, OPTIONS");
        assert_eq!(allow(Some(Post), "/api/v1/me/provider-keys/x"), "GET, HEAD, PUT, DELETE, OPTIONS");
    }

    #[test]
    fn an_unknown_path_is_no_path() {
        for path in ["", "/", "/api/v1", "/api/v1/providers//models", "/api/v1/nothing", "/api/v1/providers/a/b/c/d"] {
            assert_eq!(find(Some(Get), path), Matched::NoPath, "{path}");
        }
    }

    #[test]
    fn every_operation_but_the_data_planes_has_a_route_and_no_route_stands_twice() {
        for operation in Operation::ALL {
            let routed = ROUTES.iter().any(|(_, _, routed)| routed == operation);
            assert_eq!(routed, *operation != Invoke, "{operation:?}");
        }
        for (method, pattern, operation) in ROUTES.iter().filter(|(_, _, operation)| *operation != ResolveModel) {
            assert_eq!(operation.reads(), *method == Get, "{pattern}");
        }
        for (index, (method, pattern, _)) in ROUTES.iter().enumerate() {
            assert!(ROUTES.iter().skip(index + 1).all(|(m, p, _)| (m, p) != (method, pattern)), "{pattern}");
        }
    }

    #[test]
    fn every_tool_takes_a_route_and_none_stands_twice() {
        for (index, (name, ..)) in TOOLS.iter().enumerate() {
            assert!(of_tool(name).is_some(), "{name}");
            assert!(TOOLS.iter().skip(index + 1).all(|(other, ..)| other != name), "{name}");
        }
        assert_eq!(of_tool("list-everything"), None);
    }
}
