//! `git` for the merges of `engine_templates`: each in a bare repository of its own, which is gone afterwards.
//!
//! It blocks: whoever is asynchronous calls it where blocking is allowed.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use engine_templates::tree::Tree;
use engine_templates::update::git::{Git, GitMerge, Output, attributes};
use engine_templates::update::{Merge, MergeError, Merged};
use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;

use super::command::{Place, prepare};

/// For one run of git.
const LIMIT: Duration = Duration::from_secs(60);
/// What git may answer: all files of a project.
const LONGEST_ANSWER: u64 = 1 << 30;
/// What is kept of its messages, from the beginning.
const LONGEST_MESSAGE: u64 = 16 << 10;
/// How often it is looked whether git has ended.
const STEP: Duration = Duration::from_millis(2);

/// Merges trees with the `git` program in new folders below `folder`.
#[derive(Clone, Debug)]
pub struct Merger {
    folder: PathBuf,
}

impl Merger {
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    fn store(&self) -> Result<GitMerge<Store>, MergeError> {
        Ok(GitMerge::new(Store::new(&self.folder).map_err(|error| of_folder(&self.folder, &error))?))
    }
}

impl Merge for Merger {
    fn merge(&self, base: &Tree, ours: &Tree, theirs: &Tree) -> Result<Merged, MergeError> {
        self.store()?.merge(base, ours, theirs)
    }

    fn patch(&self, from: &Tree, to: &Tree) -> Result<String, MergeError> {
        self.store()?.patch(from, to)
    }
}

/// A bare repository without hooks and with no configuration but what it needs to be one.
struct Store {
    folder: TempDir,
}

impl Store {
    fn new(folder: &Path) -> std::io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("merge-").tempdir_in(folder)?;
        for name in ["objects", "refs", "info"] {
            fs::create_dir(folder.path().join(name))?;
        }
        fs::write(folder.path().join("HEAD"), "ref: refs/heads/none\n")?;
        fs::write(folder.path().join("config"), "[core]\n\trepositoryformatversion = 0\n\tbare = true\n")?;
        fs::write(folder.path().join("info/attributes"), attributes())?;
        Ok(Self { folder })
    }
}

impl Git for Store {
    fn run(&self, arguments: &[&str], input: &[u8]) -> Result<Output, MergeError> {
        run_in(self.folder.path(), arguments, input)
    }
}

/// Runs git in a bare repository of our own, with nothing of the configuration of a person or the machine. It blocks.
pub(super) fn run_in(repository: &Path, arguments: &[&str], input: &[u8]) -> Result<Output, MergeError> {
    let place = Place { mirrors: repository, mirror: Some(repository), lock: None, index: None };
    let mut command = prepare(&place, None).map_err(|failure| MergeError(failure.reason))?.into_std();
    // Neither a person's nor the machine's configuration knows how templates are merged.
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null").env("GIT_ATTR_NOSYSTEM", "1");
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let started = command.spawn();
    let mut child = started.map_err(|error| MergeError(format!("the git program could not be started: {error}")))?;
    let streams = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (answer, message, code) = thread::scope(|scope| {
        let (stdin, stdout, stderr) = streams;
        scope.spawn(move || give(stdin, input));
        let answer = scope.spawn(move || take(stdout));
        let message = scope.spawn(move || said(stderr));
        let code = wait(&mut child);
        (answer.join().unwrap_or_default(), message.join().unwrap_or_default(), code)
    });
    let code = code?;
    let answer = answer.ok_or_else(|| MergeError("git answered more than anything that makes sense".to_owned()))?;
    Ok(Output { code, answer, message })
}

/// Waits for git's end, and ends it and its children where it takes too long.
fn wait(child: &mut Child) -> Result<Option<i32>, MergeError> {
    let end = Instant::now() + LIMIT;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status.code()),
            Ok(None) if Instant::now() < end => thread::sleep(STEP),
            ended => {
                if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
                    // It may have ended by itself.
                    let _ = kill_process_group(group, Signal::KILL);
                }
                let _ = child.wait();
                return Err(MergeError(match ended {
                    Err(error) => format!("git could not be waited for: {error}"),
                    _ => format!("git took longer than {} s", LIMIT.as_secs()),
                }));
            }
        }
    }
}

fn give(stdin: Option<ChildStdin>, input: &[u8]) {
    if let Some(mut stdin) = stdin {
        // Where git does not read it all, it says why.
        let _ = stdin.write_all(input);
    }
}

/// `None` where it is longer than it may be; git then ends because nobody reads on.
fn take(stdout: Option<ChildStdout>) -> Option<Vec<u8>> {
    let mut answer = Vec::new();
    stdout?.take(LONGEST_ANSWER + 1).read_to_end(&mut answer).ok()?;
    (answer.len() as u64 <= LONGEST_ANSWER).then_some(answer)
}

fn said(stderr: Option<ChildStderr>) -> String {
    let mut message = Vec::new();
    if let Some(mut stderr) = stderr {
        let _ = (&mut stderr).take(LONGEST_MESSAGE).read_to_end(&mut message);
        let _ = std::io::copy(&mut stderr, &mut std::io::sink());
    }
    String::from_utf8_lossy(&message).into_owned()
}

fn of_folder(folder: &Path, error: &std::io::Error) -> MergeError {
    MergeError(format!("{} cannot be used for a merge: {error}", folder.display()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use engine_templates::tree::Entry;

    use super::*;

    fn tree(files: &[(&str, &str)]) -> Tree {
        let mut tree = Tree::default();
        for (path, text) in files {
            tree.insert(*path, Entry::file(text.as_bytes(), 0o644)).unwrap();
        }
        tree
    }

    #[test]
    fn trees_are_merged_and_nothing_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let merger = Merger::new(folder.path());
        let base = tree(&[("a", "1\n2\n3\n4\n5\n")]);
        let ours = tree(&[("a", "0\n1\n2\n3\n4\n5\n")]);
        let theirs = tree(&[("b", "1\n2\n3\n4\n5\n6\n")]);
        let merged = Merge::merge(&merger, &base, &ours, &theirs).unwrap();
        assert_eq!(merged.tree, tree(&[("b", "0\n1\n2\n3\n4\n5\n6\n")]));
        assert_eq!(merged.clashes, []);
        let patch = Merge::patch(&merger, &base, &ours).unwrap();
        assert!(patch.starts_with("diff --git a/a b/a\n"), "{patch}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
