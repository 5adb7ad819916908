//! Paths that an update leaves alone.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// The entries of `skip`, of a lineage or of cruft.
#[derive(Clone, Debug)]
pub(super) struct Skip {
    globs: GlobSet,
    paths: Vec<String>,
}

impl Skip {
    /// As cruft 2.16 reads them (`_get_skip_paths`, `_remove_paths`): an entry with a `*` is a glob of Python's `pathlib`,
    /// any other is a path, whatever else stands in it. A folder means all that is in it.
    ///
    /// # Errors
    /// An entry that is no glob, with the reason.
    pub(super) fn new(entries: &[String]) -> Result<Self, (String, String)> {
        let mut globs = GlobSetBuilder::new();
        let mut paths = Vec::new();
        for entry in entries {
            let plain = entry.trim_start_matches("./").trim_end_matches('/');
            if entry.contains('*') {
                let glob = GlobBuilder::new(plain).literal_separator(true).backslash_escape(false).build();
                globs.add(glob.map_err(|error| (entry.clone(), error.kind().to_string()))?);
            } else if !plain.is_empty() {
                paths.push(plain.to_owned());
            }
        }
        let globs = globs.build().map_err(|error| (String::new(), error.to_string()))?;
        Ok(Self { globs, paths })
    }

    pub(super) fn has(&self, path: &str) -> bool {
        let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
        ends.map(|end| &path[..end])
            .any(|part| self.globs.is_match(part) || self.paths.iter().any(|skipped| skipped == part))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn entries_mean_what_they_mean_to_cruft() {
        for (entry, path, expected) in [
            ("docs", "docs/a/b.md", true),
            ("docs/", "docs/a.md", true),
            ("docs", "docs2/a.md", false),
            ("a", "b/a", false),
            ("*.md", "a.md", true),
            ("*.md", "docs/a.md", false),
            ("**/*.md", "docs/a/b.md", true),
            ("**/*.md", "a.md", true),
            ("docs/*", "docs/a/b.md", true),
            ("docs/**", "docs/a/b.md", true),
            // Without a star nothing is a pattern.
            ("a[1].txt", "a[1].txt", true),
            ("a[1].txt", "a1.txt", false),
            (".*", ".github/x", true),
        ] {
            let skip = Skip::new(&[entry.to_owned()]).unwrap();
            assert_eq!(skip.has(path), expected, "{entry} {path}");
        }
        assert!(Skip::new(&["*[".to_owned()]).is_err());
    }
}
