//! The table, and the page that keeps it.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::command::output;

/// One figure beside what was asked for.
pub struct Figure {
    what: String,
    value: f64,
    unit: &'static str,
    target: &'static str,
    met: Option<bool>,
    /// The same of a peer: of Backstage 1.55 where none is named.
    peer: String,
}

impl Figure {
    pub fn new(what: &str, value: f64, unit: &'static str, target: &'static str) -> Self {
        Self { what: what.to_owned(), value, unit, target, met: None, peer: String::new() }
    }

    pub fn at_most(self, limit: f64) -> Self {
        Self { met: Some(self.value <= limit), ..self }
    }

    pub fn at_least(self, limit: f64) -> Self {
        Self { met: Some(self.value >= limit), ..self }
    }

    pub fn beside(self, peer: impl Into<String>) -> Self {
        Self { peer: peer.into(), ..self }
    }
}

pub fn table(figures: &[Figure]) -> String {
    let mut table = String::from(
        "| what | measured | asked | met | Backstage 1.55, or the peer that is named |\n|---|---:|---:|---|---:|\n",
    );
    for Figure { what, value, unit, target, met, peer } in figures {
        let digits = if *value >= 100.0 {
            0
        } else if *value >= 10.0 {
            1
        } else {
            2
        };
        let met = met.map_or("", |met| if met { "yes" } else { "no" });
        let _ = writeln!(table, "| {what} | {value:.digits$} {unit} | {target} | {met} | {peer} |");
    }
    table
}

/// Writes the page anew.
pub fn write(file: &Path, table: &str) -> Result<()> {
    let text = format!(
        "# Benchmarks\n\n\
         What `cargo xtask bench` printed last. It generates the organisation once, starts the release binary on it, and asks\n\
         it from outside over HTTP on the loopback address: signed out, nothing compressed, client and server on the same\n\
         machine. “First catalog page” is `/catalog` with 20 rows of 5 000 entities.\n\n\
         {table}\n\
         The organisation: 500 repositories with a median of 60 files and 50 commits, ten of 2 000 files and 5 000 commits,\n\
         one of 50 000 files and 20 000 commits; and, apart from it, 50 repositories with 5 000 entities in descriptor files.\n\n\
         At GitHub and at Git hosts: small repositories of six to ten files and one commit, at `fake-forge` on the loopback\n\
         address, which git clones over smart HTTP. A push by webhook is measured from the delivery to the answer of the API\n\
         that has the component which the push added.\n\n\
         Projects from templates are measured as whole processes on a template in a folder of this machine, the middle one of 21\n\
         runs; the peer ran in the same run, the middle one of 7.\n\n\
         The figures of Backstage are those that the issue names for a machine of this kind; it was not run here.\n\n\
         Measured on {}\n",
        machine()?
    );
    fs::write(file, text)?;
    Ok(())
}

/// Processor, cores, memory, system, commit and day.
fn machine() -> Result<String> {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_once(':').map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let processor = field(&read("/proc/cpuinfo"), "model name");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory: f64 = field(&read("/proc/meminfo"), "MemTotal").trim_end_matches(" kB").parse().unwrap_or_default();
    let system = read("/etc/os-release");
    let system = system
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))
        .unwrap_or_default()
        .trim_matches('"')
        .to_owned();
    let commit = output(Command::new("git").args(["rev-parse", "--short", "HEAD"]))?;
    let day = output(Command::new("date").args(["--utc", "+%Y-%m-%d"]))?;
    Ok(format!(
        "{}: {cores} cores ({processor}), {:.0} GiB of memory, {system}, commit {}.",
        day.trim(),
        memory / 1_048_576.0,
        commit.trim()
    ))
}
