//! New projects: a bare repository of our own with one commit, and its way to a host.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use engine_templates::tree::{Entry, Tree};

use super::command::{Access, Place, run};
use super::failure::{Failure, Kind};
use super::merge::run_in;
use super::workshop::{Pushed, refusal};
use super::{Remote, Watch};

/// The commit with which a project begins. Equal ones have equal ids.
#[derive(Debug, Clone, Copy)]
pub struct FirstCommit<'a> {
    pub tree: &'a Tree,
    pub branch: &'a str,
    pub message: &'a str,
    /// Seconds since 1970 in UTC.
    pub at: i64,
}

/// Makes a bare repository with one commit at `folder`, beside which nothing is left when it fails; gives the commit. It
/// blocks.
///
/// # Errors
/// What went wrong, for a person; a folder that is there stays as it is.
pub fn create(folder: &Path, commit: &FirstCommit<'_>) -> Result<String, String> {
    let of_folder = |error: io::Error| format!("{} cannot be made: {error}", folder.display());
    let parent = folder.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(of_folder)?;
    let draft = tempfile::Builder::new().prefix(".slipway-").tempdir_in(parent).map_err(of_folder)?;
    let bare = draft.path().join("bare");
    for name in ["objects", "refs"] {
        fs::create_dir_all(bare.join(name)).map_err(of_folder)?;
    }
    fs::write(bare.join("HEAD"), format!("ref: refs/heads/{}\n", commit.branch)).map_err(of_folder)?;
    fs::write(bare.join("config"), "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n")
        .map_err(of_folder)?;
    let import = ["-c", "fastimport.unpackLimit=1", "fast-import", "--quiet", "--done"];
    let output = run_in(&bare, &import, &stream(commit)).map_err(|error| error.0)?;
    if output.code != Some(0) {
        return Err(format!("git could not make the commit: {}", output.message.trim()));
    }
    let id = fs::read_to_string(bare.join("refs/heads").join(commit.branch)).map_err(of_folder)?;
    match fs::rename(&bare, folder) {
        Err(error) if error.kind() != ErrorKind::NotFound && folder.join("HEAD").is_file() => {
            Err(format!("{} is there already", folder.display()))
        }
        renamed => renamed.map(|()| id.trim().to_owned()).map_err(of_folder),
    }
}

/// Pushes the branch of a repository that [`create`] made to a host that does not have it.
///
/// # Errors
/// Where the host was not reached, or does not know us.
pub async fn push_new(
    repository: &Path,
    remote: &Remote,
    branch: &str,
    commit: &str,
    watch: &Watch<'_>,
) -> Result<Pushed, Failure> {
    let refused = |reason: String| Failure {
        kind: Kind::Refused,
        reason,
        help: "Correct the credentials of the source.".to_owned(),
    };
    let login = remote.credentials.login().await.map_err(refused)?;
    let folder = repository.parent().unwrap_or(repository);
    let place = Place { mirrors: folder, mirror: Some(repository), lock: None, index: None };
    let access = Access { url: &remote.url, connection: &remote.connection, login: login.as_ref() };
    let lease = format!("--force-with-lease=refs/heads/{branch}:");
    let what = format!("{commit}:refs/heads/{branch}");
    let arguments = ["push", "--porcelain", "--no-signed", &lease, "--", remote.url.as_str(), &what];
    let output = run(&place, Some(&access), &arguments, remote.time_limit, watch).await;
    let output = output.map_err(|failure| failure.at(remote))?;
    if output.success { Ok(Pushed::Done) } else { refusal(&output, remote, login.as_ref()) }
}

/// For `git fast-import` (git-fast-import(1)).
fn stream(commit: &FirstCommit<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    let who = format!("Slipway <slipway@localhost> {} +0000", commit.at);
    let head = format!("commit refs/heads/{}\nauthor {who}\ncommitter {who}\n", commit.branch);
    out.extend_from_slice(head.as_bytes());
    data(&mut out, commit.message.as_bytes());
    for (path, entry) in commit.tree.iter() {
        let (mode, content) = match entry {
            Entry::Folder => continue,
            Entry::Link { target } => ("120000", target.as_bytes()),
            Entry::File { content, mode } if mode & 0o100 != 0 => ("100755", &**content),
            Entry::File { content, .. } => ("100644", &**content),
        };
        out.extend_from_slice(format!("M {mode} inline {}\n", quoted(path)).as_bytes());
        data(&mut out, content);
    }
    out.extend_from_slice(b"done\n");
    out
}

fn data(out: &mut Vec<u8>, content: &[u8]) {
    out.extend_from_slice(format!("data {}\n", content.len()).as_bytes());
    out.extend_from_slice(content);
    out.push(b'\n');
}

fn quoted(path: &str) -> String {
    format!("\"{}\"", path.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_project_is_made_whole_and_the_same_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut tree = Tree::default();
        for (path, mode, text) in [("a \"b\"\\c", 0o644, "x"), ("bin/run", 0o755, "#!/bin/sh\n"), ("ü", 0o600, "")] {
            tree.insert(path, Entry::file(text.as_bytes(), mode)).unwrap();
        }
        tree.insert("link", Entry::Link { target: "bin/run".to_owned() }).unwrap();
        tree.insert("empty", Entry::Folder).unwrap();
        let commit = FirstCommit { tree: &tree, branch: "main", message: "Begin\n\nWith ü.", at: 1_700_000_000 };
        let made = create(&folder.path().join("one.git"), &commit).unwrap();
        assert_eq!(create(&folder.path().join("two.git"), &commit).unwrap(), made);
        assert!(create(&folder.path().join("one.git"), &commit).is_err());
        let repository = engine_repo::Repository::open(&folder.path().join("one.git")).unwrap();
        let read = crate::templates::tree_at(&repository, &made).unwrap();
        let paths: Vec<&str> = read.iter().map(|(path, _)| path).collect();
        assert_eq!(paths, ["a \"b\"\\c", "bin/run", "link", "ü"]);
        assert_eq!(read.get("bin/run"), tree.get("bin/run"));
        assert_eq!(repository.head().unwrap().unwrap().branch.as_deref(), Some("main"));
        let mut names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["one.git", "two.git"]);
    }
}
