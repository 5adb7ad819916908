//! Programs that a template brings, run behind a fence: in a scratch folder, with nothing of this process's environment,
//! without a network, and with limits of time, memory, processes, disk and output.
//!
//! What the fence is made of is the system's to offer, and [`Sandbox::fence`] says what there is: on Linux, namespaces
//! (user, mount, process, network) with a root of their own in which only [`Program::reads`] and the system's programs can be
//! seen, and Landlock, which lets nothing be written outside of the scratch folder. The limits hold everywhere.
//!
//! A program is started through this same executable: whoever embeds this calls [`inside`] first thing in `main` for the
//! argument [`ARGUMENT`]. Nothing here knows what a template is, and no database is opened.

#[cfg(target_os = "linux")]
mod linux;
mod running;
mod spec;
#[cfg(target_os = "linux")]
mod watch;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::running::{Ended, Running};
use self::spec::{Spec, Stage};

/// The first argument of the executable when it is to be the fence.
pub const ARGUMENT: &str = "fence";

/// How long a program is talked to: between two answers a person may think. The time that it works is limited all the same.
pub const CONVERSATION: Duration = Duration::from_secs(60 * 60);

/// How much a program may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    pub time: Duration,
    /// Bytes of memory, of all its processes together.
    pub memory: u64,
    pub processes: usize,
    /// Bytes in the scratch folder.
    pub disk: u64,
    /// Bytes that it may print.
    pub output: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { time: Duration::from_secs(60), memory: 1 << 30, processes: 256, disk: 1 << 30, output: 4 << 20 }
    }
}

/// What a program cannot do here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fence {
    /// It sees no network, no other processes, and a root of its own.
    pub apart: bool,
    /// It writes nothing outside of its scratch folder.
    pub writes_nothing_else: bool,
}

impl Fence {
    /// What is missing, for a person; `None` where nothing is.
    #[must_use]
    pub fn lacks(&self) -> Option<&'static str> {
        match (self.apart, self.writes_nothing_else) {
            (true, true) => None,
            (true, false) => Some("this system lets it write outside of its folder (no Landlock)"),
            (false, true) => Some("this system lets it use the network (no user namespaces)"),
            (false, false) => Some("this system fences nothing in: it runs with your own rights"),
        }
    }
}

/// A program to be run.
#[derive(Clone, Debug)]
pub struct Program<'a> {
    /// The program as an absolute path, and its arguments.
    pub arguments: &'a [String],
    /// Where it begins, in the scratch folder.
    pub folder: &'a Path,
    /// The folder that it may write to. Its parts `home` and `tmp` are made, and are the program's.
    pub scratch: &'a Path,
    /// What it may read beside the system's own programs and libraries.
    pub reads: &'a [PathBuf],
    /// Variables beside `PATH`, `HOME`, `TMPDIR` and `LANG`.
    pub variables: &'a [(&'a str, &'a str)],
}

/// Runs programs behind the fence.
#[derive(Clone, Debug)]
pub struct Sandbox {
    executable: PathBuf,
    limits: Limits,
    /// Whether a program is refused where the system cannot fence it in.
    strict: bool,
}

impl Sandbox {
    /// `executable` is one whose `main` calls [`inside`]: this one, except in tests.
    #[must_use]
    pub fn new(executable: PathBuf, limits: Limits, strict: bool) -> Self {
        Self { executable, limits, strict }
    }

    /// What the system offers, tried once in the life of this process.
    #[must_use]
    pub fn fence(&self) -> Fence {
        static FOUND: OnceLock<Fence> = OnceLock::new();
        *FOUND.get_or_init(|| self.try_out().unwrap_or_default())
    }

    fn try_out(&self) -> Option<Fence> {
        let scratch = tempfile::Builder::new().prefix("slipway-fence-").tempdir().ok()?;
        let program =
            Program { arguments: &[], folder: scratch.path(), scratch: scratch.path(), reads: &[], variables: &[] };
        let lax = Self { strict: false, ..self.clone() };
        serde_json::from_str(lax.run(&program).ok()?.output.trim()).ok()
    }

    /// Runs a program to its end; its standard output and error come together. It blocks.
    ///
    /// # Errors
    /// It could not be started, or was ended for taking too much: why, for a person.
    pub fn run(&self, program: &Program<'_>) -> Result<Ended, String> {
        let (reader, writer) = std::io::pipe().map_err(|error| cannot_start(&error))?;
        let both = writer.try_clone().map_err(|error| cannot_start(&error))?;
        let mut command = self.command(program)?;
        command.stdin(Stdio::null()).stdout(writer).stderr(both);
        let child = command.spawn().map_err(|error| cannot_start(&error))?;
        // It holds the writing ends, and so the output would never end.
        drop(command);
        Running::new(child, self.limits).ended(reader)
    }

    /// Starts a program that is talked to over its standard input and output, for [`CONVERSATION`] at most; what it prints
    /// as errors is dropped.
    ///
    /// # Errors
    /// It could not be started.
    pub fn start(&self, program: &Program<'_>) -> Result<Running, String> {
        let mut command = self.command(program)?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let child = command.spawn().map_err(|error| cannot_start(&error))?;
        Ok(Running::new(child, Limits { time: CONVERSATION, ..self.limits }))
    }

    fn command(&self, program: &Program<'_>) -> Result<Command, String> {
        use std::os::unix::process::CommandExt;
        let text = |path: &Path| {
            path.to_str().map(str::to_owned).ok_or_else(|| format!("the path {} is not UTF-8", path.display()))
        };
        let (home, temporary) = (program.scratch.join("home"), program.scratch.join("tmp"));
        for folder in [&home, &temporary] {
            std::fs::create_dir_all(folder).map_err(|error| format!("{} cannot be made: {error}", folder.display()))?;
        }
        let spec = Spec {
            stage: Stage::Enter,
            arguments: program.arguments.to_vec(),
            folder: text(program.folder)?,
            scratch: text(program.scratch)?,
            reads: program.reads.iter().map(|path| text(path)).collect::<Result<_, _>>()?,
            limits: self.limits,
            strict: self.strict,
            entered: false,
            fence: Fence::default(),
            user: 0,
            group: 0,
        };
        let spec = serde_json::to_string(&spec).map_err(|error| cannot_start(&error))?;
        let mut command = Command::new(&self.executable);
        command.arg(ARGUMENT).arg(spec).env_clear().current_dir(program.folder).process_group(0);
        let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into());
        command.env("PATH", path).env("LANG", "C.UTF-8").env("HOME", home).env("TMPDIR", temporary);
        command.envs(program.variables.iter().copied());
        Ok(command)
    }
}

fn cannot_start(error: &dyn std::fmt::Display) -> String {
    format!("it could not be started: {error}")
}

/// Is the fence: called by `main` with what follows [`ARGUMENT`], before anything else and before a second thread is there.
#[must_use]
pub fn inside(spec: &str) -> ExitCode {
    match serde_json::from_str::<Spec>(spec) {
        Ok(spec) => spec.go(),
        Err(error) => spec::refused(&format!("this is for Slipway itself: {error}")),
    }
}
