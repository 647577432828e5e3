//! `/healthz`.

use super::*;

/// How the deployment is.
pub static HEALTH: Object = Object {
    name: "Health",
    doc: "Whether the deployment is configured, and D1 answers.",
    fields: &[
        read(
            "status",
            Type::Word(|| vec!["ok", "degraded", "unavailable"]),
            "`ok` where every check is; `degraded` where D1 alone does not answer, so that calls go on for a while and \
             nothing can be written; `unavailable` where nothing can be served.",
        ),
        read("version", TEXT, "Sluice's version."),
        read("checks", Type::Object(&HEALTH_CHECKS), "What was looked at."),
        read(
            "usage_sinks",
            Type::List { of: &SINK, least: 1, most: 2 },
            "Where goes what calls use: rows to D1 at once, or by way of the queue, or nowhere; data points to Analytics \
             Engine.",
        ),
    ],
    ..CLOSED
};

const SINK: Type = Type::Word(|| vec!["d1", "queue", "analytics"]);

/// `checks`.
pub static HEALTH_CHECKS: Object = Object {
    name: "HealthChecks",
    doc: "`ok`, or what is missing.",
    fields: &[
        read("admin_token", TEXT, "The Worker secret `ADMIN_TOKEN`."),
        read("sealing_keys", TEXT, "The Worker secret `SEALING_KEYS`."),
        read("database", TEXT, "D1, with its migrations applied."),
    ],
    ..CLOSED
};
