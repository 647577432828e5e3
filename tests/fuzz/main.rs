//! What fuzzing has found once, tried again with every `cargo test`; and the fixtures, which are what it starts from.
//!
//! `fuzz/regressions/<target>/` holds the inputs, `fuzz/src/properties` says what is to hold for them.
#![cfg(test)]

#[cfg(test)]
#[path = "../golden/accumulate.rs"]
mod accumulate;
#[cfg(test)]
#[path = "../golden/framing.rs"]
mod framing;
#[cfg(test)]
#[path = "../golden/order.rs"]
mod order;
#[cfg(test)]
#[path = "../../fuzz/src/properties/mod.rs"]
mod properties;

use properties::TARGETS;
use properties::calls::{self, Ask};
use sluice::domain::protocol::Protocol;
use sluice::translate::neutral::Delivery;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files of a folder, in a stable order; none where it is not there.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.sort();
    files
}

/// Tries all inputs before it fails, so that one run names all that are broken.
fn hold(inputs: impl IntoIterator<Item = (String, properties::Check, Vec<u8>)>) {
    let broken: Vec<String> = inputs
        .into_iter()
        .filter(|(_, check, input)| catch_unwind(|| check(input)).is_err())
        .map(|(name, _, _)| name)
        .collect();
    assert!(broken.is_empty(), "what must hold for every input does not hold for:\n{}", broken.join("\n"));
}

#[test]
fn what_was_found_once_stays_repaired() {
    hold(TARGETS.into_iter().flat_map(|(target, check)| {
        let inputs = files(&root().join("fuzz/regressions").join(target)).into_iter();
        inputs.map(move |path| (path.display().to_string(), check, fs::read(path).expect("a readable input")))
    }));
}

#[test]
fn what_holds_for_every_input_holds_for_the_fixtures() {
    let golden = root().join("tests/golden");
    let mut inputs = Vec::new();
    for (area, folder) in ["requests", "answers"]
        .into_iter()
        .flat_map(|area| files(&golden.join(area)).into_iter().map(move |folder| (area, folder)))
    {
        let protocol = folder.file_name().expect("a name").to_string_lossy().into_owned();
        for path in files(&folder) {
            let target = match (area, path.extension().and_then(|extension| extension.to_str())) {
                ("requests", Some("json")) => "requests",
                (_, Some("json")) => "answers",
                (_, Some("sse" | "jsonl")) => "streams",
                _ => continue,
            };
            let (_, check) = TARGETS.into_iter().find(|(name, _)| *name == target).expect("a target");
            for asked in ["", " rich"] {
                let line = format!("{protocol}{asked}\n");
                let input = [line.as_bytes(), &fs::read(&path).expect("a readable fixture")].concat();
                inputs.push((format!("{}{asked}", path.display()), check, input));
            }
        }
    }
    hold(inputs);
}

/// Else the properties of answers and streams hold for want of anything to hold for.
#[test]
fn every_upstream_can_be_asked_by_every_client() {
    for upstream in Protocol::ALL {
        for client in calls::clients_of(upstream) {
            for ask in [Ask::Plain, Ask::Rich] {
                for delivery in [Delivery::Whole, Delivery::Streamed] {
                    let exchange = calls::exchange(client, upstream, ask, delivery);
                    assert!(exchange.is_some(), "{client:?} {upstream:?} {ask:?} {delivery:?}");
                }
            }
        }
    }
}
