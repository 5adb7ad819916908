//! The programs of this machine that run a template's scripts, and what a fence has to let them read.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use engine_templates::Trust;

use crate::error::{Error, Result};

/// What runs Python.
pub const PYTHON: &str = "python3";

/// Where each interpreter, and each program that scripts name, is.
#[derive(Debug, Default)]
pub struct Interpreters {
    reads: Vec<PathBuf>,
}

/// A Python, with the folders that hold its modules.
#[derive(Debug)]
struct Python {
    executable: String,
    folders: Vec<PathBuf>,
}

impl Interpreters {
    pub fn of(trust: &Trust) -> Self {
        // What scripts call is not always to be seen in them.
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut reads: Vec<PathBuf> = std::env::split_paths(&path).filter(|folder| folder.is_absolute()).collect();
        let uses_python = !trust.extensions.is_empty();
        let named = trust.programs.iter().flat_map(|program| program.calls.iter().chain([&program.interpreter]));
        let named: Vec<&str> = named.map(String::as_str).chain(uses_python.then_some(PYTHON)).collect();
        if named.iter().any(|name| name.starts_with("python"))
            && let Some(python) = python()
        {
            reads.extend(python.folders.iter().cloned());
        }
        for path in named.into_iter().filter_map(find) {
            let real = std::fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
            reads.extend(path.parent().map(Path::to_owned));
            reads.extend(installation(&real));
        }
        reads.retain(|folder| !is_personal(folder));
        reads.sort();
        reads.dedup();
        Self { reads }
    }

    /// What they read beside the system's own.
    pub fn reads(&self) -> &[PathBuf] {
        &self.reads
    }

    /// Where programs are looked for: Python itself before a wrapper that looks elsewhere for it.
    pub fn path(&self) -> String {
        let path = std::env::var("PATH").unwrap_or_default();
        match python().and_then(|python| Path::new(&python.executable).parent()) {
            Some(folder) => format!("{}:{path}", folder.display()),
            None => path,
        }
    }

    /// # Errors
    /// There is none.
    pub fn python(&self) -> Result<String> {
        let missing = || Error::Unavailable(format!("{PYTHON} is not on this machine, or does not start."));
        python().map(|python| python.executable.clone()).ok_or_else(missing)
    }
}

/// The folder into which a program was installed with what it needs: beside `bin`.
fn installation(program: &Path) -> Option<PathBuf> {
    let folder = program.parent()?;
    match (folder.file_name()?.to_str()?, folder.parent()) {
        // Never the whole machine, and of a person's own folders only the programs.
        ("bin", Some(above)) if above.parent().is_some() && !is_personal(above) => Some(above.to_owned()),
        _ => Some(folder.to_owned()),
    }
}

/// Whether a folder holds a person's keys beside programs: their home, what it lies in, and the hidden ones in it, such as
/// `.local`, `.cargo` and `.docker`.
fn is_personal(folder: &Path) -> bool {
    let Some(home) = std::env::home_dir().filter(|home| home.parent().is_some()) else {
        return folder.parent().is_none();
    };
    let is_hidden = folder.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    home.starts_with(folder) || (folder.parent() == Some(&home) && is_hidden && !folder.join("pyvenv.cfg").exists())
}

/// A program on `PATH`, or at its absolute path.
pub fn find(name: &str) -> Option<PathBuf> {
    let is_program = |path: &PathBuf| {
        std::fs::metadata(path).is_ok_and(|known| known.is_file() && known.permissions().mode() & 0o111 != 0)
    };
    if name.contains('/') {
        return Some(PathBuf::from(name)).filter(|path| path.is_absolute() && is_program(path));
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(is_program)
}

/// The machine's Python, asked once: what is on `PATH` may be a wrapper that looks elsewhere.
fn python() -> Option<&'static Python> {
    static FOUND: OnceLock<Option<Python>> = OnceLock::new();
    FOUND.get_or_init(ask).as_ref()
}

fn ask() -> Option<Python> {
    const WHERE: &str = "import sys; print('\\n'.join([sys.executable, sys.prefix, sys.base_prefix] + sys.path[1:]))";
    let answer = Command::new(find(PYTHON)?).args(["-c", WHERE]).output().ok()?;
    let text = String::from_utf8(answer.stdout).ok()?;
    let mut lines = text.lines().filter(|line| line.starts_with('/'));
    let executable = lines.next()?.to_owned();
    Some(Python { executable, folders: lines.map(PathBuf::from).collect() })
}
