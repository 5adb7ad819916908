//! The fuzz targets of templates, with the inputs that are kept for them: nothing panics.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use engine_templates::tree::{Entry, Tree};
use engine_templates::{Answers, Environment, Template};
use proptest::prelude::*;

fn corpus(target: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned()).collect()
}

/// Renders a template with this manifest and this file; whether it can be does not matter.
fn render(manifest: &str, text: &str) {
    let mut tree = Tree::default();
    tree.insert("cookiecutter.json", Entry::file(manifest.as_bytes(), 0o644)).unwrap();
    tree.insert("{{cookiecutter.slug}}/file", Entry::file(text.as_bytes(), 0o644)).unwrap();
    let mut environment = Environment::new(jiff::Timestamp::UNIX_EPOCH, 1);
    environment.limits.fuel = 50_000;
    environment.limits.file_bytes = 100_000;
    if let Ok(template) = Template::open(tree) {
        let _ = template.trust();
        let _ = template.questions(&Answers::default(), &environment);
        let _ = template.render(&Answers::default(), &environment);
    }
}

const MANIFEST: &str = r#"{"slug": "p", "list": ["a"], "_extensions": ["jinja2.ext.do", "jinja2.ext.loopcontrols"]}"#;

#[test]
fn the_corpora_are_rendered() {
    for manifest in corpus("template_manifest") {
        render(&manifest, "{{ cookiecutter|jsonify }}");
    }
    for text in corpus("template_text") {
        render(MANIFEST, &text);
    }
}

proptest! {
    #[test]
    fn no_text_makes_a_render_panic(which in any::<prop::sample::Index>(), cut in any::<[prop::sample::Index; 2]>(), noise in "[ {}%#a-z'\"(\\[|,.:=+*\\-\\n\\r\\PC]{0,12}") {
        let texts = corpus("template_text");
        let text = which.get(&texts);
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let (one, other) = (*cut[0].get(&places), *cut[1].get(&places));
        let (from, to) = (one.min(other), one.max(other));
        render(MANIFEST, &format!("{}{noise}{}", &text[..from], &text[to..]));
        render(MANIFEST, &format!("{}{noise}{}", &text[..to], &text[from..]));
    }

    #[test]
    fn no_text_makes_a_manifest_panic(which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), noise in "\\PC{0,8}") {
        let texts = corpus("template_manifest");
        let text = which.get(&texts);
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let at = *at.get(&places);
        render(&format!("{}{noise}{}", &text[..at], &text[at..]), "x");
    }
}
