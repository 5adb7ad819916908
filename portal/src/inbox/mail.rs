//! Messages by mail: plain text, over the operator's server.

use std::time::Duration;

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};

use super::deliver::Failure;
use super::store::Due;
use crate::Portal;
use crate::settings::{MailEncryption, MailSettings};
use crate::sources::secrets;

/// For each step of the conversation.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) async fn send(portal: &Portal, settings: &MailSettings, due: &Due) -> Result<(), Failure> {
    let address = due.email.as_deref().filter(|_| due.email_verified);
    let address = address.ok_or_else(|| Failure::Never("the account has no verified address".to_owned()))?;
    let mail = written(portal, settings, due, address)?;
    let transport = transport(settings).map_err(Failure::Again)?;
    transport.send(mail).await.map(drop).map_err(|error| {
        let why = format!("the mail server {} says: {}", settings.host, reason(&error));
        if error.is_permanent() { Failure::Never(why) } else { Failure::Again(why) }
    })
}

/// The cause says more than what wraps it.
fn reason(error: &lettre::transport::smtp::Error) -> String {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    cause.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}

fn written(portal: &Portal, settings: &MailSettings, due: &Due, address: &str) -> Result<Message, Failure> {
    let wrong = |what: &str, why: &dyn std::fmt::Display| Failure::Never(format!("{what}: {why}"));
    let to: Address = address.parse().map_err(|error| wrong("the account's address", &error))?;
    let from: Mailbox = settings.from.parse().map_err(|error| wrong("mail.from", &error))?;
    let id = format!("<{}@{}>", due.message, from.email.domain());
    let link = match &portal.settings().public_url {
        Some(url) => format!("{url}{}", due.address),
        None => format!("In Slipway: {}", due.address),
    };
    let paragraphs = [due.text.as_str(), link.as_str(), "You get this since you chose so: /me/settings"];
    let text: Vec<&str> = paragraphs.into_iter().filter(|paragraph| !paragraph.is_empty()).collect();
    Message::builder()
        .from(from)
        .to(Mailbox::new(Some(due.name.clone()), to))
        .subject(one_line(&due.title))
        .message_id(Some(id))
        .header(Automatic)
        .header(ContentType::TEXT_PLAIN)
        .body(text.join("\n\n"))
        .map_err(|error| wrong("the mail cannot be written", &error))
}

fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_control()).collect::<Vec<_>>().join(" ")
}

/// `Auto-Submitted: auto-generated`, so that nobody's absence answers: RFC 3834.
#[derive(Debug, Clone)]
struct Automatic;

impl lettre::message::header::Header for Automatic {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

pub(super) fn transport(settings: &MailSettings) -> Result<AsyncSmtpTransport<Tokio1Executor>, String> {
    let tls = || {
        let mut parameters = TlsParameters::builder(settings.host.clone());
        if let Some(file) = &settings.certificate_authority {
            let pem = std::fs::read(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
            let certificate = Certificate::from_pem(&pem).map_err(|error| format!("{}: {error}", file.display()))?;
            parameters = parameters.add_root_certificate(certificate);
        }
        parameters.build_rustls().map_err(|error| error.to_string())
    };
    let tls = match settings.encryption {
        MailEncryption::Tls => Tls::Wrapper(tls()?),
        MailEncryption::StartTls => Tls::Required(tls()?),
        MailEncryption::None => Tls::None,
    };
    // "Dangerous" is what goes without encryption, which only an operator chooses.
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host)
        .port(settings.port)
        .tls(tls)
        .timeout(Some(PATIENCE));
    if let Some((username, password)) = &settings.login {
        let password = secrets::read(password)?;
        builder = builder.credentials(Credentials::new(username.clone(), password.expose().to_owned()));
    }
    Ok(builder.build())
}
