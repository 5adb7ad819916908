//! Renders what `conformance/expressions.py` rendered, and lists what came out otherwise:
//! `cargo run -p engine-templates --example expressions -- FILE`
//!
//! Each expression is the only file of a template, so that it goes through the public door.

#![allow(clippy::expect_used, reason = "a harness: what it stands on is there or it ends")]

use std::collections::BTreeMap;
use std::process::ExitCode;

use engine_templates::tree::{Entry, Tree};
use engine_templates::{Answers, Environment, Template};
use serde_json::{Value, json};

/// What is meant to differ, by a mark in the template, in its text, or in the reason why Python refuses it.
const KNOWN: [(&str, &str); 23] = [
    ("not supported between instances", "ordered where Python refuses to compare"),
    ("unsupported operand type(s)", "answered where Python has no such operation"),
    ("in <string>' requires string", "answered where Python has no such operation"),
    ("not all arguments converted", "answered where Python has no such operation"),
    ("unhashable type", "answered where Python has no such operation"),
    ("multiply sequence by non-int", "answered where Python has no such operation"),
    (" object at 0x", "an address in Python's memory"),
    ("Markup('", "escaped text within the text of a list"),
    ("Undefined", "an undefined value within the text of a list"),
    ("TemplateReference", "an object of Python"),
    ("__class__", "an object of Python"),
    (".encode", "an object of Python"),
    (".append }}", "an object of Python"),
    (".append)", "an object of Python"),
    ("attr('upper')", "an object of Python"),
    ("bit_length", "a method of numbers"),
    ("is_integer", "a method of numbers"),
    ("varargs", "varargs and kwargs of macros"),
    ("is not lower", "a list within a test of letters"),
    ("lipsum", "lipsum"),
    ("%r", "the conversion %r"),
    ("words.append", "an object of Python"),
    ("no loader for this environment", "an include where cookiecutter has no loader"),
];

fn main() -> ExitCode {
    let path = std::env::args().nth(1).unwrap_or_default();
    let lines = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line is JSON"));
    let context = lines.next().expect("the first line is the context")["context"].take();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for case in lines {
        let template = case["template"].as_str().unwrap_or_default();
        let refusal = case["failed"].as_str().unwrap_or_default();
        let known = KNOWN.iter().find(|(mark, _)| {
            refusal.contains(mark)
                || case["rendered"].as_str().is_some_and(|text| text.contains(mark))
                || template.contains(mark)
        });
        let verdict = match (render(&context, template), case["rendered"].as_str()) {
            (Ok(own), Some(reference)) if own == reference => "equal",
            (Err(_), None) => "both refuse",
            (_, _) if known.is_some() => known.map_or("", |(_, reason)| reason),
            (Ok(own), Some(reference)) => {
                println!("DIFFERENT {template}\n  own       {own:?}\n  reference {reference:?}");
                "different"
            }
            (Err(error), Some(reference)) => {
                println!("REFUSED   {template}\n  own       {error}\n  reference {reference:?}");
                "only ours refuses"
            }
            (Ok(own), None) => {
                println!("ACCEPTED  {template}\n  own       {own:?}\n  reference {}", case["failed"]);
                "only ours renders"
            }
        };
        *counts.entry(verdict).or_default() += 1;
    }
    let different = counts
        .iter()
        .filter(|(verdict, _)| matches!(**verdict, "different" | "only ours refuses" | "only ours renders"))
        .count();
    for (verdict, count) in counts {
        println!("{count:>6} {verdict}");
    }
    ExitCode::from(u8::from(different > 0))
}

fn render(context: &Value, template: &str) -> Result<String, String> {
    // The names of the context are set first: cookiecutter's own variables stand below `cookiecutter`.
    let mut manifest = json!({"_context": context, "_extensions": ["jinja2.ext.do", "jinja2.ext.loopcontrols"]});
    manifest["name"] = json!("n");
    let names: Vec<&String> = context.as_object().into_iter().flat_map(|names| names.keys()).collect();
    let set: String = names.iter().map(|name| format!("{{% set {name} = cookiecutter._context.{name} %}}")).collect();
    let mut tree = Tree::default();
    let file = |text: String| Entry::file(text.into_bytes(), 0o644);
    tree.insert("cookiecutter.json", file(manifest.to_string())).map_err(|error| error.to_string())?;
    tree.insert("{{cookiecutter.name}}/file", file(format!("{set}{template}"))).map_err(|error| error.to_string())?;
    let clock = jiff::Timestamp::new(1_785_854_096, 123_456_000).map_err(|error| error.to_string())?;
    let rendered = Template::open(tree)
        .and_then(|template| template.render(&Answers::default(), &Environment::new(clock, 1)))
        .map_err(|findings| {
            findings.findings.iter().map(|finding| finding.message.as_str()).collect::<Vec<_>>().join("; ")
        })?;
    match rendered.tree.get("file") {
        Some(Entry::File { content, .. }) => Ok(String::from_utf8_lossy(content).into_owned()),
        _ => Err("there is no file".to_owned()),
    }
}
