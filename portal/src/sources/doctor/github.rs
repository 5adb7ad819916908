//! An owner at GitHub: the way there, who we are, what we may read and write, and how news arrive.

use std::time::Duration;

use tokio::time::Instant;

use super::report::{Check, Group, Help, Question};
use super::webhooks::Heard;
use super::{Limits, identity, reading, sentence, way, webhooks, writing};
use crate::clock::Clock;
use crate::forge::look::Who;
use crate::forge::permissions::Permission;
use crate::forge::{Error, Forge, Scope};
use crate::settings::{GitHubLogin, GitHubOwner, GitHubSettings, Settings};
use crate::sources::connect::{forge_settings, read_secret};

/// Requests under way at the same time: all that is looked at.
const CONCURRENCY: usize = 16;

const API: Question = Question {
    feature: "api",
    title: "API",
    group: Group::Connection,
    needs: "GitHub's REST API at the address of the source",
    without: "Nothing is read: what was known stays as it was.",
};

/// Everything that is known of a forge before the single features are looked at.
pub(super) struct Patient<'a> {
    pub(super) github: &'a GitHubSettings,
    pub(super) forge: Forge,
    pub(super) who: Who,
    pub(super) deadline: Deadline,
}

/// Until when something may take.
#[derive(Clone, Copy)]
pub(super) struct Deadline {
    end: Instant,
    each: Duration,
}

impl Deadline {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { end: Instant::now() + limits.all, each: limits.each }
    }

    /// What is left for the next thing.
    pub(super) fn left(&self) -> Duration {
        self.each.min(self.end.saturating_duration_since(Instant::now()))
    }

    /// The result, or that it took too long.
    pub(super) async fn within<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let left = self.left();
        let late = || Error::Timeout { what: "This question".to_owned(), seconds: left.as_secs() };
        tokio::time::timeout(left, work).await.unwrap_or_else(|_| Err(late()))
    }
}

pub(super) async fn checks(
    github: &GitHubSettings,
    settings: &Settings,
    heard: Heard<'_>,
    limits: &Limits,
) -> Vec<Check> {
    let deadline = Deadline::new(limits);
    let secret = read_secret(&github.login);
    // Without the secret one still sees whether the forge is there.
    let login = if secret.is_ok() { github.login.clone() } else { GitHubLogin::Nobody };
    let reachable = GitHubSettings { login, ..github.clone() };
    let made = forge_settings(&reachable, secret.as_ref().ok().and_then(Option::as_ref));
    let mut forge_settings = match made {
        Ok(made) => made,
        Err(why) => {
            let unusable = API.missing(sentence(&why), Help::new("Correct the file or the proxy that it names."));
            return with_the_rest(vec![unusable], "the settings of the source cannot be used");
        }
    };
    forge_settings.connect_timeout = limits.step;
    forge_settings.request_timeout = limits.each.mul_f32(0.8);
    forge_settings.concurrency = CONCURRENCY;
    forge_settings.pace.attempts = 1;
    forge_settings.pace.longest_wait = Duration::ZERO;
    let (open, mut checks) = way::checks(&forge_settings, Clock::System.now(), deadline.left()).await;
    if !open {
        return with_the_rest(checks, "the forge is not reached");
    }
    let forge = match Forge::new(&forge_settings) {
        Ok(forge) => forge,
        Err(error) => {
            checks.push(identity::unusable(&github.login, error.to_string()));
            return with_the_rest(checks, "the credentials cannot be used");
        }
    };
    let (greeting, who) = tokio::join!(deadline.within(forge.greet()), deadline.within(forge.who()));
    let answers = api(greeting.as_ref().map_err(Clone::clone), &mut checks);
    let who = match (secret, who) {
        (Err(why), _) => Err(identity::unusable(&github.login, why)),
        (Ok(_), Err(error)) => Err(identity::refused(github, &error)),
        (Ok(_), Ok(who)) => Ok(who),
    };
    match who {
        Err(check) => {
            checks.push(check);
            with_the_rest(checks, if answers { "we are nobody there" } else { "the API does not answer as it should" })
        }
        Ok(who) => {
            let patient = Patient { github, forge, who, deadline };
            checks.extend(patient.look(settings, heard).await);
            checks
        }
    }
}

