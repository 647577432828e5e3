//! What the operator configured: the Worker's secrets and variables, read once an isolate (SPEC section 6).

use crate::access::TokenHash;
use crate::domain::base_url::PrivateUpstreams;
use crate::domain::origins::Origins;
use crate::domain::retention::Retention;
use crate::refusal::{Reason, Refusal};
use crate::routing::breaker;
use crate::seal::{KeyRing, SealError};
use crate::translate::neutral::LossPolicy;
use std::rc::Rc;
use std::time::Duration;

/// `ADMIN_TOKEN` below this is as good as none.
const ADMIN_TOKEN_MIN: usize = 32;

/// The deployment's configuration.
#[derive(Debug)]
pub struct Deployment {
    /// The hash of `ADMIN_TOKEN`; none where it is absent or too short.
    pub admin_token: Option<TokenHash>,
    ring: Result<Rc<KeyRing>, SealError>,
    /// `ALLOW_PRIVATE_UPSTREAMS`.
    pub private_upstreams: PrivateUpstreams,
    /// `CONFIG_TTL_MS`: how long an isolate may use what it read.
    pub config_ttl: Duration,
    /// `STALE_IF_ERROR_MS`: how long it may go on with that while D1 is away.
    pub stale_if_error: Duration,
    /// `FIRST_BYTE_TIMEOUT_MS`: until the upstream's headers.
    pub first_byte_timeout: Duration,
    /// `IDLE_TIMEOUT_MS`: between two chunks of the upstream's body.
    pub idle_timeout: Duration,
    /// `PING_INTERVAL_MS`: how long a client hears nothing of a silent upstream's stream before it gets a comment; none
    /// where it never does.
    pub ping_interval: Option<Duration>,
    /// `MAX_ATTEMPTS`: upstream calls that one call may make.
    pub max_attempts: u32,
    /// `BREAKER_FAILURES` and `BREAKER_REST_MS`.
    pub breaker: breaker::Rules,
    /// `MAX_BODY_BYTES`: of a call's request body.
    pub max_body_bytes: usize,
    /// `LOSS_POLICY`: what to do about what another protocol cannot carry.
    pub loss_policy: LossPolicy,
    /// `RETENTION_DAYS`, `ROLLUP_RETENTION_DAYS` and `AUDIT_RETENTION_DAYS`; 0 is for ever.
    pub retention: Retention,
    /// `CORS_ORIGINS`: the web pages that may call models.
    pub cors_origins: Origins,
    /// `USAGE_SINK` and the bindings: where the calls' rows go.
    pub usage: UsageSinks,
    /// `REPLICA_LAG_MS`: how far behind the primary the data plane may read; 0 reads from the primary.
    pub replica_lag: Duration,
}

/// Where goes what a call used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsageSinks {
    /// Its row.
    pub rows: RowSink,
    /// Whether it is a data point of `USAGE_ANALYTICS`, too.
    pub points: bool,
}

/// What becomes of a call's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowSink {
    /// The isolate writes it to D1.
    D1,
    /// `USAGE_QUEUE` takes it, and it is written to D1 from there.
    Queue,
    /// It is nowhere: the data point is all that there is of a call.
    Nowhere,
}

impl UsageSinks {
    /// The words for it, as `/healthz` says them.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        let rows = match self.rows {
            RowSink::D1 => Some("d1"),
            RowSink::Queue => Some("queue"),
            RowSink::Nowhere => None,
        };
        rows.into_iter().chain(self.points.then_some("analytics"))
    }

    /// A binding alone switches its service on; the variable says what bindings cannot.
    fn load(read: impl Fn(&str) -> Option<String>) -> Result<Self, Refusal> {
        let [has_queue, has_analytics] = ["USAGE_QUEUE", "USAGE_ANALYTICS"].map(|name| read(name).is_some());
        let rows = match (read("USAGE_SINK").as_deref().map(str::trim), has_queue, has_analytics) {
            (None | Some(""), false, _) | (Some("d1"), _, _) => RowSink::D1,
            (None | Some("") | Some("queue"), true, _) => RowSink::Queue,
            (Some("analytics"), _, true) => RowSink::Nowhere,
            _ => {
                let rule = "\"d1\", \"queue\" where there is a binding USAGE_QUEUE, or \"analytics\" where there is \
                            USAGE_ANALYTICS";
                return Err(unreadable("USAGE_SINK", rule));
            }
        };
        Ok(Self { rows, points: has_analytics })
    }
}

