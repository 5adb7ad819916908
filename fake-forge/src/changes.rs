//! "Git database" and "Pulls": what it takes to propose a change.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::git::{self, Entry};
use crate::reply::Said;
use crate::routes::Asked;
use crate::shapes;
use crate::state::{Pull, State, Token};

/// What may be asked below `/repos/owner/name`; `rest` begins with `git` or `pulls`.
pub(crate) fn route(state: &mut State, asked: &Asked, id: u64, rest: &[&str], token: Option<&Token>) -> Said {
    let Some(repository) = state.repositories.get(&id).cloned() else { return NOT_FOUND };
    let Some(bare) = repository.git.clone() else { return NOT_FOUND };
    if asked.method != "GET" {
        let needed = if rest[0] == "pulls" { "pull_requests" } else { "contents" };
        if let Some(refused) = refusal(state, token, needed) {
            return refused;
        }
        if repository.archived {
            return Said::Refused(403, "Repository was archived so is read-only.");
        }
    }
    let empty = git::git(&bare, &["for-each-ref", "--count=1"], b"").is_ok_and(|refs| refs.is_empty());
    if rest[0] == "git" && empty {
        return Said::Refused(409, "Git Repository is empty.");
    }
    let body: Value = serde_json::from_slice(&asked.body).unwrap_or(Value::Null);
    let rest: Vec<String> = rest.iter().map(|segment| decoded(segment)).collect();
    let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
    let mut place = Place { state, id, bare };
    let said = match (asked.method.as_str(), rest.as_slice()) {
        ("GET", ["git", "ref", name @ ..]) => place.reference(&name.join("/")),
        ("POST", ["git", "refs"]) => place.create_reference(&body, token),
        ("PATCH", ["git", "refs", name @ ..]) => place.move_reference(&name.join("/"), &body, token),
        ("DELETE", ["git", "refs", name @ ..]) => place.delete_reference(&name.join("/")),
        ("GET", ["git", "commits", id]) => place.commit(id),
        ("POST", ["git", "commits"]) => place.create_commit(&body),
        ("GET", ["git", "trees", id]) => place.tree(id),
        ("POST", ["git", "trees"]) => place.create_tree(&body),
        ("GET", ["git", "blobs", id]) => place.blob(id),
        ("POST", ["git", "blobs"]) => place.create_blob(&body),
        ("GET", ["pulls"]) => place.pulls(asked),
        ("POST", ["pulls"]) => place.create_pull(&body, token),
        ("GET", ["pulls", number]) => place.pull(number),
        ("PATCH", ["pulls", number]) => place.update_pull(number, &body),
        _ => Ok(NOT_FOUND),
    };
    said.unwrap_or(Said::Refused(422, "Object does not exist"))
}

const NOT_FOUND: Said = Said::Refused(404, "Not Found");

/// Why the token may not write; `None` if it may.
pub(crate) fn refusal(state: &State, token: Option<&Token>, needed: &str) -> Option<Said> {
    match token {
        None => Some(Said::Refused(401, "Requires authentication")),
        Some(Token { installation: Some(id), .. }) => {
            let level = state.installations.get(id).and_then(|installation| installation.permissions.get(needed));
            level
                .is_none_or(|level| level != "write")
                .then_some(Said::Refused(403, "Resource not accessible by integration"))
        }
        Some(Token { scopes: Some(scopes), .. }) => {
            (!scopes.iter().any(|scope| scope == "repo" || scope == "public_repo")).then_some(NOT_FOUND)
        }
        Some(_) => None,
    }
}

/// Why the token may not read what an App needs a permission for; `None` if it may.
pub(crate) fn refusal_to_read(state: &State, token: Option<&Token>, needed: &str) -> Option<Said> {
    let installation = token.and_then(|token| token.installation).and_then(|id| state.installations.get(&id))?;
    (!installation.permissions.contains_key(needed))
        .then_some(Said::Refused(403, "Resource not accessible by integration"))
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// One repository that is asked.
struct Place<'a> {
    state: &'a mut State,
    id: u64,
    bare: PathBuf,
}

type Answer = std::io::Result<Said>;

