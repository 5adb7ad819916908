//! `mkdocs.yml`, as far as the way through the pages depends on it. Nothing in it is executed: a tag such as
//! `!!python/name:…` or `!ENV` leaves the text that it stands before.

use engine_yaml::{Limits, Node, Value};
use model::{Finding, Level};

use crate::address;

/// Longer files are not read. In bytes.
pub const MAX_BYTES: usize = 1 << 20;
const LIMITS: Limits = Limits { bytes: MAX_BYTES, depth: 64, nodes: 100_000 };

/// What a configuration says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Configuration {
    pub site_name: Option<String>,
    /// With its line and column.
    pub docs_dir: Option<(String, u32, u32)>,
    /// A list, not looked at yet.
    pub nav: Option<Node>,
    pub edit: Option<Edit>,
    pub findings: Vec<Finding>,
}

/// Where pages are edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Before the path of a page in the documentation folder.
    Said(String),
    /// Before the path of a page in the repository.
    Forge(String),
}

impl Edit {
    /// Before the path of a page in `folder`.
    pub fn of(self, folder: &str) -> String {
        match self {
            Self::Said(address) => address,
            Self::Forge(address) if folder.is_empty() => address,
            Self::Forge(address) => format!("{address}{folder}/"),
        }
    }
}

/// Plugins that change which pages there are, or the way through them.
const PLUGINS: [&str; 12] = [
    "monorepo",
    "multirepo",
    "awesome-pages",
    "awesome-nav",
    "literate-nav",
    "gen-files",
    "macros",
    "include-markdown",
    "exclude",
    "i18n",
    "blog",
    "simple",
];

/// Reads a configuration; `file` is what findings name. What cannot be read is a finding, and the rest still counts.
pub fn read(file: &str, text: &str) -> Configuration {
    let mut configuration = Configuration::default();
    let root = match engine_yaml::parse(text, &LIMITS) {
        Ok(documents) => documents.into_iter().next().map(|document| document.root),
        Err(error) => {
            // MkDocs may read it all the same; here the folder's own order is shown.
            configuration.findings.push(Finding { level: Level::Warning, ..error.finding(file) });
            None
        }
    };
    let Some(root) = root else { return configuration };
    configuration.site_name = root.get("site_name").and_then(Node::as_str).map(|name| name.chars().take(200).collect());
    configuration.docs_dir =
        root.get("docs_dir").and_then(|node| Some((node.as_str()?.to_owned(), node.line, node.column)));
    configuration.edit = edit(&root);
    configuration.nav = match root.get("nav") {
        Some(node) if matches!(node.value, Value::Sequence(_)) => Some(node.clone()),
        None => None,
        Some(node) if node.value == Value::Null => None,
        Some(node) => {
            let help = "Write a list: `- Title: page.md`.";
            let message = "`nav` is not a list; the folder's own order is shown.";
            configuration.findings.push(Finding::new("docs.navigation", Level::Warning, message, help).at(
                file,
                node.line,
                node.column,
            ));
            None
        }
    };
    configuration
        .findings
        .extend(not_supported(&root).map(|finding: Finding| Finding { file: file.to_owned(), ..finding }));
    configuration
}

fn not_supported(root: &Node) -> impl Iterator<Item = Finding> {
    let plugins = root.get("plugins").into_iter().flat_map(|plugins| {
        let names = plugins.items().iter().filter_map(|item| match item.entries() {
            [] => Some((item.as_str()?, item)),
            [entry, ..] => Some((entry.key.as_str(), item)),
        });
        // As a mapping, too.
        names.chain(plugins.entries().iter().map(|entry| (entry.key.as_str(), &entry.value)))
    });
    let plugins = plugins.filter(|(name, _)| PLUGINS.contains(name)).map(|(name, node)| {
        let message = format!("The plugin `{name}` is not supported: pages and navigation are shown without it.");
        (message, (node.line, node.column))
    });
    let keys = ["INHERIT", "exclude_docs"].into_iter().filter_map(|key| {
        let entry = root.entry(key)?;
        Some((
            format!("`{key}` is not supported: this file is read by itself, and all pages are shown."),
            (entry.line, entry.column),
        ))
    });
    plugins.chain(keys).map(|(message, (line, column))| {
        let help = "Nothing has to be done; to have the same navigation here, write it out under `nav`.";
        Finding::new("docs.not-supported", Level::Note, message, help).at("", line, column)
    })
}

/// As MkDocs has it: `edit_uri` behind `repo_url`, and for the hosts that it knows without one.
fn edit(root: &Node) -> Option<Edit> {
    let repository = root.get("repo_url")?.as_str()?.trim_end_matches('/');
    let (scheme, rest) = repository.split_once("://")?;
    if !address::is_web(repository) || !["http", "https"].contains(&scheme) {
        return None;
    }
    let host = rest.split('/').next().unwrap_or_default();
    match root.get("edit_uri").map(|node| node.as_str().unwrap_or_default()) {
        Some("") => None,
        Some(said) => {
            let between = if said.starts_with(['?', '#']) { "" } else { "/" };
            let said = said.trim_start_matches('/');
            let end = if said.ends_with('/') || said.contains(['?', '#']) { "" } else { "/" };
            Some(Edit::Said(format!("{repository}{between}{said}{end}")))
        }
        None => match host {
            "github.com" => Some(Edit::Forge(format!("{repository}/edit/{{branch}}/"))),
            "gitlab.com" => Some(Edit::Forge(format!("{repository}/-/edit/{{branch}}/"))),
            _ => None,
        },
    }
}
