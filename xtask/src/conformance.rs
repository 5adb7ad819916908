//! Comparison with the tools whose formats are read here.

use anyhow::{Context, Result};

use crate::command::{run, step};
use crate::test;
use crate::workspace::root;

/// Installs Backstage's catalog model from npm, and holds the verdicts that the tests of `engines/catalog` repeat
/// against its own.
pub fn conformance() -> Result<()> {
    let node = test::node()
        .context("Node.js 20 or newer with npm is needed (Debian and Ubuntu: apt-get install nodejs npm)")?;
    let folder = root().join("engines/catalog/conformance");
    step("Comparing with @backstage/catalog-model", || {
        run(test::with_node(&node, "npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&folder))?;
        run(test::with_node(&node, "npm").args(["run", "check"]).current_dir(&folder))
    })
}
