//! Paths as answers make them, and what they may be.

use model::{Finding, Level};

/// The name of the project's folder, below the folder into which it is put.
pub fn root_name(name: &str, from: &str) -> Result<String, Finding> {
    let refused = |message: String| {
        let help = "answer the questions that its name is made of otherwise";
        Err(Finding::new("template.path", Level::Error, message, help).at(from, 0, 0))
    };
    match inside(name) {
        Some(path) if path.is_empty() => refused("the name of the project's folder is empty".to_owned()),
        Some(_) if name.starts_with('/') => refused(format!("the project's folder {name:?} is absolute")),
        Some(path) => Ok(path),
        None => refused(format!("the project's folder {name:?} is outside of the folder that was asked for")),
    }
}

/// A path without `.`, `..` and empty parts; nothing where it leads out.
pub fn inside(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part if part.contains('\0') => return None,
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Whether a path is in a folder, at any depth.
pub fn is_below(path: &str, folder: &str) -> bool {
    folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}
