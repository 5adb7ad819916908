//! Measuring what the issues name, on a generated organisation, and writing it down.

mod access;
mod files;
mod forge;
mod hosts;
mod http;
mod identity;
mod launches;
mod measure;
mod organisation;
mod random;
mod report;
mod server;
mod templates;

use anyhow::Result;

use crate::command::step;
use crate::run;
use crate::workspace::{binary, root, target};

#[derive(clap::Args)]
pub struct Options {
    /// Measure the unoptimised binary with few repositories at Git hosts, for trying this command out: writes nothing down.
    #[arg(long)]
    debug: bool,
    /// Measure only what concerns Git hosts: writes nothing down.
    #[arg(long)]
    hosts: bool,
    /// Leave out what concerns Git hosts: writes nothing down.
    #[arg(long, conflicts_with = "hosts")]
    without_hosts: bool,
    /// Only generate the organisation.
    #[arg(long)]
    generate: bool,
}

/// Generates, builds, measures, prints the table and writes BENCHMARKS.md.
pub fn bench(options: &Options) -> Result<()> {
    let folder = root().join("target/bench-org").join(organisation::VERSION);
    step("Generating the organisation (once)", || organisation::generate(&folder))?;
    if options.generate {
        return Ok(());
    }
    let manifest = run::build(!options.debug)?;
    let fake = step("Building fake-forge", || run::fake_forge(!options.debug))?;
    let (binary, data) = (binary(!options.debug), target().join("bench-data"));
    let mut measured = if options.hosts { Vec::new() } else { measure::all(&binary, &folder, &data, &manifest)? };
    let size = if options.debug { hosts::Size::SMALL } else { hosts::Size::ASKED };
    if !options.without_hosts {
        measured.extend(hosts::all(&binary, &fake, &folder, &data, size)?);
    }
    let table = report::table(&measured);
    println!("{table}");
    if !options.debug && !options.hosts && !options.without_hosts {
        report::write(&root().join("BENCHMARKS.md"), &table)?;
    }
    Ok(())
}
