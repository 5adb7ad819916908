//! The git program in a scratch repository, for examples and tests.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use engine_templates::update::MergeError;
use engine_templates::update::git::{Git, GitMerge, Output, attributes};

/// A bare repository of its own for each merge.
pub struct ScratchGit(tempfile::TempDir);

/// How often git was started.
pub static STARTED: AtomicUsize = AtomicUsize::new(0);

impl ScratchGit {
    pub fn merge() -> GitMerge<Self> {
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        for name in ["objects", "refs", "info"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        std::fs::write(folder.path().join("HEAD"), "ref: refs/heads/none\n").unwrap();
        std::fs::write(folder.path().join("config"), "[core]\nrepositoryformatversion = 0\nbare = true\n").unwrap();
        std::fs::write(folder.path().join("info/attributes"), attributes()).unwrap();
        GitMerge::new(Self(folder))
    }
}

impl Git for ScratchGit {
    fn run(&self, arguments: &[&str], input: &[u8]) -> Result<Output, MergeError> {
        STARTED.fetch_add(1, Ordering::Relaxed);
        let mut command = Command::new("git");
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("GIT_DIR", self.0.path());
        command
            .env("HOME", self.0.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("LC_ALL", "C")
            .current_dir(self.0.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.args(arguments).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let output = std::thread::scope(|scope| {
            scope.spawn(move || drop(stdin.write_all(input)));
            child.wait_with_output().unwrap()
        });
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        Ok(Output { code: output.status.code(), answer: output.stdout, message })
    }
}
