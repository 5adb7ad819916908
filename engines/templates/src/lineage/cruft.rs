//! `.cruft.json`, as cruft 2.16 reads and writes it (`_commands/utils/cruft.py`, `create.py`, `update.py`).

use std::collections::BTreeMap;

use model::{Finding, Findings, Level};
use serde_json::{Map, Value, json};

use super::read::is_commit;
use super::{Lineage, Programs, Source, Version};
use crate::tree::check_path;
use crate::{Answers, Dialect};

/// Where cruft keeps what it knows.
pub const CRUFT_FILE: &str = ".cruft.json";

/// The file, with every key that it has, in its order.
#[derive(Clone, Debug, PartialEq)]
pub struct Cruft {
    file: Map<String, Value>,
}

impl Cruft {
    /// Reads the file; `file` names it in findings.
    ///
    /// # Errors
    /// It is no JSON, or lacks what cruft needs: all of it at once.
    pub fn parse(file: &str, text: &str) -> Result<Self, Findings> {
        let value: Value = serde_json::from_str(text).map_err(|error| {
            let [line, column] = [error.line(), error.column()].map(|at| u32::try_from(at).unwrap_or(u32::MAX));
            let finding =
                Finding::new("cruft.syntax", Level::Error, format!("This is no JSON: {error}."), "Mend the syntax.");
            Findings::from(vec![finding.at(file, line, column.max(1))])
        })?;
        let place = |path: &[&str]| place(text, path);
        let findings: Vec<Finding> = complaints(&value)
            .into_iter()
            .map(|(path, message, help)| {
                let (line, column) = place(&path);
                Finding::new("cruft.type", Level::Error, message, help).at(file, line, column)
            })
            .collect();
        match value {
            Value::Object(file) if findings.is_empty() => Ok(Self { file }),
            _ => Err(findings.into()),
        }
    }

    /// The file that `cruft create` writes, and `cruft link`. `context` is [`crate::Rendered::variables`].
    #[must_use]
    pub fn create(template: &Source, version: &Version, context: &Map<String, Value>, skip: &[String]) -> Self {
        let mut file = Map::new();
        file.insert("template".to_owned(), json!(template.address));
        file.insert("commit".to_owned(), Value::Null);
        file.insert("checkout".to_owned(), Value::Null);
        file.insert("context".to_owned(), Value::Null);
        file.insert("directory".to_owned(), json!(template.directory));
        if !skip.is_empty() {
            file.insert("skip".to_owned(), json!(skip));
        }
        Self { file }.updated(version, context)
    }

    /// The file that `cruft update` writes: another version, checkout and context ([`crate::Rendered::variables`]), and
    /// everything else as it is. Variables of the template's own (`_x`) are those of the new version, with or without cruft's
    /// `--refresh-private-variables`.
    ///
    /// cruft also copies the list of `pyproject.toml` into a `skip` that is there, once for each render: that is not done.
    #[must_use]
    pub fn updated(&self, version: &Version, context: &Map<String, Value>) -> Self {
        let mut file = self.file.clone();
        let mut context = context.clone();
        context.insert("_template".to_owned(), file.get("template").cloned().unwrap_or_default());
        context.insert("_commit".to_owned(), json!(version.commit));
        file.insert("commit".to_owned(), json!(version.commit));
        file.insert("checkout".to_owned(), json!(version.reference));
        file.insert("context".to_owned(), json!({ "cookiecutter": context }));
        Self { file }
    }

    /// The bytes that cruft writes: Python's `json.dumps(…, ensure_ascii=False, indent=2, separators=(",", ": "))` and a
    /// line's end.
    #[must_use]
    pub fn to_text(&self) -> String {
        crate::jinja::dumps_unicode(&Value::Object(self.file.clone()), "  ") + "\n"
    }

    /// What a lineage can know of it. Answers whose name begins with `_` are the template's own, and cruft renders without
    /// them too.
    #[must_use]
    pub fn lineage(&self) -> Lineage {
        let text = |key: &str| self.file.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        let context = self.context().into_iter().flatten();
        let answers = context.filter(|(name, _)| !name.starts_with('_'));
        Lineage {
            template: Source::new(text("template").unwrap_or_default(), text("directory")),
            version: Version {
                commit: text("commit").map(str::to_owned),
                tag: None,
                reference: text("checkout").map(str::to_owned),
            },
            dialect: Dialect::Cookiecutter,
            render: None,
            // cruft runs them always.
            programs: Programs::Run,
            answers: answers.map(|(name, value)| (name.as_str(), value.clone())).collect::<Answers>(),
            secrets: Vec::new(),
            skip: self.skip(),
            files: BTreeMap::new(),
            unresolved: Vec::new(),
        }
    }

