//! A lineage read from its text, with a finding for all that is wrong with it.

use std::collections::BTreeMap;

use engine_yaml::{Limits, Node, Value};
use jiff::Timestamp;
use jiff::fmt::temporal::Pieces;
use jiff::tz::Offset;
use model::{Finding, Findings, Level};
use serde_json::Map;

use super::{FORMAT, Lineage, Programs, Record, RecordKind, Render, Source, Unresolved, Version};
use crate::tree::check_path;
use crate::{Answers, Dialect};

/// A project of fifty thousand files.
const LIMITS: Limits = Limits { bytes: 8 << 20, depth: 100, nodes: 400_000 };

const KEYS: [&str; 11] = [
    "format",
    "template",
    "version",
    "dialect",
    "render",
    "programs",
    "answers",
    "secrets",
    "skip",
    "unresolved",
    "files",
];

/// Reads a lineage; `file` names it in findings. Beside it stand warnings.
///
/// # Errors
/// It is no lineage, or one of a newer format. All that is wrong is said at once.
pub fn parse(file: &str, text: &str) -> Result<(Lineage, Vec<Finding>), Findings> {
    let documents = engine_yaml::parse(text, &LIMITS).map_err(|error| Findings::from(vec![error.finding(file)]))?;
    let nothing = Node { line: 1, column: 1, value: Value::Null };
    let root = documents.first().map_or(&nothing, |document| &document.root);
    let mut reader = Reader { file, findings: Vec::new() };
    let lineage = reader.lineage(root);
    match lineage {
        Some(lineage) if reader.findings.iter().all(|finding| finding.level < Level::Error) => {
            Ok((lineage, reader.findings))
        }
        _ => Err(reader.findings.into()),
    }
}

struct Reader<'a> {
    file: &'a str,
    findings: Vec<Finding>,
}

