//! The organisation that is measured on: written once with `git fast-import`, and then reused.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::bench::files::{self, Language, TEAMS};
use crate::bench::random::Random;
use crate::command::output;

/// Part of the folder's name: raised when what is generated changes.
pub const VERSION: &str = "v1";

pub const REPOSITORIES: usize = 500;
/// Entities in descriptor files, and how many of them a file has.
pub const ENTITIES: usize = 5_000;
const PER_FILE: usize = 100;

/// Two years before the last commit, in seconds since 1970: 2024-11-02T09:00:00Z.
const START: u64 = 1_730_538_000;
const TWO_YEARS: u64 = 2 * 365 * 24 * 3600;

/// Writes `repositories/` and `descriptors/` unless they are there.
pub fn generate(folder: &Path) -> Result<()> {
    if folder.join("complete").exists() {
        return Ok(());
    }
    let _ = fs::remove_dir_all(folder);
    for number in 0..REPOSITORIES {
        let (files, commits) = size(number);
        let team = TEAMS[number % TEAMS.len()];
        let path = folder.join("repositories").join(team).join(format!("{}.git", files::name(number)));
        repository(&path, number, files, commits)?;
        if number % 50 == 0 {
            eprintln!("   {number} of {REPOSITORIES} repositories");
        }
    }
    for number in 0..ENTITIES / PER_FILE {
        let path = folder.join("descriptors").join(format!("descriptors-{number:02}.git"));
        descriptor(&path, &files::descriptors(number * PER_FILE, PER_FILE))?;
    }
    fs::write(folder.join("complete"), "")?;
    Ok(())
}

/// A bare repository with one descriptor.
pub fn descriptor(path: &Path, text: &str) -> Result<()> {
    import(path, |stream| commit(stream, 0, START, &[("catalog-info.yaml".into(), text.to_owned())]))
}

/// Writes so many small repositories, unless they are there: one commit each, with what says what it is.
pub fn generate_small(folder: &Path, count: usize) -> Result<()> {
    for number in 0..count {
        let path = folder.join(format!("{}.git", small_name(number)));
        if path.join("complete").exists() {
            continue;
        }
        let _ = fs::remove_dir_all(&path);
        let mut random = Random::new(0x0005_3a11 + number as u64);
        let language = Language::of(&mut random);
        let files = files::identity(number, language, &mut random);
        import(&path, |stream| commit(stream, 0, START, &files))?;
        fs::write(path.join("complete"), "")?;
        if number % 500 == 0 {
            eprintln!("   {number} of {count} repositories");
        }
    }
    Ok(())
}

/// A name of its own for each of the small ones.
pub fn small_name(number: usize) -> String {
    files::name(number)
}

/// Files and commits: a median of 60 and 50, ten large ones, one very large one.
fn size(number: usize) -> (usize, usize) {
    match number {
        137 => (50_000, 20_000),
        _ if number % 50 == 20 => (2_000, 5_000),
        _ => {
            let mut random = Random::new(number as u64);
            (random.around(60).clamp(8, 1_500), random.around(50).clamp(1, 1_500))
        }
    }
}

fn repository(path: &Path, number: usize, files: usize, commits: usize) -> Result<()> {
    let mut random = Random::new(0x5eed_0000 + number as u64);
    let language = Language::of(&mut random);
    let identity = files::identity(number, language, &mut random);
    let code: Vec<_> =
        (0..files.saturating_sub(identity.len())).map(|number| files::code(number, language, &mut random)).collect();
    import(path, |stream| {
        // The first commit brings what says what it is; the files come over the history, and the rest are edits.
        let mut written = 0;
        for number in 0..commits {
            let at = START + TWO_YEARS * number as u64 / commits as u64;
            let until = code.len() * (number + 1) / commits;
            let mut changed = code[written..until].to_vec();
            written = until;
            if number == 0 {
                changed.extend(identity.iter().cloned());
            }
            if changed.is_empty() {
                // Lines are added at the end, so that the file stays what it is.
                let (path, text) = if code.is_empty() { &identity[0] } else { random.pick(&code[..written.max(1)]) };
                changed.push((path.clone(), format!("{text}\n{}", number)));
            }
            commit(stream, number, at, &changed)?;
        }
        Ok(())
    })
}

/// A bare repository from one fast-import stream.
fn import(path: &Path, write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    fs::create_dir_all(path)?;
    output(git(path).args(["init", "--quiet", "--bare", "--initial-branch=main"]))?;
    let mut child =
        git(path).args(["fast-import", "--quiet"]).stdin(Stdio::piped()).spawn().context("git fast-import")?;
    let mut stream = BufWriter::new(child.stdin.take().context("git fast-import has no input")?);
    write(&mut stream)?;
    stream.flush()?;
    drop(stream);
    let status = child.wait()?;
    if !status.success() {
        bail!("git fast-import in {} ended with {status}", path.display());
    }
    Ok(())
}

/// One commit on `main` with these files.
fn commit(stream: &mut dyn Write, number: usize, at: u64, files: &[(String, String)]) -> Result<()> {
    let author = format!("Person {} <person{}@harbour.example>", number * 7 % 23, number * 7 % 23);
    let message = format!("Change number {number}");
    write!(stream, "commit refs/heads/main\nauthor {author} {at} +0000\ncommitter {author} {at} +0000\n")?;
    write!(stream, "data {}\n{message}\n", message.len())?;
    for (path, text) in files {
        write!(stream, "M 100644 inline {path}\ndata {}\n{text}\n", text.len())?;
    }
    writeln!(stream)?;
    Ok(())
}

/// Adds a component to a repository; returns what the branch was at before.
pub fn add_component(repository: &Path, name: &str) -> Result<String> {
    let before = output(git(repository).args(["rev-parse", "refs/heads/main"]))?.trim().to_owned();
    let mut child = git(repository).args(["fast-import", "--quiet"]).stdin(Stdio::piped()).spawn()?;
    if let Some(mut stream) = child.stdin.take() {
        let text = format!(
            "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\nspec:\n  type: service\n  \
             lifecycle: production\n  owner: payments\n"
        );
        let at = START + TWO_YEARS;
        write!(
            stream,
            "commit refs/heads/main\ncommitter Person 1 <person1@harbour.example> {at} +0000\ndata 3\nNew\n"
        )?;
        write!(stream, "from refs/heads/main^0\nM 100644 inline catalog-info.yaml\ndata {}\n{text}\n", text.len())?;
    }
    child.wait()?;
    Ok(before)
}

/// Puts the branch back, so that the organisation stays as it was generated.
pub fn reset(repository: &Path, commit: &str) -> Result<()> {
    output(git(repository).args(["update-ref", "refs/heads/main", commit])).map(|_| ())
}

fn git(repository: &Path) -> Command {
    let mut git = Command::new("git");
    git.arg("-C").arg(repository).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
    git
}
