//! From the settings of a source at GitHub to those of the client, with what stands in files.

use std::fs;

use futures::FutureExt;
use futures::future::BoxFuture;
use url::Url;

use super::secrets;
use crate::forge::{App, Authentication, Forge, ForgeSettings, Proxy};
use crate::git::{Credentials, Login};
use crate::secret::Secret;
use crate::settings::{GitHubLogin, GitHubSettings};

/// What is read of a file with certificates.
const LONGEST_CERTIFICATES: u64 = 4 << 20;

/// The token or the private key, from where it is kept.
pub fn read_secret(login: &GitHubLogin) -> Result<Option<Secret>, String> {
    Ok(match login {
        GitHubLogin::Nobody => None,
        GitHubLogin::Token(token) => Some(secrets::read(token)?),
        GitHubLogin::App { key, .. } => Some(secrets::read_text(key)?),
    })
}

/// `secret` is the token, or the App's key.
///
/// # Errors
/// What is wrong with the settings or a file that they name, for a person.
pub fn forge_settings(settings: &GitHubSettings, secret: Option<&Secret>) -> Result<ForgeSettings, String> {
    let secret = || secret.cloned().ok_or_else(|| "there is no token".to_owned());
    let authentication = match &settings.login {
        GitHubLogin::Nobody => Authentication::Nobody,
        GitHubLogin::Token(_) => Authentication::Token(secret()?),
        GitHubLogin::App { id, .. } => {
            Authentication::App(App { id: id.clone(), key: secret()?, account: settings.owner.name().to_owned() })
        }
    };
    let made = match &settings.url {
        None => ForgeSettings::github(authentication),
        Some(url) => ForgeSettings::enterprise(url, authentication),
    };
    let mut forge = made.map_err(|error| error.to_string())?;
    if let Some(file) = &settings.connection.ca_file {
        let failed = |why: String| format!("{} {why}", file.display());
        let size = fs::metadata(file).map_err(|error| failed(format!("cannot be read: {error}")))?.len();
        if size > LONGEST_CERTIFICATES {
            return Err(failed("is too large to hold certificates".to_owned()));
        }
        let pem = fs::read(file).map_err(|error| failed(format!("cannot be read: {error}")))?;
        forge.certificate_authority = Some(pem);
    }
    forge.proxy = settings.connection.proxy.as_ref().map(proxy).transpose()?;
    Ok(forge)
}

fn proxy(address: &Secret) -> Result<Proxy, String> {
    let mut url = Url::parse(address.expose()).map_err(|error| format!("proxy is no address: {error}"))?;
    if url.scheme() != "http" {
        return Err("a GitHub source speaks to its proxy with http:// only".to_owned());
    }
    let credentials = (!url.username().is_empty())
        .then(|| (url.username().to_owned(), Secret::new(url.password().unwrap_or_default())));
    // These two fail only where there is no host.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Ok(Proxy { address: url, credentials })
}

/// The forge's own credentials, for git: an App's token lasts an hour, so they are asked for each time.
pub struct ForgeCredentials(pub Forge);

impl Credentials for ForgeCredentials {
    fn login(&self) -> BoxFuture<'_, Result<Option<Login>, String>> {
        async {
            let credentials = self.0.credentials().await.map_err(|error| error.to_string())?;
            Ok(credentials
                .map(|credentials| Login { username: credentials.username.to_owned(), secret: credentials.password }))
        }
        .boxed()
    }
}
