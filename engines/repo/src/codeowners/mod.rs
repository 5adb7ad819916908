//! CODEOWNERS with GitHub's syntax: the last line that matches wins.
//!
//! Source of the rules: "About code owners" in GitHub's documentation. It is the syntax of `.gitignore` without `!`,
//! without `[ ]` and without escaping a `#` at the start, and `folder/*` means the files directly in that folder.

mod pattern;

#[cfg(test)]
mod tests;

use model::{Finding, Level};

use pattern::Pattern;

/// GitHub does not load larger files.
pub const LARGEST_FILE: usize = 3 * 1024 * 1024;

/// Where GitHub looks, the first that exists.
pub const PLACES: [&str; 3] = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"];

/// At most this many findings are made for one file.
const MOST_FINDINGS: usize = 200;

/// A parsed file.
#[derive(Debug, Clone, Default)]
pub struct Codeowners {
    entries: Vec<Entry>,
    patterns: Vec<Pattern>,
}

/// One line with a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// As written.
    pub pattern: String,
    /// Empty: whatever it matches has no owner.
    pub owners: Vec<Owner>,
    /// From 1.
    pub line: u32,
}

/// Who is named.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Owner {
    /// `@login`
    User(String),
    /// `@organisation/team`
    Team {
        organisation: String,
        team: String,
    },
    Email(String),
}

impl Owner {
    /// `None` for what names nobody.
    pub fn parse(text: &str) -> Option<Self> {
        let word =
            |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        if let Some(name) = text.strip_prefix('@') {
            return match name.split_once('/') {
                Some((organisation, team)) if word(organisation) && word(team) => {
                    Some(Self::Team { organisation: organisation.to_owned(), team: team.to_owned() })
                }
                None if word(name) => Some(Self::User(name.to_owned())),
                _ => None,
            };
        }
        let (local, domain) = text.rsplit_once('@')?;
        let sound = !local.is_empty() && !local.contains('@') && domain.contains('.') && word(domain);
        sound.then(|| Self::Email(text.to_owned()))
    }
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::User(login) => write!(f, "@{login}"),
            Self::Team { organisation, team } => write!(f, "@{organisation}/{team}"),
            Self::Email(address) => f.write_str(address),
        }
    }
}

/// Reads the text of `file`; the path stands in the findings only. A line that cannot be understood is left out, as
/// GitHub does, and has a finding.
pub fn parse(file: &str, text: &str) -> (Codeowners, Vec<Finding>) {
    let mut codeowners = Codeowners::default();
    let mut findings = Vec::new();
    if text.len() > LARGEST_FILE {
        let message = format!(
            "The file has {} bytes. GitHub does not load more than {LARGEST_FILE}, so nobody owns anything.",
            text.len()
        );
        let help = "Write fewer, wider patterns: wildcards and folders instead of single files.";
        findings.push(Finding::new("codeowners.size", Level::Error, message, help).at(file, 0, 0));
        return (codeowners, findings);
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (number, line) in text.lines().enumerate() {
        let number = u32::try_from(number + 1).unwrap_or(u32::MAX);
        match parse_line(line, number) {
            Ok(None) => {}
            Ok(Some((entry, pattern))) => {
                codeowners.entries.push(entry);
                codeowners.patterns.push(pattern);
            }
            Err(problem) if findings.len() < MOST_FINDINGS => {
                let column = u32::try_from(line[..problem.at].chars().count() + 1).unwrap_or(u32::MAX);
                findings.push(
                    Finding::new(problem.rule, Level::Error, problem.message, problem.help).at(file, number, column),
                );
            }
            Err(_) => {}
        }
    }
    (codeowners, findings)
}

impl Codeowners {
    /// All lines that could be understood, in their order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The line that decides over `path` (of a file, relative to the root); `None` where no line matches.
    pub fn owners_of(&self, path: &str) -> Option<&Entry> {
        let path = path.trim_start_matches('/');
        let at = self.patterns.iter().rposition(|pattern| pattern.matches(path))?;
        self.entries.get(at)
    }
}

struct Problem {
    rule: &'static str,
    /// Byte of the line.
    at: usize,
    message: String,
    help: &'static str,
}

fn parse_line(line: &str, number: u32) -> Result<Option<(Entry, Pattern)>, Problem> {
    let words = words(line);
    let Some((&(start, pattern), owners)) = words.split_first() else { return Ok(None) };
    check_pattern(pattern, start)?;
    let Some(compiled) = Pattern::new(pattern) else {
        return Err(Problem {
            rule: "codeowners.pattern",
            at: start,
            message: format!("The pattern {pattern} matches nothing; the line is left out."),
            help: "Write * for every file.",
        });
    };
    let mut named = Vec::with_capacity(owners.len());
    for &(at, text) in owners {
        let Some(owner) = Owner::parse(text) else {
            return Err(Problem {
                rule: "codeowners.owner",
                at,
                message: format!("\"{text}\" names no owner; the line is left out."),
                help: "Write @login, @organisation/team or an e-mail address.",
            });
        };
        named.push(owner);
    }
    Ok(Some((Entry { pattern: pattern.to_owned(), owners: named, line: number }, compiled)))
}

fn check_pattern(pattern: &str, at: usize) -> Result<(), Problem> {
    let problem = |message: String, help| Err(Problem { rule: "codeowners.pattern", at, message, help });
    if pattern.starts_with('!') {
        return problem(
            "CODEOWNERS has no exceptions with !; the line is left out.".to_owned(),
            "Write the exception as a later line without an owner.",
        );
    }
    if pattern.starts_with("\\#") {
        return problem(
            "CODEOWNERS cannot escape a # at the start; the line is left out.".to_owned(),
            "Write the pattern with its folder, or with ? in place of the #.",
        );
    }
    if pattern.starts_with('[') || pattern.starts_with("^[") {
        return problem(
            "CODEOWNERS has no sections and no character ranges on GitHub; the line is left out.".to_owned(),
            "Sections belong to GitLab's syntax: give every pattern its owners.",
        );
    }
    let escaped = |at: usize| pattern[..at].ends_with('\\');
    if pattern.match_indices('[').any(|(at, _)| !escaped(at)) {
        return problem(
            format!("CODEOWNERS has no character ranges, as in {pattern}; the line is left out."),
            "Write one line for each alternative, or use * or ?.",
        );
    }
    Ok(())
}

/// The words of a line with the bytes at which they start, up to a comment. A `\` keeps the next character in its word.
fn words(line: &str) -> Vec<(usize, &str)> {
    let mut words = Vec::new();
    let mut start = None;
    let mut escaped = false;
    for (at, character) in line.char_indices() {
        if escaped {
            escaped = false;
            continue;
        }
        match (character, start) {
            ('#', None) => return words,
            (space, begun) if space.is_whitespace() => {
                words.extend(begun.map(|begun| (begun, &line[begun..at])));
                start = None;
            }
            (_, None) => {
                start = Some(at);
                escaped = character == '\\';
            }
            ('\\', Some(_)) => escaped = true,
            _ => {}
        }
    }
    words.extend(start.map(|begun| (begun, &line[begun..])));
    words
}
