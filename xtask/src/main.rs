//! How this repository builds, runs, tests and measures itself: `cargo xtask --help`.

mod bench;
mod check;
mod command;
mod conformance;
mod run;
mod site;
mod test;
mod wasm_std;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

/// Builds, runs, tests and measures Slipway.
#[derive(Parser)]
#[command(name = "cargo xtask", max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Prepare what is missing, then build the browser's files (`target/site`) and the `slipway` binary.
    Build {
        /// Optimised, with the site inside the binary.
        #[arg(long)]
        release: bool,
    },
    /// Build and serve the demo organisation and this repository on http://127.0.0.1:3000.
    Run {
        /// Use the optimised binary.
        #[arg(long)]
        release: bool,
        /// Passed on to `slipway serve`: `cargo xtask run -- --source ~/code --listen 127.0.0.1:8080`.
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Formatting, lints, licences, the arrows between crates, house rules, and the size of what a browser loads.
    Check {
        /// Only these steps; `--list` names them.
        steps: Vec<String>,
        /// Name the steps and stop.
        #[arg(long)]
        list: bool,
    },
    /// Run every test: unit, store (SQLite and PostgreSQL), HTTP and browser.
    Test {
        /// Only this part.
        #[arg(long)]
        only: Option<Part>,
        /// Rewrite the committed screenshots.
        #[arg(long)]
        update_screenshots: bool,
        /// Passed on to `cargo test`, or to Playwright with `--only browser`.
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Measure what the issues name on a generated organisation, and write BENCHMARKS.md.
    Bench(bench::Options),
    /// Compare with the tools whose formats are read here: runs them, from npm.
    Conformance,
    /// Build the standard library for wasm32 if it is not there, and say where it is.
    WasmStd,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Unit,
    Browser,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Build { release } => run::build(release).map(|_| ()),
        Task::Run { release, arguments } => run::run(release, &arguments),
        Task::Check { steps, list } => check::check(&steps, list),
        Task::Test { only, update_screenshots, arguments } => test::test(only, update_screenshots, &arguments),
        Task::Bench(options) => bench::bench(&options),
        Task::Conformance => conformance::conformance(),
        Task::WasmStd => wasm_std::prepare().map(|standard| println!("{standard}")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}
