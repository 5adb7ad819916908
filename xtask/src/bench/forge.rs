//! A `fake-forge` that is measured against: an organisation of small repositories at GitHub, which git clones over HTTP.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::bench::http::Connection;
use crate::bench::organisation;
use crate::command::step;

/// The token that it accepts.
pub const TOKEN: &str = "ghp_measured";
/// Who has the repositories.
pub const OWNER: &str = "harbour";

/// Ends with this value.
pub struct Forge {
    /// `http://127.0.0.1:port`
    pub origin: String,
    repositories: PathBuf,
    control: Connection,
    child: Child,
}

impl Forge {
    /// With `count` repositories, which are generated once.
    pub fn start(binary: &Path, folder: &Path, count: usize) -> Result<Self> {
        let repositories = folder.join("small");
        step("Generating small repositories (once)", || organisation::generate_small(&repositories, count))?;
        let mut child = Command::new(binary)
            .args(["enterprise"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} could not be started", binary.display()))?;
        let output = child.stdout.take().context("fake-forge has no output")?;
        let mut api = String::new();
        BufReader::new(output).read_line(&mut api)?;
        let origin = api.trim().trim_end_matches("/api/v3").to_owned();
        let address: SocketAddr = origin.trim_start_matches("http://").parse()?;
        let mut forge = Self { origin, repositories, control: Connection::open(address)?, child };
        forge.tell("tokens", &json!({"token": TOKEN, "login": "ada", "scopes": ["repo", "read:org"]}))?;
        for number in 0..count {
            let name = organisation::small_name(number);
            let bare = forge.bare(number);
            forge.tell("repositories", &json!({"owner": OWNER, "name": name, "bare": bare}))?;
        }
        Ok(forge)
    }

    fn tell(&mut self, what: &str, body: &Value) -> Result<Value> {
        self.control.tell(&format!("/_fake/{what}"), body.to_string().as_bytes())
    }

    /// How many requests came so far.
    pub fn requests(&mut self) -> Result<usize> {
        Ok(self.tell("requests", &json!({}))?.as_array().map_or(0, Vec::len))
    }

    /// The bare repository of a number.
    pub fn bare(&self, number: usize) -> PathBuf {
        self.repositories.join(format!("{}.git", organisation::small_name(number)))
    }

    /// Where git clones it from.
    pub fn clone_url(&self, number: usize) -> String {
        format!("{}/{OWNER}/{}.git", self.origin, organisation::small_name(number))
    }

    /// Says that something was pushed just now.
    pub fn pushed(&mut self, number: usize) -> Result<u64> {
        let (name, bare) = (organisation::small_name(number), self.bare(number));
        let told = json!({"owner": OWNER, "name": name, "bare": bare, "pushed": true});
        self.tell("repositories", &told)?["id"].as_u64().context("the fake names no id")
    }
}

impl Drop for Forge {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Bytes of everything below a folder, as they are on the disk.
pub fn on_disk(folder: &Path) -> Result<u64> {
    use std::os::unix::fs::MetadataExt;
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += metadata.blocks() * 512;
        if metadata.is_dir() {
            bytes += on_disk(&entry.path())?;
        }
    }
    Ok(bytes)
}
