//! `slipway new`, `update`, `check-update`, `diff`, `adopt` and `template`: templates and projects on this machine, without a portal.

pub mod adopt;
mod ask;
pub mod check;
pub mod new;
mod programs;
pub mod standing;
pub mod update;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use engine_templates::cookiecutter::config::Config;
use engine_templates::lineage::{self, Found, Lineage, Render, Version};
use engine_templates::tree::Tree;
use engine_templates::update::{Steady, steady};
use engine_templates::{Answers, Environment, Template};
use jiff::tz::{Offset, TimeZone};
use model::{Finding, Findings, Level};
use portal::Error;
use portal::clock::Clock;
use portal::templates::{Fetched, Programs, Reference, fetch};
use serde_json::{Map, Value};

use self::programs::admit;
use super::{FAILED, INVALID, NOT_TRUSTED, print_findings};

/// Values that are given on the command line, and who is asked for the rest.
#[derive(Args)]
pub struct Given {
    /// An answer; may be repeated
    #[arg(long = "data", value_name = "NAME=VALUE")]
    data: Vec<String>,
    /// Answers from a JSON object, or from a replay file of cookiecutter
    #[arg(long, value_name = "FILE")]
    data_file: Option<PathBuf>,
    /// Take the default of what is not given, and ask nothing
    #[arg(long)]
    defaults: bool,
    #[command(flatten)]
    executed: Executed,
}

/// Whether what a template brings is executed.
#[derive(Args, Clone, Copy)]
pub struct Executed {
    /// Execute what the template brings, behind a fence, and remember that this commit of it is trusted
    #[arg(long)]
    trust: bool,
    /// Leave out the scripts that the template brings; nothing of it is executed
    #[arg(long, conflicts_with = "trust")]
    skip_hooks: bool,
}

impl Executed {
    /// For the version that a project is on: as it was made.
    fn for_recorded(self, lineage: &Lineage) -> Self {
        match lineage.programs {
            lineage::Programs::Skipped => Self { trust: false, skip_hooks: true },
            lineage::Programs::Run => self,
        }
    }

    /// For the version that it is brought to: as it was made, unless the scripts are trusted now.
    fn for_newer(self, lineage: &Lineage) -> Self {
        if self.trust { self } else { self.for_recorded(lineage) }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Json,
}

/// Why a command ends, for a person, with the code to exit with.
pub enum Stop {
    Failed(Error),
    Invalid(Findings),
    /// What would be executed.
    NotTrusted(String),
    Usage(String),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid(findings) => Self::Invalid(findings),
            other => Self::Failed(other),
        }
    }
}

impl From<Findings> for Stop {
    fn from(findings: Findings) -> Self {
        Self::Invalid(findings)
    }
}

impl Stop {
    fn exit(self) -> ExitCode {
        match self {
            Self::Failed(error) => {
                eprintln!("error: {error}");
                ExitCode::from(FAILED)
            }
            Self::Invalid(findings) => {
                print_findings(&findings.findings);
                ExitCode::from(INVALID)
            }
            Self::NotTrusted(report) => {
                eprintln!("{report}");
                ExitCode::from(NOT_TRUSTED)
            }
            Self::Usage(what) => {
                eprintln!("error: {what}");
                ExitCode::from(super::USAGE)
            }
        }
    }
}

impl Given {
    /// What was given, the file's first.
    fn answers(&self) -> std::result::Result<Answers, Stop> {
        let mut answers = match &self.data_file {
            Some(file) => read_answers(file)?,
            None => Answers::default(),
        };
        for pair in &self.data {
            let (name, value) =
                pair.split_once('=').ok_or_else(|| Stop::Usage(format!("--data {pair}: write it as NAME=VALUE")))?;
            answers.insert(name, value);
        }
        Ok(answers)
    }

    /// Whether a person can be asked.
    fn may_ask(&self) -> bool {
        !self.defaults && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }
}

