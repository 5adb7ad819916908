//! `slipway adopt`: which template, version and answers a project was made from that nobody recorded.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use clap::Args;
use engine_templates::Template;
use engine_templates::adopt::{Adoption, Index, Programs, adopt};
use engine_templates::lineage::{FILE, Source};
use engine_templates::tree::{Entry, Tree};
use portal::Error;
use portal::templates::{AfterFiles, Fetched, Reference, TemplateHistory, apply, read_committed};
use rayon::prelude::*;
use serde::Serialize;

use super::programs::sandbox;
use super::{Format, Stop, bring, configuration, otherwise};
use crate::cli::FAILED;

/// Below this a project and a template have too little in common for a lineage to be written.
const ENOUGH: f64 = 0.2;

#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 each project fits a template, 1 some do not, or it failed, 2 a template is invalid.\n\n\
                        Examples:\n  slipway adopt ~/work/berths --template gh:acme/service-template\n  \
                        slipway adopt --all ~/work --template ./service --template ./library --format json\n  \
                        slipway adopt . --template gh:acme/service-template --write"
)]
pub struct Adopt {
    /// Projects, as they are committed
    projects: Vec<PathBuf>,
    /// Every Git repository directly below this folder, too
    #[arg(long, value_name = "FOLDER")]
    all: Option<PathBuf>,
    /// A template that they may stem from; may be repeated
    #[arg(long = "template", value_name = "TEMPLATE", required = true)]
    templates: Vec<String>,
    /// Write .slipway/lineage.yml into each project that fits, so that `slipway update` works
    #[arg(long)]
    write: bool,
    /// Execute what the templates bring, behind a fence, to see which files their scripts delete and rename
    #[arg(long)]
    trust: bool,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// What was found of one project.
#[derive(Serialize)]
struct Found<'a> {
    project: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    /// Paths of files of which nobody can be sure.
    doubtful: Vec<String>,
    written: bool,
    /// Why there is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    adoption: Option<Adoption>,
}

struct Known {
    source: Source,
    index: Index,
    /// What runs its scripts, where that is wanted.
    finish: Option<AfterFiles>,
}

pub async fn run(arguments: Adopt) -> ExitCode {
    match fit_all(&arguments).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(FAILED),
        Err(stop) => stop.exit(),
    }
}

async fn fit_all(arguments: &Adopt) -> Result<bool, Stop> {
    let projects = projects(arguments)?;
    let config = configuration()?;
    let mut templates = Vec::new();
    for template in &arguments.templates {
        let fetched = bring(&config.expand(template), None, Reference::Newest).await?;
        let index = Index::new(&TemplateHistory::of(&fetched)?, fetched.source.directory.as_deref())?;
        let finish = arguments.trust.then(|| after_files(&fetched)).transpose()?;
        templates.push(Known { source: fetched.source, index, finish });
    }
    let programs: Vec<Programs<'_>> = templates
        .iter()
        .map(|known| known.finish.as_ref().map_or_else(Programs::none, |finish| Programs::new(finish)))
        .collect();
    // Each uses a processor for half a second: as many at once as there are, told as they are done.
    let telling = Mutex::new(());
    let fitted = projects.par_iter().map(|project| {
        let one = fit(project, &templates, &programs, arguments.write);
        if arguments.format == Format::Text {
            let _one_by_one = telling.lock().unwrap_or_else(PoisonError::into_inner);
            say(&one);
        }
        one
    });
    let found: Vec<Found<'_>> = fitted.collect();
    if arguments.format == Format::Json {
        println!("{}", serde_json::to_string_pretty(&found).unwrap_or_default());
    }
    Ok(found.iter().all(|one| one.reason.is_none()))
}

fn projects(arguments: &Adopt) -> Result<Vec<PathBuf>, Stop> {
    let mut projects = arguments.projects.clone();
    if let Some(folder) = &arguments.all {
        let entries = std::fs::read_dir(folder)
            .map_err(|error| Error::Unavailable(format!("{} cannot be read: {error}", folder.display())))?;
        let mut below: Vec<PathBuf> =
            entries.flatten().map(|entry| entry.path()).filter(|path| path.join(".git").exists()).collect();
        below.sort();
        projects.extend(below);
    }
    match projects.is_empty() {
        true => Err(Stop::Usage("name a project, or a folder of some with --all".to_owned())),
        false => Ok(projects),
    }
}

