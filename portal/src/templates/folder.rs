//! Trees from the disk and to it. What is written appears whole or not at all.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use engine_templates::tree::{Entry, Tree};

use super::journal::{Begun, take_back};
use super::tree_at;
use crate::error::{Error, Result};

/// How the names of files begin that are written, and not yet in their place.
pub(super) const HALF_WRITTEN: &str = ".slipway-half-";
/// Files, links and folders of one template or project.
const MOST: usize = 200_000;
/// Bytes of all of them.
const LARGEST: u64 = 1 << 30;
const DEEPEST: usize = 100;

/// Everything in a folder, `.git` apart.
///
/// # Errors
/// [`Error::Unavailable`] for what cannot be read, or is more than is ever read.
pub fn read_folder(folder: &Path) -> Result<Tree> {
    let mut reading = Reading { tree: Tree::default(), bytes: 0 };
    reading.folder(folder, "", 0)?;
    Ok(reading.tree)
}

struct Reading {
    tree: Tree,
    bytes: u64,
}

impl Reading {
    fn folder(&mut self, folder: &Path, prefix: &str, depth: usize) -> Result<()> {
        if depth > DEEPEST || self.tree.len() > MOST {
            return Err(Error::Unavailable(format!("{} holds too much to be a template.", folder.display())));
        }
        for entry in fs::read_dir(folder).map_err(|error| cannot(folder, &error))? {
            let entry = entry.map_err(|error| cannot(folder, &error))?;
            let here = entry.path();
            let name = entry.file_name();
            let Some(name) = name.to_str() else {
                return Err(Error::Unavailable(format!("The name of {} is not UTF-8.", here.display())));
            };
            if prefix.is_empty() && name == ".git" {
                continue;
            }
            let path = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") };
            let kind = entry.file_type().map_err(|error| cannot(&here, &error))?;
            let found = if kind.is_symlink() {
                let target = fs::read_link(&here).map_err(|error| cannot(&here, &error))?;
                Entry::Link { target: target.to_string_lossy().into_owned() }
            } else if kind.is_dir() {
                self.folder(&here, &path, depth + 1)?;
                Entry::Folder
            } else if kind.is_file() {
                let known = entry.metadata().map_err(|error| cannot(&here, &error))?;
                self.bytes += known.len();
                if self.bytes > LARGEST {
                    return Err(Error::Unavailable(format!("{} holds more than 1 GB.", folder.display())));
                }
                let content = fs::read(&here).map_err(|error| cannot(&here, &error))?;
                Entry::file(content, known.permissions().mode() & 0o7777)
            } else {
                return Err(Error::Unavailable(format!("{} is neither a file nor a folder.", here.display())));
            };
            self.tree
                .insert(path, found)
                .map_err(|error| Error::Unavailable(format!("{}: {error}", here.display())))?;
        }
        Ok(())
    }
}

fn cannot(path: &Path, error: &io::Error) -> Error {
    Error::Unavailable(format!("{} cannot be read: {error}", path.display()))
}

fn cannot_write(path: &Path, error: &io::Error) -> Error {
    Error::Unavailable(format!("{} cannot be written: {error}", path.display()))
}

/// The files of a project as they are committed, where nothing that is tracked differs from that.
///
/// # Errors
/// [`Error::Conflict`] for a project that is no Git repository, has no commit, or was changed since, naming what was.
pub fn read_project(folder: &Path) -> Result<Tree> {
    let committed = read_committed(folder)?;
    let changed: Vec<&str> =
        committed.iter().filter(|(path, entry)| !is_on_disk(folder, path, entry)).map(|(path, _)| path).collect();
    if let Some((first, rest)) = changed.split_first() {
        let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
        return Err(Error::Conflict(format!(
            "{first}{more} differ from what is committed: commit or stash first, so that nothing can be lost."
        )));
    }
    Ok(committed)
}

/// The files of a project as they are committed, whatever was changed since.
///
/// # Errors
/// [`Error::Conflict`] for a project that is no Git repository, or has no commit.
pub fn read_committed(folder: &Path) -> Result<Tree> {
    let repository = engine_repo::Repository::open(folder).map_err(|_| {
        Error::Conflict(format!(
            "{} is no Git repository: an update shows what it did as a difference to a commit. Begin with: git init && git \
             add --all && git commit",
            folder.display()
        ))
    })?;
    let head = repository.head().map_err(|error| Error::Unavailable(error.to_string()))?;
    let head = head.ok_or_else(|| Error::Conflict(format!("{} has no commit yet: commit first.", folder.display())))?;
    tree_at(&repository, &head.commit)
}

fn is_on_disk(folder: &Path, path: &str, entry: &Entry) -> bool {
    let here = folder.join(path);
    match entry {
        Entry::Folder => here.is_dir(),
        Entry::Link { target } => fs::read_link(&here).is_ok_and(|found| found.to_string_lossy() == target.as_str()),
        Entry::File { content, mode } => {
            let Ok(known) = fs::symlink_metadata(&here) else { return false };
            let is_executable = known.permissions().mode() & 0o100 != 0;
            known.is_file()
                && known.len() == content.len() as u64
                && is_executable == (mode & 0o100 != 0)
                && fs::read(&here).is_ok_and(|found| found == **content)
        }
    }
}

