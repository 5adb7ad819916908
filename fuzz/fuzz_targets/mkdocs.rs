//! mkdocs.yml: whatever it says, the navigation leads only to pages that are there.
#![no_main]

use std::collections::BTreeSet;

use engine_docs::site::{File, Files, sites};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let files = ["docs/a.md", "docs/b/c.md", "index.md", "mkdocs.yml"];
    let files = files.map(|path| File { path, speaks: true, foreign: false });
    let read = |path: &str, _: usize| Some(if path == "mkdocs.yml" { text } else { "# A\n\n[x](b/c.md)\n" }.to_owned());
    let (sites, _) = sites(&Files { files: &files, read: &read }, &BTreeSet::from([String::new()]), &[]);
    for site in sites {
        assert!(site.in_order().iter().all(|(path, _)| site.page(path).is_some()));
    }
});