/// What runs a template's scripts after its files, at any of its versions: asking for it trusts them all.
fn after_files(fetched: &Fetched) -> Result<AfterFiles, Stop> {
    let folder = fetched.source.directory.as_deref().unwrap_or_default();
    let trust = Template::open_in(fetched.tree.clone(), folder)?.trust();
    Ok(AfterFiles { sandbox: sandbox()?, trust })
}

/// A project that cannot be read says so, and stops no other.
fn fit<'a>(folder: &Path, templates: &'a [Known], programs: &[Programs<'_>], write: bool) -> Found<'a> {
    let nothing = |reason: String| Found {
        project: folder.display().to_string(),
        template: None,
        version: None,
        doubtful: Vec::new(),
        written: false,
        reason: Some(reason),
        adoption: None,
    };
    let project = match read_committed(folder) {
        Ok(project) => project,
        Err(error) => return nothing(error.to_string()),
    };
    let mut best: Option<(&Known, Adoption)> = None;
    for (known, programs) in templates.iter().zip(programs) {
        // What cannot be rendered for this project fits it not.
        let Ok(Some(adoption)) = adopt(&project, &known.index, otherwise(), programs) else { continue };
        if best.as_ref().is_none_or(|(_, other)| adoption.score > other.score) {
            best = Some((known, adoption));
        }
    }
    let Some((known, adoption)) = best.filter(|(_, adoption)| adoption.score >= ENOUGH) else {
        return nothing("it has too little in common with any of the templates".to_owned());
    };
    let lineage = adoption.lineage(known.source.clone(), &known.index, otherwise());
    let doubtful = adoption.doubtful().map(|file| file.path.clone()).collect();
    let written = if write { keep(folder, &project, &lineage.to_text()) } else { Ok(false) };
    let (written, reason) = match written {
        Ok(written) => (written, None),
        Err(why) => (false, Some(why)),
    };
    Found {
        project: folder.display().to_string(),
        template: Some(&known.source.address),
        version: Some(lineage.version.name().to_owned()),
        doubtful,
        written,
        reason,
        adoption: Some(adoption),
    }
}

/// A record that is there stays.
fn keep(folder: &Path, project: &Tree, text: &str) -> Result<bool, String> {
    if project.get(FILE).is_some() {
        return Err(format!("{FILE} is there already and was left as it is"));
    }
    let mut after = project.clone();
    after.insert(FILE, Entry::file(text.as_bytes(), 0o644)).map_err(|error| error.to_string())?;
    apply(folder, project, &after, FILE).map(|_| true).map_err(|error| error.to_string())
}

fn say(found: &Found<'_>) {
    println!("{}", found.project);
    if let (Some(template), Some(version), Some(adoption)) = (found.template, &found.version, &found.adoption) {
        let exact = adoption.files.iter().filter(|file| file.score >= 1.0).count();
        println!("  from {template} at {version}, {:.0} % alike", adoption.score * 100.0);
        if let Some(label) = &adoption.label {
            println!("  the template {label} in it");
        }
        println!("  {exact} of {} files are exactly as the template made them", adoption.files.len());
        for (name, value) in adoption.answers.iter().filter(|(name, _)| !name.starts_with('_')) {
            let assumed = if adoption.assumed.iter().any(|it| it == name) { "  (nothing speaks for it)" } else { "" };
            println!("    {name}: {}{assumed}", value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        }
        for path in &found.doubtful {
            println!("    doubtful: {path}");
        }
        for path in &adoption.missing {
            println!("    deleted here: {path}");
        }
    }
    if let Some(reason) = &found.reason {
        println!("  {reason}");
    }
    if found.written {
        println!("  {FILE} is written: look at it, commit it, then slipway update");
    }
}
