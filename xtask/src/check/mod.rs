//! What must hold before a change lands, other than tests.

mod arrows;
mod checklist;
mod licences;
mod sources;

use std::time::Instant;

use anyhow::{Result, bail};

use crate::command::run;
use crate::workspace::{cargo, own_cargo, plain_cargo, wasm_cargo};
use crate::{site, wasm_std};

/// One step by name, with what it does.
struct Step(&'static str, fn() -> Result<()>);

/// The quick ones first.
const STEPS: [Step; 8] = [
    Step("format", format),
    Step("sources", sources::check),
    Step("checklist", checklist::check),
    Step("arrows", arrows::check),
    Step("licences", licences::check),
    Step("lints", lints),
    Step("browser-lints", browser_lints),
    Step("weight", weight),
];

/// Runs the steps that are named, or all; goes on after a failure, so that one run shows everything.
pub fn check(names: &[String], list: bool) -> Result<()> {
    if list {
        STEPS.iter().for_each(|step| println!("{}", step.0));
        return Ok(());
    }
    if let Some(unknown) = names.iter().find(|name| STEPS.iter().all(|step| step.0 != **name)) {
        bail!("there is no step {unknown:?}; there are {}", STEPS.map(|step| step.0).join(", "));
    }
    let mut lines = Vec::new();
    let mut failed = Vec::new();
    for Step(name, work) in STEPS.iter().filter(|step| names.is_empty() || names.iter().any(|name| name == step.0)) {
        eprintln!("== check {name}");
        let start = Instant::now();
        let outcome = work();
        let verdict = if outcome.is_ok() { "ok" } else { "FAILED" };
        lines.push(format!("{name:<15} {verdict:<8} {:>6.1} s", start.elapsed().as_secs_f64()));
        if let Err(error) = outcome {
            eprintln!("error: {error:#}\n");
            failed.push(*name);
        }
    }
    println!("\n{}", lines.join("\n"));
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

fn format() -> Result<()> {
    run(plain_cargo("fmt").args(["--all", "--check"]))
}

/// Everything that runs on this machine; `frontend` would switch the browser's half of `app` on.
fn lints() -> Result<()> {
    let mut ours = cargo("clippy");
    ours.args([
        "--workspace",
        "--exclude",
        "frontend",
        "--exclude",
        "xtask",
        "--all-targets",
        "--",
        "--deny",
        "warnings",
    ]);
    run(&mut ours)?;
    run(own_cargo("clippy").args(["--all-targets", "--", "--deny", "warnings"]))
}

fn browser_lints() -> Result<()> {
    let standard = wasm_std::prepare()?;
    run(wasm_cargo("clippy", &standard).args(["--package", "frontend", "--", "--deny", "warnings"]))
}

fn weight() -> Result<()> {
    site::check_budget(&site::build()?).map(|_| ())
}
