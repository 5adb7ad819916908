//! A mirror in which a commit is made, and from which a branch is pushed to its host.
//!
//! Everything happens in the object database and an index of our own: there is no work tree, no filter and no hook.

use std::fs::{self, File};
use std::path::Path;

use super::command::{Access, Output, Place, run};
use super::failure::Failure;
use super::listing::Listing;
use super::mirror::{LOCAL_LIMIT, Work, head};
use super::{Login, Remote, Watch};

/// Whose commits they are where the host gives us no name of its own.
const NAME: &str = "user.name=Slipway";
const EMAIL: &str = "user.email=slipway@localhost";

/// A file of a new commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile<'a> {
    pub path: &'a str,
    /// `100644`
    pub mode: &'a str,
    /// `None` removes it.
    pub text: Option<&'a str>,
}

/// How a push ended that reached the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pushed {
    Done,
    /// The branch is not where it was thought to be.
    Moved,
    /// The host did not take it: what it says.
    Rejected(String),
}

/// A mirror that is up to date, and ours alone as long as this lives.
pub struct Workshop<'a> {
    work: Work<'a>,
    lock: File,
    listing: Listing,
    base: Option<(String, String)>,
}

impl<'a> Workshop<'a> {
    /// Brings the mirror of `remote` up to date and takes it.
    ///
    /// # Errors
    /// As [`super::update`].
    pub async fn open(mirrors: &'a Path, remote: &'a Remote, watch: &'a Watch<'a>) -> Result<Self, Failure> {
        let work = Work::begin(mirrors, remote, watch).await?;
        let lock = work.lock().await?;
        let listing = work.ask().await?;
        if !work.is_current(&listing) {
            work.catch_up(&lock, &listing).await?;
        }
        let base = head(&work.mirror).and_then(|name| Some((name.clone(), listing.commit(&name)?.to_owned())));
        Ok(Self { work, lock, listing, base })
    }

    /// The default branch and its commit; `None` where there is no commit yet.
    pub fn base(&self) -> Option<(&str, &str)> {
        let (name, commit) = self.base.as_ref()?;
        Some((name.strip_prefix("refs/heads/").unwrap_or(name), commit))
    }

    /// The commit that a branch has at the host.
    pub fn branch(&self, name: &str) -> Option<&str> {
        self.listing.commit(&format!("refs/heads/{name}"))
    }

    /// Mode and bytes of what is at a path of a commit; of a folder, a link or a submodule no bytes.
    ///
    /// # Errors
    /// Where git fails.
    pub async fn file(&self, commit: &str, path: &str) -> Result<Option<(String, Option<Vec<u8>>)>, Failure> {
        let listed = self.local(&["ls-tree", "-z", commit, "--", path]).await?;
        // `100644 blob 1a2b…\tpath`
        let text = String::from_utf8_lossy(&listed);
        let Some((about, _)) = text.split_once('\t') else { return Ok(None) };
        let mut parts = about.split(' ');
        let (Some(mode), Some(_), Some(id)) = (parts.next(), parts.next(), parts.next()) else { return Ok(None) };
        let bytes = match mode.starts_with("100") {
            true => Some(self.local(&["cat-file", "blob", id]).await?),
            false => None,
        };
        Ok(Some((mode.to_owned(), bytes)))
    }

