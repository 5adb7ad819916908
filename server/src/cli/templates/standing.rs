//! `slipway check-update` and `slipway diff`: where a project stands beside its template, and beside what that once made.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use engine_templates::lineage::Lineage;
use engine_templates::tree::Tree;
use engine_templates::update::{ChangeKind, Merge, Standing, standing};
use portal::Error;
use portal::git::Merger;
use portal::templates::read_committed;

use super::update::{Newer, newer};
use super::{Executed, Format, Given, Stop, bring_template, lineage_of, render_recorded};
use crate::cli::FAILED;

#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 up to date, 1 not, 2 invalid, 4 not trusted.\n\nExamples:\n  slipway check-update\n  \
                        slipway check-update ~/work/berths --format json"
)]
pub struct CheckUpdate {
    /// The project, as it is committed
    #[arg(default_value = ".")]
    project: PathBuf,
    /// Another branch, tag or commit of the template
    #[arg(long = "ref", value_name = "REF")]
    reference: Option<String>,
    #[command(flatten)]
    executed: Executed,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Args)]
#[command(after_help = "Examples:\n  slipway diff\n  slipway diff ~/work/berths | less")]
pub struct Diff {
    /// The project, as it is committed
    #[arg(default_value = ".")]
    project: PathBuf,
    #[command(flatten)]
    executed: Executed,
}

pub async fn check_update(arguments: CheckUpdate) -> ExitCode {
    match stands(&arguments).await {
        Ok(Standing::Current { .. }) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(FAILED),
        Err(stop) => stop.exit(),
    }
}

fn nobody_is_asked(executed: Executed) -> Given {
    Given { data: Vec::new(), data_file: None, defaults: true, executed }
}

async fn stands(arguments: &CheckUpdate) -> Result<Standing, Stop> {
    let project = read_committed(&arguments.project)?;
    let (found, given) = (lineage_of(&project, &arguments.project)?, nobody_is_asked(arguments.executed));
    let fetched = bring_template(&found.lineage, arguments.reference.as_deref()).await?;
    let newer = newer(&found, fetched, &given, false)?;
    let steady = match may_be_chance(&found.lineage, &newer) {
        _ if found.lineage.files.is_empty() => Some(render_recorded(&found.lineage, &newer.fetched, &given.executed)?),
        // Where it may not be run here, it is not known what chance made.
        true => render_recorded(&found.lineage, &newer.fetched, &given.executed).ok(),
        false => None,
    };
    let steady = steady.map(|recorded| recorded.beside(&project, &newer.rendered.tree));
    let recorded = steady.as_ref().map(|steady| &steady.base);
    let wanted = steady.as_ref().map_or(&newer.rendered.tree, |steady| &steady.theirs);
    let commits =
        commits(&newer.fetched.folder, newer.fetched.version.commit.as_deref(), &found.lineage.version.commit);
    let version = &newer.fetched.version;
    let standing = standing(&found, &project, recorded, version, wanted, &newer.questions, commits);
    match arguments.format {
        Format::Json => println!("{}", serde_json::to_string_pretty(&standing).unwrap_or_default()),
        Format::Text => print!("{}", said(&standing)),
    }
    Ok(standing)
}

/// Whether scripts took part in what another version makes otherwise.
fn may_be_chance(lineage: &Lineage, newer: &Newer) -> bool {
    newer.ran && newer.fetched.version.commit != lineage.version.commit && !lineage.is_record_of(&newer.rendered.tree)
}

/// How many commits of the template lie between.
fn commits(folder: &std::path::Path, new: Option<&str>, old: &Option<String>) -> Option<usize> {
    const FAR: usize = 10_000;
    let (new, old) = (new?, old.as_deref()?);
    let parents = engine_repo::Repository::open(folder).ok()?.first_parents(new, FAR).ok()?;
    parents.iter().position(|commit| commit == old)
}

fn said(standing: &Standing) -> String {
    let list = |paths: &[String]| paths.iter().map(|path| format!("  {path}\n")).collect::<String>();
    match standing {
        Standing::Current { version } => format!("Up to date with {}.\n", version.name()),
        Standing::Unsettled { version, paths } => {
            format!("At {}, with conflicts that are left:\n{}", version.name(), list(paths))
        }
        Standing::Undecided { version, paths } => {
            format!("Perhaps at {}: nobody recorded what was made, and these differ:\n{}", version.name(), list(paths))
        }
        Standing::Behind(behind) => {
            let far = match behind.commits {
                Some(1) => ", 1 commit behind".to_owned(),
                Some(count) => format!(", {count} commits behind"),
                None => String::new(),
            };
            let mut text = format!("At {}{far}; the template is at {}.\n", behind.from.name(), behind.to.name());
            for change in &behind.changes {
                let kind = match change.kind {
                    ChangeKind::Added => "added  ",
                    ChangeKind::Changed => "changed",
                    ChangeKind::Deleted => "deleted",
                };
                let edited = if change.edited { "  (changed here too)" } else { "" };
                text += &format!("  {kind}  {}{edited}\n", change.path);
            }
            for question in &behind.questions {
                text += &format!("  asks     {question}\n");
            }
            text + "Bring it up to date with: slipway update\n"
        }
    }
}

pub async fn diff(arguments: Diff) -> ExitCode {
    match drift(&arguments).await {
        Ok(patch) => {
            print!("{patch}");
            ExitCode::SUCCESS
        }
        Err(stop) => stop.exit(),
    }
}

async fn drift(arguments: &Diff) -> Result<String, Stop> {
    let project = read_committed(&arguments.project)?;
    let found = lineage_of(&project, &arguments.project)?;
    let fetched = bring_template(&found.lineage, None).await?;
    let made = render_recorded(&found.lineage, &fetched, &arguments.executed)?.beside(&project, &Tree::default()).base;
    let mut here = Tree::default();
    for (path, _) in made.iter() {
        if let Some(entry) = project.get(path) {
            here.insert(path, entry.clone()).map_err(|error| Error::Unavailable(format!("{path}: {error}")))?;
        }
    }
    let patch = Merger::new(std::env::temp_dir()).patch(&made, &here);
    Ok(patch.map_err(|error| Error::Unavailable(error.to_string()))?)
}
