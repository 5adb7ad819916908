//! Pull requests ("Pulls"): made, changed, and looked at.

use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::answer::{parse, segment};
use super::client::Forge;
use super::error::Result;
use super::objects::named;

/// One pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pull {
    pub number: u64,
    pub url: String,
    pub state: PullState,
    pub title: String,
    pub body: String,
    /// The branch that it proposes, and the one that it is proposed for.
    pub branch: String,
    pub base: String,
    /// The commits of both.
    pub commit: String,
    pub base_commit: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullState {
    Open,
    Merged,
    Closed,
}

/// What to change of a pull request.
#[derive(Debug, Clone, Default)]
pub struct PullUpdate<'a> {
    pub title: Option<&'a str>,
    pub body: Option<&'a str>,
    /// Close it.
    pub close: bool,
}

#[derive(Deserialize)]
struct WirePull {
    number: u64,
    html_url: String,
    state: String,
    title: String,
    body: Option<String>,
    merged_at: Option<String>,
    head: WireEnd,
    base: WireEnd,
}

#[derive(Deserialize)]
struct WireEnd {
    #[serde(rename = "ref")]
    reference: String,
    sha: String,
}

impl From<WirePull> for Pull {
    fn from(wire: WirePull) -> Self {
        let state = match (wire.state.as_str(), wire.merged_at) {
            (_, Some(_)) => PullState::Merged,
            ("open", None) => PullState::Open,
            _ => PullState::Closed,
        };
        Self {
            number: wire.number,
            url: wire.html_url,
            state,
            title: wire.title,
            body: wire.body.unwrap_or_default(),
            branch: wire.head.reference,
            base: wire.base.reference,
            commit: wire.head.sha,
            base_commit: wire.base.sha,
        }
    }
}

impl Forge {
    /// Those that propose a branch of the repository itself, latest first; at most 100. `repository` is `owner/name` here
    /// and below.
    ///
    /// # Errors
    /// As [`Forge::send`].
    pub async fn pulls_of_branch(&self, repository: &str, branch: &str) -> Result<Vec<Pull>> {
        let owner = repository.split('/').next().unwrap_or_default();
        let head = segment(&format!("{owner}:{branch}"));
        let path = format!("/repos/{}/pulls?state=all&per_page=100&head={head}", named(repository));
        let pulls: Vec<WirePull> = parse(&path, self.get(&path, None).await?.body())?;
        // A forge that does not know the parameter would list all.
        Ok(pulls.into_iter().map(Pull::from).filter(|pull| pull.branch == branch).collect())
    }

    /// The hundred that changed last in the repository with this id, whatever their state, and the validator of this
    /// answer; `None` where it is still what `etag` was given with.
    ///
    /// # Errors
    /// As [`Forge::send`].
    pub async fn latest_pulls(&self, id: u64, etag: Option<&str>) -> Result<Option<(Vec<Pull>, Option<String>)>> {
        let path = format!("/repositories/{id}/pulls?state=all&sort=updated&direction=desc&per_page=100");
        let answer = self.get(&path, etag).await?;
        if answer.status() == http::StatusCode::NOT_MODIFIED {
            return Ok(None);
        }
        let etag = answer.headers().get(http::header::ETAG).and_then(|etag| etag.to_str().ok()).map(str::to_owned);
        let pulls: Vec<WirePull> = parse(&path, answer.body())?;
        Ok(Some((pulls.into_iter().map(Pull::from).collect(), etag)))
    }

    /// One of the repository with this id.
    ///
    /// # Errors
    /// As [`Forge::send`].
    pub async fn pull(&self, id: u64, number: u64) -> Result<Pull> {
        let path = format!("/repositories/{id}/pulls/{number}");
        parse::<WirePull>(&path, self.get(&path, None).await?.body()).map(Pull::from)
    }

    /// # Errors
    /// As [`Forge::send`]; [`super::Error::Status`] with 422 where there is one already, or nothing to merge.
    pub async fn create_pull(
        &self,
        repository: &str,
        branch: &str,
        base: &str,
        title: &str,
        body: &str,
    ) -> Result<Pull> {
        let sent = json!({"title": title, "body": body, "head": branch, "base": base, "maintainer_can_modify": true});
        let path = format!("/repos/{}/pulls", named(repository));
        self.write::<WirePull>(Method::POST, &path, &sent).await.map(Pull::from)
    }

    /// # Errors
    /// As [`Forge::send`].
    pub async fn update_pull(&self, repository: &str, number: u64, update: &PullUpdate<'_>) -> Result<Pull> {
        let mut sent = Map::new();
        let texts = [("title", update.title), ("body", update.body), ("state", update.close.then_some("closed"))];
        for (key, text) in texts {
            sent.extend(text.map(|text| (key.to_owned(), Value::from(text))));
        }
        let path = format!("/repos/{}/pulls/{number}", named(repository));
        self.write::<WirePull>(Method::PATCH, &path, &sent).await.map(Pull::from)
    }
}
