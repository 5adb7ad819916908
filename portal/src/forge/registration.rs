//! A GitHub App from a manifest: what is asked for, and the exchange of the code that comes back ("Registering a GitHub App
//! from a manifest", "Create a GitHub App from a manifest").

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{parse, segment, success};
use super::auth::request;
use super::client::Forge;
use super::error::{Error, Result};
use super::permissions;
use crate::secret::Secret;

/// Characters. GitHub takes no longer names of Apps.
const LONGEST_NAME: usize = 34;

/// Of these the App hears where it has a webhook; each needs no more than the permissions to read.
const EVENTS: [&str; 5] = ["push", "repository", "organization", "team", "membership"];

/// What an App is to be. Everything can still be changed at the forge, by whoever registers it.
#[derive(Debug, Clone)]
pub struct Manifest<'a> {
    pub owner: &'a str,
    pub is_organisation: bool,
    /// It may push branches and open pull requests.
    pub writes: bool,
    /// Its home page: this portal.
    pub home: &'a str,
    /// Where the forge sends the browser with the code.
    pub redirect: &'a str,
    /// Where its events go; without one it has no webhook.
    pub hook: Option<&'a str>,
}

/// An App as it was registered. The client secret, which only signs people in, is not kept.
#[derive(Debug, Clone)]
pub struct RegisteredApp {
    pub id: u64,
    pub slug: String,
    pub name: String,
    /// Its public page.
    pub html_url: String,
    /// PEM text.
    pub key: Secret,
    pub webhook_secret: Option<Secret>,
}

impl Manifest<'_> {
    /// As the forge takes it.
    pub fn to_json(&self) -> Value {
        let name: String = format!("slipway-{}", self.owner).chars().take(LONGEST_NAME).collect();
        let permissions: serde_json::Map<String, Value> = permissions::of_app(self.is_organisation, self.writes)
            .into_iter()
            .map(|asked| (asked.permission.to_owned(), asked.level.into()))
            .collect();
        let mut manifest = json!({
            "name": name,
            "url": self.home,
            "description": "Reads repositories for Slipway, the developer portal.",
            "redirect_url": self.redirect,
            "public": false,
            "default_permissions": permissions,
        });
        if let (Some(hook), Value::Object(fields)) = (self.hook, &mut manifest) {
            fields.insert("hook_attributes".to_owned(), json!({"url": hook, "active": true}));
            let organisation = |event: &&&str| self.is_organisation || matches!(**event, "push" | "repository");
            let pulls = self.writes.then_some("pull_request");
            let events: Vec<&str> = EVENTS.iter().filter(organisation).copied().chain(pulls).collect();
            fields.insert("default_events".to_owned(), json!(events));
        }
        manifest
    }
}

#[derive(Deserialize)]
struct Answer {
    id: u64,
    #[serde(default)]
    slug: String,
    name: String,
    html_url: String,
    pem: String,
    webhook_secret: Option<String>,
}

impl Forge {
    /// Exchanges the code for the App's keys: possible once, and within an hour.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a code that is wrong, used or too old; otherwise as [`Forge::send`].
    pub async fn convert(&self, code: &str) -> Result<RegisteredApp> {
        let path = format!("/app-manifests/{}/conversions", segment(code));
        let answer = self.send_as(request(Method::POST, &path)?, None).await?;
        let told = "/app-manifests/…/conversions";
        let answer = success(told, answer)?;
        // The parser's own words could quote the key.
        let answer: Answer = parse(told, answer.body())
            .map_err(|_| Error::Malformed { what: told.to_owned(), message: "there is no App in it".to_owned() })?;
        Ok(RegisteredApp {
            id: answer.id,
            slug: answer.slug,
            name: answer.name,
            html_url: answer.html_url,
            key: Secret::new(answer.pem),
            webhook_secret: answer.webhook_secret.filter(|secret| !secret.is_empty()).map(Secret::new),
        })
    }
}
