//! `/v1/proxy/{provider}/{rest}`: whatever the client sends, under the provider's base URL, with its credential in place
//! of the client's. Unmetered; the bodies of both sides never enter wasm.

use super::admit::Admitted;
use super::extensions::check_raw;
use super::limit::check_unmetered;
use super::plan::{credential_headers, secrets};
use crate::access::Operation;
use crate::deployment::Deployment;
use crate::domain::advanced::merge;
use crate::domain::protocol::Protocol;
use crate::protocol::path;
use crate::refusal::{Reason, Refusal};
use crate::routing::RoutedProvider;
use crate::routing::headers_out::{anthropic_version, forwarded_raw, response_disposition};
use percent_encoding::percent_decode_str;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

/// A raw call, ready to be made.
pub struct Raw {
    /// Whose it is.
    pub provider: Rc<RoutedProvider>,
    /// Where to, query included.
    pub url: String,
    /// Headers in the order in which they are set.
    pub headers: Vec<(String, String)>,
    /// What the provider speaks, for its vendor's headers.
    pub protocol: Protocol,
    /// Until the upstream's headers.
    pub first_byte_timeout: Duration,
    /// Parts of the credential, to be masked in an error that repeats them.
    pub secrets: Vec<String>,
}

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The query may hold what the client considers secret, the headers hold the credential.
        f.debug_struct("Raw").field("provider", &self.provider.name()).finish_non_exhaustive()
    }
}

/// Plans a raw call. `provider` and `rest` are as they stand in the path; `query` is without `?`.
pub fn plan<'h>(
    admitted: &Admitted,
    deployment: &Deployment,
    (provider, rest, query): (&str, &str, &str),
    client: impl Iterator<Item = (&'h str, &'h str)> + Clone,
) -> Result<Raw, Refusal> {
    let name = percent_decode_str(provider).decode_utf8_lossy();
    let provider = admitted.snapshot.provider(&name)?;
    if !admitted.may_proxy(provider.name()) {
        let message = format!(
            "this token may not send provider `{}` raw requests: that takes `{}` on every model of it",
            provider.name(),
            Operation::Invoke.action()
        );
        return Err(Refusal::new(Reason::ModelForbidden, message));
    }
    check_unmetered(admitted.limits())?;
    check_raw(admitted, provider)?;
    let (settings, resolved) = provider.settled(deployment.private_upstreams)?;
    let effective = merge(settings.advanced.as_ref(), None);
    let protocol = resolved.protocols.first().copied().unwrap_or(Protocol::ChatCompletions);
    let asked = if query.is_empty() { rest.to_owned() } else { format!("{rest}?{query}") };
    let url = path::raw(&resolved.base_url, protocol, &asked)
        .map_err(|invalid| Refusal::new(Reason::BadRequest, invalid.message).on("path"))?;
    let opened = admitted.credential(provider, resolved.auth_method, deployment.ring())?;
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let mut headers: Vec<_> = forwarded_raw(client.clone(), protocol).map(owned).collect();
    if protocol == Protocol::AnthropicMessages {
        let of_client = client.clone().find(|(name, _)| *name == "anthropic-version").map(|(_, value)| value);
        let version = anthropic_version(of_client, effective.anthropic_version.as_deref());
        headers.push(owned(("anthropic-version", version)));
    }
    headers.extend(effective.extra_headers.iter().map(owned));
    headers.extend(credential_headers(opened, resolved.auth_method, None)?);
    Ok(Raw {
        provider: Rc::clone(provider),
        url,
        headers,
        protocol,
        first_byte_timeout: effective
            .first_byte_timeout_ms
            .map_or(deployment.first_byte_timeout, |ms| Duration::from_millis(u64::from(ms))),
        secrets: secrets(opened),
    })
}

/// The upstream's headers that reach the client: those of its vendor, and where a redirect leads, which the client
/// follows itself, without the credential. Names are in lower case.
pub fn headers<'h>(
    upstream: impl Iterator<Item = (&'h str, &'h str)>,
    protocol: Protocol,
) -> impl Iterator<Item = (&'h str, &'h str)> {
    upstream.filter(move |(name, _)| *name == "location" || response_disposition(name, protocol, protocol).passes())
}
