//! `requirements*.txt`.

use super::require;
use crate::manifest::{Manifest, Scope};

/// <https://pip.pypa.io/en/stable/reference/requirements-file-format/>; included files are not followed. The name of
/// the file is not known here: [`crate::draft`] marks those of `requirements-test.txt` and the like.
pub fn requirements(text: &str) -> Option<Manifest> {
    let mut manifest = Manifest::default();
    let mut continued = false;
    for (line, number) in text.lines().zip(1u32..) {
        // What follows a `\` are hashes and options of the requirement before.
        let is_continuation = std::mem::replace(&mut continued, line.trim_end().ends_with('\\'));
        let line = line.trim().trim_end_matches('\\').trim_end();
        if is_continuation || line.starts_with(['#', '-']) {
            continue;
        }
        let line = line.split(" #").next().unwrap_or(line).split(" --").next().unwrap_or(line);
        require(&mut manifest, line, Scope::Runtime, number);
    }
    Some(manifest)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn lines_are_requirements_options_or_comments() {
        let text = "# pinned\n-r base.txt\nrequests==2.0 \\\n    --hash=sha256:aa\nharbour_events>=1 # ours\n\n./x\n";
        let manifest = requirements(text).unwrap();
        let names: Vec<_> = manifest.dependencies.iter().map(|found| (found.name.as_str(), found.line)).collect();
        assert_eq!(names, [("requests", 3), ("harbour_events", 5)]);
    }
}
