//! What git answers, read: ids of contents, a merge, a listing, contents.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::MergeError;
use crate::tree::{Entry, Tree};

/// The answer of `git merge-tree --write-tree -z --messages`.
pub(super) struct MergeTree {
    /// The id of the merged tree.
    pub(super) tree: String,
    /// Conflicted paths of which our side has a version (stage 2).
    pub(super) ours: BTreeSet<String>,
    pub(super) messages: Vec<Message>,
}

pub(super) struct Message {
    pub(super) paths: Vec<String>,
    /// `CONFLICT (contents)`, `Auto-merging`, …
    pub(super) kind: String,
    /// For a person.
    pub(super) text: String,
}

/// The format is that of git-merge-tree(1), "OUTPUT".
pub(super) fn merge_tree(answer: &[u8]) -> Result<MergeTree, MergeError> {
    let text = String::from_utf8_lossy(answer);
    let mut fields = text.split('\0');
    let tree = fields.next().filter(|id| is_id(id)).ok_or_else(|| unclear("merge-tree"))?.to_owned();
    let mut ours = BTreeSet::new();
    // `<mode> <object> <stage>\t<path>`, up to an empty field.
    for field in fields.by_ref().take_while(|field| !field.is_empty()) {
        let (about, path) = field.split_once('\t').ok_or_else(|| unclear("merge-tree"))?;
        if about.ends_with(" 2") {
            ours.insert(path.to_owned());
        }
    }
    let mut messages = Vec::new();
    while let Some(count) = fields.next().filter(|count| !count.trim().is_empty()) {
        let count: usize = count.trim().parse().map_err(|_| unclear("merge-tree"))?;
        let paths = fields.by_ref().take(count).map(str::to_owned).collect();
        let (Some(kind), Some(text)) = (fields.next(), fields.next()) else { return Err(unclear("merge-tree")) };
        messages.push(Message { paths, kind: kind.to_owned(), text: text.to_owned() });
    }
    Ok(MergeTree { tree, ours, messages })
}

/// Contents by their ids.
#[derive(Clone)]
pub(super) struct Known {
    contents: HashMap<String, Arc<[u8]>>,
}

impl Known {
    /// The answers to `get-mark`, one a line, of `contents`.
    pub(super) fn read(answer: &[u8], contents: Vec<Arc<[u8]>>) -> Result<Self, MergeError> {
        let text = String::from_utf8_lossy(answer);
        let ids: Vec<&str> = text.lines().filter(|line| is_id(line)).collect();
        if ids.len() != contents.len() {
            return Err(unclear("fast-import"));
        }
        Ok(Self { contents: ids.into_iter().map(str::to_owned).zip(contents).collect() })
    }

    pub(super) fn has(&self, id: &str) -> bool {
        self.contents.contains_key(id)
    }

    /// The answer of `cat-file --batch`: `<id> blob <size>\n<content>\n`, for each.
    pub(super) fn add_batch(&mut self, answer: &[u8]) -> Result<(), MergeError> {
        let mut rest = answer;
        while !rest.is_empty() {
            let end = rest.iter().position(|&byte| byte == b'\n').ok_or_else(|| unclear("cat-file"))?;
            let head = String::from_utf8_lossy(&rest[..end]).into_owned();
            let parts: Vec<&str> = head.split(' ').collect();
            let [id, "blob", size] = parts[..] else { return Err(unclear("cat-file")) };
            let size: usize = size.parse().map_err(|_| unclear("cat-file"))?;
            let content = rest.get(end + 1..).and_then(|rest| rest.get(..size)).ok_or_else(|| unclear("cat-file"))?;
            self.contents.insert(id.to_owned(), content.into());
            rest = rest.get(end + 2 + size..).unwrap_or_default();
        }
        Ok(())
    }
}

/// The answer of `ls-tree -r -z`: mode, id and path of each file.
pub(super) struct Listed {
    entries: Vec<(String, String, String)>,
}

impl Listed {
    pub(super) fn read(answer: &[u8]) -> Result<Self, MergeError> {
        let text = std::str::from_utf8(answer).map_err(|_| unclear("ls-tree"))?;
        let fields = text.split('\0').filter(|field| !field.is_empty());
        let entries = fields.map(|field| {
            let (about, path) = field.split_once('\t')?;
            let parts: Vec<&str> = about.split(' ').collect();
            let [mode, "blob", id] = parts[..] else { return None };
            Some((mode.to_owned(), id.to_owned(), path.to_owned()))
        });
        Ok(Self { entries: entries.collect::<Option<_>>().ok_or_else(|| unclear("ls-tree"))? })
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|(_, id, _)| id.as_str())
    }

    pub(super) fn tree(&self, known: &Known) -> Result<Tree, MergeError> {
        let mut tree = Tree::default();
        for (mode, id, path) in &self.entries {
            let content = known.contents.get(id).ok_or_else(|| unclear("cat-file"))?.clone();
            let entry = match mode.as_str() {
                "120000" => Entry::Link { target: String::from_utf8_lossy(&content).into_owned() },
                "100755" => Entry::file(content, 0o755),
                _ => Entry::file(content, 0o644),
            };
            tree.insert(path.as_str(), entry)
                .map_err(|error| MergeError(format!("git made the path {path:?}: {error}")))?;
        }
        Ok(tree)
    }
}

fn is_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn unclear(command: &str) -> MergeError {
    MergeError(format!("git {command} answered something that cannot be read"))
}
