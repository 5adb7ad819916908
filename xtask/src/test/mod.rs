//! Every test that there is, with what it needs.

mod browser;
mod count;
mod postgres;
mod prepare;
mod tools;
mod unit;

use std::time::Instant;

use anyhow::{Result, bail};

use crate::Part;
use crate::command::step;
use crate::{run, site};
use count::Count;
pub use postgres::free_port;
pub use prepare::{node, with_node};

/// Runs the tests; the last line on standard output is `N passed, N failed`.
pub fn test(only: Option<Part>, update_screenshots: bool, arguments: &[String]) -> Result<()> {
    let start = Instant::now();
    let mut count = Count::default();
    let mut broken = Vec::new();
    let mut take = |part: &str, outcome: Result<Count>| match outcome {
        Ok(part) => count.add(part),
        Err(error) => {
            eprintln!("error: {part}: {error:#}");
            broken.push(part.to_owned());
        }
    };
    // What is missing on the machine is said before anything is built.
    let needs = step("Preparing what the tests need", || prepare::prepare(only))?;
    if let Some(server) = needs.postgres {
        site::build()?;
        take("unit tests", step("Unit, store and HTTP tests", || unit::run(&server, arguments)));
    }
    if let Some(tools) = needs.browser {
        run::build(false)?;
        step("Building the fake forge", || run::fake_forge(false))?;
        let rest: &[String] = if only == Some(Part::Browser) { arguments } else { &[] };
        take("browser tests", step("Browser tests", || browser::run(&tools, update_screenshots, rest)));
    }
    if count.failed > 0 {
        println!("\nfailed:");
        for name in &count.failures {
            println!("  {name}");
        }
    }
    // A part that did not even run counts as one failure.
    count.failed += broken.len();
    println!("\nin {:.0} s, {} left out", start.elapsed().as_secs_f64(), count.skipped);
    println!("{} passed, {} failed", count.passed, count.failed);
    if count.failed > 0 {
        bail!("not all tests passed");
    }
    Ok(())
}
