//! Node, a browser, PostgreSQL and Python: found, brought, or asked for.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use crate::Part;
use crate::command::{find, is_program, output, run, succeeds};
use crate::test::tools::{Missing, can_install, install, missing};
use crate::workspace::{root, target};

/// The oldest Node that Playwright runs on.
const NODE: u32 = 20;

/// What the chosen parts need.
pub struct Needs {
    /// The folder with `initdb` and `postgres`.
    pub postgres: Option<PathBuf>,
    pub browser: Option<BrowserTools>,
}

pub struct BrowserTools {
    /// The folder with `node` and `npx`, to be searched first.
    pub node: PathBuf,
    /// `None`: Playwright has its own.
    pub browser: Option<PathBuf>,
}

/// Finds or installs what the tests need; the error names all that is missing at once.
pub fn prepare(only: Option<Part>) -> Result<Needs> {
    let mut lacking = Vec::new();
    let mut needs = Needs { postgres: None, browser: None };
    if only != Some(Part::Browser) {
        needs.postgres = postgres().or_else(|| install(&["postgresql"]).then(postgres).flatten());
        if needs.postgres.is_none() {
            lacking.push(Missing {
                what: "PostgreSQL",
                why: "a temporary server is started for the store tests; none of yours is touched".into(),
                packages: "postgresql",
            });
        }
    }
    if only != Some(Part::Browser) && python().or_else(|| install(&["python3"]).then(python).flatten()).is_none() {
        lacking.push(Missing {
            what: "Python",
            why: "version 3.8 or newer runs the scripts and extensions of templates".into(),
            packages: "python3",
        });
    }
    if only != Some(Part::Unit) {
        match node().or_else(|| install(&["nodejs", "npm"]).then(node).flatten()).or_else(node_from_npm) {
            None => lacking.push(Missing {
                what: "Node.js",
                why: format!("version {NODE} or newer, with npm, drives the browser"),
                packages: "nodejs npm",
            }),
            Some(node) => {
                packages(&node)?;
                match browser(&node) {
                    Some(browser) => needs.browser = Some(BrowserTools { node, browser }),
                    None => lacking.push(Missing {
                        what: "Chromium",
                        why: "Playwright could not download its own".into(),
                        packages: "chromium",
                    }),
                }
            }
        }
    }
    if lacking.is_empty() { Ok(needs) } else { missing(&lacking) }
}

/// The interpreter that the scripts of templates are run with.
fn python() -> Option<PathBuf> {
    find(&["python3"])
}

/// Debian keeps the server's programs out of the search path, in a folder for each version.
pub fn postgres() -> Option<PathBuf> {
    let mut folders: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.flatten().map(|entry| entry.path().join("bin")).collect())
        .unwrap_or_default();
    folders.sort_by_key(|folder| std::cmp::Reverse(version_number(&folder.to_string_lossy())));
    if let Some(initdb) = find(&["initdb"]) {
        folders.extend(initdb.parent().map(Path::to_owned));
    }
    folders.into_iter().find(|folder| is_program(&folder.join("initdb")) && is_program(&folder.join("postgres")))
}

/// The folder of a Node that is new enough and has npm beside it.
pub fn node() -> Option<PathBuf> {
    let folder = find(&["node"])?.parent()?.to_owned();
    (new_enough(&folder.join("node")) && is_program(&folder.join("npm"))).then_some(folder)
}

/// A distribution's Node may be too old; with its npm a newer one comes as a package.
fn node_from_npm() -> Option<PathBuf> {
    let folder = target().join("node");
    let bin = folder.join("node_modules/node/bin");
    let npm = find(&["npm"])?;
    if !new_enough(&bin.join("node")) {
        fs::create_dir_all(&folder).ok()?;
        eprintln!("== The Node of this machine is too old: bringing a newer one from npm");
        run(Command::new(&npm)
            .args(["install", "--no-save", "--no-audit", "--no-fund", "--prefix"])
            .arg(&folder)
            .args(["node@22", "npm@11"]))
        .ok()?;
    }
    for program in ["npm", "npx"] {
        let link = bin.join(program);
        if !link.exists() {
            std::os::unix::fs::symlink(folder.join("node_modules/npm/bin").join(format!("{program}-cli.js")), link)
                .ok()?;
        }
    }
    new_enough(&bin.join("node")).then_some(bin)
}

fn new_enough(node: &Path) -> bool {
    output(Command::new(node).arg("--version")).is_ok_and(|version| version_number(&version) >= Some(NODE))
}

/// The first number in the text.
fn version_number(text: &str) -> Option<u32> {
    let start = text.find(|letter: char| letter.is_ascii_digit())?;
    let digits = text[start..].split(|letter: char| !letter.is_ascii_digit()).next()?;
    digits.parse().ok()
}

/// `npm ci`, when the lock file is not the one that was installed.
fn packages(node: &Path) -> Result<()> {
    let folder = root().join("end2end");
    let lock = fs::read(folder.join("package-lock.json"))?;
    let stamp = folder.join("node_modules/.installed-lock");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    let mut npm = with_node(node, "npm");
    npm.args(["ci", "--no-audit", "--no-fund"]).current_dir(&folder).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    run(&mut npm)?;
    fs::write(stamp, lock)?;
    Ok(())
}

/// Playwright's own browser, the machine's, a download, the distribution's: `Some(None)` is Playwright's own.
fn browser(node: &Path) -> Option<Option<PathBuf>> {
    let own = || {
        let script = "process.stdout.write(require('@playwright/test').chromium.executablePath())";
        let path = output(with_node(node, "node").args(["-e", script]).current_dir(root().join("end2end"))).ok()?;
        is_program(Path::new(&path)).then_some(None)
    };
    let machine =
        || find(&["chromium", "google-chrome-stable", "google-chrome"]).filter(|file| !is_snap_stub(file)).map(Some);
    let download = || {
        eprintln!("== Asking Playwright for its own browser (at most 5 minutes)");
        let mut npx = with_node(node, "npx");
        npx.args(["playwright", "install", "--only-shell", "chromium"]).current_dir(root().join("end2end"));
        if can_install() {
            npx.arg("--with-deps");
        }
        succeeds(&mut npx, Duration::from_secs(300)).then(own).flatten()
    };
    own().or_else(machine).or_else(download).or_else(|| install(&["chromium"]).then(machine).flatten())
}

/// Ubuntu's package of that name only points to a snap.
fn is_snap_stub(file: &Path) -> bool {
    fs::read(file).is_ok_and(|content| content.len() < 8192 && String::from_utf8_lossy(&content).contains("snap"))
}

/// A program of that Node; scripts that it starts find the same Node.
pub fn with_node(node: &Path, program: &str) -> Command {
    let mut folders = vec![node.to_owned()];
    folders.extend(std::env::var_os("PATH").iter().flat_map(std::env::split_paths));
    let mut command = Command::new(node.join(program));
    if let Ok(path) = std::env::join_paths(folders) {
        command.env("PATH", path);
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(version_number("v20.20.2\n"), Some(20));
        assert_eq!(version_number("/usr/lib/postgresql/15/bin"), Some(15));
        assert_eq!(version_number("none"), None);
    }
}
