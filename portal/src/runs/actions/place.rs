//! A repository at GitHub in which a further step does something: the one that it names, or the one that the run has made.
//! The login of the source acts there, also where a person has given a token for their repository.

use url::Url;

use super::GITHUB;
use crate::forge::{Error, Forge};
use crate::runs::work::{Stop, Work};
use crate::sources;

pub(super) struct Place {
    pub forge: Forge,
    pub source: String,
    /// `owner/name`
    pub repository: String,
    /// `github.com`
    pub host: String,
}

/// A repository as it is written in `repoUrl`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Named {
    host: String,
    owner: String,
    name: String,
}

/// Whether this can be a `repoUrl`.
///
/// # Errors
/// What it has to be, for a person.
pub(super) fn check(repo_url: Option<&str>) -> Result<(), String> {
    match repo_url.filter(|text| !text.contains("${{")) {
        Some(text) => parse(text).map(drop),
        None => Ok(()),
    }
}

/// As [`check`] has seen it, for a person.
pub(super) fn shown(repo_url: Option<&str>) -> String {
    let named =
        repo_url.map(|text| parse(text).map_or_else(|_| text.to_owned(), |it| format!("{}/{}", it.owner, it.name)));
    named.unwrap_or_else(|| "the new repository".to_owned())
}

/// The repository of a step, with the login of the source that it is in.
pub(super) fn find(work: &Work<'_>, repo_url: Option<&str>) -> Result<Place, Stop> {
    let named = match repo_url {
        Some(text) => parse(text),
        None => own(work),
    };
    let Named { host, owner, name } = named.map_err(|expected| Stop::Failed(format!("repoUrl must be {expected}.")))?;
    let source = sources::of_owner(work.portal(), &host, &owner).ok_or_else(|| {
        Stop::Failed(format!(
            "{owner}/{name} at {host} is in none of the sources that have a token or an App, and so nobody can act there. An \
             operator adds the source, then try again."
        ))
    })?;
    again(work, source, &format!("{owner}/{name}"))
}

/// One that was written down before, in a source of this name.
pub(super) fn again(work: &Work<'_>, source: &str, repository: &str) -> Result<Place, Stop> {
    let (forge, settings) = sources::forge_of(work.portal(), source).map_err(Stop::later)?;
    let (source, repository) = (source.to_owned(), repository.to_owned());
    Ok(Place { forge, source, repository, host: settings.host() })
}

/// The one that the run has made.
fn own(work: &Work<'_>) -> Result<Named, String> {
    let is_here = work.steps.iter().any(|step| step.action == GITHUB);
    let remote = work.given("remoteUrl").filter(|_| is_here);
    parse(&remote.ok_or("there, since the new repository is not at GitHub")?)
}

/// `github.com?owner=acme&repo=shop`, as Backstage has it, or the address of the repository.
fn parse(text: &str) -> Result<Named, String> {
    let expected = || "\"github.com?owner=acme&repo=shop\", or the address of a repository at GitHub".to_owned();
    let full = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let url = Url::parse(&full).map_err(|_| expected())?;
    let host = url.host_str().ok_or_else(expected)?;
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let asked = |key: &str| url.query_pairs().find(|(name, _)| name == key).map(|(_, value)| value.into_owned());
    let (owner, name) = match (asked("owner"), asked("repo")) {
        (Some(owner), Some(name)) => (owner, name),
        (None, None) => {
            let path = url.path().trim_matches('/').trim_end_matches(".git");
            let (owner, name) = path.split_once('/').ok_or_else(expected)?;
            (owner.to_owned(), name.to_owned())
        }
        _ => return Err(expected()),
    };
    let fits = |name: &str| {
        let all = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
        all && !matches!(name, "" | "." | "..")
    };
    if fits(&owner) && fits(&name) { Ok(Named { host, owner, name }) } else { Err(expected()) }
}

/// Waits for the forge, unless the run is left; `needs` says what its login has to have.
pub(super) async fn asked<T>(
    work: &Work<'_>,
    asked: impl Future<Output = crate::forge::Result<T>>,
    step: &str,
    needs: &str,
) -> Result<T, Stop> {
    work.unless_left(asked).await?.map_err(|error| refused(step, error, needs))
}

/// What an answer of the forge means for the run.
pub(super) fn refused(step: &str, error: Error, needs: &str) -> Stop {
    match error {
        error if error.is_passing() => Stop::Again(format!("{step}: {error}")),
        Error::Forbidden { message, sign_on: None, .. } => {
            Stop::Failed(format!("{step}: GitHub does not allow it ({message}). {needs}"))
        }
        Error::NotFound { .. } => Stop::Failed(format!(
            "{step}: GitHub answers that it is not there, as it does where something may not be seen or done. {needs}"
        )),
        error => Stop::Failed(format!("{step}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_repository_is_named_as_backstage_does_or_by_its_address() {
        for text in [
            "github.com?owner=acme&repo=shop",
            "github.com?repo=shop&owner=acme",
            "https://github.com/acme/shop.git",
            "https://github.com/acme/shop",
            "github.com/acme/shop",
        ] {
            let named = parse(text).unwrap();
            assert_eq!((&*named.host, &*named.owner, &*named.name), ("github.com", "acme", "shop"), "{text}");
        }
        for text in
            ["", "github.com", "github.com?owner=acme", "github.com?owner=..&repo=shop", "https://x/a/b/c", "a b"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
        assert_eq!(check(Some("${{ parameters.repoUrl }}")), Ok(()));
        assert_eq!((shown(None), shown(Some("h?owner=a&repo=b"))), ("the new repository".to_owned(), "a/b".to_owned()));
    }
}
