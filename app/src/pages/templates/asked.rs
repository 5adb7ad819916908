//! What somebody wants to launch, as an address says it: so a form that is half filled can be passed on.

use model::EntityRef;
use portal::runs::{Launch, RepositoryVisibility};
use portal::templates::Given;
use serde_json::Value;

use crate::address;

/// Answers to the template's own questions.
const ANSWER: &str = "a.";

/// `commit=…&name=tides&a.project_name=Tides&destination=work`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    pub commit: Option<String>,
    pub answers: Given,
    pub destination: String,
    pub name: String,
    pub description: String,
    pub visibility: String,
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
        for (key, value) in address::pairs(query) {
            match key.as_str() {
                "commit" => asked.commit = Some(value).filter(|commit| !commit.is_empty()),
                "destination" => asked.destination = value,
                "name" => asked.name = value.trim().to_owned(),
                "description" => asked.description = value.trim().to_owned(),
                "visibility" => asked.visibility = value,
                "owner" => asked.owner = value.trim().to_owned(),
                "lifecycle" => asked.lifecycle = value.trim().to_owned(),
                "key" => asked.key = value,
                "preview" => asked.preview = true,
                other => {
                    // An empty field is no answer: the default is taken.
                    if let Some(name) = other.strip_prefix(ANSWER).filter(|_| !value.is_empty()) {
                        asked.answers.insert(name.to_owned(), Value::String(value));
                    }
                }
            }
        }
        asked
    }

    /// The name of the field for the answer to a question.
    pub fn field(question: &str) -> String {
        format!("{ANSWER}{question}")
    }

    /// What is wished for.
    ///
    /// # Errors
    /// The owner is no reference.
    pub fn launch(&self, template: EntityRef) -> Result<Launch, String> {
        let owner = match self.owner.as_str() {
            "" => None,
            text => Some(owner(text).ok_or_else(|| format!("{text:?} names no team or person."))?),
        };
        let kept = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
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
            owner,
            lifecycle: kept(&self.lifecycle),
            ..Launch::new(template, &self.destination, &self.key)
        })
    }
}

/// `harbour` is the group, as in a descriptor.
fn owner(text: &str) -> Option<EntityRef> {
    match text.contains(':') {
        true => text.parse().ok(),
        false => format!("group:{}", if text.contains('/') { text.to_owned() } else { format!("default/{text}") })
            .parse()
            .ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_what_is_wished_for() {
        let asked =
            Asked::of("commit=abc&a.name=Tides&a.x=&name=+tides+&destination=work&owner=harbour&key=k&preview=1");
        assert!(asked.preview && asked.answers.len() == 1 && asked.answers["name"] == "Tides");
        let launch =
            asked.launch(EntityRef::new("template", "default", "service")).unwrap_or_else(|why| panic!("{why}"));
        assert_eq!(launch.owner, Some(EntityRef::new("group", "default", "harbour")));
        assert_eq!(
            (launch.name.as_deref(), launch.commit.as_deref(), launch.lifecycle),
            (Some("tides"), Some("abc"), None)
        );
        let wrong = Asked { owner: "a b:".to_owned(), ..Asked::default() };
        assert!(wrong.launch(EntityRef::new("template", "default", "service")).is_err());
    }
}
