//! A folder: whether it can be read, and what is in it.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use engine_repo::{FindLimits, find};

use super::Limits;
use super::report::{Check, Group, Help, Question};

const READ: Question = Question {
    feature: "folder",
    title: "Folder",
    group: Group::Connection,
    needs: "A folder that the user that runs Slipway may read",
    without: "Its repositories are not read: what was known stays as it was.",
};
const FOUND: Question = Question {
    feature: "list-repositories",
    title: "Repositories",
    group: Group::Reading,
    needs: "Git repositories in it, at any depth",
    without: "The catalog has nothing from here.",
};
const OWNERS: Question = Question {
    feature: "owners",
    title: "Whose they are",
    group: Group::Reading,
    needs: "Nothing: git is never run in them",
    without: "Nothing is off.",
};

/// Folders that are looked into for the doctor alone: enough to say that there is something.
const MOST_FOLDERS: usize = 20_000;

pub(super) async fn checks(folder: &Path, limits: &Limits) -> Vec<Check> {
    let path = folder.to_owned();
    let looking = tokio::task::spawn_blocking(move || look(&path));
    match tokio::time::timeout(limits.each, looking).await {
        Ok(Ok(checks)) => checks,
        Ok(Err(error)) => vec![READ.unknown(format!("Slipway could not look (a fault of its own: {error})."))],
        Err(_) => vec![
            READ.unknown(format!("{} could not be looked through in time: is it on a slow disk?", folder.display())),
            FOUND.unknown("Not looked at."),
        ],
    }
}

fn look(folder: &Path) -> Vec<Check> {
    let shown = folder.display();
    if let Err(error) = std::fs::read_dir(folder) {
        let help = Help::new("Correct path of the source, mount its disk, or let the user that runs Slipway read it.")
            .copy(format!("ls -ld {shown}"));
        return vec![READ.missing(format!("{shown} cannot be read ({error})."), help), FOUND.unknown("Not looked at.")];
    }
    let read = READ.ok(format!("{shown} can be read."));
    let limits = FindLimits { folders: MOST_FOLDERS, ..FindLimits::default() };
    let found = match find(folder, &limits) {
        Ok(found) => found,
        Err(error) => return vec![read, FOUND.unknown(format!("{error}."))],
    };
    let count = found.repositories.len();
    let more = if found.complete { "" } else { "At least " };
    if count == 0 && found.complete {
        let help = Help::new("Correct path of the source, or clone something into it.");
        return vec![read, FOUND.missing("There is none.", help)];
    }
    let paths: Vec<PathBuf> = found.repositories.into_iter().map(|repository| repository.path).collect();
    vec![read, FOUND.ok(format!("{more}{count} are there.")), owners(&paths)]
}

fn owners(paths: &[PathBuf]) -> Check {
    let us = rustix::process::geteuid().as_raw();
    let others = paths.iter().filter(|path| std::fs::metadata(path).is_ok_and(|found| found.uid() != us)).count();
    OWNERS.ok(match others {
        0 => "All belong to the user that runs Slipway.".to_owned(),
        others => format!("{others} belong to others, which is fine: they are read without running git."),
    })
}
