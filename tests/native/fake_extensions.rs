//! What stands in for the isolates that modules come up in: it takes whatever begins as a module does.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sluice::ports::{Checked, Extensions, Local, Module};
use sluice::refusal::{Reason, Refusal};
use std::cell::Cell;

/// The beginning of every module, in base64.
pub const MODULE: &str = "AGFzbQEAAAA=";
/// The one that is bundled.
pub const BUNDLED: &str = "guard";

#[derive(Default)]
pub struct FakeExtensions {
    /// Whether the deployment has no binding for uploaded ones.
    pub unbound: Cell<bool>,
    /// How often a module came up.
    pub asked: Cell<usize>,
}

impl FakeExtensions {
    fn checked(&self, module: Module<'_>, config: &Value) -> Result<Checked, Refusal> {
        self.asked.set(self.asked.get() + 1);
        if config.get("refused").is_some() {
            return Err(Refusal::new(Reason::ExtensionInvalid, "the extension refuses its config").on("config"));
        }
        let invalid = |words: &str| Err(Refusal::new(Reason::ExtensionInvalid, words).on("module_base64"));
        let described = json!({"abi": 1, "name": "fake", "version": "1.0.0", "description": "Does nothing.", "hooks": ["request", "response", "event", "settle"]});
        let hash = |text: &str| Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        match module {
            Module::Uploaded(_) | Module::Stored(_) if self.unbound.get() => {
                Err(Refusal::new(Reason::ExtensionsUnavailable, "this deployment runs no uploaded extensions"))
            }
            Module::Uploaded(base64) if base64.starts_with("AGFzbQ") => Ok(Checked {
                described,
                sha256: Some(hash(base64)),
                bytes: Some(8),
                code: Some((hash(&format!("counted {base64}")), format!("{base64}counted"))),
            }),
            Module::Uploaded(_) => invalid("the module cannot run here: it is none"),
            Module::Bundled(BUNDLED) => {
                Ok(Checked { described, sha256: Some(hash(BUNDLED)), bytes: Some(9), code: None })
            }
            Module::Bundled(_) => invalid("the module cannot run here: it is not bundled"),
            Module::Stored(_) => Ok(Checked { described, sha256: None, bytes: None, code: None }),
        }
    }
}

impl Extensions for FakeExtensions {
    fn check<'a>(&'a self, module: Module<'a>, config: &'a Value) -> Local<'a, Result<Checked, Refusal>> {
        Box::pin(async move { self.checked(module, config) })
    }
}
