//! The way to a forge, as checks.

use std::time::Duration;

use jiff::Timestamp;

use super::report::{Check, Group, Help, Question};
use crate::forge::look::{self, Block, Step, Way, Why};
use crate::forge::{Error, ForgeSettings};

const WITHOUT: &str = "Nothing is read: what was known stays as it was.";

const RESOLVE: Question = Question {
    feature: "address",
    title: "Address",
    group: Group::Connection,
    needs: "A name that this machine can resolve",
    without: WITHOUT,
};
const CONNECT: Question = Question {
    feature: "connection",
    title: "Connection",
    group: Group::Connection,
    needs: "A way through the network and its firewalls",
    without: WITHOUT,
};
const PROXY: Question = Question {
    feature: "proxy",
    title: "Proxy",
    group: Group::Connection,
    needs: "A proxy that lets us through, where one is needed",
    without: WITHOUT,
};
const CERTIFICATE: Question = Question {
    feature: "certificate",
    title: "Certificate",
    group: Group::Connection,
    needs: "A valid certificate of somebody whom this machine trusts",
    without: WITHOUT,
};

/// A certificate that ends within this time is told about: milliseconds.
const SOON: i64 = 14 * 24 * 60 * 60 * 1_000;

/// Goes the way to the API; whether it is open, and what was found.
pub(super) async fn checks(settings: &ForgeSettings, now: i64, limit: Duration) -> (bool, Vec<Check>) {
    let looked = tokio::time::timeout(limit, look::way(settings)).await;
    let way = match looked {
        Ok(Ok(way)) => way,
        Ok(Err(error)) => return (false, unusable(&error)),
        Err(_) => return (false, blocked_from(0, settings, &format!("not looked at within {} s", limit.as_secs()))),
    };
    let mut checks = Vec::new();
    for (step, passed) in &way.steps {
        checks.push(match passed {
            Ok(found) => passed_check(*step, found, &way, settings, now),
            Err(block) => question(*step).missing(told(*step, block, &way), help(*step, block, settings)),
        });
    }
    if settings.proxy.is_none() {
        checks.push(PROXY.not_applicable("No proxy is configured: the forge is spoken to directly."));
    }
    if settings.api.scheme() == "http" {
        let plain = Help::new("Write the address of the source with https:// unless the forge is on this machine.");
        checks.push(
            CERTIFICATE
                .off("The address begins with http://: nothing is encrypted and nobody proves who they are.", plain),
        );
    }
    if let Some((last, Err(_))) = way.steps.last() {
        let reached = STEPS.iter().position(|step| step == last).map_or(STEPS.len(), |at| at + 1);
        checks.extend(blocked_from(reached, settings, "Not looked at, since the way ends before."));
    }
    (way.is_open(), checks)
}

const STEPS: [Step; 4] = [Step::Resolve, Step::Connect, Step::Proxy, Step::Tls];

fn question(step: Step) -> &'static Question {
    match step {
        Step::Resolve => &RESOLVE,
        Step::Connect => &CONNECT,
        Step::Proxy => &PROXY,
        Step::Tls => &CERTIFICATE,
    }
}

/// The steps that nobody came to.
fn blocked_from(at: usize, settings: &ForgeSettings, why: &str) -> Vec<Check> {
    let applies = |step: &&Step| match step {
        Step::Proxy => settings.proxy.is_some(),
        Step::Tls => settings.api.scheme() == "https",
        Step::Resolve | Step::Connect => true,
    };
    STEPS[at..].iter().filter(applies).map(|step| question(*step).unknown(why)).collect()
}

fn unusable(error: &Error) -> Vec<Check> {
    vec![CONNECT.missing(error.to_string(), Help::new("Correct ca-file or proxy of the source."))]
}

fn passed_check(step: Step, found: &str, way: &Way, settings: &ForgeSettings, now: i64) -> Check {
    let (Step::Tls, Some(certificate)) = (step, &way.certificate) else {
        return question(step).ok(format!("{found}."));
    };
    let until = day(certificate.until);
    let own = if settings.certificate_authority.is_some() { "; ca-file is trusted besides the web's own" } else { "" };
    let found = format!("Valid until {until}, signed by {}; {found}{own}.", certificate.issuer);
    if certificate.until - now < SOON {
        let help = "Whoever runs the forge has to renew its certificate before that day.";
        return CERTIFICATE.missing(found, Help::new(help));
    }
    CERTIFICATE.ok(found)
}

fn told(step: Step, block: &Block, way: &Way) -> String {
    let text = crate::sources::doctor::sentence(&block.text);
    match (step, &way.certificate) {
        (Step::Tls, Some(certificate)) => {
            format!("{text} It was signed by {} and ends on {}.", certificate.issuer, day(certificate.until))
        }
        _ => text,
    }
}

fn help(step: Step, block: &Block, settings: &ForgeSettings) -> Help {
    let host = settings.api.host_str().unwrap_or_default();
    let port = settings.api.port_or_known_default().unwrap_or(443);
    let first = if settings.proxy.is_some() { "the proxy" } else { "the forge" };
    match (block.why, step) {
        (Why::Unknown, _) => Help::new(format!(
            "Correct the address of {first} in the source, or set proxy if this machine knows no names of the internet."
        ))
        .copy(format!("getent hosts {host}")),
        (Why::TimedOut, Step::Proxy) => Help::new(
            "The proxy takes connections and does not answer: check that the address in proxy is that of a proxy, and that \
             it runs.",
        ),
        (Why::TimedOut | Why::Refused, Step::Tls) => {
            Help::new("Check that the address of the source is right and speaks TLS.")
                .copy(format!("openssl s_client -connect {host}:{port} -servername {host}"))
        }
        (Why::TimedOut | Why::Refused, _) => Help::new(format!(
            "Open the way from this machine to {first} in the firewall, or set proxy of the source if it takes one."
        ))
        .copy(format!("curl -v {}", settings.api)),
        (Why::ProxyLogin, _) => {
            Help::new("Write name and password of the proxy into its address.").copy("proxy = \"http://name:password@proxy:3128\"")
        }
        (Why::ProxyRefusal, _) => {
            Help::new(format!("Ask whoever runs the proxy to allow {host}:{port} for this machine."))
        }
        (Why::Issuer, _) => Help::new(
            "Set ca-file of the source to a file (PEM) with the certificate of the authority that signed it. If you know no \
             such authority, somebody may be listening in between.",
        )
        .copy("ca-file = \"/etc/ssl/company.pem\""),
        (Why::Name, _) => Help::new("Use a name for which the certificate is in url of the source, or have the forge's certificate made anew with this one."),
        (Why::Time, _) => Help::new("Whoever runs the forge has to renew its certificate. If it is new, check the clock of this machine."),
        (Why::Tls, _) => Help::new("Check that a forge answers at this address, not something else.")
            .copy(format!("openssl s_client -connect {host}:{port} -servername {host}")),
    }
}

/// `2026-12-31`
pub(super) fn day(milliseconds: i64) -> String {
    Timestamp::from_millisecond(milliseconds)
        .map_or_else(|_| "an unknown day".to_owned(), |at| at.strftime("%Y-%m-%d").to_string())
}
