//! Finds repositories below a folder.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use model::{Finding, Level};

/// Folders whose names begin so are being made by Slipway itself, and get another name when they are whole.
const HALF_MADE: &[u8] = b".slipway-";

/// How far is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FindLimits {
    /// Folders below the root.
    pub depth: usize,
    pub repositories: usize,
    /// Folders that are looked into, with or without a repository.
    pub folders: usize,
}

impl Default for FindLimits {
    fn default() -> Self {
        Self { depth: 16, repositories: 20_000, folders: 200_000 }
    }
}

/// What lies below a folder.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// Sorted by name.
    pub repositories: Vec<FoundRepository>,
    /// Files are relative to the folder that was searched.
    pub findings: Vec<Finding>,
    /// Everything was seen. Only then may the absence of a repository be believed.
    pub complete: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundRepository {
    pub path: PathBuf,
    /// The path below the root with `/` and without `.git`, unique among those found; for the root itself its own name.
    pub name: String,
    pub bare: bool,
}

/// Why nothing could be searched. The texts are shown to people.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    #[error("{} does not exist", .0.display())]
    Missing(PathBuf),
    #[error("{} is not a folder", .0.display())]
    NotAFolder(PathBuf),
    #[error("{} cannot be read: {why}", path.display())]
    Unreadable { path: PathBuf, why: std::io::Error },
}

/// The repositories below `root`, itself included: work trees (`.git` as a folder, or as a file that names one below
/// the root) and bare ones. What lies inside a repository is not looked at, and links are never followed; only the root
/// may itself be one.
pub fn find(root: &Path, limits: &FindLimits) -> Result<Found, FindError> {
    let unreadable = |why| match std::io::Error::kind(&why) {
        std::io::ErrorKind::NotFound => FindError::Missing(root.to_owned()),
        _ => FindError::Unreadable { path: root.to_owned(), why },
    };
    if !std::fs::metadata(root).map_err(unreadable)?.is_dir() {
        return Err(FindError::NotAFolder(root.to_owned()));
    }
    let real_root = std::fs::canonicalize(root).map_err(unreadable)?;
    let mut search = Search { real_root, limits, found: Found { complete: true, ..Found::default() } };
    let mut waiting = vec![Folder { path: root.to_owned(), relative: String::new(), depth: 0 }];
    let mut seen = 0;
    while let Some(folder) = waiting.pop() {
        seen += 1;
        if seen > limits.folders || search.found.repositories.len() >= limits.repositories {
            search.cut_off(seen > limits.folders);
            break;
        }
        search.visit(folder, &mut waiting);
    }
    let mut found = search.found;
    found.repositories.sort_by(|a, b| a.name.cmp(&b.name).then(a.bare.cmp(&b.bare)));
    tell_apart(&mut found.repositories);
    Ok(found)
}

struct Folder {
    path: PathBuf,
    relative: String,
    depth: usize,
}

struct Search<'a> {
    real_root: PathBuf,
    limits: &'a FindLimits,
    found: Found,
}

/// What the entries of a folder say about it.
#[derive(Default)]
struct Signs {
    git_folder: bool,
    git_file: bool,
    git_link: bool,
    head: bool,
    objects: bool,
    refs: bool,
    packed_refs: bool,
    config: bool,
    folders: Vec<std::ffi::OsString>,
}

