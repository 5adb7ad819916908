//! `publish:folder`: a bare repository in a folder of them. It is made beside its place under a name that nobody looks at, and
//! then gets its own at once, so that it is never half there.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use futures::FutureExt;
use futures::future::BoxFuture;
use model::Level;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::fetch::BRANCH;
use super::{Action, FOLDER, Output, project, text};
use crate::Error;
use crate::runs::store::Effect;
use crate::runs::work::{Stop, Undone, Work};
use crate::sources::{self, Ground};

/// In the repository: the run that made it.
const MARK: &str = "slipway-run";

pub(super) struct Folder;

/// How it is recognised.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Made {
    path: PathBuf,
    /// Beside it, while it is being made.
    draft: PathBuf,
    commit: String,
}

impl Action for Folder {
    fn does(&self, input: &Value) -> String {
        let (name, destination) = (text(input, "name"), text(input, "destination"));
        format!("makes the bare repository {name}.git in the folder of {destination}")
    }

    fn run<'w>(&'w self, work: &'w mut Work<'_>) -> BoxFuture<'w, Result<Output, Stop>> {
        publish(work).boxed()
    }

    fn undo<'w>(&'w self, work: &'w mut Work<'_>, effect: &'w Effect) -> BoxFuture<'w, Result<Undone, Stop>> {
        async move {
            let made: Made = serde_json::from_str(&effect.data)?;
            let run = work.row.id.clone();
            let undone = tokio::task::spawn_blocking(move || undo(&run, &made)).await.map_err(Error::internal)?;
            undone.map_err(|error| Stop::Again(format!("Removing {}: {error}", effect.target)))
        }
        .boxed()
    }
}

async fn publish(work: &mut Work<'_>) -> Result<Output, Stop> {
    let input = work.step_input()?;
    let (name, destination) = (text(&input, "name").to_owned(), text(&input, "destination").to_owned());
    let Ground::Folder(folder) = sources::ground(work.portal(), &destination)? else {
        return Err(Stop::Failed(format!("{destination} is no folder any more.")));
    };
    let project = project(work).await?;
    let run = work.row.id.clone();
    let path = folder.join(format!("{name}.git"));
    let made =
        Made { draft: folder.join(format!(".slipway-{run}")), commit: project.commit.clone(), path: path.clone() };
    let effect = match work.effect() {
        Some(effect) => effect,
        None if is_taken(&folder, &name) => return Err(Stop::Failed(taken(&path))),
        None => work.intend(FOLDER, format!("the repository {}", path.display()), &json!(made)).await?,
    };
    work.boundary().await?;
    if !is_ours(&path, &run) {
        if is_taken(&folder, &name) {
            return Err(overtaken(work, effect, &made).await?);
        }
        let (bare, draft, description) = (project.bare, made.draft.clone(), text(&input, "description").to_owned());
        let mark = run.clone();
        let copied = tokio::task::spawn_blocking(move || draw(&bare, &draft, &mark, &description)).await;
        copied.map_err(Error::internal)?.map_err(|error| cannot(&made.draft, &error))?;
        work.boundary().await?;
        match rename(&made.draft, &path) {
            Ok(()) => {}
            Err(error) if matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::DirectoryNotEmpty) => {
                return Err(overtaken(work, effect, &made).await?);
            }
            Err(error) => return Err(cannot(&path, &error)),
        }
        work.boundary().await?;
    }
    work.made(effect, &json!(made)).await?;
    work.log(Level::Note, &format!("{} is there.", path.display()));
    let address = path.display().to_string();
    let value = json!({
        "remoteUrl": address, "commitHash": made.commit, "stableKey": sources::key_of_folder(&path),
    });
    Ok(Output { value, shown: vec![("remoteUrl", address)], tell: false })
}

