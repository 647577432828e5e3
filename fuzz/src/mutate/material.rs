//! What mutations put in: the words that the translations look for, and what the fixtures say.

use crate::properties::calls::{Ask, CLIENTS, body};
use serde_json::Value;
use sluice::translate::neutral::Delivery;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// All there is to put in.
pub struct Material {
    /// Field names, types and values of all protocols.
    pub words: Vec<String>,
    /// Whole documents: requests, answers, the data of events.
    pub documents: Vec<Value>,
    /// Events as their streams have them, without what separates them.
    pub events: Vec<String>,
}

/// Read once.
pub fn material() -> &'static Material {
    static MATERIAL: OnceLock<Material> = OnceLock::new();
    MATERIAL.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut material = Material { words: Vec::new(), documents: Vec::new(), events: Vec::new() };
        for file in files(&root.join("src/translate")) {
            material.words.extend(literals(&fs::read_to_string(file).unwrap_or_default()));
        }
        material.words.sort();
        material.words.dedup();
        for file in files(&root.join("tests/golden")) {
            let text = fs::read_to_string(&file).unwrap_or_default();
            match file.extension().and_then(|extension| extension.to_str()) {
                Some("json") => material.documents.extend(serde_json::from_str::<Value>(&text).ok()),
                Some("jsonl") => material.events.extend(text.lines().map(str::to_owned)),
                Some("sse") => material.events.extend(text.split("\n\n").map(|event| event.trim().to_owned())),
                _ => {}
            }
        }
        // A clone without fixtures has these, at least.
        let asks = [Ask::Plain, Ask::Rich]
            .into_iter()
            .flat_map(|ask| CLIENTS.map(|client| body(client, ask, Delivery::Whole)));
        material.documents.extend(asks);
        material
    })
}

/// All files below a folder, in a stable order; none where it is not there.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<_> = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    entries.into_iter().flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The string literals of a source that may be a name or a value on the wire.
fn literals(source: &str) -> Vec<String> {
    let is_word = |text: &&str| {
        (1..=40).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-.:/$#[]".contains(c))
    };
    source.lines().flat_map(|line| line.split('"').skip(1).step_by(2).filter(is_word).map(str::to_owned)).collect()
}
