//! What the fuzz targets of the lineage do, over their first inputs and every prefix of them.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;

use engine_templates::lineage::{CRUFT_FILE, Cruft, FILE, parse};

fn inputs(target: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let whole = folder.read_dir().unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
    let prefixes = whole.flat_map(|bytes| (0..=bytes.len()).map(move |end| bytes[..end].to_vec()).collect::<Vec<_>>());
    prefixes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect()
}

#[test]
fn lineages() {
    let mut read = 0;
    for text in inputs("lineage") {
        if let Ok((lineage, _)) = parse(FILE, &text) {
            let (again, findings) = parse(FILE, &lineage.to_text()).unwrap();
            assert!(findings.is_empty() && again == lineage, "{text}");
            read += 1;
        }
    }
    assert!(read > 0);
}

#[test]
fn files_of_cruft() {
    let mut read = 0;
    for text in inputs("cruft_json") {
        if let Ok(cruft) = Cruft::parse(CRUFT_FILE, &text) {
            let _ = cruft.lineage();
            assert_eq!(Cruft::parse(CRUFT_FILE, &cruft.to_text()).unwrap(), cruft);
            read += 1;
        }
    }
    assert!(read > 0);
}