impl Deployment {
    /// Reads secrets and variables through `read`, where a binding that is no text is any text. A variable that cannot be
    /// understood refuses everything until it is mended, by name: a typo must not quietly mean the default.
    pub fn load(read: impl Fn(&str) -> Option<String>) -> Result<Self, Refusal> {
        let milliseconds = |name: &str, default: u64, range: std::ops::RangeInclusive<u64>| {
            number(&read, name, default, range).map(Duration::from_millis)
        };
        let count = |name: &str, default: u64, range: std::ops::RangeInclusive<u64>| {
            Ok::<_, Refusal>(u32::try_from(number(&read, name, default, range)?).unwrap_or(u32::MAX))
        };
        let days = |name: &str, default: u64| {
            let days = number(&read, name, default, 0..=36_500)?;
            Ok::<_, Refusal>(i64::try_from(days).ok().filter(|days| *days > 0))
        };
        Ok(Self {
            admin_token: read("ADMIN_TOKEN").filter(|token| token.len() >= ADMIN_TOKEN_MIN).map(|t| TokenHash::of(&t)),
            ring: KeyRing::parse(read("SEALING_KEYS").as_deref()).map(Rc::new),
            private_upstreams: match read("ALLOW_PRIVATE_UPSTREAMS").as_deref() {
                None | Some("" | "false") => PrivateUpstreams::Refused,
                Some("true") => PrivateUpstreams::Allowed,
                Some(_) => return Err(unreadable("ALLOW_PRIVATE_UPSTREAMS", "\"true\" or \"false\"")),
            },
            config_ttl: milliseconds("CONFIG_TTL_MS", 1000, 0..=3_600_000)?,
            stale_if_error: milliseconds("STALE_IF_ERROR_MS", 600_000, 0..=86_400_000)?,
            first_byte_timeout: milliseconds("FIRST_BYTE_TIMEOUT_MS", 300_000, 1..=3_600_000)?,
            idle_timeout: milliseconds("IDLE_TIMEOUT_MS", 300_000, 1..=3_600_000)?,
            ping_interval: Some(milliseconds("PING_INTERVAL_MS", 15_000, 0..=3_600_000)?)
                .filter(|wait| !wait.is_zero()),
            max_attempts: count("MAX_ATTEMPTS", 5, 1..=5)?,
            breaker: breaker::Rules {
                failures: count("BREAKER_FAILURES", 3, 0..=1000)?,
                rest: milliseconds("BREAKER_REST_MS", 60_000, 1..=3_600_000)?,
            },
            max_body_bytes: usize::try_from(number(&read, "MAX_BODY_BYTES", 32 << 20, 1024..=100_000_000)?)
                .unwrap_or(32 << 20),
            loss_policy: match read("LOSS_POLICY").as_deref().map(str::trim) {
                None | Some("") => LossPolicy::default(),
                Some(word) => LossPolicy::parse(word)
                    .ok_or_else(|| unreadable("LOSS_POLICY", "\"safe\", \"strict\" or \"allow\""))?,
            },
            cors_origins: Origins::parse(&read("CORS_ORIGINS").unwrap_or_default()).ok_or_else(|| {
                let rule = "`*`, or origins such as https://app.example.com (lower case, no path), separated by commas";
                unreadable("CORS_ORIGINS", rule)
            })?,
            usage: UsageSinks::load(&read)?,
            replica_lag: milliseconds("REPLICA_LAG_MS", 0, 0..=3_600_000)?,
            retention: Retention {
                rows_days: days("RETENTION_DAYS", 30)?,
                rollup_days: days("ROLLUP_RETENTION_DAYS", 400)?,
                audit_days: days("AUDIT_RETENTION_DAYS", 400)?,
            },
        })
    }

    /// The key ring, or the 503 that says what is wrong with it.
    pub fn ring(&self) -> Result<&Rc<KeyRing>, Refusal> {
        self.ring.as_ref().map_err(|error| error.clone().into())
    }

    /// The hash of the root token, or the 503 that everything answers without one.
    pub fn root(&self) -> Result<&TokenHash, Refusal> {
        self.admin_token.as_ref().ok_or_else(|| {
            Refusal::new(
                Reason::AdminNotConfigured,
                format!(
                    "ADMIN_TOKEN is not set or shorter than {ADMIN_TOKEN_MIN} characters, and nothing is open without \
                     it: set it with `wrangler secret put ADMIN_TOKEN`"
                ),
            )
        })
    }
}

fn number(
    read: impl Fn(&str) -> Option<String>,
    name: &str,
    default: u64,
    range: std::ops::RangeInclusive<u64>,
) -> Result<u64, Refusal> {
    match read(name).as_deref().map(str::trim) {
        None | Some("") => Ok(default),
        Some(text) => text
            .parse()
            .ok()
            .filter(|value| range.contains(value))
            .ok_or_else(|| unreadable(name, &format!("a whole number from {} to {}", range.start(), range.end()))),
    }
}

