//! From a form to a run that waits for its turn.

use std::collections::BTreeMap;

use engine_templates::Answers;
use engine_templates::lineage::PLACEHOLDER;
use model::run::{RunState, RunStep};
use model::template::Form;
use model::{EntityRef, Finding, Level};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::steps::{self, Told};
use super::store::{self, Moved, Row};
use super::{actions, approvals, drafts, queue, token};
use crate::audit::{self, Change};
use crate::db::new_id;
use crate::identity::{Action, Actor, Resource, can};
use crate::secret::Secret;
use crate::settings::{GitHubLogin, SourceKind};
use crate::templates::{form, render};
use crate::{Error, Portal, Result};

const LONGEST_NAME: usize = 100;
const LONGEST_DESCRIPTION: usize = 350;
const LONGEST_KEY: usize = 200;
const MOST_TOPICS: usize = 20;
const LONGEST_TOKEN: usize = 1_000;
/// The secret with which a repository is made in the name of a person; no [`answer_key`] is the same.
pub(super) const TOKEN: &str = "token";
/// What secrets of a run are sealed as.
pub(super) const SEALED_AS: &str = "run";

/// What somebody wants to launch.
#[derive(Debug, Clone)]
pub struct Launch {
    pub template: EntityRef,
    /// The one that the form showed; the head without one.
    pub commit: Option<String>,
    pub answers: form::Given,
    /// The source in which the project is made: one of [`destinations`].
    pub destination: String,
    /// Of the repository; as the template calls its folder where nothing is said.
    pub name: Option<String>,
    pub description: String,
    /// Only at a forge.
    pub visibility: RepositoryVisibility,
    /// Only at a forge.
    pub topics: Vec<String>,
    /// For a `catalog-info.yaml`, where the template makes none.
    pub owner: Option<EntityRef>,
    pub lifecycle: Option<String>,
    /// At a forge, with which the repository is made in the person's own name; otherwise the source's login does it.
    pub token: Option<Secret>,
    /// Of the form: what is launched twice under the same key is one run.
    pub key: String,
}

impl Launch {
    /// At the head, with nothing that need not be said.
    pub fn new(template: EntityRef, destination: &str, key: &str) -> Self {
        Self {
            template,
            commit: None,
            answers: form::Given::new(),
            destination: destination.to_owned(),
            name: None,
            description: String::new(),
            visibility: RepositoryVisibility::default(),
            topics: Vec::new(),
            owner: None,
            lifecycle: None,
            token: None,
            key: key.to_owned(),
        }
    }
}

/// Who sees a new repository at its forge.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RepositoryVisibility {
    #[default]
    Private,
    Internal,
    Public,
}

/// A source in which projects can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// Of the source.
    pub name: String,
    /// `publish:folder` or `publish:github`.
    pub action: &'static str,
    /// Where that is, without credentials.
    pub location: String,
    /// Who makes a project there, as long as nobody gives a token of their own: `the GitHub App of acme`.
    pub acts: String,
}

/// What a run remembers of what was asked for: nothing secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Input {
    pub answers: Answers,
    /// Names of answers that are secret.
    pub secrets: Vec<String>,
    pub destination: String,
    pub owner: Option<EntityRef>,
    pub lifecycle: Option<String>,
    /// Whose project it is, for the first commit: `Jane <jane@example.com>`.
    pub person: Option<String>,
    /// The tag of the template's commit. Runs of earlier versions have none.
    #[serde(default)]
    pub tag: Option<String>,
    /// Of what was sent: the same key with something else is no second click.
    pub digest: String,
}

impl Input {
    /// What steps may be told of it.
    pub fn told(&self) -> Told<'_> {
        Told { answers: &self.answers, secrets: &self.secrets }
    }

    pub fn shown_answers(&self) -> BTreeMap<String, Value> {
        let secret = self.secrets.iter().map(|name| (name.clone(), Value::from("***")));
        self.answers.iter().map(|(name, value)| (name.to_owned(), value.clone())).chain(secret).collect()
    }
}

/// The name under which the secret answer to a question is sealed.
pub(super) fn answer_key(question: &str) -> String {
    format!("answer:{question}")
}

/// Where projects can be made, in the order of the configuration.
pub fn destinations(portal: &Portal) -> Vec<Destination> {
    let sources = portal.settings().sources.iter().filter(|source| source.launch);
    let destination = |source: &crate::settings::SourceSettings| {
        let (action, location, acts) = match &source.kind {
            SourceKind::Folder(folder) => (actions::FOLDER, folder.display().to_string(), "Slipway".to_owned()),
            SourceKind::GitHub(github) => {
                let login = match &github.login {
                    GitHubLogin::App { .. } => "GitHub App",
                    GitHubLogin::Token(_) | GitHubLogin::Nobody => "token",
                };
                (actions::GITHUB, github.location(), format!("the {login} of the source {}", source.name))
            }
            SourceKind::Git(_) => return None,
        };
        Some(Destination { name: source.name.clone(), action, location, acts })
    };
    sources.filter_map(destination).collect()
}

