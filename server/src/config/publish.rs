//! The keys of `[[runs.publish]]`: what new repositories at GitHub get besides.

use portal::settings::{PublishInput, PublishSettings};
use toml::Spanned;
use toml::de::DeValue;

use super::step::{input, templates};
use super::value::Value;
use super::{Config, Located, keys};

/// Without `runs.publish.`.
pub const PUBLISH_KEYS: [&str; 2] = ["for", "input"];

/// Takes one table over, or says what is wrong with it.
pub fn read(config: &mut Config, table: &Spanned<DeValue<'_>>) -> Vec<Located> {
    let DeValue::Table(fields) = table.get_ref() else {
        return vec![(table.span(), keys::wrong("runs.publish", "a table: [[runs.publish]]"))];
    };
    let mut rule = PublishSettings { templates: Vec::new(), input: PublishInput::default() };
    let mut located = Vec::new();
    for (key, value) in fields {
        let name = key.get_ref().as_ref();
        let taken = match name {
            "for" => templates(&Value::from(value.get_ref())).map(|all| rule.templates = all),
            "input" => published(value.get_ref()).map(|input| rule.input = input),
            _ => {
                let names: Vec<String> = PUBLISH_KEYS.iter().map(|key| format!("runs.publish.{key}")).collect();
                let unknown = keys::unknown(&format!("runs.publish.{name}"), names.iter().map(String::as_str));
                located.push((key.span(), unknown));
                continue;
            }
        };
        if let Err(expected) = taken {
            located.push((value.span(), keys::wrong(&format!("runs.publish.{name}"), &expected)));
        }
    }
    if located.is_empty() {
        config.publish.push(rule);
    }
    located
}

fn published(value: &DeValue<'_>) -> Result<PublishInput, String> {
    let input: PublishInput =
        serde_json::from_value(input(value)?).map_err(|error| format!("what publish:github takes: {error}"))?;
    let is_one = input.collaborators.iter().all(|one| one.user.is_some() != one.team.is_some());
    let is_said = input.protect_default_branch
        || PublishInput { collaborators: Vec::new(), ..input.clone() } == PublishInput::default();
    match (is_one, is_said) {
        (false, _) => Err("collaborators of which each is either a user or a team".to_owned()),
        (_, false) => Err("with protectDefaultBranch = true, of which the other protections are a part".to_owned()),
        _ => Ok(input),
    }
}
