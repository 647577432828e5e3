//! The pages under `docs`, in the registry's layout: made of the tables and the examples, checked in, and held to both.

use crate::provider::{CONFIGURATION, DOC};
use crate::schema::{Attribute, Given, Kept, Type};
use crate::{data_source, resource};
use std::fmt::Write;
use std::path::{Path, PathBuf};

const UPDATE: &str = "DOCS_UPDATE";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn example(path: &str) -> String {
    std::fs::read_to_string(root().join("examples").join(path)).unwrap_or_else(|_| panic!("examples/{path} is missing"))
}

fn page(title: &str, doc: &str, sections: &[String]) -> String {
    let description = doc.split(". ").next().unwrap_or(doc).trim_end_matches('.').replace('`', "");
    format!(
        "---\npage_title: \"{title}\"\nsubcategory: \"\"\ndescription: |-\n  {description}.\n---\n\n# {title}\n\n{doc}\n\n{}\n",
        sections.join("\n\n")
    )
}

fn usage(path: &str) -> String {
    format!("## Example Usage\n\n```terraform\n{}\n```", example(path).trim_end())
}

fn kind(kind: Type) -> String {
    match kind {
        Type::Text | Type::Address | Type::Time | Type::Json => "String".into(),
        Type::Number => "Number".into(),
        Type::Truth => "Boolean".into(),
        Type::List(of) => format!("List of {}", self::kind(*of)),
        Type::Set(of) => format!("Set of {}", self::kind(*of)),
        Type::Map(of) => format!("Map of {}", self::kind(*of)),
        Type::Object(_) => "Attributes".into(),
        Type::Objects(_) => "Attributes List".into(),
    }
}

fn schema(attributes: &[Attribute]) -> String {
    let mut text = "## Schema".to_owned();
    let mut nested = String::new();
    for (heading, of) in [
        ("Required", &[Given::Required] as &[Given]),
        ("Optional", &[Given::Optional, Given::Either]),
        ("Read-Only", &[Given::Never]),
    ] {
        let group: Vec<_> = attributes.iter().filter(|attribute| of.contains(&attribute.given)).collect();
        if group.is_empty() {
            continue;
        }
        let _ = write!(text, "\n\n### {heading}\n");
        for attribute in group {
            let _ = write!(text, "\n{}", line(attribute));
            if let Type::Object(of) | Type::Objects(of) = attribute.kind {
                let _ = write!(text, " (see [below](#nestedatt--{}))", attribute.name);
                let _ = write!(
                    nested,
                    "\n\n<a id=\"nestedatt--{0}\"></a>\n### Nested Schema for `{0}`\n\n{1}",
                    attribute.name,
                    of.iter().map(line).collect::<Vec<_>>().join("\n")
                );
            }
        }
    }
    text + &nested
}

fn line(attribute: &Attribute) -> String {
    let mut notes = vec![kind(attribute.kind)];
    match attribute.kept {
        Kept::Plain => {}
        Kept::Sensitive => notes.push("Sensitive".into()),
        Kept::Sealed(_) => notes.extend([
            "Sensitive".to_owned(),
            "[Write-only](https://developer.hashicorp.com/terraform/language/resources/ephemeral#write-only-arguments)"
                .to_owned(),
        ]),
    }
    if attribute.replaces {
        notes.push("another value takes another object".into());
    }
    if !attribute.default.is_empty() {
        notes.push(format!("default `{}`", attribute.default));
    }
    format!("- `{}` ({}) {}", attribute.name, notes.join(", "), attribute.doc)
}

const ABOUT_STATE: &str = "## What the state holds\n\n\
With Terraform 1.11 or later the values of secrets and custom headers are write-only: they are in no state and in no planned \
change. Variables they come from are another matter: declare those `ephemeral`, or Terraform writes them into a plan's file. What is remembered of them is a salted hash (PBKDF2, 100,000 rounds of HMAC-SHA-256), by which \
a plan sees that the configuration has another value. That somebody else set another value is seen where Sluice shows \
something of it: the last four characters of a key of 20 or more, the names of headers. After an import nothing is remembered, so \
that the first apply sets the sealed values again. Earlier versions of Terraform keep these values in the state, marked as sensitive. \
A token that Terraform mints is in the state in any case, because Sluice shows it once: guard the state, or mint tokens elsewhere.";

const ABOUT_CHANGES: &str = "## Changes of others\n\n\
What can be read is compared at each plan, and drift is shown. An update is sent for the version that was read a moment before \
(`If-Match`), and only if all that the configuration speaks of still is as it was when the plan was made; else nothing is changed, \
and the plan is to be made again. A request that is turned away with 429 or 503 is sent again, when `retry-after` says, for at \
most eight tries; creations carry an `Idempotency-Key`, so that a repeated one makes nothing twice. `TF_LOG=DEBUG` shows methods, \
paths, statuses and request ids, and no body and no header.";

fn pages() -> Vec<(PathBuf, String)> {
    let about = [
        usage("provider/provider.tf"),
        schema(CONFIGURATION),
        ABOUT_STATE.to_owned(),
        ABOUT_CHANGES.to_owned(),
        format!("## A complete example\n\n```terraform\n{}\n```", example("complete/main.tf").trim_end()),
    ];
    let mut pages = vec![(PathBuf::from("index.md"), page("Sluice Provider", DOC, &about))];
    for resource in resource::ALL {
        let name = format!("sluice_{}", resource.name);
        let import = example(&format!("resources/{name}/import.sh"));
        let sections = [
            usage(&format!("resources/{name}/resource.tf")),
            schema(resource.attributes),
            format!("## Import\n\nBy its id:\n\n```shell\n{}\n```", import.trim_end()),
        ];
        pages.push((
            format!("resources/{}.md", resource.name).into(),
            page(&format!("{name} (Resource)"), resource.doc, &sections),
        ));
    }
    for source in data_source::ALL.iter() {
        let name = format!("sluice_{}", source.name);
        let sections = [usage(&format!("data-sources/{name}/data-source.tf")), schema(source.attributes)];
        pages.push((
            format!("data-sources/{}.md", source.name).into(),
            page(&format!("{name} (Data Source)"), &source.doc, &sections),
        ));
    }
    pages
}

#[test]
fn every_page_is_what_the_tables_and_the_examples_make() {
    let docs = root().join("docs");
    for (path, text) in pages() {
        let file = docs.join(&path);
        if std::env::var_os(UPDATE).is_some() {
            std::fs::create_dir_all(file.parent().expect("a folder")).expect("made");
            std::fs::write(&file, &text).expect("written");
        }
        let kept = std::fs::read_to_string(&file).unwrap_or_default();
        let how = "`DOCS_UPDATE=1 cargo test --manifest-path terraform/Cargo.toml` writes it anew";
        assert!(kept == text, "docs/{} is stale: {how}", path.display());
    }
}

#[test]
fn every_attribute_is_told_of_in_a_sentence_and_is_a_field_of_the_api() {
    for resource in resource::ALL {
        for attribute in resource.attributes {
            assert!(attribute.doc.ends_with('.'), "sluice_{}.{}", resource.name, attribute.name);
            let known = resource.fields.fields.iter().find(|field| field.name == attribute.field);
            assert!(attribute.field.is_empty() || known.is_some(), "sluice_{}.{}", resource.name, attribute.name);
        }
    }
}
