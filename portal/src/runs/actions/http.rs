//! `http:backstage:request`: tells another service something, or asks it.
//!
//! An operator writes the host out, so that no answer of a form leads elsewhere. What is not the same when it is sent twice
//! (`POST`, `PATCH`) is not sent again by itself where nobody knows whether it arrived.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use model::Level;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{Action, HTTP, Output, once};
use crate::git::Connection;
use crate::outgoing::{Client, Failure, Limits, Way};
use crate::runs::store::Effect;
use crate::runs::work::{Stop, Undone, Work};
use crate::secret::Secret;
use crate::sources::secrets;

/// Milliseconds, where nothing is said, and at most.
const TIMEOUT: u64 = 30_000;
const LONGEST: u64 = 300_000;
/// Bytes of an answer.
const LARGEST: usize = 256 << 10;
/// Headers that hold secrets, which do not belong into a file that everybody reads.
const SECRET: [HeaderName; 3] = [AUTHORIZATION, http::header::PROXY_AUTHORIZATION, http::header::COOKIE];

pub(super) struct Http;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Input {
    #[serde(default = "get")]
    method: String,
    /// The whole address.
    path: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    params: BTreeMap<String, Value>,
    #[serde(default)]
    body: Option<Value>,
    #[serde(default)]
    continue_on_bad_response: bool,
    #[serde(default)]
    timeout: Option<u64>,
}

fn get() -> String {
    "GET".to_owned()
}

impl Action for Http {
    fn does(&self, input: &Value) -> String {
        match Input::deserialize(input) {
            Ok(Input { method, path, .. }) => {
                let path = path.split('?').next().unwrap_or_default();
                format!("sends {} {path}", method.to_uppercase())
            }
            Err(_) => "sends a request".to_owned(),
        }
    }

    fn accepts(&self, input: &Value) -> Result<(), String> {
        let input = Input::deserialize(input).map_err(|error| error.to_string())?;
        input.method()?;
        let begin = input.path.split("${{").next().unwrap_or_default();
        let is_written_out = Url::parse(begin).is_ok_and(|url| {
            let is_http =
                matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
            // Whatever follows stands behind the host.
            is_http && begin.splitn(4, '/').count() == 4
        });
        if !is_written_out {
            return Err("path is a whole address (https://host/…), with the host written out".to_owned());
        }
        let headers = input.headers()?;
        if headers.iter().any(|(name, _)| SECRET.contains(name)) {
            return Err(
                "headers hold no secret: token-file names a file with what is sent as a bearer token".to_owned()
            );
        }
        match input.timeout {
            Some(time) if !(1..=LONGEST).contains(&time) => Err(format!("timeout is from 1 to {LONGEST} milliseconds")),
            _ => Ok(()),
        }
    }

    fn addresses(&self) -> &'static [&'static str] {
        &["path"]
    }

    fn takes_token(&self) -> bool {
        true
    }

    fn run<'w>(&'w self, work: &'w mut Work<'_>) -> BoxFuture<'w, Result<Output, Stop>> {
        send(work).boxed()
    }

    fn undo<'w>(&'w self, _: &'w mut Work<'_>, effect: &'w Effect) -> BoxFuture<'w, Result<Undone, Stop>> {
        std::future::ready(Ok(once::undone(effect))).boxed()
    }
}

impl Input {
    fn method(&self) -> Result<Method, String> {
        let known = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
        let method = known.into_iter().find(|method| method.as_str().eq_ignore_ascii_case(&self.method));
        method.ok_or_else(|| "method is one of GET, HEAD, POST, PUT, PATCH and DELETE".to_owned())
    }

    fn headers(&self) -> Result<Vec<(HeaderName, HeaderValue)>, String> {
        let header = |(name, value): (&String, &String)| {
            let both = HeaderName::try_from(name).ok().zip(HeaderValue::from_str(value).ok());
            both.ok_or_else(|| format!("headers: {name} is no header, or its value cannot be one"))
        };
        self.headers.iter().map(header).collect()
    }

