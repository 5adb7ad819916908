//! What somebody wants to launch, as an address says it: so a form that is half filled can be passed on. Nothing in it is secret.

use std::collections::HashMap;

use model::EntityRef;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use portal::runs::{Launch, RepositoryVisibility};
use portal::templates::Given;
use serde_json::Value;

use crate::{RequestContext, address};

/// Answers to the template's own questions, in an address.
const ANSWER: &str = "a.";
/// What cannot stand between the brackets of a field's name.
const IN_FIELD: &AsciiSet = &NON_ALPHANUMERIC.remove(b'_').remove(b'-');

/// `commit=…&name=tides&a.project_name=Tides&destination=work`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    pub commit: Option<String>,
    pub answers: Given,
    /// Slug of a project whose answers are taken where there are none.
    pub like: String,
    pub destination: String,
    pub name: String,
    pub description: String,
    pub visibility: String,
    /// With commas or spaces between them.
    pub topics: String,
    pub owner: String,
    pub lifecycle: String,
    /// Of the form: two clicks make one project.
    pub key: String,
    /// It is filled, and what it would make is to be shown.
    pub preview: bool,
}

impl Asked {
    pub fn of(query: &str) -> Self {
        let mut asked = Self::default();
        address::pairs(query).into_iter().for_each(|(key, value)| asked.set(&key, value));
        asked
    }

    /// Takes one pair of an address; what none is called is left out.
    pub fn set(&mut self, key: &str, value: String) {
        let trimmed = || value.trim().to_owned();
        match key {
            "commit" => self.commit = Some(value).filter(|commit| !commit.is_empty()),
            "like" => self.like = trimmed(),
            "destination" => self.destination = value,
            "name" => self.name = trimmed(),
            "description" => self.description = trimmed(),
            "visibility" => self.visibility = value,
            "topics" => self.topics = trimmed(),
            "owner" => self.owner = trimmed(),
            "lifecycle" => self.lifecycle = trimmed(),
            "key" => self.key = value,
            "preview" => self.preview = true,
            other => {
                if let Some(name) = other.strip_prefix(ANSWER) {
                    self.answer(name.to_owned(), value);
                }
            }
        }
    }

    /// An empty field is no answer: the default is taken.
    fn answer(&mut self, question: String, value: String) {
        if !value.is_empty() {
            self.answers.insert(question, Value::String(value));
        }
    }

    /// With the answers of a form.
    pub fn answered(mut self, fields: HashMap<String, String>) -> Self {
        for (question, value) in by_question(fields) {
            self.answer(question, value);
        }
        self
    }

    /// As an address says it, for the same form and the same commit.
    pub fn query(&self) -> String {
        let mut query = self.shared();
        for (key, value) in [("commit", self.commit.as_deref().unwrap_or_default()), ("key", &self.key)] {
            add(&mut query, key, value);
        }
        if self.preview {
            add(&mut query, "preview", "1");
        }
        query
    }

    /// The same for others, or for another day: a form of its own, and of the newest commit.
    pub fn shared(&self) -> String {
        let mut query = String::new();
        for (question, value) in &self.answers {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            add(&mut query, &format!("{ANSWER}{question}"), &text);
        }
        let rest = [
            ("destination", &self.destination),
            ("name", &self.name),
            ("description", &self.description),
            ("visibility", &self.visibility),
            ("topics", &self.topics),
            ("owner", &self.owner),
            ("lifecycle", &self.lifecycle),
        ];
        rest.into_iter().for_each(|(key, value)| add(&mut query, key, value));
        query
    }

    /// The name of the field for the answer to a question: `answers` or `secrets`, and the question.
    pub fn field(of: &str, question: &str) -> String {
        format!("{of}[{}]", utf8_percent_encode(question, IN_FIELD))
    }

    /// What is wished for.
    ///
    /// # Errors
    /// The owner is nobody of the catalog.
    pub fn launch(&self, context: &RequestContext, template: EntityRef) -> portal::Result<Launch> {
        let owner = match self.owner.as_str() {
            "" => None,
            text => Some(portal::changes::owner(&context.portal, &context.actor, text)?),
        };
        let kept = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let topics = self.topics.split([',', ' ']).map(|topic| topic.trim_start_matches('#').to_lowercase());
        Ok(Launch {
            commit: self.commit.clone(),
            answers: self.answers.clone(),
            name: kept(&self.name),
            description: self.description.clone(),
            visibility: match self.visibility.as_str() {
                "public" => RepositoryVisibility::Public,
                "internal" => RepositoryVisibility::Internal,
                _ => RepositoryVisibility::Private,
            },
            topics: topics.filter(|topic| !topic.is_empty()).collect(),
            owner,
            lifecycle: kept(&self.lifecycle),
            ..Launch::new(template, &self.destination, &self.key)
        })
    }
}

/// What was sent, by the question that [`Asked::field`] was for.
pub fn by_question(fields: HashMap<String, String>) -> impl Iterator<Item = (String, String)> {
    fields.into_iter().map(|(name, value)| (percent_decode_str(&name).decode_utf8_lossy().into_owned(), value))
}

fn add(query: &mut String, key: &str, value: &str) {
    if value.is_empty() {
        return;
    }
    if !query.is_empty() {
        query.push('&');
    }
    query.push_str(&address::value(key));
    query.push('=');
    query.push_str(&address::value(value));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_what_is_wished_for() {
        let query =
            "a.a%20b%26=c%3D&a.name=Tides&a.x=&destination=work&name=+tides+&owner=harbour&key=k&commit=abc&preview=1";
        let asked = Asked::of(query);
        assert!(asked.preview && asked.answers.len() == 2 && asked.answers["name"] == "Tides");
        assert_eq!((asked.name.as_str(), asked.commit.as_deref()), ("tides", Some("abc")));
        assert_eq!(Asked::of(&asked.query()), asked, "it is said again");
        let shared = Asked::of(&asked.shared());
        assert_eq!(
            (shared.key.as_str(), shared.commit, shared.preview),
            ("", None, false),
            "others have a form of their own"
        );
        assert_eq!(shared.answers, asked.answers);
    }

    #[test]
    fn a_field_names_its_question_whatever_that_is_called() {
        for question in ["service_name", "a]b[c", "50% of ü.x"] {
            let field = Asked::field("answers", question);
            let name = field.trim_start_matches("answers[").trim_end_matches(']').to_owned();
            assert!(!name.contains(['[', ']', '.', ' ']), "{field}");
            let asked = Asked::default().answered(HashMap::from([(name, "x".to_owned())]));
            assert_eq!(asked.answers.keys().collect::<Vec<_>>(), [question]);
        }
    }
}
