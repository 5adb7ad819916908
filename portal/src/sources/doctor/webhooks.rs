//! How news arrive at once: whether the forge can reach us, and whether it does.

use std::net::IpAddr;

use url::{Host, Url};

use super::github::{Patient, web};
use super::report::{Check, Group, Help, Question};
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

pub(super) async fn checks(patient: &Patient<'_>, settings: &Settings) -> Vec<Check> {
    let reach = reach(settings.public_url.as_deref(), patient).await;
    let hook = patient.deadline.within(patient.forge.hook()).await;
    let (hook, deliveries) = match (&patient.who, hook) {
        (Who::App(app), Ok(None)) => {
            let own = match app.owned_by_organisation {
                true => format!("{}/organizations/{}/settings/apps/{}", patient.web(), app.owner, app.slug),
                false => format!("{}/settings/apps/{}", patient.web(), app.slug),
            };
            let help = Help::new("Once the forge reaches this portal, switch the App’s webhook on there.").at(own);
            (HOOK.off("The App has no active webhook.", help), DELIVERIES.not_applicable("There is no webhook."))
        }
        (Who::App(_), Ok(Some(hook))) => (configured(&hook, settings.public_url.as_deref()), delivered(&hook)),
        (Who::App(_), Err(error)) => (HOOK.unknown(error.to_string()).offered(), DELIVERIES.unknown(error.to_string())),
        _ => {
            let help = Help::new("A GitHub App brings its webhook along; with a token, set one up by hand there.")
                .at(hooks_page(patient.github));
            (
                HOOK.off("Only an App’s webhook can be seen from here.", help),
                DELIVERIES.not_applicable("There is no App."),
            )
        }
    };
    vec![reach, hook, deliveries.offered()]
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
        return REACH.off("No public address is configured.", help());
    };
    let addresses: Vec<IpAddr> = match url.host() {
        Some(Host::Ipv4(address)) => vec![address.into()],
        Some(Host::Ipv6(address)) => vec![address.into()],
        Some(Host::Domain(name)) => {
            let looked = tokio::net::lookup_host((name, url.port_or_known_default().unwrap_or(443)));
            match tokio::time::timeout(patient.deadline.left(), looked).await {
                Ok(Ok(found)) => found.map(|address| address.ip()).collect(),
                Ok(Err(_)) => return REACH.off(format!("{url} is not known by this name here."), help()),
                Err(_) => return REACH.unknown("Nobody could say in time where the public address leads.").offered(),
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
    REACH.off(found, help())
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

fn configured(hook: &Hook, public_url: Option<&str>) -> Check {
    let ours = public_url.is_some_and(|public| hook.url.starts_with(public));
    let url = hook.url.split('?').next().unwrap_or_default();
    match (ours, hook.has_secret) {
        (true, true) => HOOK.ok(format!("The App sends to {url}, signed.")),
        (true, false) => HOOK.missing(
            format!("The App sends to {url} without a secret: such deliveries are refused."),
            Help::new("Set a secret in the App’s settings, and the same in webhook-secret-file of the source."),
        ),
        (false, _) => HOOK.off(
            format!("The App sends to {url}, which is not this portal’s public address."),
            Help::new("Write this portal’s address into the App’s settings, or correct server.public-url."),
        ),
    }
}

fn delivered(hook: &Hook) -> Check {
    let Some(last) = hook.deliveries.first() else {
        return DELIVERIES.unknown("The forge has delivered nothing yet.");
    };
    let minutes = (Clock::System.now() - last.at).max(0) / 60_000;
    let ago = match minutes {
        ..60 => format!("{minutes} minutes ago"),
        60..2_880 => format!("{} hours ago", minutes / 60),
        _ => format!("{} days ago", minutes / 1_440),
    };
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