/// What is done where a project's folder is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Collision {
    Refuse,
    /// Files of the template win; others stay.
    Overwrite,
    /// Files that are there stay, but those that the template copies as they are (as cookiecutter does).
    Skip,
}

/// A new project.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    pub tree: &'a Tree,
    pub collision: Collision,
    /// Whether a path is written even where files are skipped.
    pub always: &'a dyn Fn(&str) -> bool,
}

/// Writes a new project to `folder`: beside it first, and then in its place at once.
///
/// # Errors
/// [`Error::Conflict`] for a folder that is there, [`Error::Unavailable`] for what cannot be written; nothing is changed then.
pub fn place(folder: &Path, wanted: Wanted<'_>) -> Result<()> {
    let exists = fs::symlink_metadata(folder).is_ok();
    if exists && wanted.collision == Collision::Refuse {
        return Err(Error::Conflict(format!(
            "{} is there already: --overwrite writes over what is in it, --skip-existing keeps it.",
            folder.display()
        )));
    }
    let parent = folder.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(|error| cannot_write(parent, &error))?;
    let beside = tempfile::Builder::new()
        .prefix(".slipway-")
        .tempdir_in(parent)
        .map_err(|error| cannot_write(parent, &error))?;
    let new = beside.path().join("new");
    if exists {
        copy(folder, &new)?;
        for (path, entry) in wanted.tree.iter() {
            let there = fs::symlink_metadata(new.join(path)).is_ok();
            if there && wanted.collision == Collision::Skip && !(wanted.always)(path) {
                continue;
            }
            write(&new, path, entry)?;
        }
    } else {
        write_new(&new, wanted.tree)?;
    }
    let done = if exists { exchange(&new, folder, &beside.path().join("old")) } else { fs::rename(&new, folder) };
    done.map_err(|error| cannot_write(folder, &error))
}

/// Puts `new` in the place of `folder`, at once where the file system can.
fn exchange(new: &Path, folder: &Path, old: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        if renameat_with(CWD, new, CWD, folder, RenameFlags::EXCHANGE).is_ok() {
            return Ok(());
        }
    }
    fs::rename(folder, old)?;
    fs::rename(new, folder).inspect_err(|_| {
        // Puts back what was there.
        let _ = fs::rename(old, folder);
    })
}

/// Everything, `.git` included.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).map_err(|error| cannot_write(to, &error))?;
    for entry in fs::read_dir(from).map_err(|error| cannot(from, &error))? {
        let entry = entry.map_err(|error| cannot(from, &error))?;
        let (here, there) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().map_err(|error| cannot(&here, &error))?;
        if kind.is_dir() {
            copy(&here, &there)?;
        } else if kind.is_symlink() {
            let target = fs::read_link(&here).map_err(|error| cannot(&here, &error))?;
            symlink(target, &there).map_err(|error| cannot_write(&there, &error))?;
        } else {
            fs::copy(&here, &there).map_err(|error| cannot_write(&there, &error))?;
        }
    }
    let mode = fs::metadata(from).map_err(|error| cannot(from, &error))?.permissions();
    fs::set_permissions(to, mode).map_err(|error| cannot_write(to, &error))
}

/// Puts a file in its place at once, so that it is the old or the new one whatever happens.
pub(super) fn replace(file: &Path, content: &[u8]) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    let mut beside = tempfile::NamedTempFile::new_in(folder)?;
    io::Write::write_all(&mut beside, content)?;
    beside.as_file().sync_all()?;
    beside.persist(file)?;
    Ok(())
}

/// Writes every entry of a tree into the new folder `root`, which is ours alone: nothing is in the way, and nobody looks
/// before all of it is there.
///
/// # Errors
/// [`Error::Unavailable`] also where something is there already.
pub(super) fn write_new(root: &Path, tree: &Tree) -> Result<()> {
    fs::create_dir_all(root).map_err(|error| cannot_write(root, &error))?;
    let mut made = HashSet::from([PathBuf::from(root)]);
    for (path, entry) in tree.iter() {
        let to = root.join(path);
        let folder = if *entry == Entry::Folder { &to } else { to.parent().unwrap_or(root) };
        if !made.contains(folder) {
            through_no_link(root, folder)?;
            fs::create_dir_all(folder).map_err(|error| cannot_write(folder, &error))?;
            made.extend(folder.ancestors().take_while(|above| *above != root).map(PathBuf::from));
        }
        let written = match entry {
            Entry::Folder => Ok(()),
            Entry::Link { target } => symlink(target, &to),
            Entry::File { content, mode } => fs::File::create_new(&to).and_then(|mut file| {
                io::Write::write_all(&mut file, content)?;
                file.set_permissions(fs::Permissions::from_mode(*mode))
            }),
        };
        written.map_err(|error| cannot_write(&to, &error))?;
    }
    Ok(())
}

