//! Tags, the newest first.

use gix::ObjectId;
use gix::objs::{CommitRefIter, Kind, TagRefIter};
use model::repository::{RepositoryFacts, Tag};
use model::{Finding, Level};

use crate::Repository;
use crate::objects::Lent;

/// At most this many are listed.
const MOST_TAGS: usize = 50;

/// At most this many are looked at to find the newest.
const MOST_READ: usize = 5_000;

pub(super) fn gather(repository: &Repository, facts: &mut RepositoryFacts, findings: &mut Vec<Finding>) {
    let mut tags = match repository.tags() {
        Ok(tags) => tags,
        Err(error) => {
            let help = "Look at the references with git for-each-ref; git fsck shows what is wrong.";
            findings.push(Finding::new(
                "repository.tags",
                Level::Warning,
                format!("Tags are left out: {error}."),
                help,
            ));
            return;
        }
    };
    facts.tag_count = tags.len() as u64;
    // Where there are too many to look at, versions are in order more often than not.
    if tags.len() > MOST_READ {
        tags.drain(..tags.len() - MOST_READ);
    }
    let lent = repository.objects().lend();
    let mut buffer = Vec::new();
    let mut dated: Vec<Tag> = tags.into_iter().filter_map(|(name, id)| tag(name, id, &lent, &mut buffer)).collect();
    dated.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| b.name.cmp(&a.name)));
    dated.truncate(MOST_TAGS);
    facts.tags = dated;
}

/// `None` for a tag that names no commit. The time is the tagger's, else the committer's, as `git tag --sort=creatordate`
/// has it.
fn tag(name: String, id: ObjectId, lent: &Lent<'_>, buffer: &mut Vec<u8>) -> Option<Tag> {
    let mut at = None;
    if lent.read(&id, buffer).ok()? == Kind::Tag {
        let tagger = TagRefIter::from_bytes(buffer, id.kind()).tagger().ok().flatten();
        at = tagger.and_then(|tagger| tagger.time().ok()).map(|time| time.seconds);
    }
    let commit = lent.peel_to_commit(id, buffer).ok()?;
    // Peeling left the commit in the buffer.
    let committer = || CommitRefIter::from_bytes(buffer, commit.kind()).committer().ok()?.time().ok();
    let at = at.or_else(|| committer().map(|time| time.seconds)).map(|seconds| seconds.saturating_mul(1_000));
    Some(Tag { name, commit: commit.to_string(), at })
}
