//! Bare copies of repositories, each in a folder of its own below `mirrors` in the data folder.
//!
//! A new mirror is made beside its place and put there when it is whole. What an interrupted git leaves behind is removed
//! before the next one starts: the lock of a mirror is held by git itself too, so that it is free only when no git works
//! there any more, whatever became of us.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::Instant;

use super::command::{Access, Output, Place, check, run};
use super::failure::{Failure, Kind};
use super::listing::Listing;
use super::{Login, Remote, RemoteUrl, Watch};

/// The question for references takes at most so long.
const ASK_LIMIT: Duration = Duration::from_secs(60);
/// Work within a mirror, without a host.
pub(super) const LOCAL_LIMIT: Duration = Duration::from_secs(30 * 60);
/// For the git of a Slipway that was killed.
const LOCK_WAIT: Duration = Duration::from_secs(10);
/// Each fetch adds a pack; with more than so many they become one.
const MOST_PACKS: usize = 50;
/// In a mirror: the references that its host had when it was last fetched.
const FETCHED: &str = "slipway-fetched";

/// What bringing a mirror up to date took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Updated {
    /// The host has nothing new.
    Unchanged,
    Fetched,
    /// It was not there, or damaged.
    Cloned,
}

/// Brings the mirror of `remote` below `mirrors` up to date: it is at `mirrors` and [`RemoteUrl::folder_name`].
///
/// # Errors
/// What happened and what to do; what was there before stays.
pub async fn update(mirrors: &Path, remote: &Remote, watch: &Watch<'_>) -> Result<Updated, Failure> {
    let work = Work::begin(mirrors, remote, watch).await?;
    let listing = work.ask().await?;
    if work.is_current(&listing) {
        return Ok(Updated::Unchanged);
    }
    let lock = work.lock().await?;
    work.catch_up(&lock, &listing).await
}

/// Looks whether the mirror of `remote` is damaged, and then makes it anew; gives whether it was.
///
/// # Errors
/// As [`update`]; the damaged one stays.
pub async fn mend(mirrors: &Path, remote: &Remote, watch: &Watch<'_>) -> Result<bool, Failure> {
    let work = Work::begin(mirrors, remote, watch).await?;
    let lock = work.lock().await?;
    if !work.is_damaged(&lock).await? {
        return Ok(false);
    }
    let listing = work.ask().await?;
    work.clone(&lock, &listing).await?;
    Ok(true)
}

/// Asks the host of `remote` for its references and fetches nothing: how many branches it has. `folder` is made, for us
/// alone, and then holds nothing but what git needs for a moment.
///
/// # Errors
/// As [`update`].
pub async fn reach(folder: &Path, remote: &Remote, watch: &Watch<'_>) -> Result<usize, Failure> {
    Ok(Work::begin(folder, remote, watch).await?.ask().await?.branches())
}

/// Removes the mirrors below `mirrors` whose folders are not in use, and what belongs to them. Nothing else there is
/// touched. Blocks.
///
/// # Errors
/// Names what could not be removed; the others are.
pub fn clean(mirrors: &Path, in_use: &HashSet<String>) -> io::Result<u64> {
    let entries = match fs::read_dir(mirrors) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    let (mut removed, mut outcome) = (0, Ok(()));
    for entry in entries.flatten() {
        let file_name = entry.file_name();
        let Some(name) = file_name.to_str().and_then(|name| name.strip_suffix(".lock")) else { continue };
        if in_use.contains(name) {
            continue;
        }
        let Ok(Some(_lock)) = try_lock(&entry.path()) else { continue };
        let paths = [mirrors.join(name), aside(mirrors, name, "new"), aside(mirrors, name, "old")];
        match paths.iter().try_for_each(|path| remove(path)).and_then(|()| fs::remove_file(entry.path())) {
            Ok(()) => removed += 1,
            Err(error) => outcome = Err(io::Error::new(error.kind(), format!("{name}: {error}"))),
        }
    }
    outcome.map(|()| removed)
}

/// One mirror while somebody works on it.
pub(super) struct Work<'a> {
    pub(super) mirrors: &'a Path,
    name: String,
    pub(super) mirror: PathBuf,
    pub(super) remote: &'a Remote,
    pub(super) login: Option<Login>,
    pub(super) watch: &'a Watch<'a>,
    deadline: Instant,
}

