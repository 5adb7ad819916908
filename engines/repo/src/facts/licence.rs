//! The licence as an SPDX expression.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use gix::ObjectId;
use model::{Confidence, Evidence, Fact, Finding};
use spdx::detection::scan::Scanner;
use spdx::detection::{Store, TextData};

use super::{line_of, note, text};
use crate::{File, Snapshot, Tree};

/// Licence texts above this size, in bytes, are cut off.
const LARGEST_TEXT: usize = 128 * 1024;

const MANIFEST: usize = 1024 * 1024;

/// How like a known text it must be.
const ALIKE: f32 = 0.9;

/// At most this many texts of one repository are compared.
const MOST_TEXTS: usize = 6;

/// At most this many source files are looked into for `SPDX-License-Identifier`.
const MOST_SOURCES: usize = 20;

/// What a text was found to be, and the known texts while they are needed. The texts take tens of megabytes, so the
/// caller lets go of them when a round is over; what was found is a few bytes for each text.
static KNOWN: Mutex<Option<HashMap<ObjectId, Option<&'static str>>>> = Mutex::new(None);
static TEXTS: Mutex<Option<Arc<Store>>> = Mutex::new(None);

/// At most this many results are kept.
const MOST_KNOWN: usize = 10_000;

/// Frees the memory of the known licence texts; they are loaded again when a text comes up that was not seen before.
pub fn release_licences() {
    *TEXTS.lock().unwrap_or_else(PoisonError::into_inner) = None;
}

/// The licence, by what the texts at the root are and what the manifest at the root states.
///
/// A manifest's expression holds where the texts bear it out: it alone can say "either of the two". Where they
/// contradict each other the text holds, since it is what somebody agreed to.
pub(super) fn find(snapshot: &Snapshot, findings: &mut Vec<Finding>) -> Option<Fact<String>> {
    let texts = texts(snapshot);
    let stated = stated(snapshot);
    let named: Vec<&str> = texts.iter().filter_map(|(_, licence)| *licence).collect();
    if let Some(stated) = stated {
        let borne_out = named.is_empty() || named.iter().all(|licence| mentions(&stated.value, licence));
        if borne_out {
            return Some(stated);
        }
    }
    if let Some((file, licence)) = texts.iter().find_map(|(file, licence)| Some((file, (*licence)?))) {
        return Some(from_text(file, licence, &named));
    }
    if let Some((file, _)) = texts.first() {
        let message = "The licence is none that SPDX knows.".to_owned();
        findings.push(note("licence.unknown", message, "State it as an SPDX expression in the manifest.").at(
            file.as_str(),
            0,
            0,
        ));
        return None;
    }
    from_sources(snapshot)
}

fn from_text(file: &str, licence: &str, named: &[&str]) -> Fact<String> {
    // `LICENSE-MIT` beside `LICENSE-APACHE` is how either of two is offered.
    let offered = named.len() > 1 && file.contains('-');
    let (value, why) = if offered {
        (named.join(" OR "), "The texts beside each other are those of these licences.".to_owned())
    } else {
        (licence.to_owned(), format!("The text is that of {licence}."))
    };
    Fact::new(value, Evidence::new("licence.text", Confidence::Corroborated, why).at(file, None))
}

/// The licence texts at the root with what they are.
fn texts(snapshot: &Snapshot) -> Vec<(String, Option<&'static str>)> {
    let mut files: Vec<&File> = snapshot.files().iter().filter(|file| file.is_blob() && is_licence(file)).collect();
    // `LICENSE` before `LICENSE-MIT`, and both before `COPYING`.
    files.sort_by_key(|file| (file.name().to_ascii_lowercase().starts_with("copying"), file.path.len()));
    let identified = files.into_iter().take(MOST_TEXTS).filter_map(|file| {
        let text = text(snapshot, &file.path, LARGEST_TEXT)?;
        Some((file.path.clone(), identify(snapshot.blob_id(&file.path), &text)))
    });
    identified.collect()
}

fn is_licence(file: &File) -> bool {
    let name = file.name().to_ascii_lowercase();
    let starts = ["license", "licence", "copying", "unlicense"].iter().any(|start| name.starts_with(start));
    let code = [".go", ".rs", ".py", ".js", ".ts", ".java", ".rb", ".json", ".yml", ".yaml", ".toml", ".sh"];
    file.folder().is_empty() && starts && !code.iter().any(|ending| name.ends_with(ending))
}

/// What a text is, remembered by its hash: hundreds of repositories have the very same one.
fn identify(id: Option<ObjectId>, text: &str) -> Option<&'static str> {
    if let Some(stated) = identifier(text) {
        return spdx::license_id(&stated).map(|licence| licence.name);
    }
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = id.and_then(|id| known().as_ref()?.get(&id).copied()) {
        return found;
    }
    let found = compare(text);
    if let Some(id) = id {
        let mut known = known();
        let results = known.get_or_insert_with(HashMap::new);
        if results.len() >= MOST_KNOWN {
            results.clear();
        }
        results.insert(id, found);
    }
    found
}

