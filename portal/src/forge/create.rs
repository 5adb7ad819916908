//! Repositories that are made, changed and deleted ("Repositories").

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::answer::{parse, segment, success};
use super::auth::request;
use super::client::Forge;
use super::error::{Error, Result};
use super::listing::repositories::{ForgeRepository, ForgeVisibility, WireRepository};
use super::objects::named;

/// A repository without any commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewRepository<'a> {
    /// The organisation; `None` for whoever the credentials are.
    pub organisation: Option<&'a str>,
    pub name: &'a str,
    pub description: &'a str,
    pub visibility: ForgeVisibility,
}

/// What to change of a repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RepositoryUpdate<'a> {
    pub description: Option<&'a str>,
    pub default_branch: Option<&'a str>,
}

#[derive(Deserialize)]
struct WireBranch {
    name: String,
    commit: WireCommit,
}

#[derive(Deserialize)]
struct WireCommit {
    sha: String,
}

#[derive(Serialize, Deserialize)]
struct WireTopics {
    names: Vec<String>,
}

impl Forge {
    /// # Errors
    /// As [`Forge::send`]; [`Error::Status`] with 422 where there is one of this name.
    pub async fn create_repository(&self, new: &NewRepository<'_>) -> Result<ForgeRepository> {
        let visibility = match new.visibility {
            ForgeVisibility::Public => "public",
            ForgeVisibility::Internal => "internal",
            ForgeVisibility::Private => "private",
        };
        let mut sent = json!({
            "name": new.name, "description": new.description, "private": new.visibility != ForgeVisibility::Public,
            "auto_init": false,
        });
        let path = match new.organisation {
            Some(organisation) => {
                sent["visibility"] = visibility.into();
                format!("/orgs/{}/repos", segment(organisation))
            }
            None => "/user/repos".to_owned(),
        };
        self.write::<WireRepository>(Method::POST, &path, &sent).await.map(ForgeRepository::from)
    }

    /// The repository of this very name: one that had it before is none.
    ///
    /// # Errors
    /// As [`Forge::send`].
    pub async fn repository_named(&self, owner: &str, name: &str) -> Result<Option<ForgeRepository>> {
        match self.repository(owner, name).await {
            Ok(found) => {
                let is_it = found.owner.eq_ignore_ascii_case(owner) && found.name.eq_ignore_ascii_case(name);
                Ok(is_it.then_some(found))
            }
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// `repository` is `owner/name` here and below.
    ///
    /// # Errors
    /// As [`Forge::send`].
    pub async fn update_repository(&self, repository: &str, update: &RepositoryUpdate<'_>) -> Result<ForgeRepository> {
        let mut sent = Map::new();
        for (key, text) in [("description", update.description), ("default_branch", update.default_branch)] {
            sent.extend(text.map(|text| (key.to_owned(), Value::from(text))));
        }
        let path = format!("/repos/{}", named(repository));
        self.write::<WireRepository>(Method::PATCH, &path, &sent).await.map(ForgeRepository::from)
    }

    /// Puts these in the place of the topics that it has.
    ///
    /// # Errors
    /// As [`Forge::send`].
    pub async fn replace_topics(&self, repository: &str, topics: &[String]) -> Result<()> {
        let path = format!("/repos/{}/topics", named(repository));
        self.write::<WireTopics>(Method::PUT, &path, &WireTopics { names: topics.to_vec() }).await.map(drop)
    }

    /// Names and commits of its branches, at most 100.
    ///
    /// # Errors
    /// As [`Forge::send`].
    pub async fn branches(&self, repository: &str) -> Result<Vec<(String, String)>> {
        let path = format!("/repos/{}/branches?per_page=100", named(repository));
        let branches: Vec<WireBranch> = parse(&path, self.get(&path, None).await?.body())?;
        Ok(branches.into_iter().map(|branch| (branch.name, branch.commit.sha)).collect())
    }

    /// With everything in it.
    ///
    /// # Errors
    /// As [`Forge::send`].
    pub async fn delete_repository(&self, repository: &str) -> Result<()> {
        let path = format!("/repos/{}", named(repository));
        success(&path, self.send(request(Method::DELETE, &path)?).await?).map(drop)
    }
}
