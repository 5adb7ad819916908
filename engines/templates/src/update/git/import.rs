//! Trees as a stream for `git fast-import`.

use std::collections::HashMap;
use std::sync::Arc;

use crate::tree::{Entry, Tree};

/// A stream that makes one branch of each tree, and asks for the id of every content in the end.
pub(super) struct Stream {
    pub(super) bytes: Vec<u8>,
    /// In the order in which their ids are asked for.
    pub(super) contents: Vec<Arc<[u8]>>,
}

/// The first tree is the parent of the others: so a merge of those has it as its base.
pub(super) fn stream(trees: &[(&str, &Tree)]) -> Stream {
    let mut marks: HashMap<Arc<[u8]>, usize> = HashMap::new();
    let mut contents = Vec::new();
    let mut bytes = Vec::new();
    for (_, tree) in trees {
        for content in tree.iter().filter_map(|(_, entry)| content(entry)) {
            marks.entry(content).or_insert_with_key(|content| {
                contents.push(content.clone());
                bytes.extend(format!("blob\nmark :{}\ndata {}\n", contents.len(), content.len()).into_bytes());
                bytes.extend_from_slice(content);
                bytes.push(b'\n');
                contents.len()
            });
        }
    }
    for (position, (branch, tree)) in trees.iter().enumerate() {
        let mark = contents.len() + 1 + position;
        let head = format!(
            "commit refs/heads/{branch}\nmark :{mark}\ncommitter Slipway <slipway@localhost> 0 +0000\ndata 0\n"
        );
        bytes.extend(head.into_bytes());
        if position > 0 {
            bytes.extend(format!("from :{}\ndeleteall\n", contents.len() + 1).into_bytes());
        }
        for (path, entry) in tree.iter() {
            if let Some(mark) = content(entry).and_then(|content| marks.get(&content)) {
                let mode = match entry {
                    Entry::Link { .. } => "120000",
                    Entry::File { mode, .. } if mode & 0o100 != 0 => "100755",
                    _ => "100644",
                };
                bytes.extend(format!("M {mode} :{mark} {}\n", quoted(path)).into_bytes());
            }
        }
        bytes.push(b'\n');
    }
    for mark in 1..=contents.len() {
        bytes.extend(format!("get-mark :{mark}\n").into_bytes());
    }
    Stream { bytes, contents }
}

/// What Git keeps of it; of a folder nothing.
fn content(entry: &Entry) -> Option<Arc<[u8]>> {
    match entry {
        Entry::File { content, .. } => Some(content.clone()),
        Entry::Link { target } => Some(target.as_bytes().into()),
        Entry::Folder => None,
    }
}

fn quoted(path: &str) -> String {
    format!("\"{}\"", path.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
