//! What the target of a Location leads to: a path beside it, or an address at a forge. Addresses are never fetched; they
//! are compared with those of the repositories that are known.

use engine_repo::address::whole;
use model::{Finding, Level};
use url::Url;

use crate::descriptor::DescriptorEntity;

/// Longer ones lead nowhere.
const LONGEST: usize = 2_000;

const RULE: &str = "location.target";

/// What a target says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A path or pattern from the root of the Location's own repository.
    Own(String),
    /// A path that leads out of its repository.
    Outside,
    /// A file at a forge.
    Remote(Remote),
    /// An address that is none of a file at a forge.
    Unreadable,
}

/// A file at a forge, as its address names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// As [`engine_repo::address()`] gives it: `github.com/acme/ledger`.
    pub repository: String,
    place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// `main/catalog-info.yaml`: where the branch ends only its name can tell.
    Joined(String),
    /// The path, and the branch where one is said.
    Apart(String, Option<String>),
}

impl Remote {
    /// The path on `branch`; else the branch, tag or commit that is meant instead, as far as it can be told.
    pub fn on(&self, branch: Option<&str>) -> Result<String, String> {
        let (path, said) = match &self.place {
            Place::Apart(path, said) => (path.as_str(), said.as_deref()),
            Place::Joined(joined) => {
                let known = [branch, Some("HEAD")].into_iter().flatten();
                let mut paths = known.filter_map(|branch| joined.strip_prefix(branch)?.strip_prefix('/'));
                match paths.next() {
                    Some(path) => (path, None),
                    None => return Err(joined.split('/').next().unwrap_or(joined).to_owned()),
                }
            }
        };
        match said.filter(|said| branch != Some(said) && *said != "HEAD") {
            Some(other) => Err(other.to_owned()),
            None => Ok(path.to_owned()),
        }
    }
}

/// Reads one target of a Location in a descriptor that lies in `folder`.
pub fn target(folder: &str, text: &str) -> Target {
    let text = text.trim();
    if text.len() > LONGEST {
        return Target::Unreadable;
    }
    if text.contains("://") {
        return remote(text).map_or(Target::Unreadable, Target::Remote);
    }
    let text = text.strip_prefix("file:").or_else(|| text.strip_prefix("url:")).unwrap_or(text);
    match crate::draft::join(folder, text) {
        Some(path) if path.is_empty() => Target::Unreadable,
        Some(path) => Target::Own(path),
        None => Target::Outside,
    }
}

/// Whether a path is a pattern: `*` and `?` stand for parts of a name, `**` for folders (as Backstage's readers have it).
pub fn is_pattern(path: &str) -> bool {
    path.contains(['*', '?'])
}

/// Words after which the branch stands.
const MARKS: [&str; 6] = ["blob", "tree", "raw", "edit", "src", "blame"];

fn remote(text: &str) -> Option<Remote> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let host = url.host_str()?.to_lowercase();
    let decoded: Vec<String> =
        url.path_segments()?.filter(|part| !part.is_empty()).map(decode).collect::<Option<_>>()?;
    let parts: Vec<&str> = decoded.iter().map(String::as_str).collect();
    let lower: Vec<String> = decoded.iter().map(|part| part.to_lowercase()).collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    let joined = |parts: &[&str]| {
        let parts = parts.strip_prefix(&["refs", "heads"]).unwrap_or(parts);
        Place::Joined(parts.join("/"))
    };
    let query = |key: &str| url.query_pairs().find(|(name, _)| name == key).map(|(_, value)| value.into_owned());
    let (repository, place) = match parts.as_slice() {
        [_, _, rest @ ..] if host == "raw.githubusercontent.com" => (whole("github.com", &lower[..2]), joined(rest)),
        ["raw", _, _, rest @ ..] => (whole(&host, &lower[1..3]), joined(rest)),
        ["projects" | "users", _, "repos", _, "browse" | "raw", rest @ ..] => {
            let said = query("at").map(|at| at.trim_start_matches("refs/heads/").to_owned());
            (whole(&host, &[lower[1], lower[3]]), Place::Apart(rest.join("/"), said))
        }
        _ if parts.contains(&"_git") => {
            let end = parts.iter().position(|part| *part == "_git")? + 2;
            let said = query("version").map(|said| said.strip_prefix("GB").unwrap_or(&said).to_owned());
            let path = crate::draft::join("", &query("path")?)?;
            (whole(&host, lower.get(..end)?), Place::Apart(path, said))
        }
        _ => {
            let mark = (2..parts.len()).find(|&at| MARKS.contains(&parts[at]))?;
            let end = if parts[mark - 1] == "-" { mark - 1 } else { mark };
            let rest = match &parts[mark + 1..] {
                // Gitea says what kind of name follows.
                ["branch", rest @ ..] if parts[mark] == "src" || parts[mark] == "raw" => rest,
                rest => rest,
            };
            (whole(&host, &lower[..end]), joined(rest))
        }
    };
    let has_path = match &place {
        Place::Joined(joined) => joined.contains('/'),
        Place::Apart(path, _) => !path.is_empty(),
    };
    let remote = Remote { repository: repository?, place };
    has_path.then_some(remote)
}

