//! What a provider of OpenID Connect says of itself: where its doors are, and its keys. Remembered for an hour; a token with a
//! key that is not known is a reason to ask for the keys again, once a minute.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use openidconnect::core::{CoreJsonWebKeySet, CoreProviderMetadata};
use openidconnect::{DiscoveryError, HttpRequest, HttpResponse, IssuerUrl};
use url::Url;

use crate::error::{Error, Result};
use crate::outgoing::{Client, Failure, Limits, Way};
use crate::settings::{OidcSettings, ProviderSettings};

/// Everything that one sign-in asks has to fit into one request of a browser.
const LIMITS: Limits = Limits { time: Duration::from_secs(6), largest_body: 2 * 1024 * 1024 };
const FRESH: Duration = Duration::from_secs(60 * 60);
/// As long as it does not answer, what it said before counts for so long.
const USABLE: Duration = Duration::from_secs(24 * 60 * 60);
/// Between two reasons to ask for the keys again.
const PAUSE: Duration = Duration::from_secs(60);

/// A provider, as it was asked last.
#[derive(Clone)]
pub(super) struct Found {
    pub client: Arc<Client>,
    pub metadata: Arc<CoreProviderMetadata>,
    read_at: Instant,
    /// When an unknown key was the reason to ask.
    keys_at: Option<Instant>,
}

/// The providers of this process: one for each that is configured.
#[derive(Default)]
pub(in crate::identity) struct Known(Mutex<HashMap<String, Slot>>);

type Slot = Arc<tokio::sync::Mutex<Option<Found>>>;

impl Known {
    fn slot(&self, name: &str) -> Slot {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(name.to_owned()).or_default().clone()
    }

    /// # Errors
    /// [`Error::Unavailable`] for a provider that does not answer, or not as the standard says.
    pub(super) async fn find(&self, provider: &ProviderSettings, settings: &OidcSettings) -> Result<Found> {
        let slot = self.slot(&provider.name);
        let mut slot = slot.lock().await;
        if let Some(found) = &*slot
            && found.read_at.elapsed() < FRESH
        {
            return Ok(found.clone());
        }
        match discover(settings).await {
            Ok(found) => Ok(slot.insert(found).clone()),
            Err(why) => match &*slot {
                Some(found) if found.read_at.elapsed() < USABLE => {
                    tracing::warn!(
                        provider = provider.name,
                        why,
                        "the provider does not answer; what it said before counts"
                    );
                    Ok(found.clone())
                }
                _ => Err(does_not_answer(provider, &why)),
            },
        }
    }

    /// The provider with other keys than `before` had, if it has others.
    pub(super) async fn with_new_keys(&self, provider: &ProviderSettings, before: &Found) -> Result<Option<Found>> {
        let slot = self.slot(&provider.name);
        let mut slot = slot.lock().await;
        let Some(found) = &mut *slot else { return Ok(None) };
        if !Arc::ptr_eq(&found.metadata, &before.metadata) {
            return Ok(Some(found.clone()));
        }
        if found.keys_at.is_some_and(|at| at.elapsed() < PAUSE) {
            return Ok(None);
        }
        found.keys_at = Some(Instant::now());
        let ask = asking(&found.client);
        let keys = CoreJsonWebKeySet::fetch_async(found.metadata.jwks_uri(), &ask).await;
        let keys = keys.map_err(|error| does_not_answer(provider, &why(error)))?;
        found.metadata = Arc::new(found.metadata.as_ref().clone().set_jwks(keys));
        Ok(Some(found.clone()))
    }
}

async fn discover(settings: &OidcSettings) -> std::result::Result<Found, String> {
    let issuer =
        IssuerUrl::new(settings.issuer.clone()).map_err(|error| format!("its issuer is no address ({error})"))?;
    let client = Arc::new(Client::new(Way::of(&settings.connection)?, &[issuer.url().clone()], LIMITS)?);
    let ask = asking(&client);
    let metadata = CoreProviderMetadata::discover_async(issuer, &ask).await.map_err(why)?;
    // Whoever can write the document could otherwise send people, with what they are about to type, in the open.
    if !client.allows(metadata.authorization_endpoint().url()) {
        return Err(format!(
            "it sends people to {}, which is not https",
            origin(metadata.authorization_endpoint().url())
        ));
    }
    Ok(Found { client, metadata: Arc::new(metadata), read_at: Instant::now(), keys_at: None })
}

/// What `openidconnect` sends with.
pub(super) fn asking(
    client: &Arc<Client>,
) -> impl Fn(HttpRequest) -> futures::future::BoxFuture<'static, std::result::Result<HttpResponse, Failure>> + use<> {
    let client = client.clone();
    move |request| {
        let client = client.clone();
        Box::pin(async move {
            let answer = client.send(request.map(Bytes::from)).await;
            answer.map(|answer| answer.map(|body| body.to_vec()))
        })
    }
}

fn why(error: DiscoveryError<Failure>) -> String {
    match error {
        DiscoveryError::Request(failure) => failure.to_string(),
        DiscoveryError::Response(status, _, _) if !status.is_success() => {
            format!("its discovery document or its keys are answered with {status}; check the issuer")
        }
        DiscoveryError::Parse(error) => {
            format!("its discovery document or its keys are not as the standard says: {error}")
        }
        error => error.to_string(),
    }
}

pub(super) fn does_not_answer(provider: &ProviderSettings, why: &str) -> Error {
    Error::Unavailable(format!(
        "{} cannot be asked now: {}. An administrator can sign in with a local account meanwhile.",
        provider.title,
        why.trim_end_matches('.')
    ))
}

pub(super) fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}
