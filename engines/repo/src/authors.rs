//! Who wrote one file, and which push brought a commit.

use std::collections::{BTreeMap, BTreeSet};

use gix::ObjectId;
use gix::objs::{CommitRef, CommitRefIter, Kind, TreeRefIter};

use crate::facts::login;
use crate::objects::{Lent, object};
use crate::walk;
use crate::{ReadError, Repository};

/// Somebody who wrote a commit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Author {
    pub name: String,
    /// As the commit has it.
    pub email: String,
}

/// Commits that changed a file, and who wrote them as far as Git tells: anybody can write any name there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Ids.
    pub commits: BTreeSet<String>,
    /// With those whom the commits name as co-authors.
    pub authors: BTreeSet<Author>,
}

impl Author {
    /// The login in a forge's `noreply` address.
    pub fn login(&self) -> Option<&str> {
        login(&self.email)
    }
}

impl Repository {
    /// The commits that changed the file at `path`: from the head back to `until`, which is left out. A merge counts where it
    /// differs from all of its parents. At most `limit` commits are looked at.
    ///
    /// # Errors
    /// A commit or a folder cannot be read.
    pub fn changes_of(&self, path: &str, until: Option<&str>, limit: usize) -> Result<Changes, ReadError> {
        let Some(head) = self.head()? else { return Ok(Changes::default()) };
        let (until, cut) = (until.and_then(|id| ObjectId::from_hex(id.as_bytes()).ok()), self.shallow());
        let lent = self.objects().lend();
        let mut waiting: Vec<ObjectId> = ObjectId::from_hex(head.commit.as_bytes()).into_iter().collect();
        let (mut seen, mut changes) = (gix::hashtable::HashSet::default(), Changes::default());
        let mut buffer = Vec::new();
        while let Some(id) = waiting.pop() {
            if Some(id) == until || !seen.insert(id) || seen.len() > limit {
                continue;
            }
            let Some(here) = blob_at(&lent, id, path)? else { continue };
            lent.read_as(&id, Kind::Commit, &mut buffer)?;
            let commit = CommitRef::from_bytes(&buffer, id.kind()).map_err(|error| object(&id, &error.to_string()))?;
            let parents: Vec<ObjectId> = commit.parents().filter(|_| !cut.contains(&id)).collect();
            let author = commit.author().map_err(|error| object(&id, &error.to_string()))?;
            let mut wrote = vec![Author { name: author.name.to_string(), email: author.email.to_string() }];
            wrote.extend(co_authors(&commit.message.to_string()));
            let mut same = None;
            for parent in &parents {
                if blob_at(&lent, *parent, path)? == Some(here) {
                    same = Some(*parent);
                    break;
                }
            }
            match same {
                Some(parent) => waiting.push(parent),
                None => {
                    changes.authors.extend(wrote);
                    changes.commits.insert(id.to_string());
                    waiting.extend(parents);
                }
            }
        }
        Ok(changes)
    }

    /// Which of `tips`, from the oldest to the newest, was the first to have each of `commits`: its place among them. What none
    /// of them has is left out. Every tip has to be here.
    ///
    /// # Errors
    /// A commit cannot be read, or there are more than `limit`.
    pub fn first_with(
        &self,
        commits: &BTreeSet<String>,
        tips: &[&str],
        limit: usize,
    ) -> Result<BTreeMap<String, usize>, ReadError> {
        let hex = |id: &str| ObjectId::from_hex(id.as_bytes()).ok();
        let mut wanted: BTreeSet<ObjectId> = commits.iter().filter_map(|id| hex(id)).collect();
        let (cut, lent) = (self.shallow(), self.objects().lend());
        let (mut seen, mut found) = (gix::hashtable::HashSet::default(), BTreeMap::new());
        let mut buffer = Vec::new();
        for (place, tip) in tips.iter().enumerate() {
            let mut waiting: Vec<ObjectId> = hex(tip).into_iter().collect();
            while let Some(id) = waiting.pop() {
                if wanted.is_empty() {
                    return Ok(found);
                }
                if !seen.insert(id) {
                    continue;
                }
                if seen.len() > limit {
                    return Err(ReadError::TooManyCommits { limit });
                }
                if wanted.remove(&id) {
                    found.insert(id.to_string(), place);
                }
                lent.read_as(&id, Kind::Commit, &mut buffer)?;
                if !cut.contains(&id) {
                    waiting.extend(CommitRefIter::from_bytes(&buffer, id.kind()).parent_ids());
                }
            }
        }
        Ok(found)
    }
}

/// The trailers that GitHub and GitLab know: `Co-authored-by: Jane <jane@example.com>`.
fn co_authors(message: &str) -> impl Iterator<Item = Author> + '_ {
    message.lines().filter_map(|line| {
        let (key, value) = line.split_once(':')?;
        let (name, email) = value.trim().strip_suffix('>')?.rsplit_once('<')?;
        let is_meant = key.eq_ignore_ascii_case("co-authored-by") && !email.is_empty();
        is_meant.then(|| Author { name: name.trim().to_owned(), email: email.to_owned() })
    })
}

/// What is at `path` in a commit.
fn blob_at(lent: &Lent<'_>, commit: ObjectId, path: &str) -> Result<Option<ObjectId>, ReadError> {
    let mut buffer = Vec::new();
    let mut id = walk::tree_of(lent, commit, &mut buffer)?;
    for part in path.split('/') {
        if lent.read_as(&id, Kind::Tree, &mut buffer).is_err() {
            return Ok(None);
        }
        let mut entries = TreeRefIter::from_bytes(&buffer, id.kind()).map_while(Result::ok);
        let Some(found) = entries.find(|entry| entry.filename == part.as_bytes()) else { return Ok(None) };
        id = found.oid.to_owned();
    }
    Ok(Some(id))
}
