//! The headers of an upstream call and of the answer to the client (SPEC section 6, "Headers out"; PROTOCOLS section 8).
//!
//! Pure tables, asked once for each header. The edge writes what passes, then `extra_headers`, then the credential,
//! each over the ones before it: an injected credential wins.

use crate::domain::protocol::Protocol;

mod credential;
mod tables;

pub use credential::{Credential, CredentialHeader};

/// `anthropic-version` where neither the client nor `advanced_json` says one.
pub const ANTHROPIC_VERSION: &str = "2023-06-01";

/// What becomes of one header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// It goes on as it is.
    Pass,
    /// It ends here.
    Drop,
}

impl Disposition {
    /// Whether the header goes on.
    pub fn passes(self) -> bool {
        self == Self::Pass
    }

    const fn pass_if(condition: bool) -> Self {
        if condition { Self::Pass } else { Self::Drop }
    }
}

/// Whether a client's header reaches the upstream of a model call, whose body and content type are Sluice's own.
///
/// `name` is in lower case, as `Headers` iterates. Headers named by `Connection` are the caller's to drop, or
/// [`forwarded`]'s.
pub fn disposition(name: &str, upstream: Protocol) -> Disposition {
    Disposition::pass_if(!tables::describes_body(name) && passes_raw(name, upstream))
}

/// Whether a client's header reaches the upstream of a raw pass-through (`/v1/proxy`), whose body stays the client's,
/// with what describes it. `name` is in lower case.
pub fn raw_disposition(name: &str, upstream: Protocol) -> Disposition {
    Disposition::pass_if(passes_raw(name, upstream))
}

fn passes_raw(name: &str, upstream: Protocol) -> bool {
    let for_this_vendor = |vendor| vendor == Vendor::of(upstream);
    !tables::stays_with_us(name) && tables::vendor_of_request(name).is_none_or(for_this_vendor)
}

/// The client's headers that reach the upstream of a model call, without those that `Connection` names. Names are in
/// lower case.
pub fn forwarded<'h, I>(client: I, upstream: Protocol) -> impl Iterator<Item = (&'h str, &'h str)>
where
    I: IntoIterator<Item = (&'h str, &'h str)>,
    I::IntoIter: Clone,
{
    without_named(client, move |name| disposition(name, upstream))
}

/// The same for a raw pass-through, whose body stays the client's.
pub fn forwarded_raw<'h, I>(client: I, upstream: Protocol) -> impl Iterator<Item = (&'h str, &'h str)>
where
    I: IntoIterator<Item = (&'h str, &'h str)>,
    I::IntoIter: Clone,
{
    without_named(client, move |name| raw_disposition(name, upstream))
}

fn without_named<'h, I>(client: I, decide: impl Fn(&str) -> Disposition) -> impl Iterator<Item = (&'h str, &'h str)>
where
    I: IntoIterator<Item = (&'h str, &'h str)>,
    I::IntoIter: Clone,
{
    let headers = client.into_iter();
    let connection = headers.clone().filter(|(name, _)| *name == "connection").map(|(_, value)| value);
    headers.filter(move |(name, _)| decide(name).passes() && !connection.clone().any(|list| names(list, name)))
}

/// Whether a `Connection` header's list names a header (RFC 9110 section 7.6.1).
fn names(list: &str, name: &str) -> bool {
    list.split(',').any(|option| option.trim().eq_ignore_ascii_case(name))
}

/// Whether an upstream's response header reaches the client.
///
/// An allow list, because the console lives on the same origin: an upstream must not set cookies, policies or caches
/// there. Rate limits and vendor headers reach only a client of the same vendor's protocol; `retry-after` and request
/// ids reach everyone. `name` is in lower case.
pub fn response_disposition(name: &str, upstream: Protocol, client: Protocol) -> Disposition {
    let same_vendor = Vendor::of(upstream) == Vendor::of(client);
    Disposition::pass_if(
        tables::reaches_every_client(name) || (same_vendor && tables::reaches_clients_of_the_same_vendor(name)),
    )
}

/// Whose protocol it is; vendor headers stay within one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Vendor {
    OpenAi,
    Anthropic,
    Google,
    Amazon,
}

impl Vendor {
    const fn of(protocol: Protocol) -> Self {
        match protocol {
            Protocol::ChatCompletions | Protocol::Responses => Self::OpenAi,
            Protocol::AnthropicMessages => Self::Anthropic,
            Protocol::Gemini => Self::Google,
            Protocol::BedrockConverse => Self::Amazon,
        }
    }
}

/// The `anthropic-version` of a call to an Anthropic upstream: the client's, else `advanced_json`'s, else
/// [`ANTHROPIC_VERSION`] (SPEC section 6).
pub fn anthropic_version<'v>(client: Option<&'v str>, advanced: Option<&'v str>) -> &'v str {
    let given = |version: &&str| !version.trim().is_empty();
    client.filter(given).or(advanced.filter(given)).unwrap_or(ANTHROPIC_VERSION)
}

/// The `anthropic-beta` of a call to an Anthropic upstream: the client's betas, then `advanced_json`'s, each once.
/// `None` when there is none.
pub fn anthropic_beta(client: Option<&str>, advanced: Option<&str>) -> Option<String> {
    let mut betas: Vec<&str> = Vec::new();
    for beta in client.into_iter().chain(advanced).flat_map(|list| list.split(',')).map(str::trim) {
        if !beta.is_empty() && !betas.contains(&beta) {
            betas.push(beta);
        }
    }
    (!betas.is_empty()).then(|| betas.join(","))
}

#[cfg(test)]
mod tests;