fn read_answers(file: &Path) -> std::result::Result<Answers, Stop> {
    let name = file.display().to_string();
    let text =
        std::fs::read_to_string(file).map_err(|error| Error::Unavailable(format!("{name} cannot be read: {error}")))?;
    let invalid = |message: String, line: usize, column: usize| {
        let finding = Finding::new("template.data", Level::Error, message, "Write one JSON object.");
        let at = |number: usize| u32::try_from(number).unwrap_or_default();
        Stop::Invalid(vec![finding.at(name.clone(), at(line), at(column))].into())
    };
    let values: Map<String, Value> =
        serde_json::from_str(&text).map_err(|error| invalid(error.to_string(), error.line(), error.column()))?;
    if values.get("cookiecutter").is_some_and(Value::is_object) {
        return Ok(engine_templates::cookiecutter::replay::read(&name, &text)?);
    }
    Ok(values.into())
}

/// The person's configuration of cookiecutter, where there is one.
fn configuration() -> std::result::Result<Config, Stop> {
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cookiecutterrc"));
    let named = std::env::var_os("COOKIECUTTER_CONFIG").map(PathBuf::from);
    let Some(file) = named.clone().or_else(home) else { return Ok(Config::default()) };
    match std::fs::read_to_string(&file) {
        Ok(text) => Ok(Config::read(&file.display().to_string(), &text)?),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && named.is_none() => Ok(Config::default()),
        Err(error) => Err(Error::Unavailable(format!("{} cannot be read: {error}", file.display())).into()),
    }
}

/// Where templates from elsewhere are mirrored.
fn mirrors() -> std::result::Result<PathBuf, Stop> {
    Ok(own_folder("XDG_CACHE_HOME", ".cache", "templates")?.join("templates"))
}

/// Slipway's part of a folder of the person's, as the XDG Base Directory Specification says where it is.
pub(super) fn own_folder(variable: &str, below_home: &str, kept: &str) -> std::result::Result<PathBuf, Stop> {
    let named = std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = named.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(below_home)));
    let folder = folder.ok_or_else(|| Stop::Usage(format!("neither HOME nor {variable} says where to keep {kept}")))?;
    Ok(folder.join("slipway"))
}

async fn bring(address: &str, directory: Option<&str>, reference: Reference<'_>) -> std::result::Result<Fetched, Stop> {
    let shown = std::io::stderr().is_terminal();
    let say = move |line: &str| {
        if shown {
            eprint!("\r\x1b[K{line}");
        }
    };
    let fetched = fetch(address, directory, reference, &mirrors()?, say).await;
    if shown {
        eprint!("\r\x1b[K");
    }
    Ok(fetched?)
}

/// Opens the template in what was brought here; of templates within it the one that is chosen, whose folder then stands in the
/// source.
fn open(fetched: &mut Fetched, given: &Given) -> std::result::Result<(Template, Programs), Stop> {
    let folder = fetched.source.directory.clone().unwrap_or_default();
    let template = Template::open_in(fetched.tree.clone(), &folder)?;
    let mut programs = admit(&template, fetched, &given.executed, given.may_ask())?;
    let mut template = programs.prepare(template, &mut |_, _| {})?;
    while !template.nested().is_empty() {
        let chosen = ask::nested(template.nested(), given)?.clone();
        template = template.choose(&chosen.key)?;
        let above = fetched.source.directory.take().map(|above| format!("{above}/")).unwrap_or_default();
        fetched.source.directory = Some(format!("{above}{}", chosen.path.trim_start_matches("./").trim_matches('/')));
        programs = admit(&template, fetched, &given.executed, given.may_ask())?;
        template = programs.prepare(template, &mut |_, _| {})?;
    }
    Ok((template, programs))
}

/// What a fresh render begins with.
fn environment(template: &str, fetched: &Fetched, output: &Path) -> Environment {
    let clock = jiff::Timestamp::from_millisecond(Clock::System.now()).unwrap_or_default();
    // A hasher of the standard library begins with what the system gives at random.
    let seed = RandomState::new().build_hasher().finish();
    let mut environment = Environment::new(clock, seed);
    environment.zone = TimeZone::system();
    template.clone_into(&mut environment.template);
    environment.output_folder = output.display().to_string();
    environment.repository_folder = fetched.folder.display().to_string();
    environment.checkout.clone_from(&fetched.version.reference);
    environment
}