    /// Where it goes, with everything that was put into it.
    fn url(&self) -> Result<Url, String> {
        let path = self.path.split(['?', '#']).next().unwrap_or_default();
        let leads_up = |part: &str| matches!(&*percent_decode_str(part).decode_utf8_lossy(), "." | "..");
        if path.split('/').any(leads_up) {
            return Err("path: an answer leads to another place than the one that is written there".to_owned());
        }
        let mut url = Url::parse(&self.path).map_err(|error| format!("path is no address: {error}"))?;
        if !self.params.is_empty() {
            let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            url.query_pairs_mut().extend_pairs(self.params.iter().map(|(name, value)| (name, text(value))));
        }
        Ok(url)
    }

    fn request(&self, method: Method, url: &Url, token: Option<&Secret>, key: &str) -> Result<Request<Bytes>, String> {
        let (body, kind) = match &self.body {
            None => (Bytes::new(), None),
            Some(Value::String(text)) => (Bytes::from(text.clone()), Some("text/plain; charset=utf-8")),
            Some(value) => (Bytes::from(value.to_string()), Some("application/json")),
        };
        let mut request =
            Request::builder().method(method).uri(url.as_str()).body(body).map_err(|error| error.to_string())?;
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json, */*;q=0.5"));
        headers.extend(kind.map(|kind| (CONTENT_TYPE, HeaderValue::from_static(kind))));
        let key = HeaderValue::from_str(key).map_err(|error| error.to_string())?;
        headers.insert(HeaderName::from_static("idempotency-key"), key);
        for (name, value) in self.headers()? {
            headers.insert(name, value);
        }
        if let Some(token) = token {
            let bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose()));
            let mut bearer = bearer.map_err(|_| "the token holds what no header can".to_owned())?;
            bearer.set_sensitive(true);
            headers.insert(AUTHORIZATION, bearer);
        }
        Ok(request)
    }
}

async fn send(work: &mut Work<'_>) -> Result<Output, Stop> {
    let failed =
        |why: String| Stop::Failed(format!("{why}. An operator corrects the step in the configuration (runs.step)."));
    let input: Input = serde_json::from_value(work.step_input()?).map_err(|error| failed(error.to_string()))?;
    let (method, url) = (input.method().map_err(failed)?, input.url().map_err(failed)?);
    let token = token(work)?;
    if let Some(token) = &token {
        work.hide(token);
    }
    let step = work.step().map(|step| step.id.clone()).unwrap_or_default();
    let request =
        input.request(method.clone(), &url, token.as_ref(), &format!("{}-{step}", work.row.id)).map_err(failed)?;
    let time = Duration::from_millis(input.timeout.unwrap_or(TIMEOUT).min(LONGEST));
    let way = Way::of(&Connection::default()).map_err(failed)?;
    let client =
        Client::new(way, std::slice::from_ref(&url), Limits { time, largest_body: LARGEST }).map_err(failed)?;
    let what = format!("{method} {}{}", url.origin().ascii_serialization(), url.path());
    let effect = match method.is_safe() {
        true => None,
        false => match once::begin(work, HTTP, &format!("the request {what}"), method.is_idempotent()).await? {
            once::Begun::Before(value) => return Ok(Output { value, ..Output::default() }),
            once::Begun::Now(effect) => Some(effect),
        },
    };
    work.boundary().await?;
    let answer = work.unless_left_for_long(client.send(request)).await?;
    work.boundary().await?;
    let is_again = method.is_idempotent();
    let answer = match answer {
        Ok(answer) => answer,
        Err(failure) => return Err(unanswered(work, effect, &what, &failure, is_again).await?),
    };
    let status = answer.status();
    if !status.is_success() && !input.continue_on_bad_response {
        if let Some(effect) = effect {
            work.void(effect).await?;
        }
        return Err(refused(work, &what, &answer, is_again));
    }
    let value = work.masked_value(&shown(&answer));
    work.log(Level::Note, &format!("{what} was answered with {status}."));
    if let Some(effect) = effect {
        work.made(effect, &value).await?;
    }
    Ok(Output { value, ..Output::default() })
}

/// The token of the step, as it stands in its file now.
fn token(work: &Work<'_>) -> Result<Option<Secret>, Stop> {
    let step = work.step();
    let known = work.portal().settings().steps.iter().find(|known| step.is_some_and(|step| step.id == known.id));
    let Some(password) = known.and_then(|known| known.token.as_ref()) else { return Ok(None) };
    secrets::read(password).map(Some).map_err(|why| Stop::Again(format!("The token of the step: {why}")))
}

/// Nobody knows whether it arrived.
async fn unanswered(
    work: &mut Work<'_>,
    effect: Option<Effect>,
    what: &str,
    failure: &Failure,
    is_again: bool,
) -> Result<Stop, Stop> {
    if is_again && !matches!(failure, Failure::NotAllowed { .. } | Failure::TooLarge { .. }) {
        return Ok(Stop::Again(format!("{what}: {failure}.")));
    }
    if let Some(effect) = effect {
        work.void(effect).await?;
    }
    Ok(Stop::Failed(match is_again {
        true => format!("{what}: {failure}."),
        false => format!("{what}: {failure}. Look there whether it has arrived: trying again sends it once more."),
    }))
}

fn refused(work: &Work<'_>, what: &str, answer: &Response<Bytes>, is_again: bool) -> Stop {
    let status = answer.status();
    let text: String = String::from_utf8_lossy(answer.body()).chars().filter(|c| !c.is_control()).take(300).collect();
    let why = work.masked(&format!("{what} was answered with {status}. {text}"));
    let is_full = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
    if is_full || is_again && status.is_server_error() { Stop::Again(why) } else { Stop::Failed(why) }
}

/// `code`, `headers`, `body`: JSON where it is some, otherwise the text.
fn shown(answer: &Response<Bytes>) -> Value {
    let headers = answer.headers().iter().filter(|(name, _)| **name != http::header::SET_COOKIE);
    let headers: serde_json::Map<String, Value> =
        headers.filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.into()))).collect();
    let body = serde_json::from_slice::<Value>(answer.body());
    let body = body.unwrap_or_else(|_| String::from_utf8_lossy(answer.body()).into_owned().into());
    json!({ "code": answer.status().as_u16(), "headers": headers, "body": body })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_written_out_and_nothing_leads_away_from_its_path() {
        let good = [
            json!({ "path": "https://billing.example.com/projects/${{ parameters.name }}?x=${{ parameters.y }}" }),
            json!({ "path": "http://127.0.0.1:8080/", "method": "post", "body": { "a": 1 }, "timeout": 5 }),
        ];
        for input in good {
            assert_eq!(Http.accepts(&input), Ok(()), "{input}");
        }
        let wrong = [
            json!({}),
            json!({ "path": "${{ parameters.url }}" }),
            json!({ "path": "https://${{ parameters.host }}/x" }),
            json!({ "path": "https://billing.example.com${{ parameters.x }}" }),
            json!({ "path": "https://user@billing.example.com/" }),
            json!({ "path": "/proxy/billing" }),
            json!({ "path": "file:///etc/passwd" }),
            json!({ "path": "https://h/", "method": "CONNECT" }),
            json!({ "path": "https://h/", "headers": { "Authorization": "Bearer x" } }),
            json!({ "path": "https://h/", "headers": { "a b": "x" } }),
            json!({ "path": "https://h/", "timeout": 0 }),
            json!({ "path": "https://h/", "uri": "x" }),
        ];
        for input in wrong {
            assert!(Http.accepts(&input).is_err(), "{input}");
        }
        for up in ["https://h/a/../b", "https://h/%2E%2E/b", "https://h/a/%2e"] {
            let input = Input::deserialize(&json!({ "path": up }));
            assert!(input.is_ok_and(|input| input.url().is_err()), "{up}");
        }
        assert_eq!(Http.does(&json!({ "path": "https://h/a?secret=x", "method": "post" })), "sends POST https://h/a");
    }
}
