//! Addresses of repositories. What is kept of one holds no secret.

use std::fmt;

use percent_encoding::percent_decode_str;
use sha2::{Digest, Sha256};
use url::Url;

use super::Secret;

/// Longer ones are refused.
const LONGEST: usize = 2_000;
const EXPECTED: &str = "a Git address, such as \"https://git.example.com/team/name.git\" or \"git@host:team/name.git\"";

/// How a host is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Scheme {
    Https,
    Http,
    Ssh,
    Git,
    File,
}

impl Scheme {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "https" => Self::Https,
            "http" => Self::Http,
            "ssh" => Self::Ssh,
            "git" => Self::Git,
            "file" => Self::File,
            _ => return None,
        })
    }

    /// What git may speak, also where a host sends it elsewhere; as `GIT_ALLOW_PROTOCOL` has it.
    pub(super) fn allowed(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http:https",
            Self::Ssh => "ssh",
            Self::Git => "git",
            Self::File => "file",
        }
    }
}

/// Where a repository is cloned from, without name and password. Two of one repository are equal as far as their writing
/// can tell.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RemoteUrl {
    text: String,
    pub(super) scheme: Scheme,
    /// With the port, where it is not the usual one; empty for a file.
    pub(super) host: String,
    path: String,
}

/// An address as somebody wrote it, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    pub url: RemoteUrl,
    pub username: Option<String>,
    pub password: Option<Secret>,
}

impl Address {
    /// # Errors
    /// What was expected; never what was written, which may hold a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.starts_with('-') || text.len() > LONGEST || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(EXPECTED.to_owned());
        }
        match text.contains("://") {
            true => Self::parse_url(text),
            false => Self::parse_short(text),
        }
    }

    fn parse_url(text: &str) -> Result<Self, String> {
        let mut url = Url::parse(text).map_err(|_| EXPECTED.to_owned())?;
        let scheme = Scheme::parse(url.scheme())
            .ok_or("a Git address that begins with https://, http://, ssh://, git:// or file://")?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err("a Git address without \"?\" and \"#\"".to_owned());
        }
        let decoded = |text: &str| percent_decode_str(text).decode_utf8().map(|text| text.into_owned()).ok();
        let username = decoded(url.username()).filter(|name| !name.is_empty());
        let password = url.password().and_then(decoded).filter(|password| !password.is_empty());
        let is_http = matches!(scheme, Scheme::Https | Scheme::Http);
        if password.is_some() && !is_http {
            return Err("a Git address without a password: only https:// and http:// take one".to_owned());
        }
        if [&username, &password].into_iter().flatten().any(|part| part.chars().any(char::is_control)) {
            return Err("a Git address whose name and password hold no control characters".to_owned());
        }
        let host = url.host_str().unwrap_or_default().to_owned();
        if host.starts_with('-')
            || url.username().starts_with('-')
            || host.is_empty() != (scheme == Scheme::File)
            || url.path().trim_matches('/').is_empty()
        {
            return Err(EXPECTED.to_owned());
        }
        if is_http {
            // These two fail only where there is no host.
            let _ = url.set_password(None);
            let _ = url.set_username("");
        }
        let host = url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
        let path = decoded(url.path()).unwrap_or_else(|| url.path().to_owned());
        let text = url.as_str().trim_end_matches('/').to_owned();
        let of_login = |part: Option<String>| part.filter(|_| is_http);
        Ok(Self {
            url: RemoteUrl { text, scheme, host, path },
            username: of_login(username),
            password: password.map(Secret::new),
        })
    }

    /// `user@host:path`, as ssh has it.
    fn parse_short(text: &str) -> Result<Self, String> {
        let expected = || EXPECTED.to_owned();
        let (place, path) = text.split_once(':').ok_or_else(expected)?;
        let (user, host) = place.split_once('@').ok_or_else(expected)?;
        let plain = |text: &str| {
            !text.is_empty()
                && !text.starts_with('-')
                && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        };
        let fits = plain(user) && plain(host) && !path.starts_with('-') && !path.trim_matches('/').is_empty();
        if !fits || text.contains("::") {
            return Err(expected());
        }
        let host = host.to_lowercase();
        let text = format!("{user}@{host}:{}", path.trim_end_matches('/'));
        let url = RemoteUrl { text, scheme: Scheme::Ssh, host, path: path.to_owned() };
        Ok(Self { url, username: None, password: None })
    }
}

impl RemoteUrl {
    /// As git takes it, and as it may be shown.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host, with the port where it is not the usual one; empty for a file.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// What the repository is called at its host: the path without `.git`, and of a file its last part.
    pub fn name(&self) -> String {
        let path = self.path.trim_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path).trim_end_matches('/');
        match self.scheme {
            Scheme::File => path.rsplit('/').next().unwrap_or(path).to_owned(),
            _ => path.to_owned(),
        }
    }

    /// The name of the folder of its mirror: readable, and told apart by a hash of the address.
    pub fn folder_name(&self) -> String {
        let hash = Sha256::digest(self.text.as_bytes());
        let hash: String = hash.iter().take(10).map(|byte| format!("{byte:02x}")).collect();
        let name = self.name();
        let readable: String =
            name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
        let readable = readable.get(readable.len().saturating_sub(40)..).unwrap_or_default().trim_matches('-');
        format!("{readable}{}{hash}", if readable.is_empty() { "" } else { "-" })
    }

    /// What git names in its questions for a name and a password.
    pub(super) fn origin(&self) -> Option<(&'static str, &str)> {
        match self.scheme {
            Scheme::Https => Some(("https", &self.host)),
            Scheme::Http => Some(("http", &self.host)),
            _ => None,
        }
    }
}

impl fmt::Display for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
