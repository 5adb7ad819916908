//! `slipway new`: a project from a template.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use engine_templates::lineage::{CRUFT_FILE, Cruft, FILE, Lineage};
use engine_templates::tree::{Entry, Tree};
use engine_templates::{Rendered, Treatment};
use portal::templates::{Collision, Reference, Wanted, place};
use serde::Serialize;

use super::{Format, Given, Stop, ask, bring, configuration, environment, open};
use crate::cli::print_findings;

#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 made, 1 failed, 2 the template or an answer is invalid, 4 it would execute what is not trusted.\n\n\
                        Examples:\n  slipway new gh:audreyfeldroy/cookiecutter-pypackage ~/work\n  \
                        slipway new ./template . --defaults --data project_name=Berths\n  \
                        slipway new https://git.example.com/templates.git . --directory service --ref v2.1.0 --dry-run\n  \
                        slipway new ./template.zip ~/work --trust"
)]
pub struct New {
    /// A folder, a Git address, or an abbreviation such as gh:owner/name
    template: String,
    /// The folder in which the template makes the project's folder
    #[arg(default_value = ".")]
    destination: PathBuf,
    /// A branch, tag or commit of the template
    #[arg(long = "ref", value_name = "REF")]
    reference: Option<String>,
    /// The folder within the repository that holds the template
    #[arg(long, value_name = "FOLDER")]
    directory: Option<String>,
    #[command(flatten)]
    given: Given,
    /// Show what would be made, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Write over files that are there
    #[arg(long)]
    overwrite: bool,
    /// Keep files that are there
    #[arg(long, conflicts_with = "overwrite")]
    skip_existing: bool,
    /// Write a .cruft.json too, for tools that read one
    #[arg(long, conflicts_with = "no_lineage")]
    cruft: bool,
    /// Do not write down where the project came from; it can then not be updated
    #[arg(long)]
    no_lineage: bool,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub async fn run(arguments: New) -> ExitCode {
    match make(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => stop.exit(),
    }
}

/// What was made, for machines.
#[derive(Serialize)]
struct Made<'a> {
    folder: String,
    written: bool,
    template: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<&'a str>,
    files: Vec<MadeFile>,
}

#[derive(Serialize)]
struct MadeFile {
    path: String,
    mode: String,
    bytes: usize,
    /// Where nothing is written, and it is text.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

async fn make(arguments: &New) -> Result<(), Stop> {
    let (config, given) = (configuration()?, &arguments.given);
    let address = config.expand(&arguments.template);
    let mut fetched =
        bring(&address, arguments.directory.as_deref(), Reference::named(arguments.reference.as_deref())).await?;
    let (template, programs) = open(&mut fetched, given)?;
    let (template, refused) = template.with_configured(&config.default_context);
    print_findings(&refused.into_iter().collect::<Vec<_>>());
    let named = given.answers()?;
    let template = template.with_defaults(&named)?;
    let output = std::path::absolute(&arguments.destination)
        .map_err(|error| portal::Error::Unavailable(format!("{}: {error}", arguments.destination.display())))?;
    inside_no_template(&output, &fetched.folder, &address)?;
    let environment = environment(&arguments.template, &fetched, &output);
    let answers = ask::all(&template, &environment, given, &named, engine_templates::Answers::default())?;
    let rendered = programs.render(&template, &answers, &environment, &mut |_, _| {})?;
    print_findings(&rendered.findings);
    let folder = output.join(rendered.folder.as_deref().unwrap_or_default());
    let mut tree = rendered.tree.clone();
    if !arguments.no_lineage {
        if let Some(warning) = &fetched.warning {
            eprintln!("warning: {warning}");
        }
        let lineage = Lineage::record(
            fetched.source.clone(),
            fetched.version.clone(),
            template.dialect(),
            &environment,
            &rendered.answers,
            // A template of cookiecutter calls no answer secret.
            &[],
            &rendered.tree,
            programs.remembered(&template),
        );
        let file = Entry::file(lineage.to_text().into_bytes(), 0o644);
        tree.insert(FILE, file).map_err(|error| portal::Error::Unavailable(format!("{FILE}: {error}")))?;
        if arguments.cruft {
            let cruft = Cruft::create(&lineage.template, &lineage.version, &rendered.variables, &[]);
            let file = Entry::file(cruft.to_text().into_bytes(), 0o644);
            tree.insert(CRUFT_FILE, file)
                .map_err(|error| portal::Error::Unavailable(format!("{CRUFT_FILE}: {error}")))?;
        }
    }
    if !arguments.dry_run {
        let collision = match (arguments.overwrite, arguments.skip_existing) {
            (true, _) => Collision::Overwrite,
            (_, true) => Collision::Skip,
            _ => Collision::Refuse,
        };
        place(&folder, Wanted { tree: &tree, collision, always: &|path| is_copied(&rendered, path) })?;
    }
    say(arguments, &folder, &tree, &fetched);
    Ok(())
}

fn is_copied(rendered: &Rendered, path: &str) -> bool {
    rendered.origins.get(path).is_some_and(|origin| origin.treatment == Treatment::Copied)
}

/// A project in its own template would become a part of the next one.
fn inside_no_template(output: &Path, template: &Path, address: &str) -> Result<(), Stop> {
    let real = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let is_folder = Path::new(address).is_dir();
    if is_folder && real(output).starts_with(real(template)) {
        return Err(portal::Error::Conflict(format!(
            "{} lies within the template: choose a folder outside of it.",
            output.display()
        ))
        .into());
    }
    Ok(())
}

fn say(arguments: &New, folder: &Path, tree: &Tree, fetched: &portal::templates::Fetched) {
    let files = tree.iter().filter(|(_, entry)| **entry != Entry::Folder);
    match arguments.format {
        Format::Json => {
            let file = |(path, entry): (&str, &Entry)| {
                let (mode, content) = match entry {
                    Entry::File { content, mode } => (format!("{mode:o}"), content.to_vec()),
                    Entry::Link { target } => ("link".to_owned(), target.clone().into_bytes()),
                    Entry::Folder => ("folder".to_owned(), Vec::new()),
                };
                let bytes = content.len();
                let text = arguments.dry_run.then(|| String::from_utf8(content).ok()).flatten();
                MadeFile { path: path.to_owned(), mode, bytes, text }
            };
            let made = Made {
                folder: folder.display().to_string(),
                written: !arguments.dry_run,
                template: &fetched.source.address,
                commit: fetched.version.commit.as_deref(),
                tag: fetched.version.tag.as_deref(),
                files: files.map(file).collect(),
            };
            println!("{}", serde_json::to_string_pretty(&made).unwrap_or_default());
        }
        Format::Text if arguments.dry_run => {
            println!("{} would have:", folder.display());
            for (path, entry) in files {
                println!("\n=== {path}");
                match entry {
                    Entry::File { content, .. } => match std::str::from_utf8(content) {
                        Ok(text) => print!("{text}{}", if text.ends_with('\n') || text.is_empty() { "" } else { "\n" }),
                        Err(_) => println!("({} bytes that are no text)", content.len()),
                    },
                    Entry::Link { target } => println!("(a link to {target})"),
                    Entry::Folder => {}
                }
            }
        }
        Format::Text => {
            let count = files.count();
            println!(
                "{} is made: {count} files from {} {}",
                folder.display(),
                fetched.source.address,
                version(fetched)
            );
        }
    }
}

fn version(fetched: &portal::templates::Fetched) -> String {
    match fetched.version.commit {
        Some(_) => format!("at {}", fetched.version.name()),
        None => "as it lies there".to_owned(),
    }
}
