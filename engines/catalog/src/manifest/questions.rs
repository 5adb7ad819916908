//! The questions of cookiecutter and copier templates, read and never rendered: `cookiecutter.json` (cookiecutter 2.7) and
//! `copier.yml` (copier 9).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::node;
use crate::yaml::{self, Limits, Node, Value};

/// How many questions of one template, and choices of one question, are kept.
const QUESTIONS: usize = 200;
const CHOICES: usize = 50;
/// How many templates one file may name.
const TEMPLATES: usize = 200;
/// Longer texts are cut here, in characters.
const LENGTH: usize = 300;

/// What a template asks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Questions {
    pub questions: Vec<Question>,
    /// Other templates that the file leads to; it is none itself then.
    pub templates: Vec<Nested>,
}

/// One question, in the words of JSON schema.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Question {
    pub name: String,
    /// What a person is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// `string`, `integer`, `number`, `boolean`, `object`, `array`
    pub kind: String,
    /// As written: it may be an expression over other answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Json>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// The answer is not shown.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub secret: bool,
}

/// A template that another file names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Nested {
    /// Relative to the file's folder.
    pub path: String,
    pub title: Option<String>,
    pub description: Option<String>,
}

impl Question {
    /// As a property of a JSON schema, as Backstage's templates have it.
    pub fn schema(&self) -> Json {
        let mut schema = Map::new();
        schema.insert("type".to_owned(), self.kind.clone().into());
        if let Some(title) = &self.title {
            schema.insert("title".to_owned(), title.clone().into());
        }
        if !self.choices.is_empty() {
            schema.insert("enum".to_owned(), self.choices.clone().into());
        }
        if let Some(default) = self.default.clone().filter(|_| !self.secret) {
            schema.insert("default".to_owned(), default);
        }
        Json::Object(schema)
    }
}

/// The questions of a `cookiecutter.json`; `None` where it holds no object.
pub fn cookiecutter_json(text: &str) -> Option<Questions> {
    let root = node::json(text)?;
    let Value::Mapping(entries) = &root.value else { return None };
    let templates = nested(&root);
    if !templates.is_empty() {
        return Some(Questions { questions: Vec::new(), templates });
    }
    let prompts = root.get("__prompts__");
    let asked = entries.iter().filter(|entry| !entry.key.starts_with('_') && !entry.key.is_empty());
    let question = |entry: &yaml::Entry| {
        let prompt = prompts.and_then(|prompts| prompts.get(&entry.key));
        let prompt = prompt.and_then(|prompt| prompt.as_str().or_else(|| prompt.get("__prompt__")?.as_str()));
        let choices: Vec<String> = match &entry.value.value {
            Value::Sequence(items) => items.iter().filter_map(scalar).take(CHOICES).collect(),
            _ => Vec::new(),
        };
        let (kind, default) = match &entry.value.value {
            // The first choice is the default.
            Value::Sequence(_) => ("string", choices.first().cloned().map(Json::from)),
            Value::Mapping(_) => ("object", None),
            Value::Bool(value) => ("boolean", Some(Json::from(*value))),
            _ => ("string", scalar(&entry.value).map(|text| Json::from(cut(&text)))),
        };
        Question {
            name: cut(&entry.key),
            title: prompt.map(cut),
            kind: kind.to_owned(),
            default,
            choices,
            secret: false,
        }
    };
    Some(Questions { questions: asked.take(QUESTIONS).map(question).collect(), templates: Vec::new() })
}

/// Since 2.2 `templates` maps names to paths; before, `template` listed labels with the path in parentheses.
fn nested(root: &Node) -> Vec<Nested> {
    let text = |node: &Node, key: &str| node.get(key).and_then(Node::as_str).map(cut);
    let of_map = root.get("templates").map(Node::entries).unwrap_or_default().iter().filter_map(|entry| {
        let path = entry.value.get("path")?.as_str()?.to_owned();
        Some(Nested { path, title: text(&entry.value, "title"), description: text(&entry.value, "description") })
    });
    let of_list = root.get("template").map(Node::items).unwrap_or_default().iter().filter_map(|item| {
        let (label, rest) = item.as_str()?.rsplit_once('(')?;
        Some(Nested { path: rest.strip_suffix(')')?.to_owned(), title: Some(cut(label.trim())), description: None })
    });
    of_map.chain(of_list).take(TEMPLATES).collect()
}

/// The questions of a `copier.yml`. Its documents are one, and `_` begins settings.
///
/// # Errors
/// Where it is no YAML: what could be read comes all the same.
pub fn copier_yaml(text: &str) -> (Questions, Option<yaml::YamlError>) {
    let (documents, errors) = yaml::parse_all(text, &Limits::default());
    let entries = documents.iter().flat_map(|document| document.root.entries());
    let asked = entries.filter(|entry| !entry.key.starts_with('_') && !entry.key.is_empty());
    let mut questions: Vec<Question> = Vec::new();
    for entry in asked {
        let is_known = questions.iter().any(|known| known.name == entry.key);
        if let Some(question) = copier_question(&entry.key, &entry.value).filter(|_| !is_known)
            && questions.len() < QUESTIONS
        {
            questions.push(question);
        }
    }
    (Questions { questions, templates: Vec::new() }, errors.into_iter().next())
}

