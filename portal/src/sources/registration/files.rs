//! The keys of an App, as files that only we may read.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::secret::Secret;

pub const KEY: &str = "key.pem";
pub const WEBHOOK_SECRET: &str = "webhook-secret";

/// The folder of an App's files.
pub fn folder(data: &Path, key: &str) -> PathBuf {
    let folder = data.join("apps").join(key);
    std::path::absolute(&folder).unwrap_or(folder)
}

/// A place beside the folders of all Apps that can certainly be written: made before anything is asked for that comes only
/// once. Removed when it is dropped, unless it was filled.
pub struct Prepared(tempfile::TempDir);

pub fn prepare(data: &Path) -> io::Result<Prepared> {
    let apps = data.join("apps");
    DirBuilder::new().recursive(true).mode(0o700).create(&apps)?;
    let ours = Permissions::from_mode(0o700);
    let folder = tempfile::Builder::new().prefix(".new-").permissions(ours).tempdir_in(&apps)?;
    tempfile::tempfile_in(folder.path())?;
    Ok(Prepared(folder))
}

impl Prepared {
    /// Writes both files and then moves the folder to its name, all at once.
    pub fn fill(self, folder: &Path, key: &Secret, webhook_secret: Option<&Secret>) -> io::Result<()> {
        write(&self.0.path().join(KEY), key)?;
        if let Some(secret) = webhook_secret {
            write(&self.0.path().join(WEBHOOK_SECRET), secret)?;
        }
        fs::File::open(self.0.path())?.sync_all()?;
        fs::rename(self.0.path(), folder)?;
        // Its name has changed: there is nothing left to remove.
        let _ = self.0.keep();
        Ok(())
    }
}

fn write(path: &Path, secret: &Secret) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(secret.expose().trim_end().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}
