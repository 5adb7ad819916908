//! The lineage of a project, wherever it is kept.

use model::{Finding, Findings, Level};

use super::cruft::pyproject_skip;
use super::{CRUFT_FILE, Cruft, FILE, Lineage, parse};
use crate::tree::{Entry, Tree};

/// What a project knows of where it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub lineage: Lineage,
    /// Whether [`FILE`] is there; if not, all is known from cruft alone.
    pub recorded: bool,
    /// The project's `.cruft.json`, to be kept exact.
    pub cruft: Option<Cruft>,
    /// Of `[tool.cruft]` in `pyproject.toml`: left alone like [`Lineage::skip`], and kept where it is.
    pub skip: Vec<String>,
    /// Warnings.
    pub findings: Vec<Finding>,
}

/// Looks a project's lineage up; `None` where nobody recorded one.
///
/// Where both [`FILE`] and `.cruft.json` are there, the first is believed: cruft writes a new version down also when it
/// changed nothing.
///
/// # Errors
/// A file that is there cannot be read.
pub fn find(project: &Tree) -> Result<Option<Found>, Findings> {
    let mut findings = Vec::new();
    let cruft = match text(project, CRUFT_FILE)? {
        Some(text) => Some(Cruft::parse(CRUFT_FILE, text)?),
        None => None,
    };
    let skip = match text(project, "pyproject.toml") {
        Ok(Some(text)) => pyproject_skip(text).unwrap_or_else(|finding| {
            // It need not have anything to do with cruft, and is read by others who will complain.
            findings.push(Finding { level: Level::Warning, ..finding });
            Vec::new()
        }),
        _ => Vec::new(),
    };
    let (lineage, recorded) = match (text(project, FILE)?, &cruft) {
        (Some(text), cruft) => {
            let (lineage, warnings) = parse(FILE, text)?;
            findings.extend(warnings);
            findings.extend(cruft.as_ref().and_then(|cruft| disagreement(&lineage, &cruft.lineage())));
            (lineage, true)
        }
        (None, Some(cruft)) => (cruft.lineage(), false),
        (None, None) => return Ok(None),
    };
    Ok(Some(Found { lineage, recorded, cruft, skip, findings }))
}

fn disagreement(lineage: &Lineage, cruft: &Lineage) -> Option<Finding> {
    (lineage.version.commit != cruft.version.commit).then(|| {
        let message = format!(
            "{CRUFT_FILE} speaks of {}, {FILE} of {}; the latter is believed.",
            cruft.version.name(),
            lineage.version.name()
        );
        let help = "Update with Slipway only, or remove one of the two files.";
        Finding::new("lineage.disagrees", Level::Warning, message, help).at(CRUFT_FILE, 1, 1)
    })
}

fn text<'a>(project: &'a Tree, path: &str) -> Result<Option<&'a str>, Findings> {
    match project.get(path) {
        Some(Entry::File { content, .. }) => {
            engine_yaml::decode(content).map(Some).map_err(|error| vec![error.finding(path)].into())
        }
        Some(Entry::Link { .. }) => {
            let help = "Put the file itself there.";
            Err(vec![Finding::new("lineage.link", Level::Error, "Links are not followed.", help).at(path, 0, 0)].into())
        }
        Some(Entry::Folder) | None => Ok(None),
    }
}
