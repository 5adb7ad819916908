//! Comparison with the tools whose formats are read here, and with the descriptions of those who are stood in for.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::command::{find, run, step};
use crate::run::fake_forge;
use crate::test;
use crate::workspace::{cargo, root, target};

/// Installs Backstage's catalog model from npm, and holds the verdicts that the tests of `engines/catalog` repeat
/// against its own. Then GitHub's OpenAPI description, and holds every answer of the fake forge against it. Then
/// cookiecutter, and holds what the template engine renders against what it renders.
pub fn conformance() -> Result<()> {
    templates()?;
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

/// The Python of a virtual environment in the target folder, in which cookiecutter, binaryornot, Jinja2 and cruft are installed
/// from PyPI; their commands are beside it.
pub fn reference_python() -> Result<PathBuf> {
    let python = find(&["python3"])
        .context("Python 3.10 or newer is needed (Debian and Ubuntu: apt-get install python3-venv)")?;
    let requirements = root().join("engines/templates/conformance/requirements.txt");
    let installed = target().join("conformance/python");
    let own = installed.join("bin/python");
    step("Installing cookiecutter, binaryornot, Jinja2 and cruft", || {
        run(Command::new(&python).args(["-m", "venv"]).arg(&installed))?;
        let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
        run(Command::new(&own).args(install).arg(requirements))
    })?;
    Ok(own)
}

/// Lets cookiecutter and Jinja2 render the matrix of small templates and the grown expressions, and cruft update projects, and
/// compares with the engine.
fn templates() -> Result<()> {
    let own = reference_python()?;
    let (scripts, folder) = (root().join("engines/templates/conformance"), target().join("conformance"));
    let python = |script: &str, arguments: &[&Path]| {
        run(Command::new(&own).arg("-B").arg(scripts.join(script)).args(arguments).current_dir(&scripts))
    };
    let compare = |example: &str, with: &Path| {
        run(cargo("run").args(["--quiet", "--package", "engine-templates", "--example", example, "--"]).arg(with))
    };
    let matrix = folder.join("matrix");
    step("Comparing templates with cookiecutter", || {
        python("reference.py", &[&matrix])?;
        compare("matrix", &matrix)
    })?;
    let expressions = folder.join("expressions.jsonl");
    step("Comparing expressions with Jinja2", || {
        python("expressions.py", &[Path::new("8000"), &expressions])?;
        compare("expressions", &expressions)
    })?;
    let updates = folder.join("updates");
    step("Comparing updates with cruft", || {
        python("updates.py", &[&updates])?;
        compare("updates", &updates)
    })
}
