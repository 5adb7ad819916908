//! A first page of what a forge shows us, for those who only want to know whether it shows anything.

use http::Method;
use serde::Deserialize;

use crate::forge::answer::{parse, segment, success};
use crate::forge::auth::request;
use crate::forge::client::Forge;
use crate::forge::error::Result;
use crate::forge::listing::coverage::{Narrowed, partial_results};
use crate::forge::listing::repositories::{ForgeRepository, Scope, WireRepository};

/// Some of the repositories that we may see, those with the latest pushes first where the forge can tell.
#[derive(Debug, Clone)]
pub struct Sample {
    pub repositories: Vec<ForgeRepository>,
    /// There are more pages.
    pub more: bool,
    /// The token lacks the authorisation for single sign-on somewhere.
    pub narrowed: Option<Narrowed>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Body {
    Bare(Vec<WireRepository>),
    Counted { repositories: Vec<WireRepository> },
}

impl Forge {
    /// The first page of a scope.
    ///
    /// # Errors
    /// If the page cannot be had.
    pub async fn sample(&self, scope: &Scope) -> Result<Sample> {
        let path = match scope {
            Scope::Organisation(name) => {
                format!("/orgs/{}/repos?type=all&sort=pushed&direction=desc&per_page=100", segment(name))
            }
            Scope::User(name) => {
                format!("/users/{}/repos?type=owner&sort=pushed&direction=desc&per_page=100", segment(name))
            }
            Scope::Installation => "/installation/repositories?per_page=100".to_owned(),
        };
        let answer = success(&path, self.send(request(Method::GET, &path)?).await?)?;
        let narrowed = partial_results(answer.headers());
        let more = answer
            .headers()
            .get(http::header::LINK)
            .is_some_and(|link| link.to_str().is_ok_and(|link| link.contains("rel=\"next\"")));
        let (Body::Bare(found) | Body::Counted { repositories: found }) = parse(&path, answer.body())?;
        Ok(Sample { repositories: found.into_iter().map(ForgeRepository::from).collect(), more, narrowed })
    }

    /// How many people may read a repository, at most 100 of them; the answer is what counts.
    ///
    /// # Errors
    /// [`crate::forge::Error::Forbidden`] if we may not know.
    pub async fn count_readers(&self, owner: &str, name: &str) -> Result<usize> {
        let path = format!("/repos/{}/{}/collaborators?affiliation=all&per_page=100", segment(owner), segment(name));
        let answer = success(&path, self.send(request(Method::GET, &path)?).await?)?;
        let people: Vec<serde::de::IgnoredAny> = parse(&path, answer.body())?;
        Ok(people.len())
    }
}
