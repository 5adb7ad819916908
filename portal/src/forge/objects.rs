//! Git's objects and references at the forge ("Git database": blobs, trees, commits, references), of one repository.
//!
//! Only what is sent with `GET` is tried again by itself: whoever writes here knows what to do after a failure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::{parse, segment, success};
use super::auth::request;
use super::client::Forge;
use super::error::{Error, Result};

/// What something at a path is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeEntry {
    /// `100644`, `100755`, `120000` for a link, `040000` for a folder, `160000` for a submodule.
    pub mode: String,
    pub id: String,
}

/// A file of a new tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile<'a> {
    pub path: &'a str,
    pub mode: &'a str,
    pub content: Content<'a>,
}

/// What a file of a new tree has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content<'a> {
    Text(&'a str),
    /// The id of a blob that is there.
    Blob(&'a str),
    /// It is there no more.
    Removed,
}

#[derive(Deserialize)]
struct WireReference {
    object: WireId,
}

#[derive(Deserialize)]
struct WireId {
    sha: String,
}

#[derive(Deserialize)]
struct WireCommit {
    sha: String,
    tree: WireId,
}

#[derive(Deserialize)]
struct WireTree {
    sha: String,
    tree: Vec<WireEntry>,
    #[serde(default)]
    truncated: bool,
}

#[derive(Deserialize)]
struct WireEntry {
    path: String,
    mode: String,
    sha: Option<String>,
}

#[derive(Deserialize)]
struct WireBlob {
    content: String,
    encoding: String,
}

impl Forge {
    /// The commit of a branch; `None` where there is no such branch. `repository` is `owner/name` here and below.
    ///
    /// # Errors
    /// As [`Forge::send`]; [`Error::Status`] with 409 for a repository without commits.
    pub async fn branch(&self, repository: &str, branch: &str) -> Result<Option<String>> {
        let path = format!("/repos/{}/git/ref/heads/{}", named(repository), named(branch));
        match self.get(&path, None).await {
            Ok(answer) => Ok(Some(parse::<WireReference>(&path, answer.body())?.object.sha)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The tree of a commit.
    ///
    /// # Errors
    /// As [`Forge::send`].
    pub async fn tree_of(&self, repository: &str, commit: &str) -> Result<String> {
        let path = format!("/repos/{}/git/commits/{}", named(repository), segment(commit));
        Ok(parse::<WireCommit>(&path, self.get(&path, None).await?.body())?.tree.sha)
    }

    /// What is at `file` in a tree; `None` where nothing is.
    ///
    /// # Errors
    /// As [`Forge::send`]; [`Error::Malformed`] for a folder that the forge does not list wholly.
    pub async fn entry(&self, repository: &str, tree: &str, file: &str) -> Result<Option<TreeEntry>> {
        let mut tree = tree.to_owned();
        let (folders, name) = file.rsplit_once('/').unwrap_or(("", file));
        for folder in folders.split('/').filter(|folder| !folder.is_empty()) {
            match self.child(repository, &tree, folder).await? {
                Some(entry) if entry.mode == "040000" => tree = entry.id,
                _ => return Ok(None),
            }
        }
        self.child(repository, &tree, name).await
    }

    async fn child(&self, repository: &str, tree: &str, name: &str) -> Result<Option<TreeEntry>> {
        let path = format!("/repos/{}/git/trees/{}", named(repository), segment(tree));
        let listed: WireTree = parse(&path, self.get(&path, None).await?.body())?;
        let found = listed.tree.into_iter().find(|entry| entry.path == name);
        match found.and_then(|entry| Some(TreeEntry { mode: entry.mode, id: entry.sha? })) {
            None if listed.truncated => {
                Err(Error::Malformed { what: path, message: "the folder is too large to be listed".to_owned() })
            }
            found => Ok(found),
        }
    }

    /// The bytes of a blob.
    ///
    /// # Errors
    /// As [`Forge::send`].
    pub async fn blob(&self, repository: &str, id: &str) -> Result<Vec<u8>> {
        let path = format!("/repos/{}/git/blobs/{}", named(repository), segment(id));
        let blob: WireBlob = parse(&path, self.get(&path, None).await?.body())?;
        let encoded: String = blob.content.split_whitespace().collect();
        match blob.encoding.as_str() {
            "base64" => STANDARD
                .decode(encoded)
                .map_err(|error| Error::Malformed { what: path.clone(), message: error.to_string() }),
            other => Err(Error::Malformed { what: path, message: format!("it is encoded as {other}") }),
        }
    }

    /// The id of a new blob with these bytes.
    ///
    /// # Errors
    /// As [`Forge::send`].
    pub async fn create_blob(&self, repository: &str, bytes: &[u8]) -> Result<String> {
        let body = json!({"content": STANDARD.encode(bytes), "encoding": "base64"});
        let path = format!("/repos/{}/git/blobs", named(repository));
        Ok(self.write::<WireId>(Method::POST, &path, &body).await?.sha)
    }

    /// A tree as `base` with these files changed.
    ///
    /// # Errors
    /// As [`Forge::send`].
    pub async fn create_tree(&self, repository: &str, base: &str, files: &[NewFile<'_>]) -> Result<String> {
        let entry = |file: &NewFile<'_>| {
            let mut entry = json!({"path": file.path, "mode": file.mode, "type": "blob"});
            match file.content {
                Content::Text(text) => entry["content"] = text.into(),
                Content::Blob(id) => entry["sha"] = id.into(),
                Content::Removed => entry["sha"] = Value::Null,
            }
            entry
        };
        let body = json!({"base_tree": base, "tree": files.iter().map(entry).collect::<Vec<_>>()});
        let path = format!("/repos/{}/git/trees", named(repository));
        Ok(self.write::<WireTree>(Method::POST, &path, &body).await?.sha)
    }

    /// A commit in the name of our account, on top of `parent`.
    ///
    /// # Errors
    /// As [`Forge::send`].
    pub async fn create_commit(&self, repository: &str, message: &str, tree: &str, parent: &str) -> Result<String> {
        let body = json!({"message": message, "tree": tree, "parents": [parent]});
        let path = format!("/repos/{}/git/commits", named(repository));
        Ok(self.write::<WireCommit>(Method::POST, &path, &body).await?.sha)
    }

    /// # Errors
    /// As [`Forge::send`]; [`Error::Status`] with 422 where the branch is there already, or a rule forbids its name.
    pub async fn create_branch(&self, repository: &str, branch: &str, commit: &str) -> Result<()> {
        let body = json!({"ref": format!("refs/heads/{branch}"), "sha": commit});
        let path = format!("/repos/{}/git/refs", named(repository));
        self.write::<WireReference>(Method::POST, &path, &body).await.map(drop)
    }

    /// Moves a branch, wherever it was: look where it is just before.
    ///
    /// # Errors
    /// As [`Forge::send`].
    pub async fn move_branch(&self, repository: &str, branch: &str, commit: &str) -> Result<()> {
        let body = json!({"sha": commit, "force": true});
        let path = format!("/repos/{}/git/refs/heads/{}", named(repository), named(branch));
        self.write::<WireReference>(Method::PATCH, &path, &body).await.map(drop)
    }

    /// # Errors
    /// As [`Forge::send`].
    pub async fn delete_branch(&self, repository: &str, branch: &str) -> Result<()> {
        let path = format!("/repos/{}/git/refs/heads/{}", named(repository), named(branch));
        success(&path, self.send(request(Method::DELETE, &path)?).await?).map(drop)
    }

    /// Sends JSON and reads JSON.
    pub(super) async fn write<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<T> {
        let mut request = request(method, path)?;
        let wrong = |error: serde_json::Error| Error::Settings(format!("{path} takes no such thing ({error})."));
        *request.body_mut() = serde_json::to_vec(body).map_err(wrong)?.into();
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        parse(path, success(path, self.send(request).await?)?.body())
    }
}

/// A path of several segments, as `owner/name` or a branch.
pub(super) fn named(path: &str) -> String {
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}
