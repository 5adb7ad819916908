//! A `slipway serve` that is measured from outside.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::bench::http::Connection;
use crate::command::show;
use crate::test::free_port;

/// Ends with this value.
pub struct Server {
    pub address: SocketAddr,
    pub started: Instant,
    child: Child,
}

impl Server {
    /// Starts it on a folder of repositories, and returns at once. It looks for changes only when told to.
    pub fn start(binary: &Path, data: &Path, source: Option<&Path>) -> Result<Self> {
        let mut command = Command::new(binary);
        command.arg("serve");
        if let Some(source) = source {
            command.arg("--source").arg(source);
        }
        Self::spawn(command, data)
    }

    /// The same with the text of a configuration file, and with secrets in the environment.
    pub fn start_with(binary: &Path, data: &Path, secrets: &[(&str, &str)], configuration: &str) -> Result<Self> {
        let file = data.with_extension("toml");
        fs::create_dir_all(data)?;
        fs::write(&file, configuration)?;
        let mut command = Command::new(binary);
        command.args(["serve", "--config"]).arg(file).envs(secrets.iter().copied());
        Self::spawn(command, data)
    }

    fn spawn(mut command: Command, data: &Path) -> Result<Self> {
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()?));
        fs::create_dir_all(data)?;
        let log = fs::File::create(data.with_extension("log"))?;
        command.args(["--listen", &address.to_string(), "--data"]).arg(data);
        command.env("SLIPWAY_SYNC_INTERVAL", "24h").stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let started = Instant::now();
        let child = command.spawn().with_context(|| format!("{} could not be started", show(&command)))?;
        Ok(Self { address, started, child })
    }

    /// From the start of the process to a whole answer.
    pub fn first_answer(&mut self) -> Result<Duration> {
        loop {
            if let Ok(mut connection) = Connection::open(self.address)
                && matches!(connection.get("/"), Ok((200, _)))
            {
                return Ok(self.started.elapsed());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("slipway ended with {status}; its log is beside its data folder");
            }
            if self.started.elapsed() > Duration::from_secs(60) {
                bail!("slipway did not answer within a minute");
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Resident memory in MiB, now and at its highest.
    pub fn memory(&self) -> Result<(f64, f64)> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let field = |name: &str| -> Result<f64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).with_context(|| format!("no {name}"))?;
            let kibibytes: f64 = line.trim_start_matches(':').trim().trim_end_matches(" kB").parse()?;
            Ok(kibibytes / 1024.0)
        };
        Ok((field("VmRSS")?, field("VmHWM")?))
    }

    /// Starts a round and waits for its end.
    pub fn sync(&self, connection: &mut Connection) -> Result<Duration> {
        let start = Instant::now();
        let job = connection.post("/api/v1/sync")?;
        let job = job["job"].as_str().context("the answer names no job")?.to_owned();
        wait(Duration::from_secs(300), || {
            let job = connection.json(&format!("/api/v1/jobs/{job}"))?;
            Ok(!matches!(job["state"].as_str(), Some("queued" | "running")))
        })?;
        Ok(start.elapsed())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks every two milliseconds until it is so.
pub fn wait(limit: Duration, mut so: impl FnMut() -> Result<bool>) -> Result<()> {
    let end = Instant::now() + limit;
    while !so()? {
        if Instant::now() > end {
            bail!("it was not so after {} s", limit.as_secs());
        }
        thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}