fn unreadable(name: &str, rule: &str) -> Refusal {
    Refusal::new(Reason::DeploymentInvalid, format!("the deployment variable {name} must be {rule}")).on(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(pairs: &[(&str, &str)]) -> Result<Deployment, Refusal> {
        Deployment::load(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn nothing_configured_means_nothing_is_open() {
        let deployment = load(&[]).expect("defaults");
        assert_eq!(deployment.root().expect_err("closed").reason, Reason::AdminNotConfigured);
        assert_eq!(deployment.ring().expect_err("closed").reason, Reason::SealingNotConfigured);
        assert_eq!(deployment.private_upstreams, PrivateUpstreams::Refused);
        assert_eq!(deployment.config_ttl, Duration::from_secs(1));
    }

    #[test]
    fn rows_are_kept_for_30_days_and_totals_for_400_and_0_is_for_ever() {
        let kept = |pairs: &[(&str, &str)]| {
            let retention = load(pairs).expect("read").retention;
            (retention.rows_days, retention.rollup_days)
        };
        assert_eq!(kept(&[]), (Some(30), Some(400)));
        assert_eq!(kept(&[("RETENTION_DAYS", "0"), ("ROLLUP_RETENTION_DAYS", "0")]), (None, None));
        assert_eq!(kept(&[("RETENTION_DAYS", "7"), ("ROLLUP_RETENTION_DAYS", "90")]), (Some(7), Some(90)));
    }

    #[test]
    fn five_attempts_a_rest_after_three_failures_and_a_ping_every_15_seconds() {
        let rules = |failures, seconds| breaker::Rules { failures, rest: Duration::from_secs(seconds) };
        let deployment = load(&[]).expect("defaults");
        assert_eq!((deployment.max_attempts, deployment.breaker), (5, rules(3, 60)));
        assert_eq!(deployment.ping_interval, Some(Duration::from_secs(15)));
        let pairs =
            [("MAX_ATTEMPTS", "1"), ("BREAKER_FAILURES", "0"), ("BREAKER_REST_MS", "5000"), ("PING_INTERVAL_MS", "0")];
        let deployment = load(&pairs).expect("read");
        assert_eq!((deployment.max_attempts, deployment.breaker), (1, rules(0, 5)));
        assert_eq!(deployment.ping_interval, None);
    }

    #[test]
    fn a_weak_admin_token_counts_as_none() {
        assert!(load(&[("ADMIN_TOKEN", "0123456789012345678901234567890")]).expect("read").root().is_err());
        assert!(load(&[("ADMIN_TOKEN", "01234567890123456789012345678901")]).expect("read").root().is_ok());
    }

    #[test]
    fn rows_go_to_d1_unless_a_binding_or_the_variable_says_otherwise() {
        let sinks = |pairs: &[(&str, &str)]| load(pairs).map(|d| d.usage.words().collect::<Vec<_>>().join("+"));
        let (queue, analytics) = (("USAGE_QUEUE", "bound"), ("USAGE_ANALYTICS", "bound"));
        for (pairs, words) in [
            (&[][..], "d1"),
            (&[queue], "queue"),
            (&[analytics], "d1+analytics"),
            (&[queue, analytics], "queue+analytics"),
            (&[queue, ("USAGE_SINK", "d1")], "d1"),
            (&[queue, ("USAGE_SINK", "queue")], "queue"),
            (&[queue, analytics, ("USAGE_SINK", "analytics")], "analytics"),
            (&[("USAGE_SINK", "")], "d1"),
        ] {
            assert_eq!(sinks(pairs), Ok(words.to_owned()), "{pairs:?}");
        }
        // Rows that go nowhere, because a binding is not there, are refused before there are any.
        for pairs in [&[("USAGE_SINK", "queue"), analytics], &[("USAGE_SINK", "analytics"), queue]] {
            assert_eq!(sinks(pairs).expect_err("refused").param.as_deref(), Some("USAGE_SINK"), "{pairs:?}");
        }
    }

    #[test]
    fn a_variable_that_cannot_be_read_is_named() {
        for (name, value) in [
            ("USAGE_SINK", "D1"),
            ("REPLICA_LAG_MS", "10s"),
            ("CONFIG_TTL_MS", "1s"),
            ("CONFIG_TTL_MS", "-1"),
            ("FIRST_BYTE_TIMEOUT_MS", "0"),
            ("ALLOW_PRIVATE_UPSTREAMS", "yes"),
            ("MAX_BODY_BYTES", "12"),
            ("LOSS_POLICY", "Safe"),
            ("MAX_ATTEMPTS", "0"),
            ("MAX_ATTEMPTS", "6"),
            ("BREAKER_FAILURES", "off"),
            ("BREAKER_REST_MS", "0"),
            ("PING_INTERVAL_MS", "15s"),
            ("RETENTION_DAYS", "30d"),
            ("CORS_ORIGINS", "https://app.example.com/"),
            ("ROLLUP_RETENTION_DAYS", "-1"),
            ("AUDIT_RETENTION_DAYS", "a year"),
        ] {
            let refusal = load(&[(name, value)]).expect_err("refused");
            assert_eq!((refusal.reason, refusal.param.as_deref()), (Reason::DeploymentInvalid, Some(name)));
        }
    }
}
