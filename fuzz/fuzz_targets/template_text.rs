//! A file of a template: any text can be written anew for minijinja and rendered.
#![no_main]

use engine_templates::tree::{Entry, Tree};
use engine_templates::{Answers, Environment, Template};
use libfuzzer_sys::fuzz_target;

const MANIFEST: &str = r#"{"slug": "p", "list": ["a"], "_extensions": ["jinja2.ext.do", "jinja2.ext.loopcontrols"]}"#;

fuzz_target!(|text: &str| {
    let mut tree = Tree::default();
    let _ = tree.insert("cookiecutter.json", Entry::file(MANIFEST.as_bytes(), 0o644));
    let _ = tree.insert("{{cookiecutter.slug}}/file", Entry::file(text.as_bytes(), 0o644));
    let mut environment = Environment::new(jiff::Timestamp::UNIX_EPOCH, 1);
    environment.limits.fuel = 50_000;
    environment.limits.file_bytes = 100_000;
    if let Ok(template) = Template::open(tree) {
        let _ = template.render(&Answers::default(), &environment);
    }
});
