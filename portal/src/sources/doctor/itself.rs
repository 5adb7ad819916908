//! Slipway itself: its folder, its database, git, and its address.

use std::path::Path;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::report::{Check, Group, Help, Question};
use super::{Limits, sentence};
use crate::db::{Db, dialect};
use crate::git::{self, Watch};
use crate::settings::Settings;

const DATA: Question = Question {
    feature: "data",
    title: "Data folder",
    group: Group::Connection,
    needs: "A folder that can be written, with a gigabyte to spare",
    without: "Nothing can be kept: no catalog, no mirrors.",
};
const DATABASE: Question = Question {
    feature: "database",
    title: "Database",
    group: Group::Connection,
    needs: "SQLite in the data folder, or a PostgreSQL that lets us in",
    without: "Slipway does not start.",
};
const GIT: Question = Question {
    feature: "git",
    title: "The git program",
    group: Group::Connection,
    needs: "git 2.38 or newer",
    without: "Only folders are read; nothing is fetched from Git hosts.",
};
const ADDRESS: Question = Question {
    feature: "public-address",
    title: "Public address",
    group: Group::Live,
    needs: "server.public-url",
    without: "Webhooks cannot arrive, and links in pull requests lead nowhere.",
};

/// Bytes.
const ENOUGH: u64 = 1 << 30;

/// `db` is the open database, where there is one; otherwise it is only looked at.
pub(super) async fn checks(settings: &Settings, db: Option<&Db>, limits: &Limits) -> Vec<Check> {
    let (database, git) = tokio::join!(database(settings, db, limits.each), git(limits.each));
    vec![data(&settings.data), database, git, address(settings.public_url.as_deref())]
}

fn data(folder: &Path) -> Check {
    let shown = folder.display();
    let help = || {
        Help::new("Let the user that runs Slipway write there, make room, or choose another folder with data.")
            .copy(format!("ls -ld {shown}; df -h {shown}"))
    };
    // One that is not there yet is made at the first start.
    let Some(existing) = folder.ancestors().find(|path| path.exists()).or_else(|| Some(Path::new("."))) else {
        return DATA.missing(format!("There is no way to {shown}."), help());
    };
    let existing = if existing.as_os_str().is_empty() { Path::new(".") } else { existing };
    if let Err(error) = tempfile::tempfile_in(existing) {
        return DATA.missing(format!("{} cannot be written ({error}).", existing.display()), help());
    }
    let made = if folder.is_dir() { "can be written" } else { "is made at the first start" };
    match rustix::fs::statvfs(existing) {
        Err(error) => DATA.unknown(format!("{shown} {made}; its free space cannot be told ({error}).")),
        Ok(space) => {
            let free = space.f_bavail.saturating_mul(space.f_frsize);
            let found = format!("{shown} {made}; {:.1} GB are free.", free as f64 / 1e9);
            if free < ENOUGH { DATA.missing(found, help()) } else { DATA.ok(found) }
        }
    }
}

async fn database(settings: &Settings, db: Option<&Db>, limit: Duration) -> Check {
    let help =
        || Help::new("Correct database.url, start the database, or take the key out to use SQLite in the data folder.");
    let url = match settings.database.postgres() {
        Ok(url) => url,
        Err(error) => return DATABASE.missing(sentence(&error.for_people()), help()),
    };
    let asked = match (db, url) {
        (Some(db), _) => tokio::time::timeout(limit, db.ping())
            .await
            .map(|pinged| pinged.map(|()| format!("{} answers.", db.name()))),
        (None, None) => return sqlite(&settings.data.join("slipway.db")),
        (None, Some(url)) => tokio::time::timeout(limit, dialect::look_at_postgres(&url)).await,
    };
    match asked {
        Ok(Ok(found)) => DATABASE.ok(found),
        Ok(Err(error)) => DATABASE.missing(sentence(&error.for_people()), help()),
        Err(_) => DATABASE.missing(format!("It did not answer within {} s.", limit.as_secs()), help()),
    }
}

/// Without opening it: another Slipway may be at work there.
fn sqlite(file: &Path) -> Check {
    use std::io::Read as _;

    const MAGIC: &[u8] = b"SQLite format 3\0";
    let shown = file.display();
    if !file.exists() {
        return DATABASE.ok(format!("SQLite; {shown} is made at the first start."));
    }
    let mut head = [0; MAGIC.len()];
    let opened = std::fs::OpenOptions::new().read(true).write(true).open(file);
    match opened.and_then(|mut file| file.read_exact(&mut head)) {
        Ok(()) if head == MAGIC => DATABASE.ok(format!("SQLite, in {shown}.")),
        Ok(()) => DATABASE.missing(
            format!("{shown} is no SQLite database."),
            Help::new("Move it aside and start again: everything but corrections is read from Git anew."),
        ),
        Err(error) => {
            let help = Help::new("Let the user that runs Slipway read and write it.").copy(format!("ls -l {shown}"));
            DATABASE.missing(format!("{shown} cannot be opened ({error})."), help)
        }
    }
}

async fn git(limit: Duration) -> Check {
    let install =
        || Help::new("Install git 2.38 or newer where the PATH of Slipway finds it.").copy("sudo apt-get install git");
    let watch = Watch::new(CancellationToken::new(), |_| {});
    let folder = std::env::temp_dir();
    match tokio::time::timeout(limit, git::installed(&folder, &watch)).await {
        Err(_) => GIT.unknown("It did not say its version in time."),
        Ok(Err(failure)) => GIT.missing(sentence(&failure.reason), install()),
        Ok(Ok(text)) if git::version(&text).is_some_and(|version| version >= git::OLDEST) => GIT.ok(sentence(&text)),
        Ok(Ok(text)) => GIT.missing(sentence(&text), install()),
    }
}

fn address(public_url: Option<&str>) -> Check {
    match public_url {
        Some(url) => ADDRESS.ok(format!("{url}.")),
        None => ADDRESS.off(
            "None is configured.",
            Help::new("Set the address at which others reach this portal.")
                .copy("[server]\npublic-url = \"https://portal.example.com\""),
        ),
    }
}
