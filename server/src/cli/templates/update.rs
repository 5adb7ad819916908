//! `slipway update`: what the template changed since, in a project that was made from it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use engine_templates::lineage::{self, FILE, Found, Render};
use engine_templates::update::{ConflictStyle, Outcome, Target, UpdateError, update};
use engine_templates::{Environment, Rendered, Template};
use portal::Error;
use portal::git::Merger;
use portal::templates::{Fetched, apply, commit_to_branch, read_committed, read_project};

use super::programs::admit;
use super::{Format, Given, Stop, ask, bring_template, lineage_of, otherwise, render_recorded, settle};
use crate::cli::{FAILED, print_findings};

#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 updated or up to date, 1 conflicts are left, or it failed, 2 invalid, 4 not trusted.\n\n\
                        Examples:\n  slipway update\n  slipway update ~/work/berths --dry-run\n  \
                        slipway update . --ref v2.0.0 --conflict rej\n  \
                        slipway update . --branch template-update"
)]
pub struct Update {
    /// The project
    #[arg(default_value = ".")]
    project: PathBuf,
    /// Another branch, tag or commit of the template
    #[arg(long = "ref", value_name = "REF")]
    reference: Option<String>,
    #[command(flatten)]
    given: Given,
    /// Go to an older version, too
    #[arg(long)]
    allow_downgrade: bool,
    /// How texts that cannot be merged are left: both sides between markers, or the project's with the rest in a file .rej
    #[arg(long, value_enum, default_value_t = Conflict::Inline)]
    conflict: Conflict,
    /// Show what would become of each file and why, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Write a patch for `git apply`, and change nothing
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    patch: Option<PathBuf>,
    /// Commit the result to a new branch, and leave the work tree as it is
    #[arg(long, value_name = "NAME", conflicts_with_all = ["dry_run", "patch"])]
    branch: Option<String>,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Conflict {
    Inline,
    Rej,
}

pub async fn run(arguments: Update) -> ExitCode {
    match bring_up(&arguments).await {
        Ok(false) => ExitCode::SUCCESS,
        Ok(true) => ExitCode::from(FAILED),
        Err(stop) => stop.exit(),
    }
}

/// A version of the template beside the project, rendered.
pub struct Newer {
    pub fetched: Fetched,
    pub rendered: Rendered,
    pub environment: Environment,
    pub programs: lineage::Programs,
    /// Whether scripts took part.
    pub ran: bool,
    /// Asked now and not before.
    pub questions: Vec<String>,
}

/// Renders the version that was brought here; a person is asked what it asks anew.
pub fn newer(found: &Found, fetched: Fetched, given: &Given, asks: bool) -> Result<Newer, Stop> {
    let directory = found.lineage.template.directory.as_deref();
    if fetched.version.commit.is_none() {
        return Err(
            Error::Conflict(fetched.warning.unwrap_or_else(|| "The template has no version.".to_owned())).into()
        );
    }
    let template = Template::open_in(fetched.tree.clone(), directory.unwrap_or_default())?;
    let executed = given.executed.for_newer(&found.lineage);
    let programs = admit(&template, &fetched, &executed, asks && given.may_ask())?;
    let template = programs.prepare(template, &mut |_, _| {})?;
    let named = given.answers()?;
    let template = template.with_defaults(&named)?;
    let environment = found.lineage.environment(otherwise());
    let mut known = found.lineage.answers_to_render();
    for (name, _) in named.iter() {
        known.remove(name);
    }
    let asked = template.questions(&known, &environment)?;
    let fresh =
        |name: &str| found.lineage.answers.get(name).is_none() && !found.lineage.secrets.iter().any(|it| it == name);
    let questions: Vec<String> = asked.into_iter().map(|question| question.name).filter(|name| fresh(name)).collect();
    let answers = match asks {
        true => ask::all(&template, &environment, given, &named, known)?,
        false => known,
    };
    let rendered = programs.render(&template, &answers, &environment, &mut |_, _| {})?;
    let (ran, programs) = (programs.run_scripts_of(&template), programs.remembered(&template));
    Ok(Newer { fetched, rendered, environment, programs, ran, questions })
}

async fn bring_up(arguments: &Update) -> Result<bool, Stop> {
    settle(&arguments.project)?;
    let touches_no_work_tree = arguments.branch.is_some() || arguments.dry_run || arguments.patch.is_some();
    let project = match touches_no_work_tree {
        true => read_committed(&arguments.project)?,
        false => read_project(&arguments.project)?,
    };
    let found = lineage_of(&project, &arguments.project)?;
    let fetched = bring_template(&found.lineage, arguments.reference.as_deref()).await?;
    let recorded = render_recorded(&found.lineage, &fetched, &arguments.given.executed)?;
    let newer = newer(&found, fetched, &arguments.given, true)?;
    if !arguments.allow_downgrade {
        no_downgrade(&found, &newer.fetched)?;
    }
    let steady = recorded.beside(&project, &newer.rendered.tree);
    print_findings(&steady.note().into_iter().collect::<Vec<_>>());
    let merger = Merger::new(std::env::temp_dir());
    let style = match arguments.conflict {
        Conflict::Inline => ConflictStyle::Inline,
        Conflict::Rej => ConflictStyle::Rejects,
    };
    let target = Target {
        version: &newer.fetched.version,
        answers: &newer.rendered.answers,
        secrets: &found.lineage.secrets,
        render: Render::of(&newer.environment),
        programs: newer.programs,
        tree: &steady.theirs,
        context: Some(&newer.rendered.variables),
    };
    let outcome = update(&found, &project, &steady.base, target, style, &merger).map_err(|error| match error {
        UpdateError::Invalid(findings) => Stop::Invalid(findings),
        UpdateError::Merge(error) => Error::Unavailable(error.to_string()).into(),
    })?;
    print_findings(&outcome.findings);
    if let Some(file) = &arguments.patch {
        use engine_templates::update::Merge;
        let patch = merger.patch(&project, &outcome.tree).map_err(|error| Error::Unavailable(error.to_string()))?;
        std::fs::write(file, patch).map_err(|error| Error::Unavailable(format!("{}: {error}", file.display())))?;
    } else if let Some(branch) = &arguments.branch {
        if outcome.tree != project {
            let message = message(&outcome);
            commit_to_branch(&arguments.project, branch, &message, &project, &outcome.tree)?;
        }
    } else if !arguments.dry_run {
        apply(&arguments.project, &project, &outcome.tree, FILE)?;
    }
    say(arguments, &outcome, outcome.tree == project);
    Ok(outcome.plan.has_conflicts())
}

/// What a commit says of an update.
fn message(outcome: &Outcome) -> String {
    let (from, to) = (outcome.plan.from.name(), outcome.plan.to.name());
    format!("Update from the template, {from} to {to}\n\n{}", outcome.plan.to_text())
}

/// A version from which the recorded one stems is older.
fn no_downgrade(found: &Found, fetched: &Fetched) -> Result<(), Stop> {
    const FAR: usize = 100_000;
    let (Some(old), Some(new)) = (&found.lineage.version.commit, &fetched.version.commit) else { return Ok(()) };
    let repository = engine_repo::Repository::open(Path::new(&fetched.folder))
        .map_err(|error| Error::Unavailable(error.to_string()))?;
    let before = repository.first_parents(old, FAR).map_err(|error| Error::Unavailable(error.to_string()))?;
    if old != new && before.contains(new) {
        return Err(Error::Conflict(format!(
            "{} is older than {}, on which the project is: --allow-downgrade goes back.",
            fetched.version.name(),
            found.lineage.version.name()
        ))
        .into());
    }
    Ok(())
}

fn say(arguments: &Update, outcome: &Outcome, is_same: bool) {
    match arguments.format {
        Format::Json => println!("{}", serde_json::to_string_pretty(&outcome.plan).unwrap_or_default()),
        Format::Text if is_same => {
            println!("{} is up to date with {}.", arguments.project.display(), outcome.plan.to.name())
        }
        Format::Text => {
            print!("{}", outcome.plan.to_text());
            if let Some(branch) = &arguments.branch {
                let left = if outcome.plan.has_conflicts() { ", with conflicts to settle" } else { "" };
                println!("It is the branch {branch}{left}: git switch {branch}");
                return;
            }
            match (&arguments.patch, arguments.dry_run, outcome.plan.has_conflicts()) {
                (Some(file), ..) => println!("The patch is in {}: git apply {0}", file.display()),
                (None, true, _) => println!("Nothing was written."),
                (None, false, true) => println!("Conflicts are left: settle them, then commit."),
                (None, false, false) => println!("Look at it with git diff, then commit."),
            }
        }
    }
}