/// The steps that a launch would take with the answers of a form, with what each will do.
///
/// # Errors
/// [`Error::Forbidden`] for who may not launch; [`Error::NotFound`] for an unknown destination; [`Error::Invalid`] for what no
/// repository can be called or said to be.
pub fn plan(
    portal: &Portal,
    actor: &Actor,
    launch: &Launch,
    (form, answers): (&Form, &Answers),
) -> Result<Vec<RunStep>> {
    can(actor, Action::Launch, Resource::Anything)?;
    check(launch)?;
    launch.name.as_deref().map_or(Ok(()), check_name)?;
    let name = launch.name.as_deref().unwrap_or("the project");
    let secrets: Vec<String> =
        form.questions().filter(|question| question.secret).map(|one| one.name.clone()).collect();
    let told = Told { answers, secrets: &secrets };
    let planned = steps::plan(portal, actor, launch, (name, &[]), told)?;
    planned.into_iter().map(|step| steps::shown(step, told)).collect()
}

/// Launches a template; gives the id of the run, which is that of the first where this is the second wish under one key.
///
/// # Errors
/// [`Error::Forbidden`] for who may not, and for a template that executes what is not trusted; [`Error::NotFound`] for a template,
/// commit or destination that is not there; [`Error::Invalid`] for wrong answers, all of them; [`Error::Conflict`] for a key under
/// which something else was launched.
pub async fn launch(portal: &Portal, actor: &Actor, launch: Launch) -> Result<String> {
    can(actor, Action::Launch, Resource::Anything)?;
    let launcher = super::launcher(actor);
    check(&launch)?;
    let (found, ready) = render::find_ready(portal, actor, &launch.template, launch.commit.as_deref()).await?;
    let now = portal.clock().now();
    let opened = &ready.opened;
    let (form, mut answers) = ready.fill(&launch.answers, now).await?;
    let digest = digest(&launch, &form)?;
    if let Some(known) = launched(portal, launcher, &launch.key, &digest).await? {
        return Ok(known);
    }
    crate::templates::valid(&form)?;
    if let Some(token) = &launch.token {
        token::check(portal, &launch, token).await?;
    }
    let seed = render::seed(&launch.key);
    let (mut secrets, mut names) = (BTreeMap::new(), Vec::new());
    for question in form.questions().filter(|question| question.secret) {
        let answer = answers.remove(&question.name).unwrap_or_else(|| question.default.clone().into());
        let answer = answer.as_str().map_or_else(|| answer.to_string(), str::to_owned);
        secrets.insert(answer_key(&question.name), answer);
        names.push(question.name.clone());
    }
    let name = match &launch.name {
        Some(name) => name.clone(),
        None => {
            let mut shown = answers.clone();
            names.iter().for_each(|name| shown.insert(name.as_str(), PLACEHOLDER));
            let inputs = render::environment(now, seed, &opened.source.address);
            let folder = ready.folder(&shown, &inputs).await?.unwrap_or_default();
            folder.rsplit('/').next().unwrap_or_default().to_owned()
        }
    };
    check_name(&name)?;
    let executes = render::executes(&opened.template.trust());
    let told = Told { answers: &answers, secrets: &names };
    let steps = steps::plan(portal, actor, &launch, (&name, &executes), told)?;
    if let Some(token) = &launch.token {
        secrets.insert(TOKEN.to_owned(), token.expose().to_owned());
    }
    let id = new_id(now);
    let sealed = match secrets.is_empty() {
        true => None,
        false => Some(portal.sealing().seal(&id, SEALED_AS, &Secret::new(serde_json::to_string(&secrets)?))?),
    };
    let input = Input {
        answers,
        secrets: names,
        destination: launch.destination.clone(),
        owner: launch.owner.clone(),
        lifecycle: launch.lifecycle.clone(),
        person: actor.person().map(|person| {
            format!("{} <{}>", line(&person.name), line(person.email.as_deref().unwrap_or("unknown@localhost")))
        }),
        tag: opened.version.tag.clone(),
        digest: digest.clone(),
    };
    let row = Row {
        id,
        template: found.row.reference.to_string(),
        repository: found.repository.clone(),
        directory: found.row.directory.clone(),
        commit_id: opened.commit().to_owned(),
        name,
        made_by: actor.name().to_owned(),
        account: actor.account().map(str::to_owned),
        launcher: launcher.to_owned(),
        state: RunState::Queued.as_str().to_owned(),
        wish: None,
        reason: None,
        seed: i64::try_from(seed).unwrap_or_default(),
        project: None,
        entity: None,
        created_at: now,
        started_at: None,
        ended_at: None,
        secrets: sealed,
        input: serde_json::to_string(&input)?,
        outputs: "{}".to_owned(),
    };
    let mut tx = portal.db().begin().await?;
    if !store::insert(&mut tx, &row, &launch.key).await? {
        drop(tx);
        let known = launched(portal, launcher, &launch.key, &digest).await?;
        return known.ok_or_else(|| Error::internal("a run is neither new nor known"));
    }
    for step in &steps {
        store::add_step(&mut tx, &row.id, step).await?;
    }
    if approvals::ask(&mut tx, portal, &launch, &row.id, &steps).await? {
        let review = Moved::to(RunState::Review);
        store::move_on(&mut tx, &row.id, &[RunState::Queued], review).await?;
        // It tells the reviewers.
        queue::enqueue(&mut tx, portal, &row.id, &row.name).await?;
    }
    let after = format!("{} from {} into {}", row.name, row.template, input.destination);
    let change = Change { action: "run.launch", target: &row.id, after: Some(&after), ..Change::default() };
    audit::record(&mut tx, actor, now, change).await?;
    drafts::launched(&mut tx, actor, &launch.template).await?;
    queue::admit(&mut tx, portal).await?;
    tx.commit().await?;
    portal.jobs().wake();
    Ok(row.id)
}