impl Place<'_> {
    fn url(&self) -> String {
        shapes::repository_url(self.state, self.id)
    }

    fn resolve(&self, name: &str) -> std::io::Result<String> {
        git::git(&self.bare, &["rev-parse", "-q", "--verify", name], b"")
    }

    /// `git-ref`
    fn reference_shape(&self, name: &str, commit: &str) -> Value {
        let url = self.url();
        json!({
            "ref": format!("refs/{name}"),
            "node_id": format!("REF_{}", name.len()),
            "url": format!("{url}/git/refs/{name}"),
            "object": {"type": "commit", "sha": commit, "url": format!("{url}/git/commits/{commit}")},
        })
    }

    fn reference(&self, name: &str) -> Answer {
        Ok(match self.resolve(&format!("refs/{name}")) {
            Ok(commit) => Said::One(self.reference_shape(name, &commit)),
            Err(_) => NOT_FOUND,
        })
    }

    fn create_reference(&mut self, body: &Value, token: Option<&Token>) -> Answer {
        let (name, commit) = (text(&body["ref"]), text(&body["sha"]));
        let short = name.strip_prefix("refs/").unwrap_or(name).to_owned();
        if self.forbids(&short) {
            return Ok(Said::Refused(422, "Repository rule violations found"));
        }
        if self.resolve(name).is_ok() {
            return Ok(Said::Refused(422, "Reference already exists"));
        }
        git::git(&self.bare, &["update-ref", name, commit], b"")?;
        self.state.note(self.id, login(token), "branch_creation", name, None, Some(commit));
        Ok(Said::Created(self.reference_shape(&short, commit)))
    }

    fn forbids(&self, name: &str) -> bool {
        let rule = self.state.repositories.get(&self.id).and_then(|found| found.forbidden_branches.as_ref());
        rule.is_some_and(|rule| name.starts_with(&format!("heads/{rule}")))
    }

    fn move_reference(&mut self, name: &str, body: &Value, token: Option<&Token>) -> Answer {
        let (reference, commit) = (format!("refs/{name}"), text(&body["sha"]));
        let Ok(before) = self.resolve(&reference) else {
            return Ok(Said::Refused(422, "Reference does not exist"));
        };
        let forward = git::git(&self.bare, &["merge-base", "--is-ancestor", &before, commit], b"").is_ok();
        if !forward && body["force"] != true {
            return Ok(Said::Refused(422, "Update is not a fast forward"));
        }
        git::git(&self.bare, &["update-ref", &reference, commit], b"")?;
        let kind = if forward { "push" } else { "force_push" };
        self.state.note(self.id, login(token), kind, &reference, Some(&before), Some(commit));
        Ok(Said::One(self.reference_shape(name, commit)))
    }

    fn delete_reference(&mut self, name: &str) -> Answer {
        let reference = format!("refs/{name}");
        if self.resolve(&reference).is_err() {
            return Ok(Said::Refused(422, "Reference does not exist"));
        }
        git::git(&self.bare, &["update-ref", "-d", &reference], b"")?;
        // A pull request without its branch is closed.
        let now = self.state.now();
        let branch = name.trim_start_matches("heads/").to_owned();
        for pull in self.pulls_mut().iter_mut().filter(|pull| pull.branch == branch && pull.closed_at.is_none()) {
            (pull.closed_at, pull.updated_at) = (Some(now), now);
        }
        Ok(Said::Nothing)
    }

    /// `git-commit`
    fn commit_shape(&self, commit: &str) -> std::io::Result<Value> {
        let show = |format: &str| git::git(&self.bare, &["show", "-s", &format!("--format={format}"), commit], b"");
        let url = self.url();
        let person = |name: String, date: String| json!({"name": name, "email": "ada@example.org", "date": date});
        let tree = show("%T")?;
        let parents: Vec<Value> = show("%P")?
            .split(' ')
            .filter(|parent| !parent.is_empty())
            .map(|parent| json!({"sha": parent, "url": format!("{url}/git/commits/{parent}"), "html_url": format!("{url}/commit/{parent}")}))
            .collect();
        Ok(json!({
            "sha": show("%H")?,
            "node_id": format!("C_{commit}"),
            "url": format!("{url}/git/commits/{commit}"),
            "html_url": format!("{url}/commit/{commit}"),
            "author": person(show("%an")?, show("%aI")?),
            "committer": person(show("%cn")?, show("%cI")?),
            "message": show("%B")?,
            "tree": {"sha": tree, "url": format!("{url}/git/trees/{tree}")},
            "parents": parents,
            "verification": {"verified": false, "reason": "unsigned", "signature": null, "payload": null, "verified_at": null},
        }))
    }

    fn commit(&self, id: &str) -> Answer {
        Ok(self.commit_shape(id).map_or(NOT_FOUND, Said::One))
    }

    fn create_commit(&self, body: &Value) -> Answer {
        let parents = body["parents"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let commit = git::make_commit(&self.bare, text(&body["tree"]), parents, text(&body["message"]))?;
        self.commit_shape(&commit).map(Said::Created)
    }

    /// `git-tree`
    fn tree_shape(&self, tree: &str) -> std::io::Result<Value> {
        let listed = git::bytes(&self.bare, &["ls-tree", "-z", "-l", tree])?;
        let listed = String::from_utf8_lossy(&listed).into_owned();
        let url = self.url();
        let entry = |line: &str| {
            let (about, path) = line.split_once('\t')?;
            let mut parts = about.split_whitespace();
            let (mode, kind, id, size) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
            let mut entry =
                json!({"path": path, "mode": mode, "type": kind, "sha": id, "url": format!("{url}/git/{kind}s/{id}")});
            if let Ok(size) = size.parse::<u64>() {
                entry["size"] = json!(size);
            }
            Some(entry)
        };
        let entries: Vec<Value> = listed.split('\0').filter_map(entry).collect();
        Ok(json!({"sha": tree, "url": format!("{url}/git/trees/{tree}"), "tree": entries, "truncated": false}))
    }

    fn tree(&self, id: &str) -> Answer {
        let Ok(tree) = self.resolve(&format!("{id}^{{tree}}")) else { return Ok(NOT_FOUND) };
        self.tree_shape(&tree).map(Said::One)
    }

    fn create_tree(&self, body: &Value) -> Answer {
        let entries: Vec<Entry<'_>> = body["tree"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|entry| Entry {
                path: text(&entry["path"]),
                mode: text(&entry["mode"]),
                text: entry["content"].as_str(),
            })
            .collect();
        let tree = git::make_tree(&self.bare, body["base_tree"].as_str(), &entries)?;
        self.tree_shape(&tree).map(Said::Created)
    }

    fn blob(&self, id: &str) -> Answer {
        let Ok(bytes) = git::bytes(&self.bare, &["cat-file", "blob", id]) else { return Ok(NOT_FOUND) };
        let encoded = STANDARD.encode(&bytes);
        // In lines, as GitHub sends it.
        let lines: Vec<String> =
            encoded.as_bytes().chunks(60).map(|line| format!("{}\n", String::from_utf8_lossy(line))).collect();
        Ok(Said::One(json!({
            "sha": id,
            "node_id": format!("B_{id}"),
            "size": bytes.len(),
            "url": format!("{}/git/blobs/{id}", self.url()),
            "content": lines.concat(),
            "encoding": "base64",
        })))
    }

    fn create_blob(&self, body: &Value) -> Answer {
        let content = match text(&body["encoding"]) {
            "base64" => STANDARD.decode(text(&body["content"])).unwrap_or_default(),
            _ => text(&body["content"]).as_bytes().to_vec(),
        };
        let id = git::git(&self.bare, &["hash-object", "-w", "--stdin"], &content)?;
        Ok(Said::Created(json!({"sha": id, "url": format!("{}/git/blobs/{id}", self.url())})))
    }

    fn pulls_mut(&mut self) -> &mut Vec<Pull> {
        self.state.pulls.entry(self.id).or_default()
    }

    fn pulls(&mut self, asked: &Asked) -> Answer {
        self.refresh_heads();
        let wanted = |name: &str| asked.query.get(name).map(|value| decoded(value));
        let (head, base, standing) = (wanted("head"), wanted("base"), wanted("state").unwrap_or("open".to_owned()));
        let owner = self.state.repositories.get(&self.id).map(|found| found.owner.clone()).unwrap_or_default();
        let mut found: Vec<Pull> = self.pulls_mut().clone();
        found.retain(|pull| {
            let is_open = pull.closed_at.is_none();
            (standing == "all" || (standing == "open") == is_open)
                && head.as_ref().is_none_or(|head| *head == format!("{owner}:{}", pull.branch))
                && base.as_ref().is_none_or(|base| *base == pull.base)
        });
        found.sort_by_key(|pull| std::cmp::Reverse((pull.updated_at, pull.number)));
        Ok(Said::Many(found.iter().map(|pull| shapes::pull(self.state, self.id, pull, false)).collect()))
    }

    /// A branch that is pushed to moves what it proposes.
    fn refresh_heads(&mut self) {
        let bare = self.bare.clone();
        for pull in self.pulls_mut().iter_mut().filter(|pull| pull.closed_at.is_none() && pull.fork.is_none()) {
            if let Ok(commit) = head(&bare, &pull.branch) {
                pull.head = commit;
            }
        }
    }

    fn pull(&mut self, number: &str) -> Answer {
        self.refresh_heads();
        let found = self.pulls_mut().iter().find(|pull| pull.number.to_string() == number).cloned();
        Ok(found.map_or(NOT_FOUND, |pull| Said::One(shapes::pull(self.state, self.id, &pull, true))))
    }

    fn create_pull(&mut self, body: &Value, token: Option<&Token>) -> Answer {
        let (branch, base) = (text(&body["head"]).to_owned(), text(&body["base"]).to_owned());
        let invalid = |field: &str| {
            let errors = json!([{"resource": "PullRequest", "field": field, "code": "invalid"}]);
            Ok(Said::Invalid(errors))
        };
        let Ok(commit) = head(&self.bare, &branch) else { return invalid("head") };
        let Ok(base_commit) = head(&self.bare, &base) else { return invalid("base") };
        let owner = self.state.repositories.get(&self.id).map(|found| found.owner.clone()).unwrap_or_default();
        let custom = |message: String| {
            Ok(Said::Invalid(json!([{"resource": "PullRequest", "code": "custom", "message": message}])))
        };
        if self.pulls_mut().iter().any(|pull| pull.branch == branch && pull.base == base && pull.closed_at.is_none()) {
            return custom(format!("A pull request already exists for {owner}:{branch}."));
        }
        if git::git(&self.bare, &["merge-base", "--is-ancestor", &commit, &base_commit], b"").is_ok() {
            return custom(format!("No commits between {base} and {branch}"));
        }
        let now = self.state.now();
        let number = self.pulls_mut().last().map_or(1, |last| last.number + 1);
        let pull = Pull {
            number,
            title: text(&body["title"]).to_owned(),
            body: body["body"].as_str().map(str::to_owned),
            branch,
            head: commit,
            base,
            fork: None,
            by: login(token).to_owned(),
            created_at: now,
            updated_at: now,
            closed_at: None,
            merged_at: None,
            merged: None,
        };
        self.pulls_mut().push(pull.clone());
        Ok(Said::Created(shapes::pull(self.state, self.id, &pull, true)))
    }

    fn update_pull(&mut self, number: &str, body: &Value) -> Answer {
        let now = self.state.now();
        let Some(pull) = self.pulls_mut().iter_mut().find(|pull| pull.number.to_string() == number) else {
            return Ok(NOT_FOUND);
        };
        if let Some(title) = body["title"].as_str() {
            title.clone_into(&mut pull.title);
        }
        if let Some(text) = body["body"].as_str() {
            pull.body = Some(text.to_owned());
        }
        match body["state"].as_str() {
            Some("closed") => pull.closed_at = pull.closed_at.or(Some(now)),
            Some("open") if pull.merged_at.is_none() => pull.closed_at = None,
            _ => {}
        }
        pull.updated_at = now;
        let pull = pull.clone();
        Ok(Said::One(shapes::pull(self.state, self.id, &pull, true)))
    }
}

pub(crate) fn head(bare: &Path, branch: &str) -> std::io::Result<String> {
    git::git(bare, &["rev-parse", "-q", "--verify", &format!("refs/heads/{branch}")], b"")
}

fn login(token: Option<&Token>) -> &str {
    token.map_or("ghost", |token| &token.login)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
