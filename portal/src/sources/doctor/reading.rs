//! What we may read at GitHub, by reading it: a listing, one repository's references, who may read it.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::github::Patient;
use super::report::{Check, Group, Help, Question};
use super::{count, sentence};
use crate::forge::look::{Sample, Who};
use crate::forge::{Error, ForgeRepository, ForgeVisibility};
use crate::git::{self, Address, Remote, Watch};
use crate::sources::connect::ForgeCredentials;

const SIGN_ON: Question = Question {
    feature: "single-sign-on",
    title: "Single sign-on",
    group: Group::Identity,
    needs: "The token is authorised where the organisation asks for single sign-on",
    without: "What such organisations have is not listed; nothing of it is taken away.",
};
const LIST: Question = Question {
    feature: "list-repositories",
    title: "List repositories",
    group: Group::Reading,
    needs: "repo, or metadata: read",
    without: "Private and internal repositories are not found.",
};
const CLONE: Question = Question {
    feature: "clone",
    title: "Read contents",
    group: Group::Reading,
    needs: "repo, or contents: read",
    without: "Repositories are listed by name, but not read.",
};
const READERS: Question = Question {
    feature: "readers",
    title: "Readers of a repository",
    group: Group::Reading,
    needs: "Write access with a token, or metadata: read of an App",
    without: "Who may see a private repository is not known, so only the operator sees it here.",
};

pub(super) const QUESTIONS: &[Question] = &[SIGN_ON, LIST, CLONE, READERS];

/// Single sign-on, and then the rest.
pub(super) async fn checks(patient: &Patient<'_>) -> (Check, Vec<Check>) {
    let sample = patient.deadline.within(patient.forge.sample(&patient.scope())).await;
    let sign_on = sign_on(patient, &sample);
    let sample = match sample {
        Ok(sample) => sample,
        Err(error) => return (sign_on, unlisted(patient, &error)),
    };
    // A private one tells more: a public one can be read by anybody.
    let chosen = sample.repositories.iter().find(|repository| repository.visibility != ForgeVisibility::Public);
    let mut checks = vec![list(patient, &sample)];
    match chosen.or(sample.repositories.first()) {
        Some(repository) => {
            let (clone, readers) = tokio::join!(clone(patient, repository), readers(patient, repository));
            checks.extend([clone, readers]);
        }
        None => {
            let why = "Not looked at, since no repository is seen.";
            checks.extend([CLONE.unknown(why), READERS.unknown(why).offered()]);
        }
    }
    (sign_on, checks)
}

fn unlisted(patient: &Patient<'_>, error: &Error) -> Vec<Check> {
    let owner = patient.github.owner.name();
    let list = match error {
        Error::NotFound { .. } => LIST.missing(
            format!("{owner} does not exist there, or we may not know that it does."),
            Help::new("Correct organisation or user of the source, or give credentials that may see it.")
                .at(format!("{}/{owner}", patient.web())),
        ),
        Error::Forbidden { .. } | Error::Unauthorized { .. } => {
            LIST.missing(error.to_string(), patient.give("repo", "metadata: read"))
        }
        error => LIST.unknown(error.to_string()),
    };
    let why = "Not looked at, since repositories cannot be listed.";
    vec![list, CLONE.unknown(why), READERS.unknown(why).offered()]
}

fn sign_on(patient: &Patient<'_>, sample: &Result<Sample, Error>) -> Check {
    match &patient.who {
        Who::Nobody => return SIGN_ON.not_applicable("We are nobody."),
        Who::App(_) => return SIGN_ON.not_applicable("An App needs no such thing."),
        Who::Person { .. } => {}
    }
    let authorise =
        |url: String| Help::new("Authorise the token for the organisation there (“Configure SSO”).").at(url);
    match sample {
        Err(Error::Forbidden { sign_on: Some(url), message, .. }) => {
            SIGN_ON.missing(sentence(message), authorise(url.clone()))
        }
        Ok(Sample { narrowed: Some(narrowed), .. }) => {
            SIGN_ON.missing(sentence(&narrowed.to_string()), authorise(format!("{}/settings/tokens", patient.web())))
        }
        Ok(_) => SIGN_ON.ok("Nothing that was asked for wants it."),
        Err(_) => SIGN_ON.unknown("The listing that would tell failed."),
    }
}