impl Patient<'_> {
    async fn look(&self, settings: &Settings, heard: Heard<'_>) -> Vec<Check> {
        let mut checks = identity::checks(self);
        if let Who::App(app) = &self.who
            && app.installation.is_err()
        {
            return with_the_rest(checks, "the App is not installed");
        }
        let (rate, table, reading, webhooks) = tokio::join!(
            self.deadline.within(self.forge.rate()),
            self.table(),
            reading::checks(self),
            webhooks::checks(self, settings, heard),
        );
        checks.push(identity::rate(rate));
        let (sign_on, reading) = reading;
        checks.push(sign_on);
        let of_table = writing::checks(self, table);
        checks.extend(reading);
        checks.extend(of_table);
        checks.extend(webhooks);
        checks
    }

    /// What the permissions are, feature by feature; `None` where the forge cannot be asked: what a fine-grained token may
    /// do is tried at an organisation.
    async fn table(&self) -> Option<Result<Vec<Permission>, Error>> {
        let is_fine_grained = matches!(self.who, Who::Person { scopes: None, .. });
        match &self.github.owner {
            GitHubOwner::User(_) if is_fine_grained => None,
            owner => Some(self.deadline.within(self.forge.permissions(owner.name())).await),
        }
    }

    pub(super) fn scope(&self) -> Scope {
        match (&self.who, &self.github.owner) {
            (Who::App(_), _) => Scope::Installation,
            (_, GitHubOwner::Organisation(name)) => Scope::Organisation(name.clone()),
            (_, GitHubOwner::User(name)) => Scope::User(name.clone()),
        }
    }

    pub(super) fn is_organisation(&self) -> bool {
        matches!(self.github.owner, GitHubOwner::Organisation(_))
    }

    /// Of the pages that people see: `https://github.com`.
    pub(super) fn web(&self) -> &str {
        web(self.github)
    }

    /// Where a permission is given, in the words of that page; `scope` for tokens, `permission` for the rest.
    pub(super) fn give(&self, scope: &str, permission: &str) -> Help {
        let web = self.web();
        match &self.who {
            Who::Nobody => Help::new("Give the source a GitHub App, in one click, or a token.").at(APP_PAGE),
            Who::Person { scopes: Some(_), .. } if scope.is_empty() => {
                Help::new("A token cannot have it: use a GitHub App instead.").at(APP_PAGE)
            }
            Who::Person { scopes: Some(_), .. } => {
                Help::new(format!("Open the token there, tick {scope}, and update it."))
                    .at(format!("{web}/settings/tokens"))
            }
            Who::Person { scopes: None, .. } => {
                Help::new(format!("Open the token there, and give it {permission} for {}.", self.github.owner.name()))
                    .at(format!("{web}/settings/personal-access-tokens"))
            }
            Who::App(app) => {
                let settings = match app.owned_by_organisation {
                    true => format!("{web}/organizations/{}/settings/apps/{}/permissions", app.owner, app.slug),
                    false => format!("{web}/settings/apps/{}/permissions", app.slug),
                };
                Help::new(format!(
                    "Give the App {permission} there; then somebody who owns {} has to accept it.",
                    self.github.owner.name()
                ))
                .at(settings)
            }
        }
    }
}

/// The page that makes a GitHub App.
pub(super) const APP_PAGE: &str = "/sources/github-app";

pub(super) fn web(github: &GitHubSettings) -> &str {
    github.url.as_deref().map_or("https://github.com", |url| url.trim_end_matches('/'))
}

/// Adds what answers; whether it is GitHub and well.
fn api(greeting: Result<&crate::forge::look::Greeting, Error>, checks: &mut Vec<Check>) -> bool {
    let greeting = match greeting {
        Ok(greeting) => greeting,
        // It has answered, if with a refusal.
        Err(error @ Error::RateLimited { .. }) => {
            checks.push(API.ok(format!("It answers. {error}")));
            return true;
        }
        Err(error) => {
            let help = Help::new("Look whether the forge is well; github.com says so itself.")
                .at("https://www.githubstatus.com");
            checks.push(API.missing(error.to_string(), help));
            return false;
        }
    };
    let status = greeting.status;
    if status.is_server_error() {
        let help = Help::new("The forge has a fault of its own: try again later, or ask whoever runs it.");
        checks.push(API.missing(format!("It answers with {}.", status.as_u16()), help));
        return false;
    }
    if !greeting.is_github {
        let help = Help::new("Write the address of the forge itself, without a path, into url of the source.");
        checks.push(API.missing(format!("Something answers with {}, but not as GitHub does.", status.as_u16()), help));
        return false;
    }
    checks.push(API.ok(match &greeting.version {
        Some(version) => format!("GitHub Enterprise Server {version} answers."),
        None => "github.com answers.".to_owned(),
    }));
    checks.push(identity::clock(greeting.date));
    true
}

/// The features that nobody came to.
fn with_the_rest(mut checks: Vec<Check>, why: &str) -> Vec<Check> {
    let told = format!("Not looked at, since {why}.");
    let all = identity::QUESTIONS.iter().chain(reading::QUESTIONS).chain(writing::QUESTIONS).chain(webhooks::QUESTIONS);
    for question in std::iter::once(&API).chain(all) {
        if !checks.iter().any(|check| check.feature == question.feature) {
            let check = question.unknown(told.clone());
            checks.push(if question.group >= Group::Live { check.offered() } else { check });
        }
    }
    checks
}