impl<'a> Work<'a> {
    pub(super) async fn begin(mirrors: &'a Path, remote: &'a Remote, watch: &'a Watch<'a>) -> Result<Self, Failure> {
        // What is private at the host is private here.
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(mirrors);
        made.map_err(|error| Failure::of_folder(mirrors, &error))?;
        check(mirrors, watch).await?;
        let login = remote.credentials.login().await.map_err(|why| Failure::of_credentials(remote, &why))?;
        let name = remote.url.folder_name();
        let (mirror, deadline) = (mirrors.join(&name), Instant::now() + remote.time_limit);
        Ok(Self { mirrors, name, mirror, remote, login, watch, deadline })
    }

    fn url(&self) -> &'a RemoteUrl {
        &self.remote.url
    }

    /// What the host has. Costs no fetch, and needs no lock.
    pub(super) async fn ask(&self) -> Result<Listing, Failure> {
        let place = Place { mirrors: self.mirrors, mirror: None, lock: None, index: None };
        let arguments = ["ls-remote", "--symref", "--", self.url().as_str()];
        let output = self.speak(&place, &arguments, ASK_LIMIT).await?;
        Ok(Listing::parse(&output.answer))
    }

    /// Fetches what the host has and the mirror lacks.
    pub(super) async fn catch_up(&self, lock: &File, listing: &Listing) -> Result<Updated, Failure> {
        if !self.mirror.is_dir() {
            return self.clone(lock, listing).await;
        }
        match self.fetch(&self.mirror, lock, listing).await {
            Ok(()) => Ok(Updated::Fetched),
            Err(failure) if failure.kind.may_be_damage() && self.is_damaged(lock).await? => {
                self.clone(lock, listing).await
            }
            Err(failure) => Err(failure),
        }
    }

    pub(super) fn is_current(&self, listing: &Listing) -> bool {
        fs::read_to_string(self.mirror.join(FETCHED)).is_ok_and(|digest| digest == listing.digest())
    }

    pub(super) async fn lock(&self) -> Result<File, Failure> {
        let path = self.mirrors.join(format!("{}.lock", self.name));
        let deadline = Instant::now() + LOCK_WAIT;
        loop {
            match try_lock(&path) {
                Ok(Some(lock)) => return Ok(lock),
                Ok(None) if Instant::now() > deadline => return Err(Failure::of_lock(self.url())),
                Ok(None) => {}
                Err(error) => return Err(Failure::of_folder(&path, &error)),
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(100)) => {}
                () = self.watch.halted.cancelled() => return Err(Failure::new(Kind::Halted)),
            }
        }
    }

    /// Makes the mirror anew; one that is there gives way only when the new one is whole.
    async fn clone(&self, lock: &File, listing: &Listing) -> Result<Updated, Failure> {
        let (new, old) = (aside(self.mirrors, &self.name, "new"), aside(self.mirrors, &self.name, "old"));
        let failed = |error: io::Error| Failure::of_folder(self.mirrors, &error);
        remove(&new).and_then(|()| remove(&old)).map_err(failed)?;
        let made = self.make(&new, lock, listing).await;
        if let Err(failure) = made {
            // The next one removes what cannot be removed now.
            let _ = remove(&new);
            return Err(failure);
        }
        if self.mirror.exists() {
            fs::rename(&self.mirror, &old).map_err(failed)?;
        }
        fs::rename(&new, &self.mirror).and_then(|()| remove(&old)).map_err(failed)?;
        Ok(Updated::Cloned)
    }

    async fn make(&self, new: &Path, lock: &File, listing: &Listing) -> Result<(), Failure> {
        fs::DirBuilder::new().mode(0o700).create(new).map_err(|error| Failure::of_folder(new, &error))?;
        self.local(new, lock, &["init", "--quiet", "--bare", "--initial-branch=main"]).await?;
        self.fetch(new, lock, listing).await?;
        // Thousands of tags in a file each would be read one by one with every look.
        self.local(new, lock, &["pack-refs", "--all"]).await
    }

    async fn fetch(&self, mirror: &Path, lock: &File, listing: &Listing) -> Result<(), Failure> {
        remove_leftovers(mirror).map_err(|error| Failure::of_folder(mirror, &error))?;
        let before = head(mirror).filter(|_| mirror.join(FETCHED).exists());
        let chosen = listing.choose(before.as_deref());
        if chosen.is_none() && !listing.is_empty() {
            return Err(Failure::of_branch(self.url(), &listing.some_branches()));
        }
        let place = Place { mirrors: self.mirrors, mirror: Some(mirror), lock: Some(lock), index: None };
        let arguments = [
            "fetch",
            "--prune",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-auto-maintenance",
            "--no-show-forced-updates",
            "--progress",
            "--",
            self.url().as_str(),
            "+refs/heads/*:refs/heads/*",
            "+refs/tags/*:refs/tags/*",
        ];
        self.speak(&place, &arguments, self.remote.time_limit).await?;
        if let Some(branch) = chosen.or(listing.head.as_deref())
            && head(mirror).as_deref() != Some(branch)
        {
            self.local(mirror, lock, &["symbolic-ref", "HEAD", branch]).await?;
        }
        if packs(mirror) > MOST_PACKS {
            self.local(mirror, lock, &["gc", "--quiet"]).await?;
        }
        fs::write(mirror.join(FETCHED), listing.digest()).map_err(|error| Failure::of_folder(mirror, &error))
    }

    /// Whether what a branch or a tag leads to is there.
    async fn is_damaged(&self, lock: &File) -> Result<bool, Failure> {
        let place = Place { mirrors: self.mirrors, mirror: Some(&self.mirror), lock: Some(lock), index: None };
        let arguments = ["fsck", "--connectivity-only", "--no-dangling", "--no-progress"];
        match run(&place, None, &arguments, LOCAL_LIMIT, self.watch).await {
            Ok(output) => Ok(!output.success),
            // As far as can be told in such a time.
            Err(failure) if failure.kind == Kind::TimedOut => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// Runs git where it speaks to the host.
    async fn speak(&self, place: &Place<'_>, arguments: &[&str], limit: Duration) -> Result<Output, Failure> {
        let access = Access { url: self.url(), connection: &self.remote.connection, login: self.login.as_ref() };
        let output = run(place, Some(&access), arguments, limit.min(self.left()), self.watch).await;
        let output = output.map_err(|failure| failure.at(self.remote))?;
        let secret = self.login.as_ref().map(|login| login.secret.expose());
        match output.success {
            true => Ok(output),
            false => Err(Failure::of_message(&output.message, self.remote, secret)),
        }
    }

    /// What is left of the time.
    pub(super) fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Runs git within a mirror.
    async fn local(&self, mirror: &Path, lock: &File, arguments: &[&str]) -> Result<(), Failure> {
        let place = Place { mirrors: self.mirrors, mirror: Some(mirror), lock: Some(lock), index: None };
        let output = run(&place, None, arguments, LOCAL_LIMIT, self.watch).await;
        match output.map_err(|failure| failure.at(self.remote))? {
            Output { success: true, .. } => Ok(()),
            Output { message, .. } => Err(Failure::of_message(&message, self.remote, None)),
        }
    }
}

fn aside(mirrors: &Path, name: &str, what: &str) -> PathBuf {
    mirrors.join(format!("{name}.{what}"))
}

/// `None`: somebody else has it.
fn try_lock(path: &Path) -> io::Result<Option<File>> {
    let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The branch that `HEAD` names, in full.
pub(super) fn head(mirror: &Path) -> Option<String> {
    let text = fs::read_to_string(mirror.join("HEAD")).ok()?;
    Some(text.strip_prefix("ref: ")?.trim_end().to_owned())
}

fn packs(mirror: &Path) -> usize {
    let files = fs::read_dir(mirror.join("objects/pack")).into_iter().flatten().flatten();
    files.filter(|file| file.path().extension().is_some_and(|extension| extension == "pack")).count()
}

/// Removes what a git left that did not come to its end. Only for whoever holds the mirror's lock.
fn remove_leftovers(mirror: &Path) -> io::Result<()> {
    let is_lock = |name: &str| name.ends_with(".lock") || name == "gc.pid";
    remove_files(mirror, false, &is_lock)?;
    remove_files(&mirror.join("refs"), true, &is_lock)?;
    let is_temporary = |name: &str| name.starts_with("tmp_") || name.starts_with(".tmp-") || name.ends_with(".lock");
    remove_files(&mirror.join("objects/pack"), false, &is_temporary)
}

fn remove_files(folder: &Path, deep: bool, unwanted: &dyn Fn(&str) -> bool) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            if deep {
                remove_files(&entry.path(), deep, unwanted)?;
            }
        } else if unwanted(&entry.file_name().to_string_lossy()) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