/// A part of a path as it is called; `None` for one that leads elsewhere.
fn decode(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let [first, others @ ..] = rest {
        let code = others.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &others[2..];
            }
            None => {
                bytes.push(*first);
                rest = others;
            }
        }
    }
    let text = String::from_utf8(bytes).ok()?;
    (!matches!(text.as_str(), "." | "..") && !text.contains(['/', '\0', '\\'])).then_some(text)
}

/// A Location of a kind that is not followed.
pub fn other_type(location: &DescriptorEntity) -> Option<Finding> {
    let kind = location.entity.spec_str("type").filter(|kind| !matches!(*kind, "file" | "url"))?;
    let (line, column) = location.lines.get("/spec/type").copied().unwrap_or((location.line, 1));
    let message = format!("Locations of the type {kind} are not followed.");
    let help = "Write url or file; whole organisations are sources in Slipway's configuration.";
    Some(Finding::new("location.type", Level::Note, message, help).at(&location.file, line, column))
}

/// A target that leads out of its repository.
pub fn outside(text: &str) -> Finding {
    let message = format!("{text} leads out of the repository, so it is not read.");
    let help = "Name a file of this repository, or the address of one in another.";
    Finding::new(RULE, Level::Error, message, help)
}

/// A target that names no file. The text is not repeated: it may hold a password.
pub fn unreadable(text: &str) -> Finding {
    let is_address = text.contains("://");
    let message = if is_address { "This is no address of a file at a Git host." } else { "This names no file." };
    let help = "Write a path, such as ./components/*/catalog-info.yaml, or an address such as https://github.com/acme/ledger/blob/main/catalog-info.yaml.";
    Finding::new(RULE, if is_address { Level::Warning } else { Level::Error }, message, help)
}

/// A target where there is no file; `elsewhere` is the repository that it names, if that is another.
pub fn missing(path: &str, elsewhere: Option<&str>) -> Finding {
    let place = elsewhere.map_or("here".to_owned(), |repository| format!("of {repository}"));
    let help = "Correct the path, or say presence: optional.";
    Finding::new(RULE, Level::Error, format!("No file at {path} {place}."), help)
}

/// A target that leads back; `named` says to what.
pub fn cycle(named: &str) -> Finding {
    let message = format!("This Location names {named}.");
    Finding::new("location.cycle", Level::Warning, message, "Take the target out: it adds nothing.")
}

