//! Who wrote one file.

use std::collections::BTreeSet;

use gix::ObjectId;
use gix::objs::{CommitRef, Kind, TreeRefIter};

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

impl Author {
    /// The login in a forge's `noreply` address.
    pub fn login(&self) -> Option<&str> {
        login(&self.email)
    }
}

impl Repository {
    /// Those who wrote commits that changed the file at `path`, with those whom the commits name as co-authors: from the head
    /// back to `until`, which is left out. A merge counts where it differs from all of its parents. At most `limit` commits are
    /// looked at.
    ///
    /// # Errors
    /// A commit or a folder cannot be read.
    pub fn authors_of(&self, path: &str, until: Option<&str>, limit: usize) -> Result<BTreeSet<Author>, ReadError> {
        let Some(head) = self.head()? else { return Ok(BTreeSet::new()) };
        let (until, cut) = (until.and_then(|id| ObjectId::from_hex(id.as_bytes()).ok()), self.shallow());
        let lent = self.objects().lend();
        let mut waiting: Vec<ObjectId> = ObjectId::from_hex(head.commit.as_bytes()).into_iter().collect();
        let (mut seen, mut authors) = (gix::hashtable::HashSet::default(), BTreeSet::new());
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
                    authors.extend(wrote);
                    waiting.extend(parents);
                }
            }
        }
        Ok(authors)
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
