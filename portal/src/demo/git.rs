//! The `git` program, kept apart from the configuration of the machine and of whoever runs it.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use super::script::Script;
use crate::git::{OLDEST, version};
use crate::{Error, Result};

/// Whether a `git` is there that is new enough; the error says what to do.
pub fn check() -> Result<()> {
    let help = format!("Install git {}.{} or newer, or start without --demo.", OLDEST.0, OLDEST.1);
    let output = command(Path::new("."), &["version"]).output();
    let text = match &output {
        Ok(output) => String::from_utf8_lossy(&output.stdout),
        Err(error) => {
            return Err(Error::Unavailable(format!(
                "The demo organisation is built with git, which could not be run: {error}. {help}"
            )));
        }
    };
    match version(&text) {
        Some(version) if version >= OLDEST => Ok(()),
        _ => Err(Error::Unavailable(format!(
            "The demo organisation is built with git, and \"{}\" is too old. {help}",
            text.trim()
        ))),
    }
}

/// Makes the repository at `path` from a stream for fast-import; without one it stays empty.
pub fn repository(path: &Path, script: &Script, stream: &[u8]) -> Result<()> {
    fs::create_dir_all(path).map_err(|error| super::outside(path, &error))?;
    run(path, &["init", "-q", "-b", &script.branch], &[])?;
    let description = path.join(".git/description");
    fs::write(&description, format!("{}\n", script.description))
        .map_err(|error| super::outside(&description, &error))?;
    if stream.is_empty() {
        return Ok(());
    }
    run(path, &["fast-import", "--quiet", "--done"], &[stream, b"done\n"].concat())?;
    run(path, &["reset", "-q", "--hard"], &[])
}

fn run(path: &Path, arguments: &[&str], input: &[u8]) -> Result<()> {
    let failed = |why: String| Error::Unavailable(format!("git {} failed in {}: {why}", arguments[0], path.display()));
    let mut child = command(path, arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    // Whatever keeps git from reading to the end stands in its own message.
    let written = child.stdin.take().map(|mut stdin| stdin.write_all(input));
    let output = child.wait_with_output().map_err(|error| failed(error.to_string()))?;
    match (output.status.success(), written) {
        (true, Some(Ok(()))) => Ok(()),
        _ => Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned())),
    }
}

fn command(path: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.env_clear();
    for name in ["PATH", "SystemRoot", "TMPDIR", "TEMP"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    let settings = [
        "core.autocrlf=false",
        "core.logAllRefUpdates=false",
        "core.hooksPath=",
        "fastimport.unpackLimit=1",
        "gc.auto=0",
    ];
    command
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", OsStr::new(if cfg!(windows) { "NUL" } else { "/dev/null" }))
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_TEMPLATE_DIR", "")
        .env("GIT_CEILING_DIRECTORIES", path.parent().unwrap_or(path))
        .env("LC_ALL", "C")
        .current_dir(path)
        .args(settings.iter().flat_map(|setting| ["-c", setting]))
        .args(arguments);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_git_says() {
        assert_eq!(version("git version 2.47.3\n"), Some((2, 47)));
        assert_eq!(version("git version 2.39.5 (Apple Git-154)"), Some((2, 39)));
        assert_eq!(version("git version 2.51.windows.1"), Some((2, 51)));
        assert_eq!(version("zsh: command not found: git"), None);
    }
}
