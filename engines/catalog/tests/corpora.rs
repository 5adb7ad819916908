//! What the fuzz targets of this crate's own formats do, over their first inputs and every prefix of them.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;

use engine_catalog::descriptor::{parse_bytes, relations, resolve_placeholders, to_yaml};
use engine_catalog::{overrides, yaml};
use model::Level;

fn inputs(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let whole = folder.read_dir().unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
    whole.flat_map(|bytes| (0..=bytes.len()).map(move |end| bytes[..end].to_vec()).collect::<Vec<_>>()).collect()
}

#[test]
fn descriptors() {
    for bytes in inputs("descriptor") {
        for mut declared in parse_bytes("catalog-info.yaml", &bytes).entities {
            resolve_placeholders(&mut declared, &|_| Ok(Some(bytes.clone())));
            relations(&declared.entity);
            to_yaml(&declared.entity);
        }
    }
}

#[test]
fn overrides_files() {
    for bytes in inputs("overrides") {
        let (read, _) = overrides::parse(overrides::FILE_NAME, &String::from_utf8_lossy(&bytes));
        let (_, findings) = overrides::parse(overrides::FILE_NAME, &overrides::to_yaml(&read));
        assert!(findings.iter().all(|finding| finding.level < Level::Error), "{findings:?}");
    }
}

#[test]
fn yaml_texts() {
    let limits = yaml::Limits::default();
    for bytes in inputs("yaml") {
        for document in yaml::parse_all(&String::from_utf8_lossy(&bytes), &limits).0 {
            let json = document.root.to_json();
            let again = yaml::parse(&yaml::emit(&json), &limits).unwrap();
            assert!(again.len() == 1 && again[0].root.to_json() == json, "{json}");
        }
    }
}

#[test]
fn locations_and_questions() {
    for bytes in inputs("location") {
        engine_catalog::location::target("a/b", &String::from_utf8_lossy(&bytes));
    }
    for bytes in inputs("cookiecutter_json").into_iter().chain(inputs("copier_yaml")) {
        let text = String::from_utf8_lossy(&bytes);
        engine_catalog::manifest::cookiecutter_json(&text);
        engine_catalog::manifest::copier_yaml(&text);
    }
}
