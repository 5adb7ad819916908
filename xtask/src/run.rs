//! Building the binary, and the newcomer's one command.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::command::{run as run_command, step};
use crate::site;
use crate::site::Manifest;
use crate::workspace::{self, binary, cargo, root};

const ADDRESS: &str = "127.0.0.1:3000";

/// Builds site and binary.
pub fn build(release: bool) -> Result<Manifest> {
    let manifest = site::build()?;
    step("Building slipway", || {
        let mut build = cargo("build");
        build.args(["--package", "server"]);
        if release {
            build.args(["--release", "--features", "embed-site"]).env("SLIPWAY_SITE", workspace::site());
        }
        run_command(&mut build)
    })?;
    Ok(manifest)
}

/// Builds what stands in for GitHub; its binary.
pub fn fake_forge(release: bool) -> Result<PathBuf> {
    let mut build = cargo("build");
    build.args(["--package", "fake-forge"]);
    if release {
        build.arg("--release");
    }
    run_command(&mut build)?;
    Ok(binary(release).with_file_name("fake-forge"))
}

/// Builds and serves; ends only with the server.
pub fn run(release: bool, arguments: &[String]) -> Result<()> {
    build(release)?;
    let mut serve = Command::new(binary(release));
    serve.current_dir(root()).args(["serve", "--demo", "--source"]).arg(root());
    let given = |name: &str| arguments.iter().find_map(|argument| argument.strip_prefix(name));
    if given("--data").is_none() {
        serve.args(["--data", "data"]);
    }
    if given("--listen").is_none() {
        serve.args(["--listen", ADDRESS]);
    }
    let position = arguments.iter().position(|argument| argument == "--listen");
    let address = position
        .and_then(|position| arguments.get(position + 1).map(String::as_str))
        .or_else(|| given("--listen="))
        .unwrap_or(ADDRESS);
    eprintln!("\n   Slipway is starting on http://{address} (Ctrl-C stops it)\n");
    // This process becomes the server, so that signals reach it.
    let error = serve.args(arguments).exec();
    bail!("{} could not be started: {error}", binary(release).display());
}