/// Takes back an update of the project that was killed halfway.
fn settle(project: &Path) -> std::result::Result<(), Stop> {
    // Whether it is a project at all is said by whoever reads it.
    if engine_repo::Repository::open(project).is_ok() && portal::templates::take_back(project)? > 0 {
        eprintln!("note: an update of {} was interrupted before; it was taken back", project.display());
    }
    Ok(())
}

/// What a project remembers.
fn lineage_of(project: &Tree, folder: &Path) -> std::result::Result<Found, Stop> {
    match engine_templates::lineage::find(project)? {
        Some(found) => {
            print_findings(&found.findings);
            Ok(found)
        }
        None => {
            let message = format!("{} does not say which template it came from", folder.display());
            let help = "Projects that `slipway new` or cruft made do: .slipway/lineage.yml or .cruft.json.";
            let finding = Finding::new("lineage.missing", Level::Error, message, help);
            Err(Stop::Invalid(vec![finding].into()))
        }
    }
}

/// The project's template: at `reference`, or else where the project's branch is now, or at the newest.
async fn bring_template(lineage: &Lineage, reference: Option<&str>) -> std::result::Result<Fetched, Stop> {
    let source = &lineage.template;
    let reference = match (reference, lineage.version.reference.as_deref()) {
        (None, Some(recorded)) => Reference::Followed(recorded),
        (name, _) => Reference::named(name),
    };
    bring(&source.address, source.directory.as_deref(), reference).await
}

/// What the recorded version makes today, of the recorded answers.
struct Recorded {
    tree: Tree,
    /// The same once more, where scripts took part and it is not what was recorded: chance made what differs.
    again: Option<Tree>,
}

impl Recorded {
    /// This and the wanted version, in which chance made what the project has.
    fn beside(&self, project: &Tree, wanted: &Tree) -> Steady {
        steady(project, &self.tree, self.again.as_ref().unwrap_or(&self.tree), wanted)
    }
}

/// Renders the recorded version, with what it may execute.
fn render_recorded(lineage: &Lineage, template: &Fetched, executed: &Executed) -> std::result::Result<Recorded, Stop> {
    let Version { commit, .. } = &lineage.version;
    let commit = commit.as_deref().ok_or_else(|| {
        let message = "the project does not say from which commit of its template it was made".to_owned();
        let help = "It was made from a folder with uncommitted changes. Make it again from a commit.";
        Stop::Invalid(vec![Finding::new("lineage.version", Level::Error, message, help)].into())
    })?;
    let source = &lineage.template;
    let fetched = template.at(commit).map_err(|error| match error {
        Error::NotFound(_) => Error::Unavailable(format!(
            "The commit {commit} from which this project was made is not in {} any more: its history was rewritten, or it \
             moved. Without it nobody can say what the project changed.",
            source.address
        )),
        other => other,
    })?;
    let template = Template::open_in(fetched.tree.clone(), source.directory.as_deref().unwrap_or_default())?;
    let programs = admit(&template, &fetched, &executed.for_recorded(lineage), false)?;
    let template = programs.prepare(template, &mut |_, _| {})?;
    let (answers, environment) = (lineage.answers_to_render(), lineage.environment(otherwise()));
    let render = || programs.render(&template, &answers, &environment, &mut |_, _| {});
    let (tree, ran) = (render()?.tree, programs.run_scripts_of(&template));
    let again = if ran && !lineage.is_record_of(&tree) { Some(render()?.tree) } else { None };
    Ok(Recorded { tree, again })
}

/// For projects of which nobody recorded when they were rendered: old and new render have the same clock, so any will do.
fn otherwise() -> Render {
    Render { clock: jiff::Timestamp::UNIX_EPOCH, offset: Offset::UTC, seed: 0 }
}
