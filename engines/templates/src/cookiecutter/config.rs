//! A person's configuration of cookiecutter, `~/.cookiecutterrc`.

use std::collections::BTreeMap;

use model::Findings;
use serde_json::Value;

use super::one;
use crate::Answers;

/// What cookiecutter abbreviates by itself.
const ABBREVIATIONS: [(&str, &str); 3] =
    [("gh", "https://github.com/{0}.git"), ("gl", "https://gitlab.com/{0}.git"), ("bb", "https://bitbucket.org/{0}")];

/// What a configuration says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Other defaults for every template.
    pub default_context: Answers,
    /// Where `gh:` leads to: `{0}` is what stands behind the colon.
    pub abbreviations: BTreeMap<String, String>,
    /// Where templates are cloned to, and replay files are kept; as written, with `~` and variables of the environment.
    pub cookiecutters_dir: Option<String>,
    pub replay_dir: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            default_context: Answers::default(),
            abbreviations: ABBREVIATIONS.map(|(name, address)| (name.to_owned(), address.to_owned())).into(),
            cookiecutters_dir: None,
            replay_dir: None,
        }
    }
}

impl Config {
    /// Reads a configuration file. What it does not say is as without one.
    ///
    /// # Errors
    /// No YAML.
    pub fn read(path: &str, text: &str) -> Result<Self, Findings> {
        let mut config = Self::default();
        let documents =
            engine_yaml::parse(text, &engine_yaml::Limits::default()).map_err(|error| one(error.finding(path)))?;
        let Some(root) = documents.first().map(|document| &document.root) else { return Ok(config) };
        if let Some(Value::Object(defaults)) = root.get("default_context").map(engine_yaml::Node::to_json) {
            config.default_context = defaults.into();
        }
        for entry in root.get("abbreviations").map(engine_yaml::Node::entries).unwrap_or_default() {
            if let Some(address) = entry.value.as_str() {
                config.abbreviations.insert(entry.key.clone(), address.to_owned());
            }
        }
        let text = |key: &str| root.get(key).and_then(engine_yaml::Node::as_str).map(str::to_owned);
        config.cookiecutters_dir = text("cookiecutters_dir");
        config.replay_dir = text("replay_dir");
        Ok(config)
    }

    /// The address that an abbreviated one means: `gh:owner/name`; any other as it is.
    #[must_use]
    pub fn expand(&self, template: &str) -> String {
        if let Some(address) = self.abbreviations.get(template) {
            return address.clone();
        }
        match template.split_once(':') {
            Some((name, rest)) => match self.abbreviations.get(name) {
                Some(address) => address.replace("{0}", rest).replace("{}", rest),
                None => template.to_owned(),
            },
            None => template.to_owned(),
        }
    }
}
