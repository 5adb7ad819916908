//! How news arrive at once: whether the forge can reach us, and whether it does.

use std::net::IpAddr;

use url::{Host, Url};

use super::count;
use super::github::{Patient, web};
use super::report::{Check, Group, Help, Question};
use crate::Portal;
use crate::clock::Clock;
use crate::forge::look::{Hook, Who};
use crate::settings::{GitHubSettings, Settings};

const REACH: Question = Question {
    feature: "webhook-reach",
    title: "Webhook reach",
    group: Group::Live,
    needs: "server.public-url, at which the forge reaches this portal",
    without: "Changes are seen by polling, not within a second.",
};
const HOOK: Question = Question {
    feature: "webhook",
    title: "Webhook",
    group: Group::Live,
    needs: "An active webhook with a secret",
    without: "Changes are seen by polling, not within a second.",
};
const DELIVERIES: Question = Question {
    feature: "webhook-deliveries",
    title: "Deliveries",
    group: Group::Live,
    needs: "Deliveries that this portal has accepted",
    without: "What happened meanwhile is seen by the next poll.",
};

pub(super) const QUESTIONS: &[Question] = &[REACH, HOOK, DELIVERIES];

/// Where deliveries that arrived are written down; without a portal nobody knows.
#[derive(Clone, Copy)]
pub(super) struct Heard<'a> {
    pub portal: Option<&'a Portal>,
    pub source: &'a str,
}

pub(super) async fn checks(patient: &Patient<'_>, settings: &Settings, heard: Heard<'_>) -> Vec<Check> {
    let public = settings.public_url.as_deref();
    let (reach, hook, arrived) =
        tokio::join!(reach(public, patient), patient.deadline.within(patient.forge.hook()), arrived(heard));
    let is_asked_for = patient.github.webhook_secret.is_some();
    let hook_check = match (&patient.who, &hook) {
        (Who::App(app), Ok(None)) => {
            let own = match app.owned_by_organisation {
                true => format!("{}/organizations/{}/settings/apps/{}", patient.web(), app.owner, app.slug),
                false => format!("{}/settings/apps/{}", patient.web(), app.slug),
            };
            let help = Help::new("Once the forge reaches this portal, switch the App’s webhook on there.").at(own);
            HOOK.missing("The App has no active webhook.", help)
        }
        (Who::App(_), Ok(Some(hook))) => configured(hook, public, is_asked_for),
        (Who::App(_), Err(error)) => HOOK.unknown(error.to_string()),
        _ if is_asked_for => {
            HOOK.ok("A secret is configured; whether there is a webhook at the forge, deliveries show.")
        }
        _ => {
            let help = Help::new("A GitHub App brings its webhook along; with a token, set one up by hand there.")
                .at(hooks_page(patient.github));
            HOOK.missing("No secret is configured, so there is no webhook.", help)
        }
    };
    let deliveries = match (arrived, &hook) {
        (Some(found), _) => DELIVERIES.ok(found),
        (None, Ok(Some(hook))) => delivered(hook),
        (None, _) if is_asked_for => DELIVERIES.unknown("Nothing has arrived yet."),
        (None, _) => DELIVERIES.not_applicable("There is no webhook."),
    };
    let offered = |check: Check| if is_asked_for { check } else { check.offered() };
    vec![offered(reach), offered(hook_check), deliveries.offered()]
}

/// The last delivery that this portal took.
async fn arrived(heard: Heard<'_>) -> Option<String> {
    let last = crate::sources::last_delivery(heard.portal?, heard.source).await;
    // That the database does not answer is told where it is looked at.
    let (at, event) = last.ok().flatten()?;
    Some(format!("The last one, {event}, arrived {}.", ago(at)))
}

fn hooks_page(github: &GitHubSettings) -> String {
    format!("{}/organizations/{}/settings/hooks", web(github), github.owner.name())
}

