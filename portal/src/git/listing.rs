//! What a host says of a repository's references, and which branch follows from it.

use sha2::{Digest, Sha256};

/// The answer of `git ls-remote --symref`, without what is not mirrored.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Listing {
    /// The branch that `HEAD` names, in full.
    pub(super) head: Option<String>,
    /// What `HEAD` is, where it names no branch.
    detached: Option<String>,
    /// Full names of branches, with their commits.
    branches: Vec<(String, String)>,
    digest: String,
}

impl Listing {
    pub(super) fn parse(answer: &[u8]) -> Self {
        let mut listing = Self::default();
        let mut hash = Sha256::new();
        let mut head_id = None;
        for line in String::from_utf8_lossy(answer).lines() {
            let Some((value, name)) = line.split_once('\t') else { continue };
            let is_branch = name.starts_with("refs/heads/");
            if name != "HEAD" && !is_branch && !name.starts_with("refs/tags/") {
                continue;
            }
            hash.update(line.as_bytes());
            hash.update([0]);
            match (name, value.strip_prefix("ref: ")) {
                ("HEAD", Some(target)) => {
                    listing.head = Some(target.to_owned()).filter(|name| name.starts_with("refs/heads/"));
                }
                ("HEAD", None) => head_id = Some(value.to_owned()),
                _ if is_branch => listing.branches.push((name.to_owned(), value.to_owned())),
                _ => {}
            }
        }
        listing.detached = head_id.filter(|_| listing.head.is_none());
        listing.digest = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        listing
    }

    /// Changes whenever a branch, a tag or the default branch does.
    pub(super) fn digest(&self) -> &str {
        &self.digest
    }

    /// The commit of a branch, by its full name.
    pub(super) fn commit(&self, branch: &str) -> Option<&str> {
        self.branches.iter().find(|(name, _)| name == branch).map(|(_, commit)| commit.as_str())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.branches.is_empty()
    }

    /// How many.
    pub(super) fn branches(&self) -> usize {
        self.branches.len()
    }

    /// Names of some branches, for a message.
    pub(super) fn some_branches(&self) -> String {
        let names = self.branches.iter().take(5).map(|(name, _)| short(name));
        names.collect::<Vec<_>>().join(", ")
    }

    /// The branch to read, in full: the one that the host's `HEAD` names; where that does not exist, the one that was
    /// read before, or the only one, or, where none was read before, what is usual. `None`: nobody can tell.
    pub(super) fn choose(&self, before: Option<&str>) -> Option<&str> {
        let exists =
            |name: &str| self.branches.iter().find(|(branch, _)| branch == name).map(|(name, _)| name.as_str());
        if let Some(head) = self.head.as_deref().and_then(exists) {
            return Some(head);
        }
        if let Some(id) = &self.detached {
            let same: Vec<&str> =
                self.branches.iter().filter(|(_, other)| other == id).map(|(name, _)| name.as_str()).collect();
            let usual = before.into_iter().chain(USUAL).find(|name| same.contains(name));
            if let Some(name) = usual.and_then(exists).or_else(|| same.first().copied()) {
                return Some(name);
            }
        }
        match (before.and_then(exists), self.branches.as_slice(), before) {
            (Some(before), ..) => Some(before),
            (None, [(only, _)], _) => Some(only),
            (None, _, None) => USUAL.into_iter().find_map(exists),
            (None, _, Some(_)) => None,
        }
    }
}

const USUAL: [&str; 2] = ["refs/heads/main", "refs/heads/master"];

/// Of a branch, as people say it.
pub(super) fn short(name: &str) -> &str {
    name.strip_prefix("refs/heads/").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(answer: &str, before: Option<&str>) -> Option<String> {
        Listing::parse(answer.as_bytes()).choose(before).map(str::to_owned)
    }

    #[test]
    fn the_default_branch_is_what_the_host_says_or_what_can_be_told() {
        let two = "aa\trefs/heads/main\nbb\trefs/heads/next\n";
        let named = format!("ref: refs/heads/next\tHEAD\nbb\tHEAD\n{two}");
        let main = || Some("refs/heads/main".to_owned());
        let next = || Some("refs/heads/next".to_owned());
        assert_eq!(choose(&named, Some("refs/heads/main")), next());
        // HEAD names what does not exist: the host does not mention it.
        assert_eq!(choose(two, Some("refs/heads/next")), next());
        assert_eq!(choose(two, None), main());
        assert_eq!(choose(two, Some("refs/heads/trunk")), None);
        assert_eq!(choose("aa\trefs/heads/x\n", Some("refs/heads/trunk")), Some("refs/heads/x".to_owned()));
        // HEAD names a commit.
        assert_eq!(choose(&format!("bb\tHEAD\n{two}"), None), next());
        assert_eq!(choose(&format!("cc\tHEAD\n{two}"), Some("refs/heads/next")), next());
        assert_eq!(choose("", None), None);
    }

    #[test]
    fn only_what_is_mirrored_counts() {
        let one = Listing::parse(b"ref: refs/heads/main\tHEAD\naa\tHEAD\naa\trefs/heads/main\n");
        let pulls =
            Listing::parse(b"ref: refs/heads/main\tHEAD\naa\tHEAD\naa\trefs/heads/main\nbb\trefs/pull/1/head\n");
        let tags = Listing::parse(b"ref: refs/heads/main\tHEAD\naa\tHEAD\naa\trefs/heads/main\nbb\trefs/tags/v1\n");
        assert_eq!(one, pulls);
        assert_ne!(one.digest(), tags.digest());
        let moved = Listing::parse(b"ref: refs/heads/../../config\tHEAD\nnonsense\n\xff\trefs/heads/\xff\n");
        assert_eq!(moved.choose(None), Some("refs/heads/\u{fffd}"));
    }
}
