//! Passwords and tokens, from where an operator keeps them.

use std::fs;
use std::path::Path;

use crate::git::Secret;
use crate::settings::Password;

/// What is read of a file.
const LONGEST: u64 = 64 << 10;

/// A password, read anew where it is in a file. The error is for a person.
pub fn read(password: &Password) -> Result<Secret, String> {
    match password {
        Password::Known(secret) => Ok(secret.clone()),
        Password::File(path) => match text(path)?.lines().next().filter(|line| !line.is_empty()) {
            Some(line) => Ok(Secret::new(line)),
            None => Err(format!("{} is empty", path.display())),
        },
    }
}

/// Each line of a password: two, while one is replaced by the other.
pub fn read_each(password: &Password) -> Result<Vec<Secret>, String> {
    match password {
        Password::Known(secret) => Ok(vec![secret.clone()]),
        Password::File(path) => {
            Ok(text(path)?.lines().filter(|line| !line.is_empty()).take(2).map(Secret::new).collect())
        }
    }
}

/// All of a file, as a private key is.
pub fn read_text(path: &Path) -> Result<Secret, String> {
    text(path).map(Secret::new)
}

fn text(path: &Path) -> Result<String, String> {
    let failed = |why: &str| format!("{} {why}", path.display());
    let size = fs::metadata(path).map_err(|error| failed(&format!("cannot be read: {error}")))?.len();
    if size > LONGEST {
        return Err(failed("is too large to hold a password"));
    }
    fs::read_to_string(path).map_err(|error| failed(&format!("cannot be read: {error}")))
}