    /// A commit on top of `parent` with these files changed; gives its id. No branch leads to it yet.
    ///
    /// # Errors
    /// Where git or our own folder fails.
    pub async fn commit(&self, parent: &str, files: &[NewFile<'_>], message: &str) -> Result<String, Failure> {
        let index = self.work.mirror.join("slipway-index");
        let text = self.work.mirror.join("slipway-text");
        let result = self.make(&index, &text, parent, files, message).await;
        // The next one writes over what cannot be removed.
        let _ = (fs::remove_file(&index), fs::remove_file(&text));
        result
    }

    async fn make(
        &self,
        index: &Path,
        text: &Path,
        parent: &str,
        files: &[NewFile<'_>],
        message: &str,
    ) -> Result<String, Failure> {
        self.in_index(index, &["read-tree", parent]).await?;
        for file in files {
            let Some(content) = file.text else {
                self.in_index(index, &["update-index", "--force-remove", "--", file.path]).await?;
                continue;
            };
            fs::write(text, content).map_err(|error| Failure::of_folder(text, &error))?;
            let path = std::path::absolute(text).map_err(|error| Failure::of_folder(text, &error))?;
            let id = self.line(&["hash-object", "-w", "--no-filters", "--", &path.to_string_lossy()]).await?;
            let entry = format!("{},{id},{}", file.mode, file.path);
            self.in_index(index, &["update-index", "--add", "--cacheinfo", &entry]).await?;
        }
        let tree = self.in_index(index, &["write-tree"]).await?;
        let tree = String::from_utf8_lossy(&tree);
        self.line(&["-c", NAME, "-c", EMAIL, "commit-tree", tree.trim(), "-p", parent, "-m", message]).await
    }

    /// Moves a branch at the host to a commit (`None` removes it), if it is where `expected` says: at a commit, or nowhere.
    ///
    /// # Errors
    /// Where the host was not reached, or does not know us.
    pub async fn push(&self, branch: &str, commit: Option<&str>, expected: Option<&str>) -> Result<Pushed, Failure> {
        let reference = format!("refs/heads/{branch}");
        let lease = format!("--force-with-lease={reference}:{}", expected.unwrap_or_default());
        let what = format!("{}:{reference}", commit.unwrap_or_default());
        let url = self.work.remote.url.as_str();
        let arguments = ["push", "--porcelain", "--no-signed", &lease, "--", url, &what];
        let work = &self.work;
        let access = Access { url: &work.remote.url, connection: &work.remote.connection, login: work.login.as_ref() };
        let output = run(&self.place(None), Some(&access), &arguments, work.left(), work.watch).await;
        let output = output.map_err(|failure| failure.at(work.remote))?;
        if !output.success {
            return refusal(&output, work.remote, work.login.as_ref());
        }
        match commit {
            // As the host has it now: whoever looks at the mirror before the next sync shall not miss it.
            Some(commit) => self.local(&["update-ref", &reference, commit]).await?,
            None => self.local(&["update-ref", "-d", &reference]).await?,
        };
        Ok(Pushed::Done)
    }

    fn place<'b>(&'b self, index: Option<&'b Path>) -> Place<'b> {
        Place { mirrors: self.work.mirrors, mirror: Some(&self.work.mirror), lock: Some(&self.lock), index }
    }

    async fn line(&self, arguments: &[&str]) -> Result<String, Failure> {
        Ok(String::from_utf8_lossy(&self.local(arguments).await?).trim().to_owned())
    }

    async fn local(&self, arguments: &[&str]) -> Result<Vec<u8>, Failure> {
        self.run(&self.place(None), arguments).await
    }

    async fn in_index(&self, index: &Path, arguments: &[&str]) -> Result<Vec<u8>, Failure> {
        self.run(&self.place(Some(index)), arguments).await
    }

    async fn run(&self, place: &Place<'_>, arguments: &[&str]) -> Result<Vec<u8>, Failure> {
        let output = run(place, None, arguments, LOCAL_LIMIT, self.work.watch).await;
        match output.map_err(|failure| failure.at(self.work.remote))? {
            Output { success: true, answer, .. } => Ok(answer),
            Output { message, .. } => Err(Failure::of_message(&message, self.work.remote, None)),
        }
    }
}

/// What the host had against a push: `!\tsource:target\t[remote rejected] (pre-receive hook declined)`.
pub(super) fn refusal(output: &Output, remote: &Remote, login: Option<&Login>) -> Result<Pushed, Failure> {
    let answer = String::from_utf8_lossy(&output.answer);
    let Some(line) = answer.lines().find_map(|line| line.strip_prefix("!\t")) else {
        let secret = login.map(|login| login.secret.expose());
        return Err(Failure::of_push(&output.message, remote, secret));
    };
    let why = line.rsplit('\t').next().unwrap_or_default();
    if ["stale info", "fetch first", "non-fast-forward", "already exists"].iter().any(|sign| why.contains(sign)) {
        return Ok(Pushed::Moved);
    }
    let told = output.message.lines().filter_map(|line| line.strip_prefix("remote: ")).map(str::trim);
    let told: Vec<&str> = told.filter(|line| !line.is_empty()).take(3).collect();
    let text = [why, &told.join(" ")].join(" ");
    Ok(Pushed::Rejected(text.chars().filter(|c| !c.is_control()).take(300).collect::<String>().trim().to_owned()))
}