impl Search<'_> {
    fn visit(&mut self, folder: Folder, waiting: &mut Vec<Folder>) {
        let signs = match signs(&folder.path) {
            Ok(signs) => signs,
            Err(error) => return self.unreadable(&folder.relative, &error),
        };
        if signs.git_folder || signs.git_file && self.names_a_repository(&folder) {
            return self.add(folder, false);
        }
        // A repository that lost its HEAD is still one, and is listed so that its page can say what is wrong.
        if signs.objects && (signs.refs || signs.packed_refs) && (signs.head || signs.config) {
            return self.add(folder, true);
        }
        if signs.git_link {
            self.found.findings.push(
                Finding::new(
                    "source.link",
                    Level::Warning,
                    "The .git of this folder is a symbolic link, which is not followed.",
                    "Replace the link with the repository itself, or add its folder as a source.",
                )
                .at(folder.relative.clone(), 0, 0),
            );
        }
        if folder.depth >= self.limits.depth && !signs.folders.is_empty() {
            self.found.complete = false;
            let message =
                format!("Folders are searched {} deep; what lies below this one is not seen.", self.limits.depth);
            self.found.findings.push(
                Finding::new("source.depth", Level::Warning, message, "Add this folder as a source of its own.").at(
                    folder.relative,
                    0,
                    0,
                ),
            );
            return;
        }
        waiting.extend(signs.folders.into_iter().map(|name| Folder {
            path: folder.path.join(&name),
            relative: join(&folder.relative, &name.to_string_lossy()),
            depth: folder.depth + 1,
        }));
    }

    fn add(&mut self, folder: Folder, bare: bool) {
        let name = match folder.relative.as_str() {
            "" => self
                .real_root
                .file_name()
                .map_or_else(|| "repository".into(), |name| name.to_string_lossy().into_owned()),
            relative => relative.to_owned(),
        };
        let name = if bare {
            name.strip_suffix(".git")
                .filter(|name| !name.is_empty() && !name.ends_with('/'))
                .unwrap_or(&name)
                .to_owned()
        } else {
            name
        };
        self.found.repositories.push(FoundRepository { path: folder.path, name, bare });
    }

    /// Whether the `.git` file names a folder that may be read: linked work trees and submodules have one. Below the
    /// root it may not lead outside, or whoever can write a file there could show any repository of this machine.
    fn names_a_repository(&mut self, folder: &Folder) -> bool {
        let target = std::fs::read(folder.path.join(".git")).ok().and_then(|bytes| {
            let text = String::from_utf8(bytes).ok()?;
            let named = text.strip_prefix("gitdir:")?.trim().to_owned();
            std::fs::canonicalize(folder.path.join(named)).ok()
        });
        let Some(target) = target else {
            self.refuse(
                folder,
                "The .git file of this folder names no folder that exists.",
                "Run git worktree repair.",
            );
            return false;
        };
        let common = std::fs::read_to_string(target.join("commondir")).ok();
        let common = common.and_then(|named| std::fs::canonicalize(target.join(named.trim())).ok());
        let inside = |path: &Path| path.starts_with(&self.real_root);
        if folder.relative.is_empty() || inside(&target) && common.as_deref().is_none_or(inside) {
            return true;
        }
        self.refuse(
            folder,
            "The .git file of this folder names a folder outside the source, which is not followed.",
            "Add this folder as a source of its own.",
        );
        false
    }

    fn refuse(&mut self, folder: &Folder, message: &str, help: &str) {
        self.found.findings.push(Finding::new("source.gitdir", Level::Warning, message, help).at(
            &*folder.relative,
            0,
            0,
        ));
    }

    fn unreadable(&mut self, relative: &str, error: &std::io::Error) {
        self.found.complete = false;
        self.found.findings.push(
            Finding::new(
                "source.unreadable",
                Level::Warning,
                format!("The folder cannot be read: {error}."),
                "Give the account that runs Slipway the right to read it.",
            )
            .at(if relative.is_empty() { "." } else { relative }, 0, 0),
        );
    }

    fn cut_off(&mut self, by_folders: bool) {
        self.found.complete = false;
        let (count, what) =
            if by_folders { (self.limits.folders, "folders") } else { (self.limits.repositories, "repositories") };
        self.found.findings.push(Finding::new(
            "source.too-many",
            Level::Warning,
            format!("The search stopped after {count} {what}; the rest is not seen."),
            "Add the folders below it as sources of their own.",
        ));
    }
}

fn signs(path: &Path) -> std::io::Result<Signs> {
    let mut signs = Signs::default();
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        // Of the entry itself: a link is neither a folder nor a file.
        let kind = entry.file_type()?;
        let name = entry.file_name();
        match name.to_str() {
            Some(".git") => {
                signs.git_folder = kind.is_dir();
                signs.git_file = kind.is_file();
                signs.git_link = kind.is_symlink();
                continue;
            }
            Some("HEAD") => signs.head |= !kind.is_dir(),
            Some("objects") => signs.objects |= kind.is_dir(),
            Some("refs") => signs.refs |= kind.is_dir(),
            Some("packed-refs") => signs.packed_refs |= kind.is_file(),
            Some("config") => signs.config |= kind.is_file(),
            _ => {}
        }
        if kind.is_dir() && !name.as_encoded_bytes().starts_with(HALF_MADE) {
            signs.folders.push(name);
        }
    }
    Ok(signs)
}

/// `api` and `api.git` may lie beside each other: the bare one then keeps its ending.
fn tell_apart(repositories: &mut [FoundRepository]) {
    let mut taken = HashSet::new();
    for repository in repositories {
        if !taken.insert(repository.name.clone()) {
            repository.name.push_str(".git");
            taken.insert(repository.name.clone());
        }
    }
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}
