//! A PostgreSQL cluster that lives as long as the tests.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::command::{is_root, output};

/// Stops and removes itself when dropped.
pub struct Cluster {
    folder: PathBuf,
    programs: PathBuf,
    port: u16,
    server: Child,
}

impl Cluster {
    /// Starts a server on a free loopback port. It refuses to run as root, so root hands it to another user.
    pub fn start(programs: &Path) -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("slipway-postgres-{}", std::process::id()));
        fs::create_dir(&folder).with_context(|| format!("{} could not be made", folder.display()))?;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
        if let Some((user, group)) = other_user()? {
            chown(&folder, Some(user), Some(group))?;
        }
        let data = folder.join("data");
        let mut initdb = as_other_user(&programs.join("initdb"))?;
        initdb
            .args(["--username=slipway", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"])
            .arg(&data);
        output(&mut initdb)?;

        let port = free_port()?;
        let mut postgres = as_other_user(&programs.join("postgres"))?;
        postgres.arg("-D").arg(&data).args(["-p", &port.to_string(), "-h", "127.0.0.1"]);
        // Nothing here has to outlive a crash.
        for setting in [
            "unix_socket_directories=",
            "fsync=off",
            "synchronous_commit=off",
            "full_page_writes=off",
            "max_connections=300",
            "shared_buffers=64MB",
            "autovacuum=off",
        ] {
            postgres.args(["-c", setting]);
        }
        let log = fs::File::create(log_file())?;
        postgres.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let server = postgres.spawn().context("postgres could not be started")?;
        let mut cluster = Self { folder, programs: programs.to_owned(), port, server };
        cluster.wait_until_ready()?;
        Ok(cluster)
    }

    /// For `SLIPWAY_TEST_POSTGRES`; its user may create databases.
    pub fn url(&self) -> String {
        format!("postgres://slipway@127.0.0.1:{}/postgres", self.port)
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let end = Instant::now() + Duration::from_secs(30);
        while Instant::now() < end {
            if let Some(status) = self.server.try_wait()? {
                bail!("postgres ended with {status}:\n{}", fs::read_to_string(log_file()).unwrap_or_default());
            }
            // It listens only when it has started, and its process file then says `ready`.
            let ready =
                fs::read_to_string(self.folder.join("data/postmaster.pid")).is_ok_and(|text| text.contains("ready"));
            if ready && TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(50));
        }
        bail!("postgres was not ready after 30 s");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Ok(mut stop) = as_other_user(&self.programs.join("pg_ctl")) {
            let _ = output(stop.args(["stop", "--mode=immediate", "-D"]).arg(self.folder.join("data")));
        }
        let _ = self.server.kill();
        let _ = self.server.wait();
        let _ = fs::remove_dir_all(&self.folder);
        let _ = fs::remove_file(log_file());
    }
}

/// A port that nobody listened on just now.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn log_file() -> PathBuf {
    std::env::temp_dir().join(format!("slipway-postgres-{}.log", std::process::id()))
}

fn as_other_user(program: &Path) -> Result<Command> {
    let mut command = Command::new(program);
    if let Some((user, group)) = other_user()? {
        command.uid(user).gid(group);
    }
    // A folder that the other user may enter.
    command.current_dir("/");
    Ok(command)
}

/// User and group of `postgres` or `nobody`, when this is root.
fn other_user() -> Result<Option<(u32, u32)>> {
    if !is_root() {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd")?;
    for name in ["postgres", "nobody"] {
        let line = users.lines().find(|line| line.split(':').next() == Some(name));
        let fields: Vec<_> = line.unwrap_or_default().split(':').collect();
        if let [_, _, user, group, ..] = fields[..] {
            return Ok(Some((user.parse()?, group.parse()?)));
        }
    }
    bail!("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::test::prepare;

    /// `cargo xtask test` has brought the programs before it runs this.
    #[test]
    fn a_cluster_answers_and_leaves_nothing_behind() {
        let Some(programs) = prepare::postgres() else { return };
        let cluster = Cluster::start(&programs).unwrap();
        let answer =
            output(Command::new(programs.join("psql")).args([&cluster.url(), "-tAc", "CREATE DATABASE x"])).unwrap();
        assert_eq!(answer.trim(), "CREATE DATABASE");
        let folder = cluster.folder.clone();
        assert!(folder.exists());
        drop(cluster);
        assert!(!folder.exists());
    }
}
