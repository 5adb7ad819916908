//! Who we are at GitHub: credentials, an App's installation, a token's end, the clock, and the rate limit.

use crate::clock::Clock;
use crate::forge::Error;
use crate::forge::look::{Rate, Who};
use crate::settings::{GitHubLogin, GitHubSettings, Password};

use super::github::{APP_PAGE, Patient, web};
use super::report::{Check, Group, Help, Question};
use super::sentence;
use super::way::day;

const CREDENTIALS: Question = Question {
    feature: "credentials",
    title: "Credentials",
    group: Group::Identity,
    needs: "A GitHub App, or a token, that the forge accepts",
    without: "Public repositories only, at 60 requests an hour.",
};
const INSTALLATION: Question = Question {
    feature: "installation",
    title: "Installation of the App",
    group: Group::Identity,
    needs: "The App is installed at the owner, for all repositories",
    without: "Nothing but what is public is seen.",
};
const END: Question = Question {
    feature: "token-end",
    title: "End of the token",
    group: Group::Identity,
    needs: "A token that is valid for another two weeks",
    without: "From that day on nothing is read, until somebody gives a new one.",
};
const CLOCK: Question = Question {
    feature: "clock",
    title: "Clock",
    group: Group::Connection,
    needs: "This machine's clock within a minute of the forge's",
    without: "A GitHub App cannot sign in, and times are wrong.",
};
const RATE: Question = Question {
    feature: "rate-limit",
    title: "Rate limit",
    group: Group::Identity,
    needs: "Requests left in this hour",
    without: "Slipway waits until the hour is over.",
};

pub(super) const QUESTIONS: &[Question] = &[CLOCK, CREDENTIALS, INSTALLATION, END, RATE];

/// Milliseconds.
const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;
const SOON: i64 = 14 * DAY;

/// The credentials as they are configured cannot even be tried.
pub(super) fn unusable(login: &GitHubLogin, why: String) -> Check {
    let help = match login {
        GitHubLogin::Nobody => Help::default(),
        GitHubLogin::Token(Password::File(file)) => {
            Help::new("Put the token into the first line of that file, and let the user that runs Slipway read it.")
                .copy(format!("ls -l {}", file.display()))
        }
        GitHubLogin::Token(Password::Known(_)) => Help::new("Set the variable that token-env names to the token alone."),
        GitHubLogin::App { key, .. } => {
            Help::new("Put the private key (PEM) that GitHub handed out into that file, and let the user that runs Slipway read it.")
                .copy(format!("ls -l {}", key.display()))
        }
    };
    CREDENTIALS.missing(sentence(&why), help)
}

/// The forge does not take them, or did not say.
pub(super) fn refused(github: &GitHubSettings, error: &Error) -> Check {
    if !matches!(error, Error::Unauthorized { .. } | Error::Forbidden { .. }) {
        return CREDENTIALS.unknown(error.to_string());
    }
    let web = web(github);
    let help = match &github.login {
        GitHubLogin::App { .. } => Help::new(
            "Check that app-id belongs to the key in app-key-file, and that the key was not deleted in the App's settings; or \
             make a new App.",
        )
        .at(APP_PAGE),
        _ => Help::new("Make a new token there, and put it where the old one is: it has expired, was revoked, or was mistyped.")
            .at(format!("{web}/settings/tokens")),
    };
    CREDENTIALS.missing(error.to_string(), help)
}

/// What the forge says of us.
pub(super) fn checks(patient: &Patient<'_>) -> Vec<Check> {
    let owner = patient.github.owner.name();
    match &patient.who {
        Who::Nobody => vec![
            CREDENTIALS.off(
                "None are configured: we are nobody.",
                Help::new("Make a GitHub App in one click; it starts with reading only.").at(APP_PAGE),
            ),
            INSTALLATION.not_applicable("There is no App."),
            END.not_applicable("There is no token."),
        ],
        Who::Person { login, scopes, until } => {
            let credentials = match scopes {
                Some(scopes) if scopes.is_empty() => format!("A classic token of {login}, without any scope."),
                Some(scopes) => format!("A classic token of {login} with {}.", scopes.join(", ")),
                None => format!("A fine-grained token of {login}."),
            };
            vec![
                CREDENTIALS.ok(credentials),
                INSTALLATION.not_applicable("There is no App."),
                end(*until, patient.web()),
            ]
        }
        Who::App(app) => {
            let install = format!("{}/installations/new", app.html_url);
            let installation = match &app.installation {
                Ok(found) if found.selected_only => INSTALLATION.ok(format!(
                    "Installed at {owner} for selected repositories: others are not seen, and what was deleted cannot be told \
                     from what was deselected.",
                )),
                Ok(_) => INSTALLATION.ok(format!("Installed at {owner} for all repositories.")),
                Err(error @ Error::Settings(_)) => INSTALLATION.missing(
                    error.to_string(),
                    Help::new(format!("Install it at {owner} there, or unsuspend it.")).at(install),
                ),
                Err(error) => INSTALLATION.unknown(error.to_string()),
            };
            vec![
                CREDENTIALS.ok(format!("The GitHub App {}.", app.name)),
                installation,
                END.not_applicable("An App’s tokens last an hour and are renewed."),
            ]
        }
    }
}

fn end(until: Option<i64>, web: &str) -> Check {
    let Some(until) = until else { return END.ok("The forge names no end.") };
    let left = until - Clock::System.now();
    let found = format!("It ends on {}, in {} days.", day(until), left.max(0) / DAY);
    if left > SOON {
        return END.ok(found);
    }
    END.missing(
        found,
        Help::new("Make a new token there, and put it where the old one is.").at(format!("{web}/settings/tokens")),
    )
}

/// How far the clocks are apart; `date` is the forge's.
pub(super) fn clock(date: Option<i64>) -> Check {
    let Some(date) = date else { return CLOCK.unknown("The forge does not say what time it is.") };
    let apart = Clock::System.now() - date;
    let seconds = (apart / 1_000).abs();
    if apart.abs() <= MINUTE {
        return CLOCK.ok(format!(
            "{} apart.",
            if seconds <= 2 { "Less than two seconds".to_owned() } else { format!("{seconds} seconds") }
        ));
    }
    let which = if apart > 0 { "ahead of" } else { "behind" };
    CLOCK.missing(
        format!("This machine is {seconds} seconds {which} the forge."),
        Help::new("Let this machine set its clock by the network.").copy("timedatectl set-ntp true"),
    )
}

pub(super) fn rate(rate: Result<Option<Rate>, Error>) -> Check {
    match rate {
        Ok(None) => RATE.ok("The forge has no rate limit."),
        Ok(Some(rate)) if rate.remaining > 0 => {
            RATE.ok(format!("{} of {} requests are left in this hour.", rate.remaining, rate.limit))
        }
        Ok(Some(rate)) => RATE.missing(
            format!("All {} requests of this hour are used up.", rate.limit),
            Help::new(
                "Wait for the hour to end. Whoever is nobody has 60 requests, a token 5 000, an App up to 12 500.",
            ),
        ),
        Err(error @ Error::RateLimited { .. }) => {
            RATE.missing(error.to_string(), Help::new("Wait until then; Slipway does so by itself."))
        }
        Err(error) => RATE.unknown(error.to_string()),
    }
}
