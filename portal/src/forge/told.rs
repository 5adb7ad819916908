//! What is said of pull requests: comments ("Issue comments") and check runs ("Check runs").

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::answer::parse;
use super::client::Forge;
use super::error::Result;
use super::objects::named;

/// Pages of a hundred comments that are looked through.
const MOST_PAGES: u32 = 10;

/// A comment on a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    pub id: u64,
    /// Who wrote it, by login.
    pub by: String,
    pub body: String,
}

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    Success,
    /// It says something and stops nothing.
    Neutral,
    ActionRequired,
    Failure,
}

/// What a check says of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRun<'a> {
    pub name: &'a str,
    /// The commit.
    pub head: &'a str,
    pub conclusion: Conclusion,
    pub title: &'a str,
    /// Markdown; GitHub takes 65 535 characters.
    pub summary: &'a str,
    /// Where a person goes on.
    pub details: Option<&'a str>,
}

#[derive(Deserialize)]
struct WireComment {
    id: u64,
    body: Option<String>,
    user: Option<WireUser>,
}

#[derive(Deserialize)]
struct WireUser {
    login: String,
}

#[derive(Deserialize)]
struct WireId {
    id: u64,
}

impl From<WireComment> for Comment {
    fn from(wire: WireComment) -> Self {
        // Without a user it is of an account that was deleted.
        let by = wire.user.map(|user| user.login).unwrap_or_default();
        Self { id: wire.id, by, body: wire.body.unwrap_or_default() }
    }
}

impl Forge {
    /// Those on a pull request, oldest first; at most a thousand. `repository` is `owner/name` here and below.
    ///
    /// # Errors
    /// As [`Forge::send`].
    pub async fn comments(&self, repository: &str, pull: u64) -> Result<Vec<Comment>> {
        let mut comments = Vec::new();
        for page in 1..=MOST_PAGES {
            let path = format!("/repos/{}/issues/{pull}/comments?per_page=100&page={page}", named(repository));
            let found: Vec<WireComment> = parse(&path, self.get(&path, None).await?.body())?;
            let is_last = found.len() < 100;
            comments.extend(found.into_iter().map(Comment::from));
            if is_last {
                break;
            }
        }
        Ok(comments)
    }

    /// Gives the comment's id.
    ///
    /// # Errors
    /// As [`Forge::send`].
    pub async fn add_comment(&self, repository: &str, pull: u64, body: &str) -> Result<u64> {
        let path = format!("/repos/{}/issues/{pull}/comments", named(repository));
        Ok(self.write::<WireId>(Method::POST, &path, &json!({ "body": body })).await?.id)
    }

    /// # Errors
    /// As [`Forge::send`]; [`super::Error::NotFound`] where somebody has removed it.
    pub async fn change_comment(&self, repository: &str, comment: u64, body: &str) -> Result<()> {
        let path = format!("/repos/{}/issues/comments/{comment}", named(repository));
        self.write::<WireId>(Method::PATCH, &path, &json!({ "body": body })).await.map(drop)
    }

    /// Writes a check run with its annotations, of which each call takes one list. Of several with one name the last counts.
    ///
    /// # Errors
    /// As [`Forge::send`]; [`super::Error::Forbidden`] unless we are an App with `checks: write`.
    pub async fn add_check_run<T: Serialize + Sync>(
        &self,
        repository: &str,
        run: &CheckRun<'_>,
        annotations: &[Vec<T>],
    ) -> Result<()> {
        let path = format!("/repos/{}/check-runs", named(repository));
        let output =
            |annotations: &[T]| json!({"title": run.title, "summary": run.summary, "annotations": annotations});
        let (first, others) =
            annotations.split_first().map_or((&[][..], &[][..]), |(first, others)| (&first[..], others));
        let mut sent = json!({
            "name": run.name, "head_sha": run.head, "status": "completed", "conclusion": run.conclusion,
            "output": output(first),
        });
        if let Some(details) = run.details {
            sent["details_url"] = details.into();
        }
        let id = self.write::<WireId>(Method::POST, &path, &sent).await?.id;
        for annotations in others {
            let more = json!({ "output": output(annotations) });
            self.write::<WireId>(Method::PATCH, &format!("{path}/{id}"), &more).await?;
        }
        Ok(())
    }
}
