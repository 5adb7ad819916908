//! The demo organisation: the repositories of a fictitious company that runs software for container harbours, built as
//! real Git repositories.
//!
//! Their content lies in `demo/<repository>/` as ordinary files, and `demo/<repository>.history.toml` says how they came
//! to be: who worked on them when, in which order files appeared, what was released. From the two comes a history with
//! the same hashes on every machine. It ends at [`ANCHOR`]; nothing in it follows the real clock.

mod git;
mod growth;
mod history;
mod plan;
mod random;
mod script;
mod stream;

#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use crate::{Error, Result};

/// The date on which the demo's history ends, 2026-11-02T09:00:00Z: milliseconds since 1970. Facts that depend on the
/// date, such as activity, are of this moment; so are tests and screenshots.
pub const ANCHOR: i64 = 1_793_610_000_000;

/// Raised when the same content would give another history.
const GENERATOR: u32 = 1;

/// Holds the version of what was built, beside the repositories.
const STAMP: &str = ".slipway-demo";

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../demo"]
struct Content;

/// Builds the demo organisation in `data`, once: the answer is the folder that holds its repositories as work trees.
/// What is there already, complete and of this version, is left alone; anything else at `demo` in `data` that was built
/// here is replaced. Takes about a second. Needs the `git` program, 2.38 or newer.
pub fn build(data: &Path) -> Result<PathBuf> {
    let folder = data.join("demo");
    let version = version();
    if fs::read_to_string(folder.join(STAMP)).is_ok_and(|stamp| stamp.trim() == version) {
        return Ok(folder);
    }
    if folder.exists() && !folder.join(STAMP).exists() {
        let path = folder.display();
        return Err(Error::Conflict(format!(
            "{path} exists and was not made by Slipway: move it away, or start with another data folder."
        )));
    }
    git::check()?;
    fs::create_dir_all(data).map_err(|error| outside(data, &error))?;
    let building = tempfile::Builder::new().prefix(".demo-").tempdir_in(data).map_err(|error| outside(data, &error))?;
    let fresh = building.path().join("demo");
    let people = script::people()?;
    script::names().par_iter().try_for_each(|name| {
        let script = script::load(name)?;
        let files = script::files(name);
        let commits = history::write(&script, &people, files)?;
        git::repository(&fresh.join(name), &script, &stream::encode(&script, &people, &commits))
    })?;
    fs::write(fresh.join(STAMP), version).map_err(|error| outside(&fresh, &error))?;
    if folder.exists() {
        fs::rename(&folder, building.path().join("before")).map_err(|error| outside(&folder, &error))?;
    }
    fs::rename(&fresh, &folder).map_err(|error| outside(&folder, &error))?;
    Ok(folder)
}

/// Of the content and of the code that makes a history of it.
fn version() -> String {
    let mut hash = Sha256::new();
    hash.update(GENERATOR.to_le_bytes());
    let mut paths: Vec<_> = Content::iter().collect();
    paths.sort();
    for path in paths {
        hash.update(path.as_bytes());
        hash.update([0]);
        if let Some(file) = Content::get(&path) {
            hash.update(file.metadata.sha256_hash());
        }
    }
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn outside(path: &Path, error: &std::io::Error) -> Error {
    Error::Unavailable(format!("The demo organisation could not be written to {}: {error}.", path.display()))
}
