//! From the settings of a source at GitHub to those of the client, with what stands in files.

use futures::FutureExt;
use futures::future::BoxFuture;

use super::secrets;
use crate::forge::{App, Authentication, Forge, ForgeSettings};
use crate::git::{Credentials, Login};
use crate::outgoing::Way;
use crate::secret::Secret;
use crate::settings::{GitHubLogin, GitHubSettings};

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
    let way = Way::of(&settings.connection)?;
    forge.certificate_authority = way.certificate_authority;
    forge.proxy = way.proxy;
    Ok(forge)
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