/// Writes one entry below `root`, over what is there; never through a link.
pub(super) fn write(root: &Path, path: &str, entry: &Entry) -> Result<()> {
    let to = root.join(path);
    let parent = to.parent().unwrap_or(root).to_owned();
    through_no_link(root, &parent)?;
    fs::create_dir_all(&parent).map_err(|error| cannot_write(&parent, &error))?;
    match entry {
        Entry::Folder => fs::create_dir_all(&to).map_err(|error| cannot_write(&to, &error)),
        Entry::Link { target } => {
            let _ = fs::remove_file(&to);
            symlink(target, &to).map_err(|error| cannot_write(&to, &error))
        }
        Entry::File { content, mode } => {
            let beside = tempfile::Builder::new().prefix(HALF_WRITTEN).tempfile_in(&parent);
            let mut file = beside.map_err(|error| cannot_write(&parent, &error))?;
            io::Write::write_all(&mut file, content).map_err(|error| cannot_write(&to, &error))?;
            let permissions = fs::Permissions::from_mode(*mode);
            file.as_file().set_permissions(permissions).map_err(|error| cannot_write(&to, &error))?;
            file.persist(&to).map_err(|error| cannot_write(&to, &error.error))?;
            Ok(())
        }
    }
}

/// A folder on the way that is a link would lead out of the project.
fn through_no_link(root: &Path, parent: &Path) -> Result<()> {
    let below = parent.strip_prefix(root).unwrap_or(parent);
    let mut here = PathBuf::from(root);
    for part in below.components() {
        here.push(part);
        if fs::symlink_metadata(&here).is_ok_and(|known| known.is_symlink()) {
            return Err(Error::Conflict(format!("{} is a link: nothing is written through it.", here.display())));
        }
    }
    Ok(())
}

/// Makes a project's folder of `before` that of `after`, file by file; the record `last` is written after all others, so that
/// a project that was left halfway still says where it came from, and is taken back by the next command that reads it.
///
/// # Errors
/// [`Error::Conflict`] before anything is written for a file that is in the way and not tracked; [`Error::Unavailable`] for
/// what cannot be written, with what to do.
pub fn apply(folder: &Path, before: &Tree, after: &Tree, last: &str) -> Result<usize> {
    let written: Vec<(&str, &Entry)> = after.iter().filter(|(path, entry)| before.get(path) != Some(*entry)).collect();
    for (path, entry) in &written {
        let here = folder.join(path);
        let is_there = fs::symlink_metadata(&here).is_ok_and(|known| !(known.is_dir() && **entry == Entry::Folder));
        if before.get(path).is_none() && is_there && !before.has_folder(path) && !is_on_disk(folder, path, entry) {
            return Err(Error::Conflict(format!(
                "{path} is there and not committed: commit it or move it away, so that nothing is written over it."
            )));
        }
        through_no_link(folder, here.parent().unwrap_or(folder))?;
    }
    let is_gone = |(path, entry): &(&str, &Entry)| **entry != Entry::Folder && after.get(path).is_none();
    let gone: Vec<&str> = before.iter().filter(is_gone).map(|(path, _)| path).collect();
    let changed = gone.len() + written.len();
    if changed == 0 {
        return Ok(0);
    }
    let paths = gone.iter().copied().chain(written.iter().map(|(path, _)| *path));
    let begun = Begun::new(folder, after, paths)?;
    let (ends, begins): (Vec<_>, Vec<_>) = written.into_iter().partition(|(path, _)| *path == last);
    let change = || -> Result<()> {
        gone.iter().try_for_each(|path| remove(folder, path))?;
        begins.into_iter().chain(ends).try_for_each(|(path, entry)| write(folder, path, entry))
    };
    if let Err(error) = change() {
        return Err(match take_back(folder) {
            Ok(_) => Error::Unavailable(format!("{error} The project is as it was.")),
            Err(also) => Error::Unavailable(format!("{error} {also} Go back with: git restore . && git clean -n")),
        });
    }
    begun.done()?;
    Ok(changed)
}

/// Removes a file or link, and the folders that it leaves empty.
pub(super) fn remove(folder: &Path, path: &str) -> Result<()> {
    let here = folder.join(path);
    match fs::remove_file(&here) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(cannot_write(&here, &error)),
        _ => {}
    }
    let mut parent = here.parent();
    while let Some(empty) = parent.filter(|parent| *parent != folder) {
        if fs::remove_dir(empty).is_err() {
            break;
        }
        parent = empty.parent();
    }
    Ok(())
}

/// The file or link at a path, as Git would keep it.
pub(super) fn entry_on_disk(folder: &Path, path: &str) -> Option<Entry> {
    let here = folder.join(path);
    let known = fs::symlink_metadata(&here).ok()?;
    if known.is_symlink() {
        let target = fs::read_link(&here).ok()?;
        return Some(Entry::Link { target: target.to_string_lossy().into_owned() });
    }
    let mode = if known.permissions().mode() & 0o100 == 0 { 0o644 } else { 0o755 };
    known.is_file().then(|| fs::read(&here)).and_then(io::Result::ok).map(|content| Entry::file(content, mode))
}
