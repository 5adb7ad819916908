//! The linguist attributes of `.gitattributes`: GitHub's way to say what is vendored or generated. The last line that
//! matches wins, and a file nearer to the path goes before one further up (gitattributes(5)).

use gix::attrs::{StateRef, parse};
use gix::bstr::BStr;
use gix::glob::{Pattern, pattern::Case, wildmatch};
use model::repository::PathClass;

/// The lines of one file that speak of vendored or generated paths.
pub(super) struct Attributes {
    /// Its path.
    file: String,
    /// With a trailing `/`; empty for the root.
    folder: String,
    rules: Vec<Rule>,
}

struct Rule {
    pattern: Pattern,
    class: PathClass,
    /// Whether the attribute is set or taken back.
    set: bool,
    line: usize,
}

/// At most this many lines of one file are heeded.
const MOST_RULES: usize = 500;

impl Attributes {
    /// `None` where no line matters.
    pub(super) fn parse(file: &str, text: &[u8]) -> Option<Self> {
        let folder = file.strip_suffix(".gitattributes")?.to_owned();
        let mut rules = Vec::new();
        for (kind, assignments, line) in parse(text).flatten() {
            let parse::Kind::Pattern(pattern) = kind else { continue };
            for assignment in assignments.flatten() {
                let class = match assignment.name.as_str() {
                    "linguist-vendored" => PathClass::Vendored,
                    "linguist-generated" => PathClass::Generated,
                    _ => continue,
                };
                let set = match assignment.state {
                    StateRef::Set => true,
                    StateRef::Unset => false,
                    StateRef::Value(value) => value.as_bstr() != "false",
                    StateRef::Unspecified => continue,
                };
                rules.push(Rule { pattern: pattern.clone(), class, set, line });
            }
            if rules.len() >= MOST_RULES {
                break;
            }
        }
        (!rules.is_empty()).then(|| Self { file: file.to_owned(), folder, rules })
    }

    /// The folder that it speaks of, with a trailing `/`; empty for the root.
    pub(super) fn folder(&self) -> &str {
        &self.folder
    }

    /// What is said of `path` about `class`: whether the attribute is set, and where.
    fn say(&self, path: &str, class: PathClass) -> Option<(bool, usize)> {
        let relative = path.strip_prefix(self.folder.as_str())?;
        let name = relative.rfind('/').map(|slash| slash + 1);
        let matching = self.rules.iter().rev().filter(|rule| rule.class == class).find(|rule| {
            let path: &BStr = relative.into();
            // As Git does for attributes: a pattern for a folder says nothing about what is in it.
            let mode = wildmatch::Mode::NO_MATCH_SLASH_LITERAL;
            rule.pattern.matches_repo_relative_path(path, name, Some(false), Case::Sensitive, mode)
        })?;
        Some((matching.set, matching.line))
    }
}

/// What the attributes say of one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    Nothing,
    Is(PathClass, String),
    /// Neither vendored nor generated, whatever its name.
    IsNot(PathClass),
}

/// Asks all files that may speak of `path`, the nearest first.
pub(super) fn ask(all: &[Attributes], path: &str) -> Said {
    let mut said = Said::Nothing;
    for class in [PathClass::Vendored, PathClass::Generated] {
        let answer = all.iter().rev().find_map(|attributes| Some((attributes, attributes.say(path, class)?)));
        match answer {
            Some((attributes, (true, line))) => {
                let attribute = if class == PathClass::Vendored { "linguist-vendored" } else { "linguist-generated" };
                return Said::Is(class, format!("{} sets {attribute} in line {line}.", attributes.file));
            }
            Some((_, (false, _))) => said = Said::IsNot(class),
            None => {}
        }
    }
    said
}
