//! Bringing programs from the distribution, where that is possible without asking anybody.

use std::fs;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::command::{find, is_root, run, succeeds};

/// Installs packages of Debian or Ubuntu when this is root there; `false` where that cannot be.
pub fn install(packages: &[&str]) -> bool {
    if !can_install() {
        return false;
    }
    eprintln!("== apt-get install {}", packages.join(" "));
    // An old list names files that the mirror no longer has; without any list nothing is found at all.
    let _ = succeeds(apt().arg("update"), Duration::from_secs(300));
    run(apt().args(["install", "--yes", "--no-install-recommends"]).args(packages)).is_ok()
}

/// Whether packages can be installed from here.
pub fn can_install() -> bool {
    is_root() && find(&["apt-get"]).is_some() && distribution().is_some()
}

/// The error that names everything that is missing, with the command that brings it.
pub fn missing<T>(what: &[Missing]) -> Result<T> {
    let list: Vec<_> = what.iter().map(|missing| format!("  {} — {}", missing.what, missing.why)).collect();
    let packages: Vec<_> = what.iter().map(|missing| missing.packages).collect();
    bail!(
        "the tests need what this machine does not have:\n{}\nOn Debian or Ubuntu:\n  sudo apt-get install {}\n\
         Elsewhere install them as your system does, and run this again.",
        list.join("\n"),
        packages.join(" ")
    )
}

pub struct Missing {
    pub what: &'static str,
    pub why: String,
    /// Their names in Debian and Ubuntu.
    pub packages: &'static str,
}

/// `debian` or `ubuntu`.
fn distribution() -> Option<&'static str> {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let like = |name: &str| {
        release.lines().any(|line| {
            let value = line.strip_prefix("ID=").or_else(|| line.strip_prefix("ID_LIKE="));
            value.is_some_and(|value| value.trim_matches('"').split(' ').any(|word| word == name))
        })
    };
    ["ubuntu", "debian"].into_iter().find(|name| like(name))
}

fn apt() -> Command {
    let mut apt = Command::new("apt-get");
    apt.env("DEBIAN_FRONTEND", "noninteractive").stdin(std::process::Stdio::null());
    apt
}
