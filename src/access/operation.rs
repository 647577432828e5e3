//! Everything that can be done, and the action that a policy names it by. REST, MCP and every other surface share it.

macro_rules! operations {
    ($($(#[doc = $doc:literal])+ $name:ident = $audience:ident $action:literal;)+) => {
        /// Something a caller can ask for on the admin surfaces.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Operation {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Operation {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The name that policies and the audit log use: `module:Operation`.
            pub const fn action(self) -> &'static str {
                match self { $(Self::$name => $action,)+ }
            }

            /// What it does, in a sentence, for `/openapi.json`.
            pub const fn summary(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+).trim_ascii(),)+ }
            }

            /// Who may come at all, before any policy.
            pub const fn audience(self) -> Audience {
                match self { $(Self::$name => Audience::$audience,)+ }
            }
        }
    };
}

/// Who may come at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Anyone, without a token.
    Anyone,
    /// Any valid token, whatever its policy.
    Holder,
    /// A token whose policy allows the action.
    Permitted,
    /// `ADMIN_TOKEN` only: what reaches across projects.
    Root,
}

operations! {
    /// Is the deployment configured, and does D1 answer?
    CheckHealth = Anyone "health:Check";
    /// This API's own description, OpenAPI 3.1.
    GetOpenApi = Anyone "openapi:GetOpenApi";
    /// Who am I?
    GetMe = Holder "me:GetMe";
    /// Speak MCP: each tool is held to its own action.
    UseTools = Holder "mcp:UseTools";
    /// List projects: root sees all, a token its own.
    ListProjects = Permitted "projects:ListProjects";
    /// Read a project.
    GetProject = Permitted "projects:GetProject";
    /// Make a project.
    CreateProject = Root "projects:CreateProject";
    /// Rename a project.
    UpdateProject = Permitted "projects:UpdateProject";
    /// Delete an empty project.
    DeleteProject = Root "projects:DeleteProject";
    /// List providers.
    ListProviders = Permitted "aiProviders:ListAiProviders";
    /// Read a provider.
    GetProvider = Permitted "aiProviders:GetAiProvider";
    /// Register a provider.
    CreateProvider = Permitted "aiProviders:CreateAiProvider";
    /// Change a provider.
    UpdateProvider = Permitted "aiProviders:UpdateAiProvider";
    /// Delete a provider.
    DeleteProvider = Permitted "aiProviders:DeleteAiProvider";
    /// List a project's or a provider's models.
    ListModels = Permitted "models:ListModels";
    /// Read a model.
    GetModel = Permitted "models:GetModel";
    /// Explain which models would serve a call.
    ResolveModel = Permitted "models:ResolveModel";
    /// Register a model.
    CreateModel = Permitted "models:CreateModel";
    /// Change a model.
    UpdateModel = Permitted "models:UpdateModel";
    /// Delete a model.
    DeleteModel = Permitted "models:DeleteModel";
    /// Ask the upstream which models it has, with the provider's credential.
    ListAvailableModels = Permitted "models:ListAvailableModels";
    /// Register what the upstream lists.
    ImportModels = Permitted "models:ImportModels";
    /// Make one short call of a model, at its price.
    TestModel = Permitted "models:TestModel";
    /// List secrets, without values.
    ListSecrets = Permitted "secrets:ListSecrets";
    /// Read a secret, without its value.
    GetSecret = Permitted "secrets:GetSecret";
    /// Seal a secret.
    CreateSecret = Permitted "secrets:CreateSecret";
    /// Rename or rotate a secret.
    UpdateSecret = Permitted "secrets:UpdateSecret";
    /// Delete a secret that nothing uses.
    DeleteSecret = Permitted "secrets:DeleteSecret";
    /// List users.
    ListUsers = Permitted "users:ListUsers";
    /// Read a user.
    GetUser = Permitted "users:GetUser";
    /// Make a user.
    CreateUser = Permitted "users:CreateUser";
    /// Change a user or disable it.
    UpdateUser = Permitted "users:UpdateUser";
    /// Delete a user, its tokens and its own keys.
    DeleteUser = Permitted "users:DeleteUser";
    /// List one's own provider keys, without the keys.
    ListProviderKeys = Permitted "providerKeys:ListProviderKeys";
    /// Read of an own key that there is one.
    GetProviderKey = Permitted "providerKeys:GetProviderKey";
    /// Seal one's own key for a provider.
    PutProviderKey = Permitted "providerKeys:PutProviderKey";
    /// Delete one's own key.
    DeleteProviderKey = Permitted "providerKeys:DeleteProviderKey";
    /// List tokens.
    ListTokens = Permitted "tokens:ListTokens";
    /// Read a token's record.
    GetToken = Permitted "tokens:GetToken";
    /// Mint a token.
    CreateToken = Permitted "tokens:CreateToken";
    /// Change a token's rights or disable it.
    UpdateToken = Permitted "tokens:UpdateToken";
    /// Revoke a token.
    DeleteToken = Permitted "tokens:DeleteToken";
    /// List extensions.
    ListExtensions = Permitted "extensions:ListExtensions";
    /// Read an extension, without its module.
    GetExtension = Permitted "extensions:GetExtension";
    /// Upload an extension, or enable a bundled one: calls go through it.
    CreateExtension = Permitted "extensions:CreateExtension";
    /// Change an extension, its module included, or disable it.
    UpdateExtension = Permitted "extensions:UpdateExtension";
    /// Delete an extension.
    DeleteExtension = Permitted "extensions:DeleteExtension";
    /// Totals of what was used.
    ListUsage = Permitted "usage:ListUsage";
    /// The request log.
    ListRequests = Permitted "usage:ListRequests";
    /// One call of the request log.
    GetRequest = Permitted "usage:GetRequest";
    /// Who changed what.
    ListAuditLog = Permitted "audit:ListAuditLog";
    /// How many rows each sealing key seals.
    GetSealingKeys = Root "sealingKeys:GetSealingKeys";
    /// Re-seal rows to the first key.
    RotateSealingKeys = Root "sealingKeys:RotateSealingKeys";
    /// Call a model: the data plane.
    Invoke = Permitted "llm:Invoke";
}

impl Operation {
    /// Whether it leaves everything as it is: it needs no audit row, and no isolate's reading is older for it.
    pub fn reads(self) -> bool {
        let verb = self.action().split_once(':').map_or("", |(_, verb)| verb);
        ["Get", "List", "Check", "Resolve"].iter().any(|reading| verb.starts_with(reading))
    }
}