    /// All that templates know as `cookiecutter`, `_template` and `_commit` among it.
    #[must_use]
    pub fn context(&self) -> Option<&Map<String, Value>> {
        self.file.get("context")?.get("cookiecutter")?.as_object()
    }

    fn skip(&self) -> Vec<String> {
        let entries = self.file.get("skip").and_then(Value::as_array).into_iter().flatten();
        entries.filter_map(Value::as_str).map(str::to_owned).collect()
    }
}

/// The list `skip` below `[tool.cruft]` of a `pyproject.toml`, which counts as that of `.cruft.json` does.
///
/// # Errors
/// It is no TOML, or the list is none of texts.
pub(super) fn pyproject_skip(text: &str) -> Result<Vec<String>, Finding> {
    let wrong = |message: String, line: u32, column: u32| {
        Finding::new("cruft.pyproject", Level::Error, message, "Mend it, or remove it.").at(
            "pyproject.toml",
            line,
            column,
        )
    };
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let [line, column] = [line, column].map(|at| u32::try_from(at).unwrap_or(u32::MAX));
        wrong(format!("This is no TOML: {}.", error.message()), line, column)
    })?;
    let skip = table.get("tool").and_then(|tool| tool.get("cruft")).and_then(|cruft| cruft.get("skip"));
    let Some(skip) = skip else { return Ok(Vec::new()) };
    let entries =
        skip.as_array().and_then(|entries| entries.iter().map(|entry| entry.as_str().map(str::to_owned)).collect());
    entries.ok_or_else(|| wrong("`skip` of [tool.cruft] has to be a list of texts.".to_owned(), 1, 1))
}

type Complaint = (Vec<&'static str>, String, &'static str);

fn complaints(value: &Value) -> Vec<Complaint> {
    let Some(file) = value.as_object() else {
        return vec![(vec![], "This has to be a JSON object.".to_owned(), "Bring the file back from Git.")];
    };
    let mut complaints: Vec<Complaint> = Vec::new();
    let is_argument = |value: &Value| value.as_str().is_some_and(|text| !text.starts_with('-') && !text.contains('\0'));
    for (key, required) in [("template", true), ("commit", true), ("checkout", false), ("directory", false)] {
        let fine = match file.get(key) {
            Some(Value::Null) => !required,
            Some(value) => is_argument(value),
            None => !required,
        };
        if !fine {
            let message = format!("{key:?} has to be a text that does not begin with `-`.");
            complaints.push((vec![key], message, "Bring the file back from Git."));
        }
    }
    let text = |key: &str| file.get(key).and_then(Value::as_str);
    if text("commit").is_some_and(|commit| !is_commit(commit)) {
        complaints.push((vec!["commit"], "This is no full id of a commit.".to_owned(), "Write all of its 40 digits."));
    }
    let directory = text("directory").map(|directory| directory.trim_matches('/')).filter(|text| !text.is_empty());
    if let Some(Err(error)) = directory.map(check_path) {
        complaints.push((vec!["directory"], format!("This is no folder of a template: {error}."), "Mend the path."));
    }
    if !file.get("context").and_then(|context| context.get("cookiecutter")).is_some_and(Value::is_object) {
        let message = "\"context\" has to hold an object \"cookiecutter\".".to_owned();
        complaints.push((vec!["context"], message, "Bring the file back from Git."));
    }
    let is_list = |value: &Value| value.as_array().is_some_and(|entries| entries.iter().all(Value::is_string));
    if file.get("skip").is_some_and(|skip| !is_list(skip)) {
        complaints.push((vec!["skip"], "\"skip\" has to be a list of texts.".to_owned(), "Write [\"path\", …]."));
    }
    complaints
}

/// Where a value stands; the beginning of the file where it does not.
fn place(text: &str, path: &[&str]) -> (u32, u32) {
    let documents = engine_yaml::parse(text, &engine_yaml::Limits::default()).unwrap_or_default();
    let node = documents.first().and_then(|document| document.root.at(path));
    node.map_or((1, 1), |node| (node.line, node.column))
}