/// `None` for a value that is computed and not asked for.
fn copier_question(name: &str, node: &Node) -> Option<Question> {
    let name = cut(name);
    if !matches!(node.value, Value::Mapping(_)) {
        let (kind, default) = plain(node);
        return Some(Question { name, kind: kind.to_owned(), default, ..Question::default() });
    }
    if node.get("when").is_some_and(|when| when.value == Value::Bool(false)) {
        return None;
    }
    let default = node.get("default");
    let inferred = default.map_or("string", |default| plain(default).0);
    let kind = match node.get("type").and_then(Node::as_str) {
        Some("int") => "integer",
        Some("float") => "number",
        Some("bool") => "boolean",
        Some("json" | "yaml") => "object",
        Some(_) => "string",
        None => inferred,
    };
    let is_many = node.get("multiselect").is_some_and(|many| many.value == Value::Bool(true));
    let choices = node.get("choices").map(choices).unwrap_or_default();
    Some(Question {
        name,
        title: node.get("help").and_then(Node::as_str).map(cut),
        kind: if is_many { "array" } else { kind }.to_owned(),
        default: default.and_then(|default| plain(default).1),
        choices,
        secret: node.get("secret").is_some_and(|secret| secret.value == Value::Bool(true)),
    })
}

/// A list of values or of pairs, or labels with their values.
fn choices(node: &Node) -> Vec<String> {
    let of_item = |item: &Node| match &item.value {
        Value::Sequence(pair) => pair.first().and_then(scalar),
        _ => scalar(item),
    };
    match &node.value {
        Value::Sequence(items) => items.iter().filter_map(of_item).take(CHOICES).collect(),
        Value::Mapping(entries) => entries.iter().map(|entry| cut(&entry.key)).take(CHOICES).collect(),
        _ => Vec::new(),
    }
}

fn plain(node: &Node) -> (&'static str, Option<Json>) {
    match &node.value {
        Value::Null => ("string", None),
        Value::Bool(value) => ("boolean", Some(Json::from(*value))),
        Value::Number(number) => {
            (if number.is_f64() { "number" } else { "integer" }, Some(Json::Number(number.clone())))
        }
        Value::String(text) => ("string", Some(Json::from(cut(text)))),
        Value::Sequence(_) => ("array", None),
        Value::Mapping(_) => ("object", None),
    }
}

fn scalar(node: &Node) -> Option<String> {
    match &node.value {
        Value::String(text) => Some(cut(text)),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

fn cut(text: &str) -> String {
    text.chars().take(LENGTH).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn shown(questions: &[Question]) -> Vec<String> {
        let one = |question: &Question| {
            let default = question.default.as_ref().map_or_else(|| "-".to_owned(), Json::to_string);
            format!("{} {} {default} {}", question.name, question.kind, question.choices.join("|"))
        };
        questions.iter().map(one).collect()
    }

    #[test]
    fn cookiecutter_asks_what_is_not_private() {
        let text = r#"{
            "project_name": "Ledger", "slug": "{{ cookiecutter.project_name|lower }}", "licence": ["MIT", "none"],
            "docs": true, "matrix": {"a": {"b": "c"}}, "year": 2026, "_extensions": ["x"], "__rendered": "y",
            "__prompts__": {"project_name": "What is it called?", "licence": {"__prompt__": "Which licence?", "none": "None"}}
        }"#;
        let read = cookiecutter_json(text).unwrap();
        let expected = [
            "project_name string \"Ledger\" ",
            "slug string \"{{ cookiecutter.project_name|lower }}\" ",
            "licence string \"MIT\" MIT|none",
            "docs boolean true ",
            "matrix object - ",
            "year string \"2026\" ",
        ];
        assert_eq!(shown(&read.questions), expected);
        assert_eq!(read.questions[0].title.as_deref(), Some("What is it called?"));
        assert_eq!(read.questions[2].title.as_deref(), Some("Which licence?"));
        assert_eq!(cookiecutter_json("[]"), None);
        assert_eq!(cookiecutter_json("{"), None);
    }

    #[test]
    fn one_file_may_lead_to_several_templates() {
        let new =
            r#"{"templates": {"a": {"path": "./a", "title": "A", "description": "Makes a."}, "b": {"path": "b"}}}"#;
        let old = r#"{"template": ["A (./a)", "B (b)"]}"#;
        for (text, title) in [(new, None), (old, Some("B"))] {
            let read = cookiecutter_json(text).unwrap();
            let paths: Vec<&str> = read.templates.iter().map(|one| one.path.as_str()).collect();
            assert_eq!((paths.as_slice(), read.questions.len()), (["./a", "b"].as_slice(), 0), "{text}");
            assert_eq!((read.templates[0].title.as_deref(), read.templates[1].title.as_deref()), (Some("A"), title));
        }
    }

    #[test]
    fn copier_asks_in_short_and_in_long() {
        let text = "_subdirectory: template\nname: Ledger\nport:\n  type: int\n  default: 8080\n  help: Which port?\n\
                    docs: {type: bool, default: true}\nlicence:\n  choices: [MIT, [None at all, none]]\n\
                    kind:\n  type: str\n  choices: {A service: service, A library: library}\n  multiselect: true\n\
                    token: {type: str, secret: true, default: hidden}\ncomputed: {type: str, default: x, when: false}\nnothing:\n";
        let (read, error) = copier_yaml(text);
        assert_eq!(error, None);
        let expected = [
            "name string \"Ledger\" ",
            "port integer 8080 ",
            "docs boolean true ",
            "licence string - MIT|None at all",
            "kind array - A service|A library",
            "token string \"hidden\" ",
            "nothing string - ",
        ];
        assert_eq!(shown(&read.questions), expected);
        assert_eq!(read.questions[1].title.as_deref(), Some("Which port?"));
        assert_eq!(read.questions[5].schema().get("default"), None);
        let (none, error) = copier_yaml("a: [");
        assert!(none.questions.is_empty() && error.is_some());
    }
}
