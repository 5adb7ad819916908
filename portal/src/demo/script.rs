//! The files below `demo/`: content, people and history scripts.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Deserialize;

use super::Content;
use crate::{Error, Result};

const ENDING: &str = ".history.toml";

/// How one repository came to be.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// What `.git/description` says.
    #[serde(default)]
    pub description: String,
    #[serde(default = "main")]
    pub branch: String,
    /// Repositories without phases stay empty.
    #[serde(default)]
    pub phases: Vec<Phase>,
    /// Every commit by hand, instead of phases: each brings whole files, so that what was tagged on the way works.
    #[serde(default)]
    pub commits: Vec<Written>,
    /// First lines of commit messages, used in this order.
    #[serde(default)]
    pub subjects: Vec<String>,
    /// What the other commits are about.
    #[serde(default)]
    pub topics: Vec<String>,
    /// Files that appear later than at the beginning.
    #[serde(default)]
    pub files: Vec<Appearance>,
    /// What the dependency bot raised.
    #[serde(default)]
    pub bumps: Vec<Bump>,
    #[serde(default)]
    pub tags: Vec<Release>,
    /// Whether work comes in by pull requests.
    #[serde(default = "yes")]
    pub merges: bool,
}

/// Some weeks of work.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// First and last day.
    pub from: Date,
    pub to: Date,
    /// Human commits a week, about.
    pub weekly: u32,
    /// Keys of people, each with their share.
    pub people: BTreeMap<String, u32>,
}

/// One commit that somebody thought of.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    pub at: Date,
    /// Key of the person.
    pub by: String,
    pub message: String,
    /// Files that it brings, or folders with a trailing `/`; one commit says none, and brings those that no other does.
    #[serde(default)]
    pub paths: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Appearance {
    pub at: Date,
    /// Files, or folders with a trailing `/`.
    pub paths: Vec<String>,
}

/// One dependency over time.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bump {
    pub file: String,
    pub name: String,
    /// What stands in the file, with `{}` for the version.
    pub text: String,
    /// The last one stands in the content.
    pub versions: Vec<String>,
    /// When the first raise came; the others follow every few weeks.
    pub from: Date,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    pub name: String,
    pub at: Date,
    pub by: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    pub name: String,
    pub email: String,
    /// First and last day of summer holidays, as month and day: `"07-13"`.
    #[serde(default)]
    pub away: Option<[String; 2]>,
}

pub type People = BTreeMap<String, Person>;

/// One file of a repository's content.
pub struct File {
    pub path: String,
    pub content: Vec<u8>,
}

fn main() -> String {
    "main".to_owned()
}

fn yes() -> bool {
    true
}

pub fn people() -> Result<People> {
    read("people.toml")
}

pub fn load(name: &str) -> Result<Script> {
    read(&format!("{name}{ENDING}"))
}

/// Of all repositories, sorted.
pub fn names() -> Vec<String> {
    let mut names: Vec<_> = Content::iter().filter_map(|path| path.strip_suffix(ENDING).map(str::to_owned)).collect();
    names.sort();
    names
}

/// Of one repository, by path.
pub fn files(name: &str) -> Vec<File> {
    let prefix = format!("{name}/");
    let mut files: Vec<_> = Content::iter()
        .filter_map(|path| {
            let inner = path.strip_prefix(&prefix)?.to_owned();
            Some(File { path: inner, content: Content::get(&path)?.data.into_owned() })
        })
        .collect();
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files
}

fn read<T: serde::de::DeserializeOwned>(path: &str) -> Result<T> {
    let file = Content::get(path).ok_or_else(|| Error::internal(format!("demo/{path} is missing")))?;
    let text = String::from_utf8_lossy(&file.data);
    toml::from_str(&text).map_err(|error| Error::internal(format!("demo/{path}: {error}")))
}