fn list(patient: &Patient<'_>, sample: &Sample) -> Check {
    let all = sample.repositories.len();
    let hidden =
        sample.repositories.iter().filter(|repository| repository.visibility != ForgeVisibility::Public).count();
    let more = if sample.more { "at least " } else { "" };
    let seen = format!("{more}{} seen", count(all, "repository is", "repositories are"));
    let found = match (all, hidden) {
        (0, _) => "No repository is seen".to_owned(),
        (1, 0) => format!("{seen}: public"),
        (_, 0) => format!("{seen}, all of them public"),
        (_, hidden) => format!("{seen}, {hidden} of them not public"),
    };
    let found = sentence(&found);
    let may_see_private = match &patient.who {
        Who::Nobody => {
            return LIST.missing(found, patient.give("repo", "metadata: read")).offered();
        }
        Who::Person { scopes: Some(scopes), .. } => scopes.iter().any(|scope| scope == "repo"),
        Who::Person { scopes: None, .. } => hidden > 0,
        Who::App(app) => app.installation.as_ref().is_ok_and(|found| found.permissions.contains_key("metadata")),
    };
    match (may_see_private, &patient.who) {
        (true, _) => LIST.ok(found),
        // There may be none, or the token may not.
        (false, Who::Person { scopes: None, .. }) if all > 0 => {
            LIST.ok(format!("{found} A fine-grained token does not tell whether it may see others."))
        }
        _ => LIST.missing(found, patient.give("repo", "metadata: read")),
    }
}

/// `git ls-remote` with the very credentials that a clone has.
async fn clone(patient: &Patient<'_>, repository: &ForgeRepository) -> Check {
    let name = &repository.full_name;
    let address = match Address::parse(&repository.clone_url) {
        Ok(address) if patient.github.is_own_host(address.url.host()) => address,
        Ok(address) => {
            let found = format!("{name} is to be cloned from {}, which gets no credentials.", address.url.host());
            return CLONE.missing(
                found,
                Help::new("Let whoever runs the forge correct the address that it gives for cloning."),
            );
        }
        Err(expected) => return CLONE.unknown(format!("The address for cloning {name} is not {expected}.")),
    };
    let remote = Remote {
        url: address.url,
        credentials: Arc::new(ForgeCredentials(patient.forge.clone())),
        connection: patient.github.connection.clone(),
        time_limit: patient.deadline.left(),
    };
    let seen = match tempfile::tempdir() {
        Ok(folder) => {
            let watch = Watch::new(CancellationToken::new(), |_| {});
            let trial = folder.path().join("trial");
            let asked = git::reach(&trial, &remote, &watch);
            tokio::time::timeout(patient.deadline.left(), asked).await
        }
        Err(error) => return CLONE.unknown(format!("No folder could be made for the trial ({error}).")),
    };
    match seen {
        Err(_) => CLONE.unknown(format!("git had no answer for {name} in time.")),
        Ok(Ok(branches)) => CLONE.ok(format!("git reads {name} ({}).", count(branches, "branch", "branches"))),
        Ok(Err(failure)) if failure.kind == git::Kind::Refused || failure.kind == git::Kind::NotFound => {
            let give = patient.give("repo", "contents: read");
            CLONE.missing(sentence(&failure.reason), give)
        }
        Ok(Err(failure)) => CLONE.missing(sentence(&failure.reason), Help::new(failure.help)),
    }
}

async fn readers(patient: &Patient<'_>, repository: &ForgeRepository) -> Check {
    let counted = patient.deadline.within(patient.forge.count_readers(&repository.owner, &repository.name)).await;
    let check = match counted {
        Ok(people) => READERS.ok(format!("{} may read {}.", count(people, "person", "people"), repository.full_name)),
        Err(error @ (Error::Forbidden { .. } | Error::NotFound { .. } | Error::Unauthorized { .. })) => {
            READERS.missing(error.to_string(), patient.give("repo", "metadata: read"))
        }
        Err(error) => READERS.unknown(error.to_string()),
    };
    check.offered()
}
