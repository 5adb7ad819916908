//! Measuring what the issues name, on a generated organisation, and writing it down.

mod files;
mod http;
mod measure;
mod organisation;
mod random;
mod report;
mod server;

use anyhow::Result;

use crate::command::step;
use crate::run;
use crate::workspace::{binary, root, target};

#[derive(clap::Args)]
pub struct Options {
    /// Measure the unoptimised binary, for trying this command out: writes nothing down.
    #[arg(long)]
    debug: bool,
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
    let measured = measure::all(&binary(!options.debug), &folder, &target().join("bench-data"), &manifest)?;
    let table = report::table(&measured);
    println!("{table}");
    if !options.debug {
        report::write(&root().join("BENCHMARKS.md"), &table)?;
    }
    Ok(())
}
