//! A secret.

use super::{CREATED_AT, ID, ORGANIZATION_ID, alone, as_given, check_organization};
use crate::resource::{Resource, all_of, broken};
use crate::schema::{Attribute, Type, computed, required};
use sluice::admin::schema::secrets::SECRET as FIELDS;
use sluice::domain::header_map::looks_masked;
use sluice::domain::invalid::Invalid;
use sluice::domain::name::Name;

const ATTRIBUTES: &[Attribute] = &[
    ID,
    ORGANIZATION_ID,
    required("name", "name", Type::Text, "Its name, unique in the organization whatever the case: 1 to 100 characters."),
    required(
        "value",
        "value",
        Type::Text,
        "The credential: a key, or what the auth method of a linked provider sends (a header map, or AWS's access key, as JSON). \
         Another one is sealed in its place, and reaches the next call of every provider that is linked to it. Terraform 1.11 and \
         later keep it in no state and no plan; earlier ones keep it in the state, as a sensitive value.",
    )
    .sealed("value_hash", "hint"),
    computed(
        "value_hash",
        "",
        Type::Text,
        "A salted hash of the value that Terraform set last, by which a plan sees that the configuration has another one.",
    ),
    computed("hint", "hint", Type::Text, "The last four characters of a key of 20 or more.").follows(&["value_hash"]),
    CREATED_AT,
];

/// `sluice_secret`.
pub static SECRET: Resource = Resource {
    name: "secret",
    noun: "the secret",
    doc: "A secret is a named value that Sluice seals and never shows again. Providers point to it by `token_secret_id`.",
    attributes: ATTRIBUTES,
    fields: &FIELDS,
    collection: |_| "/api/v1/secrets".into(),
    parent: None,
    check: |config, diagnostics| {
        let checks = [
            check_organization(config),
            broken(config, "name", |name| Name::parse("name", name)),
            broken(config, "value", |value| match value.trim() {
                "" => Err(Invalid::new("value", "value must not be empty")),
                value if looks_masked(value) => {
                    Err(Invalid::new("value", "value is a masked credential: give the credential itself"))
                }
                _ => Ok(()),
            }),
        ];
        all_of(ATTRIBUTES, diagnostics, checks);
    },
    settle: as_given,
    along: alone,
    deletion: |_| ("", "Providers use the secret: link another credential there first, or delete them."),
};