/// Whether a Location says that its targets may be missing.
pub fn is_optional(location: &DescriptorEntity) -> bool {
    location.entity.spec_str("presence") == Some("optional")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_at_forges_are_read_from_their_addresses() {
        let table = [
            (
                "https://github.com/acme/ledger/blob/main/catalog-info.yaml",
                "github.com/acme/ledger",
                "catalog-info.yaml",
            ),
            ("https://github.com/acme/ledger/tree/main/a/*/c.yaml", "github.com/acme/ledger", "a/*/c.yaml"),
            ("https://github.com/acme/ledger/blob/HEAD/c.yaml", "github.com/acme/ledger", "c.yaml"),
            ("https://raw.githubusercontent.com/Acme/ledger/main/c.yaml", "github.com/acme/ledger", "c.yaml"),
            (
                "https://raw.githubusercontent.com/acme/ledger/refs/heads/main/c.yaml",
                "github.com/acme/ledger",
                "c.yaml",
            ),
            ("https://git.example.com/raw/acme/ledger/main/c.yaml", "git.example.com/acme/ledger", "c.yaml"),
            ("https://gitlab.com/acme/pay/ledger/-/blob/main/c.yaml", "gitlab.com/acme/pay/ledger", "c.yaml"),
            ("https://gitlab.com/acme/pay/ledger/blob/main/c.yaml", "gitlab.com/acme/pay/ledger", "c.yaml"),
            ("https://bitbucket.org/acme/ledger/src/main/c.yaml", "bitbucket.org/acme/ledger", "c.yaml"),
            (
                "https://git.example.com/projects/PAY/repos/ledger/browse/a/c.yaml?at=refs/heads/main",
                "git.example.com/pay/ledger",
                "a/c.yaml",
            ),
            ("https://git.example.com/projects/PAY/repos/ledger/raw/c.yaml", "git.example.com/pay/ledger", "c.yaml"),
            (
                "https://dev.azure.com/acme/pay/_git/ledger?path=/a/c.yaml&version=GBmain",
                "dev.azure.com/acme/pay/_git/ledger",
                "a/c.yaml",
            ),
            (
                "https://dev.azure.com/acme/pay/_git/ledger?path=%2Fc.yaml",
                "dev.azure.com/acme/pay/_git/ledger",
                "c.yaml",
            ),
            ("https://codeberg.org/acme/ledger/src/branch/main/c.yaml", "codeberg.org/acme/ledger", "c.yaml"),
            ("https://github.com/acme/ledger/blob/main/a%20b/c.yaml", "github.com/acme/ledger", "a b/c.yaml"),
        ];
        for (text, repository, path) in table {
            let Target::Remote(remote) = target("", text) else { panic!("{text}") };
            assert_eq!(
                (remote.repository.as_str(), remote.on(Some("main"))),
                (repository, Ok(path.to_owned())),
                "{text}"
            );
        }
    }

    #[test]
    fn another_branch_is_told() {
        let table = [
            ("https://github.com/acme/ledger/blob/v1/c.yaml", "v1"),
            ("https://dev.azure.com/acme/pay/_git/ledger?path=/c.yaml&version=GBnext", "next"),
            ("https://git.example.com/projects/PAY/repos/ledger/raw/c.yaml?at=refs/heads/next", "next"),
            ("https://codeberg.org/acme/ledger/src/commit/abc/c.yaml", "commit"),
        ];
        for (text, other) in table {
            let Target::Remote(remote) = target("", text) else { panic!("{text}") };
            assert_eq!(remote.on(Some("main")), Err(other.to_owned()), "{text}");
        }
        let Target::Remote(slashed) = target("", "https://github.com/acme/ledger/blob/release/1/c.yaml") else {
            panic!()
        };
        assert_eq!(slashed.on(Some("release/1")), Ok("c.yaml".to_owned()));
    }

    #[test]
    fn paths_stay_in_their_repository() {
        let table = [
            ("a", "./b/c.yaml", Target::Own("a/b/c.yaml".to_owned())),
            ("a", "../c.yaml", Target::Own("c.yaml".to_owned())),
            ("a", "/c.yaml", Target::Own("c.yaml".to_owned())),
            ("", "./*/c.yaml", Target::Own("*/c.yaml".to_owned())),
            ("a", "../../c.yaml", Target::Outside),
            ("", "..", Target::Outside),
            ("", ".", Target::Unreadable),
            ("", "https://example.org/catalog-info.yaml", Target::Unreadable),
            ("", "https://github.com/acme/ledger", Target::Unreadable),
            ("", "https://github.com/acme/ledger/blob/main/%2e%2e/c.yaml", Target::Unreadable),
            ("", "javascript://github.com/acme/ledger/blob/main/c.yaml", Target::Unreadable),
        ];
        for (folder, text, expected) in table {
            assert_eq!(target(folder, text), expected, "{text}");
        }
    }
}
