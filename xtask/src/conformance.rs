//! Comparison with the tools whose formats are read here, and with the descriptions of those who are stood in for.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::command::{run, step};
use crate::run::fake_forge;
use crate::test;
use crate::workspace::root;

/// Installs Backstage's catalog model from npm, and holds the verdicts that the tests of `engines/catalog` repeat
/// against its own. Then GitHub's OpenAPI description, and holds every answer of the fake forge against it.
pub fn conformance() -> Result<()> {
    let node = test::node()
        .context("Node.js 20 or newer with npm is needed (Debian and Ubuntu: apt-get install nodejs npm)")?;
    let npm =
        |folder: &Path, arguments: &[&str]| run(test::with_node(&node, "npm").args(arguments).current_dir(folder));
    let catalog = root().join("engines/catalog/conformance");
    step("Comparing with @backstage/catalog-model", || {
        npm(&catalog, &["ci", "--no-audit", "--no-fund"])?;
        npm(&catalog, &["run", "check"])
    })?;
    let forge = root().join("fake-forge/conformance");
    let fake = step("Building fake-forge", || fake_forge(false))?;
    step("Comparing with @octokit/openapi and @octokit/fixtures", || {
        npm(&forge, &["ci", "--no-audit", "--no-fund"])?;
        for profile in ["github", "enterprise"] {
            let mut child = Command::new(&fake).arg(profile).stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
            let mut api = String::new();
            let output = child.stdout.take().context("fake-forge has no output")?;
            let compared = BufReader::new(output)
                .read_line(&mut api)
                .map_err(anyhow::Error::from)
                .and_then(|_| npm(&forge, &["run", "check", "--", profile, api.trim(), "../keys/app.pem"]));
            child.kill()?;
            child.wait()?;
            compared?;
        }
        Ok(())
    })
}
