//! The one way in which the portal renders a template: forms, previews and runs are the same. What a template brings is run
//! behind a fence, so many at the same time, and only where an administrator trusts it at its commit.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use engine_templates::{Answers, Environment, Limits, Rendered, Trust, lineage};
use model::EntityRef;
use model::template::Form;
use sha2::{Digest, Sha256};
use tokio::sync::OwnedSemaphorePermit;

use super::catalog::{self, Opened};
use super::form::{self, Given};
use super::{Programs, store};
use crate::identity::Actor;
use crate::sandbox::{self, Sandbox};
use crate::{Error, Portal, Result};

/// Less than a person at their own machine may take: many are rendered here.
const LIMITS: Limits =
    Limits { fuel: 20_000_000, file_bytes: 16 << 20, total_bytes: 128 << 20, entries: 20_000, depth: 100 };
/// The same of a program that a template brings.
const PROGRAM_LIMITS: sandbox::Limits = sandbox::Limits {
    time: Duration::from_secs(30),
    memory: 512 << 20,
    processes: 64,
    disk: 256 << 20,
    output: 1 << 20,
};
/// How long it is waited until another template's programs have ended.
const PATIENCE: Duration = Duration::from_secs(10);

/// A template that may be rendered here: it brings nothing to be run, or it is trusted, and its extensions are loaded.
pub(crate) struct Ready {
    pub opened: Opened,
    programs: Programs,
    heard: Arc<Mutex<Vec<Said>>>,
    /// One of those that may run programs now; work that nobody waits for any more keeps it until it ends.
    turn: Option<Arc<OwnedSemaphorePermit>>,
}

/// What a script printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    /// Its path in the template.
    pub script: String,
    /// The end of it.
    pub text: String,
}

/// A template of the catalog at a commit, or at the newest, ready to be rendered.
///
/// # Errors
/// As [`super::get`], and as [`ready`].
pub(crate) async fn find_ready(
    portal: &Portal,
    actor: &Actor,
    reference: &EntityRef,
    commit: Option<&str>,
) -> Result<(catalog::Found, Ready)> {
    let found = catalog::find(portal, actor, reference).await?;
    let opened = catalog::open(portal, &found, commit).await?;
    let ready = ready(portal, &found.repository, opened).await?;
    Ok((found, ready))
}

/// # Errors
/// [`Error::Forbidden`] for a template that would execute what nobody trusts; [`Error::Conflict`] where this machine cannot
/// fence it in, or a script before the questions fails; [`Error::Unavailable`] where others have their turn for long.
pub(crate) async fn ready(portal: &Portal, repository: &str, opened: Opened) -> Result<Ready> {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let trust = opened.template.trust();
    if trust.is_empty() {
        return Ok(Ready { opened, programs: Programs::Skip, heard, turn: None });
    }
    if !store::is_trusted(portal.db(), repository, opened.commit()).await? {
        return Err(Error::Forbidden(format!(
            "This template would execute {}, and nobody has said that it may at this commit. An administrator can trust it on \
             its page. On a machine of your own, `slipway new` asks you.",
            executes(&trust).join(", ")
        )));
    }
    let sandbox = sandbox(portal)?;
    let is_weak_enough = portal.settings().templates.weaker_fence;
    let turn = tokio::time::timeout(PATIENCE, portal.templates().turns.clone().acquire_owned()).await;
    let turn = Arc::new(turn.map_err(|_| busy())?.map_err(Error::internal)?);
    let (template, kept, said) = (opened.template.clone(), turn.clone(), heard.clone());
    let prepared = tokio::task::spawn_blocking(move || {
        let _kept = kept;
        if let Some(lacks) = sandbox.fence().lacks().filter(|_| !is_weak_enough) {
            return Err(Error::Conflict(format!(
                "This template executes programs, and {lacks}. Slipway runs none without a whole fence; an operator can allow \
                 less with templates.weaker-fence = true."
            )));
        }
        let programs = Programs::Run(sandbox);
        programs.check(&trust)?;
        let template = programs.prepare(template, &mut |script, text| note(&said, script, text))?;
        Ok((template, programs))
    });
    let (template, programs) = prepared.await.map_err(Error::internal)??;
    Ok(Ready { opened: Opened { template, ..opened }, programs, heard, turn: Some(turn) })
}