/// Somebody else was faster: only the draft is ours.
async fn overtaken(work: &mut Work<'_>, effect: Effect, made: &Made) -> Result<Stop, Stop> {
    match fs::remove_dir_all(&made.draft) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(cannot(&made.draft, &error)),
        _ => work.void(effect).await?,
    }
    Ok(Stop::Failed(taken(&made.path)))
}

fn taken(path: &Path) -> String {
    format!(
        "{} is there already, and is somebody else's. Launch it again under another name; nothing was changed there.",
        path.display()
    )
}

fn cannot(path: &Path, error: &io::Error) -> Stop {
    Stop::Failed(format!(
        "{} cannot be written: {error}. Check the folder and the disk, then try again.",
        path.display()
    ))
}

fn is_taken(folder: &Path, name: &str) -> bool {
    // A work tree of this name would be another repository of the same name in the catalog.
    let paths = [folder.join(format!("{name}.git")), folder.join(name)];
    paths.iter().any(|path| fs::symlink_metadata(path).is_ok())
}

fn is_ours(path: &Path, run: &str) -> bool {
    fs::read_to_string(path.join(MARK)).is_ok_and(|mark| mark == run)
}

/// Copies the project to the draft, with our mark.
fn draw(bare: &Path, draft: &Path, run: &str, description: &str) -> io::Result<()> {
    match fs::remove_dir_all(draft) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    copy(bare, draft)?;
    fs::write(draft.join("description"), format!("{description}\n"))?;
    fs::write(draft.join(MARK), run)
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (here, there) = (entry.path(), to.join(entry.file_name()));
        match entry.file_type()?.is_dir() {
            true => copy(&here, &there)?,
            false => fs::copy(&here, &there).map(drop)?,
        }
    }
    Ok(())
}

/// Never over something that is there.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Not every file system can; without it an empty folder in the way would be replaced.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) if fs::symlink_metadata(to).is_err() => fs::rename(from, to),
        renamed => renamed.map_err(io::Error::from),
    }
}

fn undo(run: &str, made: &Made) -> io::Result<Undone> {
    let gone = made.draft.with_extension("gone");
    for left in [&made.draft, &gone] {
        match fs::remove_dir_all(left) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    if !is_ours(&made.path, run) {
        return Ok(Undone::Nothing);
    }
    let kept = || Undone::Kept {
        why: "somebody has pushed to it since.".to_owned(),
        command: Some(format!("rm -r '{}'", made.path.display().to_string().replace('\'', "'\\''"))),
    };
    if !is_untouched(&made.path, &made.commit) {
        return Ok(kept());
    }
    rename(&made.path, &gone)?;
    if !is_untouched(&gone, &made.commit) {
        // A push was under way.
        rename(&gone, &made.path)?;
        return Ok(kept());
    }
    fs::remove_dir_all(&gone)?;
    Ok(Undone::Removed)
}

/// Whether there is nothing but the branch that we made.
fn is_untouched(bare: &Path, commit: &str) -> bool {
    let own = format!("refs/heads/{BRANCH}");
    let is_own = |name: &str, id: &str| name == own && id == commit;
    let packed = fs::read_to_string(bare.join("packed-refs")).unwrap_or_default();
    let packed = packed.lines().filter(|line| !line.starts_with(['#', '^']));
    let mut packed = packed.filter_map(|line| line.split_once(' '));
    packed.all(|(id, name)| is_own(name, id)) && loose(bare, Path::new("refs"), &is_own)
}

fn loose(bare: &Path, folder: &Path, is_own: &dyn Fn(&str, &str) -> bool) -> bool {
    let Ok(entries) = fs::read_dir(bare.join(folder)) else { return false };
    entries.flatten().all(|entry| {
        let path = folder.join(entry.file_name());
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => loose(bare, &path, is_own),
            Ok(_) => {
                let id = fs::read_to_string(entry.path()).unwrap_or_default();
                is_own(&path.to_string_lossy(), id.trim())
            }
            Err(_) => false,
        }
    })
}
