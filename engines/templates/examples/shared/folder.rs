//! Trees from and to the disk, for the examples.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use engine_templates::tree::{Entry, Tree};

/// Everything in a folder, `.git` apart.
pub fn read(folder: &Path) -> io::Result<Tree> {
    let mut tree = Tree::default();
    read_into(&mut tree, folder, "")?;
    Ok(tree)
}

fn read_into(tree: &mut Tree, folder: &Path, prefix: &str) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().into_string().map_err(|name| io::Error::other(format!("{name:?} is no UTF-8")))?;
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
        let kind = entry.file_type()?;
        let found = if kind.is_symlink() {
            Entry::Link { target: fs::read_link(entry.path())?.display().to_string() }
        } else if kind.is_dir() {
            if path != ".git" {
                read_into(tree, &entry.path(), &path)?;
                tree.insert(path, Entry::Folder).map_err(io::Error::other)?;
            }
            continue;
        } else {
            Entry::file(fs::read(entry.path())?, entry.metadata()?.permissions().mode() & 0o7777)
        };
        tree.insert(path, found).map_err(io::Error::other)?;
    }
    Ok(())
}

/// Writes a tree into a folder, which is made.
#[allow(dead_code, reason = "not every example writes")]
pub fn write(folder: &Path, tree: &Tree) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for (path, entry) in tree.iter() {
        let to = folder.join(path);
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent)?;
        }
        match entry {
            Entry::Folder => fs::create_dir_all(to)?,
            Entry::Link { target } => std::os::unix::fs::symlink(target, to)?,
            Entry::File { content, mode } => {
                fs::write(&to, content)?;
                fs::set_permissions(&to, fs::Permissions::from_mode(*mode))?;
            }
        }
    }
    Ok(())
}
