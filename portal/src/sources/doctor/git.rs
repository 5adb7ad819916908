//! Repositories by their addresses: one of each host is asked for its references, with the credentials of the source.

use futures::future::join_all;
use tokio_util::sync::CancellationToken;

use super::github::Deadline;
use super::report::{Check, Group, Help, Question};
use super::{Limits, count, sentence};
use crate::git::{self, Failure, Kind, Remote, Watch};
use crate::settings::GitSettings;
use crate::sources::git::remote;

/// Hosts that are asked; beyond, somebody lists addresses instead of hosts.
const MOST_HOSTS: usize = 8;

const ADDRESS: Question = Question {
    feature: "connection",
    title: "Connection",
    group: Group::Connection,
    needs: "A host that answers, through the proxy where one is set",
    without: "Its repositories are not read: what was known stays as it was.",
};
const CERTIFICATE: Question = Question {
    feature: "certificate",
    title: "Certificate or host key",
    group: Group::Connection,
    needs: "A host that proves who it is",
    without: "Its repositories are not read: what was known stays as it was.",
};
const CREDENTIALS: Question = Question {
    feature: "credentials",
    title: "Credentials",
    group: Group::Identity,
    needs: "A name and a password, a key, or a helper of git that the host accepts",
    without: "Its repositories are not read: what was known stays as it was.",
};
const CLONE: Question = Question {
    feature: "clone",
    title: "Read contents",
    group: Group::Reading,
    needs: "The right to read the repository",
    without: "The repository is listed by name, but not read.",
};

pub(super) async fn checks(settings: &GitSettings, limits: &Limits) -> Vec<Check> {
    let mut remotes: Vec<Remote> = Vec::new();
    for address in &settings.addresses {
        if !remotes.iter().any(|known| known.url.host() == address.url.host()) {
            remotes.push(remote(settings, address));
        }
    }
    let left_out = remotes.len().saturating_sub(MOST_HOSTS);
    remotes.truncate(MOST_HOSTS);
    let several = remotes.len() > 1;
    let deadline = Deadline::new(limits);
    let mut checks = join_all(remotes.iter().map(|remote| of_host(remote, several, deadline))).await.concat();
    if left_out > 0 {
        checks.push(
            ADDRESS
                .unknown(format!("{} not looked at.", count(left_out, "further host was", "further hosts were")))
                .offered(),
        );
    }
    checks
}

/// Where one of these holds, the ones before it do, too.
async fn of_host(remote: &Remote, several: bool, deadline: Deadline) -> Vec<Check> {
    let place = if remote.url.host().is_empty() { "this machine" } else { remote.url.host() };
    let answer = match tempfile::tempdir() {
        Ok(folder) => {
            let watch = Watch::new(CancellationToken::new(), |_| {});
            let trial = folder.path().join("trial");
            let asked = git::reach(&trial, remote, &watch);
            match tokio::time::timeout(deadline.left(), asked).await {
                Ok(answer) => answer,
                Err(_) => Err(late(remote, place)),
            }
        }
        Err(error) => return vec![ADDRESS.unknown(format!("No folder could be made for the trial ({error})."))],
    };
    let checks = match answer {
        Ok(branches) => vec![
            ADDRESS.ok(format!("{place} answers.")),
            CERTIFICATE.ok("It proved who it is, where its protocol can."),
            CREDENTIALS.ok("What is configured is enough."),
            CLONE.ok(format!("git reads {} ({}).", remote.url, count(branches, "branch", "branches"))),
        ],
        Err(failure) => failed(&failure, place),
    };
    let named = |check: Check| Check { title: format!("{} ({place})", check.title), ..check };
    if several { checks.into_iter().map(named).collect() } else { checks }
}

fn late(remote: &Remote, place: &str) -> Failure {
    Failure {
        kind: Kind::TimedOut,
        reason: format!("{place} did not say in time what {} has", remote.url),
        help:
            "Check that the host runs and that this machine reaches it; if it takes a proxy, check proxy of the source."
                .to_owned(),
    }
}

fn failed(failure: &Failure, place: &str) -> Vec<Check> {
    let found = sentence(&failure.reason);
    let help = || Help::new(failure.help.clone());
    let later = |question: &Question| question.unknown("Not looked at, since the way ends before.");
    let reached = || ADDRESS.ok(format!("{place} answers."));
    match failure.kind {
        Kind::Certificate => {
            vec![reached(), CERTIFICATE.missing(found, help()), later(&CREDENTIALS), later(&CLONE)]
        }
        Kind::Refused => vec![
            reached(),
            CERTIFICATE.ok("It proved who it is, where its protocol can."),
            CREDENTIALS.missing(found, help()),
            later(&CLONE),
        ],
        Kind::NotFound | Kind::Branch | Kind::TooMuch | Kind::Other => vec![
            reached(),
            CERTIFICATE.ok("It proved who it is, where its protocol can."),
            later(&CREDENTIALS),
            CLONE.missing(found, help()),
        ],
        Kind::TimedOut | Kind::Unreachable | Kind::DiskFull | Kind::Busy | Kind::Local | Kind::Halted => {
            vec![ADDRESS.missing(found, help()), later(&CERTIFICATE), later(&CREDENTIALS), later(&CLONE)]
        }
    }
}