/// Whether somebody else can reach our address.
async fn reach(public_url: Option<&str>, patient: &Patient<'_>) -> Check {
    let help = || {
        Help::new("Set the address at which others reach this portal, through a proxy that speaks TLS.")
            .copy("[server]\npublic-url = \"https://portal.example.com\"")
    };
    let Some(url) = public_url.and_then(|url| Url::parse(url).ok()) else {
        return REACH.missing("No public address is configured.", help());
    };
    let addresses: Vec<IpAddr> = match url.host() {
        Some(Host::Ipv4(address)) => vec![address.into()],
        Some(Host::Ipv6(address)) => vec![address.into()],
        Some(Host::Domain(name)) => {
            let looked = tokio::net::lookup_host((name, url.port_or_known_default().unwrap_or(443)));
            match tokio::time::timeout(patient.deadline.left(), looked).await {
                Ok(Ok(found)) => found.map(|address| address.ip()).collect(),
                Ok(Err(_)) => return REACH.missing(format!("{url} is not known by this name here."), help()),
                Err(_) => return REACH.unknown("Nobody could say in time where the public address leads."),
            }
        }
        None => Vec::new(),
    };
    let at = addresses.first().map_or_else(String::new, ToString::to_string);
    let found = match addresses.iter().map(|address| nearness(*address)).max() {
        Some(Nearness::Machine) => format!("{url} is this machine only ({at}): no forge elsewhere reaches it."),
        Some(Nearness::Network) if patient.github.url.is_none() => {
            format!("{url} is within a private network ({at}): github.com does not reach it.")
        }
        Some(_) => return REACH.ok(format!("{url} leads to {at}; whether the forge gets through, deliveries show.")),
        None => format!("{url} leads nowhere."),
    };
    REACH.missing(found, help())
}

/// From how far away an address is reached; the farthest counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Nearness {
    Machine,
    Network,
    World,
}

fn nearness(address: IpAddr) -> Nearness {
    match address.to_canonical() {
        address if address.is_loopback() || address.is_unspecified() => Nearness::Machine,
        IpAddr::V4(address) if address.is_private() || address.is_link_local() => Nearness::Network,
        IpAddr::V6(address) if address.is_unique_local() || address.is_unicast_link_local() => Nearness::Network,
        _ => Nearness::World,
    }
}

/// `is_asked_for`: the source has a secret for it.
fn configured(hook: &Hook, public_url: Option<&str>, is_asked_for: bool) -> Check {
    let ours = public_url.is_some_and(|public| hook.url.starts_with(public));
    let url = hook.url.split('?').next().unwrap_or_default();
    match (ours, hook.has_secret) {
        (true, true) if !is_asked_for => HOOK.missing(
            format!("The App sends to {url}, and the source has no secret for it: deliveries are refused."),
            Help::new("Give the source the secret of the App’s webhook.")
                .copy("webhook-secret-file = \"/run/secrets/github-webhook\""),
        ),
        (true, true) => HOOK.ok(format!("The App sends to {url}, signed.")),
        (true, false) => HOOK.missing(
            format!("The App sends to {url} without a secret: such deliveries are refused."),
            Help::new("Set a secret in the App’s settings, and the same in webhook-secret-file of the source."),
        ),
        (false, _) => HOOK.missing(
            format!("The App sends to {url}, which is not this portal’s public address."),
            Help::new("Write this portal’s address into the App’s settings, or correct server.public-url."),
        ),
    }
}

fn delivered(hook: &Hook) -> Check {
    let Some(last) = hook.deliveries.first() else {
        return DELIVERIES.unknown("The forge has delivered nothing yet.");
    };
    let ago = ago(last.at);
    let found =
        format!("The last one, {} {ago}, was answered with {} ({}).", last.event, last.status_code, last.status);
    if (200..300).contains(&last.status_code) {
        return DELIVERIES.ok(found);
    }
    DELIVERIES.missing(
        found,
        Help::new(
            "Look at the App’s “Advanced” page, which shows each delivery and its answer, and can send it again.",
        ),
    )
}

/// `2 minutes ago`
fn ago(at: i64) -> String {
    let minutes = usize::try_from((Clock::System.now() - at).max(0) / 60_000).unwrap_or_default();
    match minutes {
        0..60 => format!("{} ago", count(minutes, "minute", "minutes")),
        60..2_880 => format!("{} ago", count(minutes / 60, "hour", "hours")),
        _ => format!("{} days ago", minutes / 1_440),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_as_near_as_they_are() {
        let table = [
            ("127.0.0.1", "machine"),
            ("0.0.0.0", "machine"),
            ("::ffff:127.0.0.1", "machine"),
            ("10.1.2.3", "network"),
            ("192.168.0.1", "network"),
            ("fd00::1", "network"),
            ("203.0.113.9", "world"),
            ("2001:db8::1", "world"),
        ];
        for (text, expected) in table {
            let near = text.parse().map(nearness).map(|near| match near {
                Nearness::Machine => "machine",
                Nearness::Network => "network",
                Nearness::World => "world",
            });
            assert_eq!(near, Ok(expected), "{text}");
        }
    }
}
