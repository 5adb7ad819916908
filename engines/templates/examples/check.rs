//! Checks a template in a folder: `cargo run -p engine-templates --example check -- TEMPLATE`

use std::path::Path;
use std::process::ExitCode;

use engine_templates::{Environment, Template};

#[path = "shared/folder.rs"]
mod folder;

fn main() -> ExitCode {
    let path = std::env::args().nth(1).unwrap_or_default();
    let tree = folder::read(Path::new(&path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let environment = Environment::new(jiff::Timestamp::UNIX_EPOCH, 1);
    let findings = match Template::open(tree) {
        Ok(template) => template.check(&environment),
        Err(findings) => findings,
    };
    for finding in &findings.findings {
        println!("{}: {} ({})\n  {}", finding.location(), finding.message, finding.rule, finding.help);
    }
    ExitCode::from(if findings.summary.errors > 0 { 2 } else { 0 })
}
