//! Which commit is read: the head of the default branch.

use gix::ObjectId;
use gix::refs::Target;
use model::repository::Head;
use model::{Finding, Level};

use crate::ReadError;

/// The head, and what was odd about finding it.
#[derive(Debug, Clone, Default)]
pub(crate) struct FoundHead {
    /// `None` where there is nothing to read.
    pub(crate) head: Option<(Head, ObjectId)>,
    pub(crate) findings: Vec<Finding>,
}

/// Gives the commit that a reference's object is or names.
pub(crate) type Peel<'a> = &'a dyn Fn(ObjectId) -> Result<ObjectId, ReadError>;

const MOST_INDIRECTIONS: usize = 5;

/// The branch that `HEAD` names is the default branch. Where that branch does not exist (the default branch was renamed,
/// and nobody told this copy), the one that `refs/remotes/origin/HEAD` names is taken if it exists here, else the only
/// branch there is.
pub(crate) fn find(refs: &gix::refs::file::Store, peel: Peel<'_>) -> Result<FoundHead, ReadError> {
    let head = refs.try_find("HEAD").map_err(|error| ReadError::Head(error.to_string()))?;
    let Some(head) = head else {
        return Err(ReadError::Head(
            "HEAD is missing; write it with git symbolic-ref HEAD refs/heads/<branch>".to_owned(),
        ));
    };
    match head.target {
        Target::Object(id) => {
            let commit = peel(id)?;
            let finding = Finding::new(
                "repository.detached-head",
                Level::Note,
                "HEAD names a commit and no branch, so the default branch is not known.",
                "Check a branch out, or name it with git symbolic-ref HEAD refs/heads/<branch>.",
            );
            Ok(FoundHead { head: Some((described(None, commit), commit)), findings: vec![finding] })
        }
        Target::Symbolic(name) => {
            let name = name.as_bstr().to_string();
            if let Some(id) = resolve(refs, &name)? {
                let commit = peel(id)?;
                return Ok(FoundHead { head: Some((described(Some(&name), commit), commit)), findings: Vec::new() });
            }
            unborn(refs, peel, &name)
        }
    }
}

fn unborn(refs: &gix::refs::file::Store, peel: Peel<'_>, named: &str) -> Result<FoundHead, ReadError> {
    if named == "refs/heads/.invalid" {
        return Err(ReadError::Head(
            "its references are in the reftable format, which is not read; convert them with git refs migrate \
             --ref-format=files"
                .to_owned(),
        ));
    }
    let branches = branches(refs)?;
    let missing = short(named);
    if branches.is_empty() {
        let finding = Finding::new(
            "repository.empty",
            Level::Note,
            format!("The repository is empty: its branch {missing} has no commit yet."),
            "It is read as soon as something is committed.",
        );
        return Ok(FoundHead { head: None, findings: vec![finding] });
    }
    let remote = match refs.try_find("refs/remotes/origin/HEAD") {
        Ok(Some(reference)) => match reference.target {
            Target::Symbolic(name) => {
                name.as_bstr().to_string().strip_prefix("refs/remotes/origin/").map(str::to_owned)
            }
            Target::Object(_) => None,
        },
        _ => None,
    };
    let chosen = match (remote, branches.as_slice()) {
        (Some(remote), _) if branches.contains(&remote) => Some(remote),
        (_, [only]) => Some(only.clone()),
        _ => None,
    };
    let help = "Name the default branch with git symbolic-ref HEAD refs/heads/<branch>.";
    let Some(chosen) = chosen else {
        let shown = branches.iter().take(5).map(String::as_str).collect::<Vec<_>>().join(", ");
        let message = format!("HEAD names the branch {missing}, which does not exist. There are others: {shown}.");
        let finding = Finding::new("repository.default-branch", Level::Error, message, help);
        return Ok(FoundHead { head: None, findings: vec![finding] });
    };
    let message = format!("HEAD names the branch {missing}, which does not exist; {chosen} is read instead.");
    let finding = Finding::new("repository.default-branch", Level::Warning, message, help);
    let name = format!("refs/heads/{chosen}");
    let head = match resolve(refs, &name)? {
        Some(id) => {
            let commit = peel(id)?;
            Some((described(Some(&name), commit), commit))
        }
        None => None,
    };
    Ok(FoundHead { head, findings: vec![finding] })
}

/// What the reference leads to; `None` where it, or one on the way, does not exist.
fn resolve(refs: &gix::refs::file::Store, name: &str) -> Result<Option<ObjectId>, ReadError> {
    let mut name = name.to_owned();
    for _ in 0..MOST_INDIRECTIONS {
        let found = refs.try_find(name.as_str()).map_err(|error| ReadError::Head(format!("{name}: {error}")))?;
        // A lookup of `refs/heads/x` may also find `refs/heads/refs/heads/x`; only the very name counts.
        match found.filter(|reference| reference.name.as_bstr() == name.as_bytes()).map(|reference| reference.target) {
            None => return Ok(None),
            Some(Target::Object(id)) => return Ok(Some(id)),
            Some(Target::Symbolic(next)) => name = next.as_bstr().to_string(),
        }
    }
    Err(ReadError::Head(format!("{name}: too many references name each other")))
}

/// At most this many branches are looked at when the default branch has to be guessed.
const MOST_BRANCHES: usize = 1_000;

fn branches(refs: &gix::refs::file::Store) -> Result<Vec<String>, ReadError> {
    let failed = |error: String| ReadError::References(error);
    let prefix = b"refs/heads/".as_slice().try_into().map_err(|error: gix::Error| failed(error.to_string()))?;
    let platform = refs.iter().map_err(|error| failed(error.to_string()))?;
    let iterator = platform.prefixed(prefix).map_err(|error| failed(error.to_string()))?;
    let names = iterator.flatten().map(|reference| reference.name.as_bstr().to_string());
    Ok(names.filter_map(|name| name.strip_prefix("refs/heads/").map(str::to_owned)).take(MOST_BRANCHES).collect())
}

fn described(branch: Option<&str>, commit: ObjectId) -> Head {
    Head { branch: branch.map(|name| short(name).to_owned()), commit: commit.to_string() }
}

fn short(name: &str) -> &str {
    name.strip_prefix("refs/heads/").unwrap_or(name)
}