fn compare(text: &str) -> Option<&'static str> {
    if text.trim().len() < 40 {
        return None;
    }
    let store = load()?;
    let scanner = Scanner::new(&store).confidence_threshold(ALIKE).optimize(false);
    let name = scanner.scan(&TextData::new(text)).license.map(|licence| licence.name)?;
    spdx::license_id(name).map(|licence| licence.name)
}

/// Loaded once while several threads wait, rather than once by each.
fn load() -> Option<Arc<Store>> {
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    if texts.is_none() {
        match Store::load_inline() {
            Ok(store) => *texts = Some(Arc::new(store)),
            Err(error) => tracing::error!(%error, "the licence texts cannot be loaded"),
        }
    }
    texts.clone()
}

/// What a manifest at the root states, if it is an SPDX expression.
fn stated(snapshot: &Snapshot) -> Option<Fact<String>> {
    ["package.json", "pyproject.toml", "Cargo.toml", "composer.json"].iter().find_map(|file| {
        if !snapshot.file(file)?.speaks() {
            return None;
        }
        let text = text(snapshot, file, MANIFEST)?;
        let licence = if file.ends_with(".json") { json_licence(&text) } else { toml_licence(&text) }?;
        let expression = expression(&licence)?;
        let line = line_of(&text, |line| {
            let line = line.trim_start().trim_start_matches('"');
            line.strip_prefix("license")
                .is_some_and(|rest| rest.trim_start_matches('"').trim_start().starts_with([':', '=']))
        });
        Some(super::stated(expression, "licence.manifest", file, line.unwrap_or(1), format!("{file} states it.")))
    })
}

fn json_licence(text: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    let licence = value.get("license")?;
    Some(licence.as_str().or_else(|| licence.get("type")?.as_str())?.to_owned())
}

fn toml_licence(text: &str) -> Option<String> {
    let table: toml::Table = text.parse().ok()?;
    let places: [&[&str]; 4] = [&["project"], &["package"], &["workspace", "package"], &["tool", "poetry"]];
    places.iter().find_map(|place| {
        let found = place.iter().try_fold(&table, |table, key| table.get(*key)?.as_table())?;
        let licence = found.get("license")?;
        Some(licence.as_str().or_else(|| licence.get("text")?.as_str())?.to_owned())
    })
}

/// The expression in SPDX's own spelling; `None` for free text.
fn expression(text: &str) -> Option<String> {
    let text = text.trim();
    if text.is_empty() || text.len() > 200 {
        return None;
    }
    // Cargo once wrote `MIT/Apache-2.0`.
    let text = text.replace('/', " OR ");
    match spdx::Expression::parse(&text) {
        Ok(expression) => Some(expression.to_string()),
        Err(_) => spdx::imprecise_license_id(&text)
            .filter(|(_, length)| *length == text.len())
            .map(|(id, _)| id.name.to_owned()),
    }
}

/// Whether `licence` is one of those in `expression`; `GPL-3.0` and `GPL-3.0-or-later` share one text.
fn mentions(expression: &str, licence: &str) -> bool {
    let base =
        |text: &str| text.trim_end_matches('+').trim_end_matches("-only").trim_end_matches("-or-later").to_owned();
    let wanted = base(licence);
    expression.split(|c: char| c.is_whitespace() || "()".contains(c)).any(|word| base(word) == wanted)
}

/// The value of the first `SPDX-License-Identifier` near the start.
fn identifier(text: &str) -> Option<String> {
    let line = text.lines().take(20).find_map(|line| Some(line.split_once("SPDX-License-Identifier:")?.1))?;
    expression(line.trim().trim_end_matches(['*', '/', '-', '>', ' ']).trim_end_matches("*/").trim())
}

fn from_sources(snapshot: &Snapshot) -> Option<Fact<String>> {
    let programmed = [".rs", ".go", ".py", ".ts", ".js", ".c", ".h", ".cpp", ".java", ".kt", ".sh", ".rb"];
    let files = snapshot.files().iter().filter(|file| file.speaks() && file.is_blob());
    let files = files.filter(|file| programmed.iter().any(|ending| file.name().ends_with(ending)));
    let mut found: Option<Fact<String>> = None;
    for file in files.take(MOST_SOURCES) {
        let Some(text) = text(snapshot, &file.path, 4 * 1024) else { continue };
        let Some(expression) = identifier(&text) else { continue };
        match &found {
            // Files under several licences give no one answer.
            Some(first) if first.value != expression => return None,
            Some(_) => {}
            None => {
                let line = line_of(&text, |line| line.contains("SPDX-License-Identifier:"));
                let why = "Source files carry this SPDX-License-Identifier.";
                let evidence = Evidence::new("licence.header", Confidence::Corroborated, why).at(&*file.path, line);
                found = Some(Fact::new(expression, evidence));
            }
        }
    }
    found
}
