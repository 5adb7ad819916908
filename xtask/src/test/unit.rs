//! The Rust tests of every crate.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::command::{show, step};
use crate::test::count::Count;
use crate::test::postgres::Cluster;
use crate::workspace::{cargo, own_cargo};

/// Runs `cargo test` over everything; arguments go to it.
pub fn run(postgres: &Path, arguments: &[String]) -> Result<Count> {
    let cluster = step("Starting a temporary PostgreSQL", || Cluster::start(postgres))?;
    let mut tests = cargo("test");
    // `frontend` is only for the browser; this program's tests are run where it was built.
    tests.args(["--workspace", "--exclude", "frontend", "--exclude", "xtask", "--no-fail-fast"]);
    tests.args(arguments).env("SLIPWAY_TEST_POSTGRES", cluster.url());
    let mut count = counted(&mut tests)?;

    count.add(counted(own_cargo("test").args(arguments))?);
    Ok(count)
}

/// Passes its output on and counts.
fn counted(command: &mut Command) -> Result<Count> {
    // Results on a pipe would otherwise be coloured by the caller's settings, and not read.
    command.env("CARGO_TERM_COLOR", "never").stdout(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("{} could not be started", show(command)))?;
    let mut count = Count::default();
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).split(b'\n') {
            let line = line?;
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            count.read_cargo_line(&line);
        }
    }
    let status = child.wait()?;
    if !status.success() && count.failed == 0 {
        bail!("{} ended with {status}", show(command));
    }
    Ok(count)
}