/// The run that was launched with the same form before.
async fn launched(portal: &Portal, launcher: &str, key: &str, digest: &str) -> Result<Option<String>> {
    let Some(id) = store::by_key(portal.db(), launcher, key).await? else { return Ok(None) };
    let row = store::row(portal.db(), &id).await?.ok_or_else(|| Error::internal("a run is gone"))?;
    let input: Input = serde_json::from_str(&row.input)?;
    if input.digest == digest {
        return Ok(Some(id));
    }
    Err(Error::Conflict(format!(
        "This form has launched {} already, with other answers. Open the form again to launch another project.",
        row.name
    )))
}

/// Of everything that was sent but secrets.
fn digest(launch: &Launch, form: &Form) -> Result<String> {
    let Launch { template, commit, destination, name, description, visibility, topics, owner, lifecycle, .. } = launch;
    let mut answers = launch.answers.clone();
    for question in form.questions().filter(|question| question.secret) {
        answers.remove(&question.name);
    }
    let sent = json!([template, commit, answers, destination, name, description, visibility, topics, owner, lifecycle]);
    Ok(crate::secret::digest(&serde_json::to_string(&sent)?))
}

/// For a line of a commit: no end of the line, and nothing that ends a name there.
fn line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && !matches!(c, '<' | '>')).collect()
}

fn check(launch: &Launch) -> Result<()> {
    let mut findings = Vec::new();
    let mut wrong = |message: &str, help: &str| findings.push(Finding::new("run.invalid", Level::Error, message, help));
    if launch.key.is_empty() || launch.key.len() > LONGEST_KEY {
        wrong("The form has no key", "Open the form again: each has one of its own.");
    }
    if launch.token.as_ref().is_some_and(|token| !is_token(token.expose())) {
        wrong("The token is none", "Paste it as GitHub shows it, without spaces; or leave the field empty.");
    }
    if launch.description.chars().count() > LONGEST_DESCRIPTION || launch.description.chars().any(char::is_control) {
        wrong("The description cannot be used", "Write one line of at most 350 characters.");
    }
    let is_topic = |topic: &String| {
        let fits = topic.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        fits && !topic.is_empty() && topic.len() <= 50 && !topic.starts_with('-')
    };
    if launch.topics.len() > MOST_TOPICS || !launch.topics.iter().all(is_topic) {
        wrong("The topics cannot be used", "Write at most 20, of a-z, 0-9 and -, with at most 50 characters each.");
    }
    if launch
        .lifecycle
        .as_ref()
        .is_some_and(|text| text.is_empty() || text.len() > 63 || text.contains(char::is_control))
    {
        wrong("The lifecycle cannot be used", "Write a word such as experimental or production.");
    }
    if findings.is_empty() { Ok(()) } else { Err(Error::Invalid(findings.into())) }
}

/// What can stand in a header.
fn is_token(token: &str) -> bool {
    (1..=LONGEST_TOKEN).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic())
}

/// What GitHub takes for a repository, and what a file system does.
fn check_name(name: &str) -> Result<()> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let is_name = !name.is_empty()
        && name.len() <= LONGEST_NAME
        && name.chars().all(fits)
        && !name.starts_with(['.', '-'])
        && ![".git", ".lock", ".wiki", ".atom"].iter().any(|end| name.to_lowercase().ends_with(end));
    if is_name {
        return Ok(());
    }
    let shown: String = name.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
    let help = "Write at most 100 of the characters a-z, A-Z, 0-9, -, _ and ., beginning with a letter or a digit.";
    let finding = Finding::new("run.name", Level::Error, format!("No repository can be called {shown:?}"), help);
    Err(Error::Invalid(vec![finding].into()))
}