impl Ready {
    /// The form with what was sent, and the answers to render with.
    ///
    /// # Errors
    /// As [`form::fill`].
    pub async fn fill(&self, given: &Given, now: i64) -> Result<(Form, Answers)> {
        if self.turn.is_none() {
            return form::fill(&self.opened, given, now);
        }
        // Defaults may be what a program says.
        let (opened, given, turn) = (self.opened.clone(), given.clone(), self.turn.clone());
        let filled = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            form::fill(&opened, &given, now)
        });
        filled.await.map_err(Error::internal)?
    }

    /// The project that it makes of answers, with its scripts around the files.
    ///
    /// # Errors
    /// [`Error::Invalid`] with everything that is wrong in it; [`Error::Conflict`] for a script that fails, with what it said.
    pub async fn render(&self, answers: &Answers, environment: &Environment) -> Result<Rendered> {
        self.render_with(self.programs.clone(), answers, environment).await
    }

    /// How it calls the project's folder. No script is run for that.
    ///
    /// # Errors
    /// [`Error::Invalid`] with everything that is wrong in it.
    pub async fn folder(&self, answers: &Answers, environment: &Environment) -> Result<Option<String>> {
        Ok(self.render_with(Programs::Skip, answers, environment).await?.folder)
    }

    async fn render_with(&self, programs: Programs, answers: &Answers, environment: &Environment) -> Result<Rendered> {
        let (template, answers, environment) = (self.opened.template.clone(), answers.clone(), environment.clone());
        let (heard, turn) = (self.heard.clone(), self.turn.clone());
        let rendered = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            programs.render(&template, &answers, &environment, &mut |script, text| note(&heard, script, text))
        });
        rendered.await.map_err(Error::internal)?
    }

    /// What its scripts have printed since this was asked last.
    pub fn said(&self) -> Vec<Said> {
        std::mem::take(&mut *self.heard.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What a project has to remember of its scripts.
    pub fn remembered(&self) -> lineage::Programs {
        self.programs.remembered(&self.opened.template)
    }
}

fn note(heard: &Mutex<Vec<Said>>, script: &str, text: &str) {
    let said = Said { script: script.to_owned(), text: text.to_owned() };
    heard.lock().unwrap_or_else(PoisonError::into_inner).push(said);
}

fn sandbox(portal: &Portal) -> Result<Sandbox> {
    let settings = &portal.settings().templates;
    let executable = settings.executable.clone().ok_or_else(|| {
        Error::Conflict(
            "This template executes programs, and this Slipway cannot find itself to fence them in.".to_owned(),
        )
    })?;
    Ok(Sandbox::new(executable, PROGRAM_LIMITS, !settings.weaker_fence))
}

fn busy() -> Error {
    Error::Unavailable("Other templates are running their programs just now. Try again in a moment.".to_owned())
}

/// What a template would execute, each as a few words.
pub(crate) fn executes(trust: &Trust) -> Vec<String> {
    let programs = trust.programs.iter().map(|program| format!("the script {}", program.path));
    programs.chain(trust.extensions.iter().map(|extension| format!("the extension {}", extension.name))).collect()
}

/// What a render in the portal takes from outside: `now` is in milliseconds since 1970.
pub(crate) fn environment(now: i64, seed: u64, template: &str) -> Environment {
    let mut environment = Environment::new(jiff::Timestamp::from_millisecond(now).unwrap_or_default(), seed);
    template.clone_into(&mut environment.template);
    environment.limits = LIMITS;
    environment
}

/// Where chance begins for what is launched under a key, so that a preview shows what comes.
pub(crate) fn seed(key: &str) -> u64 {
    let hash = Sha256::digest(key);
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hash[..8]);
    // As a positive number of the database.
    u64::from_be_bytes(bytes) >> 1
}
