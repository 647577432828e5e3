//! Sluice's provider for Terraform.
//!
//! `plugin` is how Terraform calls, `provider` what it may call, `resource` and `data_source` the tables that answer
//! and what is done by them, `api` Sluice. What the API checks is checked at plan time by the same code: that of the
//! crate `sluice`.

mod api;
mod data_source;
mod diagnostics;
#[cfg(test)]
mod documentation;
mod fingerprint;
mod log;
mod plugin;
mod provider;
mod resource;
mod schema;
mod value;

use std::io::Write;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    // Each of the two that speak TLS asks which implementation is meant.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match plugin::serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}