impl Reader<'_> {
    fn lineage(&mut self, root: &Node) -> Option<Lineage> {
        self.format(root)?;
        self.keys(root, &KEYS);
        let template = self.required(root, "template");
        let version = self.required(root, "version");
        let dialect = self.required(root, "dialect").and_then(|node| self.dialect(node));
        let answers = self.mapping(root, "answers");
        let lineage = Lineage {
            template: template.map(|node| self.source(node)).unwrap_or_default(),
            version: version.map(|node| self.version(node)).unwrap_or_default(),
            dialect: dialect.unwrap_or(Dialect::Cookiecutter),
            render: root.get("render").and_then(|node| self.render(node)),
            programs: root.get("programs").map_or(Programs::Run, |node| self.programs(node)),
            answers: Answers::from(answers.map(|(key, node)| (key.to_owned(), node.to_json())).collect::<Map<_, _>>()),
            secrets: self.texts(root, "secrets"),
            skip: self.texts(root, "skip"),
            files: self.files(root),
            unresolved: self.unresolved(root),
        };
        Some(lineage)
    }

    /// Nothing else is looked at in a file of a format that is not known.
    fn format(&mut self, root: &Node) -> Option<()> {
        if !matches!(root.value, Value::Mapping(_)) {
            self.error("lineage.type", root, "This is no mapping of keys to values.", "Bring the file back from Git.");
            return None;
        }
        let node = self.required(root, "format")?;
        match &node.value {
            Value::Number(number) if number.as_u64() == Some(FORMAT) => Some(()),
            Value::Number(number) if number.as_u64().is_some_and(|format| format > FORMAT) => {
                let message = format!("The file has format {number}; this version of Slipway knows {FORMAT} only.");
                self.error(
                    "lineage.format",
                    node,
                    message,
                    "Use the version of Slipway that wrote it, or a newer one.",
                );
                None
            }
            _ => {
                let message = format!("The format has to be {FORMAT}.");
                self.error("lineage.format", node, message, "Bring the file back from Git.");
                None
            }
        }
    }

    fn source(&mut self, node: &Node) -> Source {
        self.keys(node, &["address", "directory"]);
        let address = self.required(node, "address").and_then(|node| self.argument(node));
        let directory = node.get("directory").and_then(|node| {
            let text = self.argument(node)?;
            match check_path(&text) {
                Ok(()) => Some(text),
                Err(error) => {
                    self.error(
                        "lineage.path",
                        node,
                        format!("{text:?} is no folder of a template: {error}."),
                        "Mend the path.",
                    );
                    None
                }
            }
        });
        Source { address: address.unwrap_or_default(), directory }
    }

    fn version(&mut self, node: &Node) -> Version {
        self.keys(node, &["tag", "commit", "reference"]);
        let commit = node.get("commit").and_then(|node| {
            let text = node.as_str().filter(|text| is_commit(text));
            if text.is_none() {
                self.error("lineage.commit", node, "This is no full id of a commit.", "Write all of its 40 digits.");
            }
            text.map(str::to_owned)
        });
        let [tag, reference] = ["tag", "reference"].map(|key| node.get(key).and_then(|node| self.argument(node)));
        Version { commit, tag, reference }
    }

    fn dialect(&mut self, node: &Node) -> Option<Dialect> {
        let dialect = serde_json::from_value(node.to_json()).ok();
        if dialect.is_none() {
            let message = "This version of Slipway does not know this dialect.";
            self.error("lineage.dialect", node, message, "Known is: cookiecutter.");
        }
        dialect
    }

    fn render(&mut self, node: &Node) -> Option<Render> {
        self.keys(node, &["clock", "seed"]);
        let clock = self.required(node, "clock")?;
        let read = clock.as_str().and_then(read_clock);
        if read.is_none() {
            self.error(
                "lineage.clock",
                clock,
                "This is no time with an offset.",
                "Write it as 2026-01-31T12:00:00+01:00.",
            );
        }
        let seed = self.required(node, "seed")?;
        let number = seed.scalar_text().and_then(|text| text.parse().ok());
        if number.is_none() {
            self.error(
                "lineage.seed",
                seed,
                "The seed has to be a whole number, 0 or more.",
                "Bring it back from Git.",
            );
        }
        let (clock, offset) = read?;
        Some(Render { clock, offset, seed: number? })
    }

    fn programs(&mut self, node: &Node) -> Programs {
        match node.as_str() {
            Some("run") => Programs::Run,
            Some("skipped") => Programs::Skipped,
            _ => {
                let message = "The template's programs were either `run` or `skipped`.";
                self.error("lineage.programs", node, message, "Write one of the two words.");
                Programs::Run
            }
        }
    }

    fn files(&mut self, root: &Node) -> BTreeMap<String, Record> {
        let mut files = BTreeMap::new();
        for (path, node) in self.mapping(root, "files") {
            self.path(path, node);
            match node.as_str().and_then(read_record) {
                Some(record) => drop(files.insert(path.to_owned(), record)),
                None => {
                    let message = format!("What is recorded of {path:?} cannot be read.");
                    self.error("lineage.record", node, message, "Write it as `644 <SHA-256>` or `link <SHA-256>`.");
                }
            }
        }
        files
    }

    fn unresolved(&mut self, root: &Node) -> Vec<Unresolved> {
        let mut unresolved = Vec::new();
        for (path, node) in self.mapping(root, "unresolved") {
            self.path(path, node);
            let sha256 = match &node.value {
                Value::String(text) if is_hash(text) => Some(text.clone()),
                Value::Null => None,
                _ => {
                    let help = "Remove the line once the conflict is settled.";
                    self.error("lineage.record", node, "This is no SHA-256 of 64 digits.", help);
                    continue;
                }
            };
            unresolved.push(Unresolved { path: path.to_owned(), sha256 });
        }
        unresolved
    }

    fn path(&mut self, path: &str, node: &Node) {
        if let Err(error) = check_path(path) {
            self.error("lineage.path", node, format!("{path:?} is no path in a project: {error}."), "Mend the path.");
        }
    }

    /// A text that may be given to a program: one that begins with `-` would be an option to it.
    fn argument(&mut self, node: &Node) -> Option<String> {
        let text = node.scalar_text().filter(|text| !text.is_empty() && !text.starts_with('-') && !text.contains('\0'));
        if text.is_none() {
            self.error("lineage.type", node, "This has to be a text that does not begin with `-`.", "Mend the value.");
        }
        text
    }

    fn texts(&mut self, root: &Node, key: &str) -> Vec<String> {
        let Some(node) = root.get(key) else { return Vec::new() };
        if !matches!(node.value, Value::Sequence(_)) || node.items().iter().any(|item| item.scalar_text().is_none()) {
            self.error("lineage.type", node, format!("{key} has to be a list of texts."), "Put `- ` before each.");
        }
        node.items().iter().filter_map(Node::scalar_text).collect()
    }

    fn mapping<'n>(&mut self, root: &'n Node, key: &str) -> impl Iterator<Item = (&'n str, &'n Node)> + use<'n> {
        let node = root.get(key);
        if let Some(node) = node.filter(|node| !matches!(node.value, Value::Mapping(_) | Value::Null)) {
            self.error("lineage.type", node, format!("{key} has to map names to values."), "Write `name: value`.");
        }
        node.into_iter().flat_map(Node::entries).map(|entry| (entry.key.as_str(), &entry.value))
    }

    fn required<'n>(&mut self, node: &'n Node, key: &str) -> Option<&'n Node> {
        let found = node.get(key);
        if found.is_none() {
            self.error(
                "lineage.missing",
                node,
                format!("The key {key:?} is missing."),
                "Bring the file back from Git.",
            );
        }
        found
    }

    fn keys(&mut self, node: &Node, known: &[&str]) {
        for entry in node.entries().iter().filter(|entry| !known.contains(&entry.key.as_str())) {
            let near = known
                .iter()
                .map(|known| (strsim::damerau_levenshtein(known, &entry.key.to_lowercase()), known))
                .filter(|(distance, _)| *distance <= 2)
                .min();
            let help = match near {
                Some((_, known)) => format!("Is it {known:?}?"),
                None => format!("Known are: {}.", known.join(", ")),
            };
            let message = format!("The key {:?} is not known, and the next update drops it.", entry.key);
            let finding = Finding::new("lineage.unknown-key", Level::Warning, message, help);
            self.findings.push(finding.at(self.file, entry.line, entry.column));
        }
    }

    fn error(&mut self, rule: &str, node: &Node, message: impl Into<String>, help: &str) {
        self.findings.push(Finding::new(rule, Level::Error, message, help).at(self.file, node.line, node.column));
    }
}

fn read_clock(text: &str) -> Option<(Timestamp, Offset)> {
    let offset = Pieces::parse(text).ok()?.to_numeric_offset()?;
    Some((text.parse().ok()?, offset))
}

fn read_record(text: &str) -> Option<Record> {
    let (kind, sha256) = text.split_once(' ')?;
    let kind = match kind {
        "link" => RecordKind::Link,
        mode => RecordKind::File { mode: u32::from_str_radix(mode, 8).ok().filter(|mode| *mode <= 0o777)? },
    };
    is_hash(sha256).then(|| Record { kind, sha256: sha256.to_owned() })
}

pub(super) fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && is_hexadecimal(text)
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && is_hexadecimal(text)
}

fn is_hexadecimal(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
