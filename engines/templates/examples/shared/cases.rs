//! The cases that a script of `conformance/` laid out in a folder.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Each case of the folder that the command line names: where it lies, and what its `case.json` says, in the order of their
/// names.
pub fn cases() -> impl Iterator<Item = (PathBuf, Value)> {
    let root = std::env::args().nth(1).unwrap_or_default();
    let mut cases: Vec<_> = fs::read_dir(Path::new(&root).join("cases"))
        .unwrap_or_else(|error| panic!("{root}: {error}"))
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    cases.sort();
    cases.into_iter().map(|path| {
        let text = fs::read_to_string(path.join("case.json")).expect("a case is described");
        let case = serde_json::from_str(&text).expect("a case is JSON");
        (path, case)
    })
}
