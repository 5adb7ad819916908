//! Messages to the company's webhook, signed as "Standard Webhooks" says (standardwebhooks.com, version 1): the identifier,
//! the time and the body, with HMAC-SHA256, in `webhook-signature: v1,…`.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, Request, header};
use ring::hmac;
use serde_json::json;
use url::Url;

use super::deliver::Failure;
use super::store::Due;
use crate::Portal;
use crate::outgoing::{Client, Limits, Way};
use crate::secret::Secret;
use crate::settings::WebhookSettings;
use crate::sources::secrets;

const LIMITS: Limits = Limits { time: Duration::from_secs(15), largest_body: 64 * 1024 };

pub(super) async fn send(portal: &Portal, settings: &WebhookSettings, due: &Due) -> Result<(), Failure> {
    let request = signed(portal, settings, due).map_err(Failure::Again)?;
    let url = Url::parse(&settings.url).map_err(|error| Failure::Never(format!("inbox.webhook-url: {error}")))?;
    let way = Way::of(&settings.connection).map_err(Failure::Again)?;
    let client = Client::new(way, &[url], LIMITS).map_err(Failure::Again)?;
    let answer = client.send(request).await.map_err(|failure| Failure::Again(format!("the webhook: {failure}")))?;
    match answer.status() {
        status if status.is_success() => Ok(()),
        // The receiver says that there is no such address any more; everything else may be mended there.
        http::StatusCode::GONE => Err(Failure::Never("the webhook answered 410 Gone".to_owned())),
        status => Err(Failure::Again(format!("the webhook answered {status}"))),
    }
}

fn signed(portal: &Portal, settings: &WebhookSettings, due: &Due) -> Result<Request<Bytes>, String> {
    let base = portal.settings().public_url.as_deref().unwrap_or_default();
    let body = json!({
        "type": format!("inbox.{}", due.kind),
        "timestamp": jiff::Timestamp::from_millisecond(due.told_at).map(|at| at.to_string()).unwrap_or_default(),
        "data": {
            "title": due.title,
            "text": due.text,
            "url": format!("{base}{}", due.address),
            "recipient": {
                "name": due.name,
                "email": due.email.as_deref().filter(|_| due.email_verified),
                "login": due.login,
            },
        },
    })
    .to_string();
    let id = format!("{}-{}", due.message, due.way);
    // Receivers compare it with their own clock.
    let at = (crate::clock::Clock::System.now() / 1_000).to_string();
    let signature = sign(&secrets::read(&settings.secret)?, &id, &at, &body);
    Request::builder()
        .method(Method::POST)
        .uri(&settings.url)
        .header(header::CONTENT_TYPE, "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", at)
        .header("webhook-signature", signature)
        .body(Bytes::from(body))
        .map_err(|error| error.to_string())
}

/// Secrets are written as `whsec_` and base64; any other text is a key as it is.
fn sign(secret: &Secret, id: &str, at: &str, body: &str) -> String {
    let text = secret.expose();
    let key = text.strip_prefix("whsec_").and_then(|coded| STANDARD.decode(coded).ok());
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_deref().unwrap_or(text.as_bytes()));
    let mut context = hmac::Context::with_key(&key);
    for part in [id, ".", at, ".", body] {
        context.update(part.as_bytes());
    }
    format!("v1,{}", STANDARD.encode(context.sign()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_as_the_standard_says() {
        // The example of the specification's own libraries.
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let (id, at) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330");
        let signature = sign(&secret, id, at, "{\"test\": 2432232314}");
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
