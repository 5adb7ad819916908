//! Reading an overrides file, every finding at once.

use std::collections::BTreeMap;

use globset::GlobBuilder;
use model::reference::DEFAULT_NAMESPACE;
use model::{EntityRef, Finding};

use super::{OverrideRule, Overrides, Pattern, Setting, Settings, TeamAliases};
use crate::descriptor::check::{Checker, Here, key_place, place, quoted};
use crate::descriptor::format;
use crate::yaml::{self, Entry, Limits, Node, Value};

const ROOT: [&str; 4] = ["overrides", "teams", "bots", "internal"];
const RULE: [&str; 8] = ["repositories", "paths", "owner", "type", "system", "lifecycle", "name", "ignore"];
const INTERNAL: [&str; 2] = ["registries", "hosts"];

/// Reads an overrides file. What is wrong in it is found, and left out.
pub fn parse(file: &str, text: &str) -> (Overrides, Vec<Finding>) {
    let mut overrides = Overrides { file: file.to_owned(), ..Overrides::default() };
    let mut checker = Checker::new("overrides", file);
    let (documents, errors) = yaml::parse_all(text, &Limits::default());
    let mut written = documents.iter().map(|document| &document.root).filter(|root| root.value != Value::Null);
    if let Some(root) = written.next() {
        read(&mut checker, root, &mut overrides);
    }
    if let Some(second) = written.next() {
        let help = "Put everything into one document.";
        checker.error("document", place(second), "The file has a second document, which is not read.", help);
    }
    let mut findings = checker.findings;
    findings.extend(errors.iter().map(|error| error.finding(file)));
    findings.sort_by_key(|finding| (finding.line, finding.column));
    (overrides, findings)
}

fn read(checker: &mut Checker<'_>, root: &Node, overrides: &mut Overrides) {
    if !matches!(root.value, Value::Mapping(_)) {
        checker.error("document", place(root), "The file is no mapping.", "Begin it with `overrides:`.");
        return;
    }
    known_keys(checker, root, "", &ROOT);
    if let Some(entry) = root.entry("overrides") {
        let here = Here { path: "overrides", key: key_place(entry) };
        if let Value::Sequence(items) = &entry.value.value {
            overrides.rules = items.iter().enumerate().filter_map(|(index, item)| rule(checker, index, item)).collect();
        } else if entry.value.value != Value::Null {
            checker.wrong_type(here, &entry.value, "a list of mappings");
        }
    }
    if let Some(entry) = root.entry("teams") {
        overrides.teams = teams(checker, entry);
    }
    overrides.bots = patterns(checker, "bots", root.entry("bots"), Form::Account);
    if let Some(entry) = root.entry("internal") {
        let node = &entry.value;
        if !matches!(node.value, Value::Mapping(_) | Value::Null) {
            checker.wrong_type(Here { path: "internal", key: key_place(entry) }, node, "a mapping");
        }
        known_keys(checker, node, "internal.", &INTERNAL);
        overrides.registries = patterns(checker, "internal.registries", node.entry("registries"), Form::Host);
        overrides.hosts = patterns(checker, "internal.hosts", node.entry("hosts"), Form::Host);
    }
}

fn known_keys(checker: &mut Checker<'_>, node: &Node, above: &str, known: &[&'static str]) {
    for entry in node.entries().iter().filter(|entry| !known.contains(&entry.key.as_str())) {
        let message = format!("`{above}{}` is no key of an overrides file.", entry.key);
        let help = match yaml::nearest(&entry.key, known.iter().copied()) {
            Some(near) => format!("Did you mean `{near}`?"),
            None => format!("Write one of {}.", known.join(", ")),
        };
        checker.error("unknown-key", key_place(entry), message, help);
    }
}

fn rule(checker: &mut Checker<'_>, index: usize, item: &Node) -> Option<OverrideRule> {
    let path = format!("overrides[{index}]");
    let here = Here { path: &path, key: place(item) };
    if !matches!(item.value, Value::Mapping(_)) {
        checker.wrong_type(here, item, "a mapping");
        return None;
    }
    known_keys(checker, item, &format!("{path}."), &RULE);
    let globs =
        |checker: &mut Checker<'_>, key: &str, form| patterns(checker, &format!("{path}.{key}"), item.entry(key), form);
    let repositories = globs(checker, "repositories", Form::Glob);
    let paths = globs(checker, "paths", Form::Folder);
    let set = settings(checker, &path, item);
    if item.entry("repositories").is_none() {
        let message = format!("`{path}` names no repositories.");
        checker.error("required", here.key, message, "Add `repositories:` with globs; `'**'` means all.");
    }
    if item.entries().iter().all(|entry| matches!(entry.key.as_str(), "repositories" | "paths")) {
        let help = "Add `owner`, `type`, `system`, `lifecycle`, `name` or `ignore`.";
        checker.error("required", here.key, format!("`{path}` says nothing about what it names."), help);
    }
    // A rule whose globs are wrong must not speak for more than it was meant to.
    let complete = !repositories.is_empty() && (paths.is_empty() == item.entry("paths").is_none());
    (complete && set != Settings::default()).then_some(OverrideRule { line: item.line, repositories, paths, set })
}

fn settings(checker: &mut Checker<'_>, path: &str, item: &Node) -> Settings {
    let mut settings = Settings {
        owner: reference(checker, path, item.entry("owner"), "group", &["group", "user"]),
        kind: word(checker, path, item.entry("type")),
        system: reference(checker, path, item.entry("system"), "system", &["system"]),
        lifecycle: word(checker, path, item.entry("lifecycle")),
        name: word(checker, path, item.entry("name")),
        ignore: None,
    };
    if let Some(name) = settings.name.take_if(|name| !format::is_name(&name.value)) {
        let message = format!("`{path}.name` is {}; it can only have {}.", quoted(&name.value), format::NAME);
        let help = format::suggest_name(&name.value)
            .map_or_else(|| "Write another name.".to_owned(), |name| format!("Write for example `{name}`."));
        checker.error("name", (name.line, name.column), message, help);
    }
    if let Some(entry) = item.entry("ignore") {
        let at = place(&entry.value);
        match entry.value.as_bool() {
            Some(value) => settings.ignore = Some(Setting { value, line: at.0, column: at.1 }),
            None => {
                let path = format!("{path}.ignore");
                checker.wrong_type(Here { path: &path, key: key_place(entry) }, &entry.value, "true or false");
            }
        }
    }
    settings
}

/// A text that is not empty.
fn word(checker: &mut Checker<'_>, path: &str, entry: Option<&Entry>) -> Option<Setting<String>> {
    let entry = entry?;
    let path = format!("{path}.{}", entry.key);
    let here = Here { path: &path, key: key_place(entry) };
    if !checker.text(here, &entry.value) || !checker.not_empty(here, &entry.value) {
        return None;
    }
    let value = entry.value.as_str()?.to_owned();
    Some(Setting { value, line: entry.value.line, column: entry.value.column })
}

fn reference(
    checker: &mut Checker<'_>,
    path: &str,
    entry: Option<&Entry>,
    default_kind: &str,
    kinds: &[&str],
) -> Option<Setting<EntityRef>> {
    let text = word(checker, path, entry)?;
    let at = (text.line, text.column);
    let key = &entry?.key;
    match EntityRef::parse(&text.value, Some(default_kind), DEFAULT_NAMESPACE) {
        Ok(value) if kinds.contains(&value.kind.as_str()) => {
            Some(Setting { value, line: text.line, column: text.column })
        }
        Ok(value) => {
            let message = format!("`{path}.{key}` names a {}, which cannot be its {key}.", value.kind);
            checker.error("reference", at, message, format!("Name a {}.", kinds.join(" or a ")));
            None
        }
        Err(error) => {
            let help = format!("Write a name, or `{default_kind}:<namespace>/<name>`.");
            checker.error("reference", at, format!("`{path}.{key}` cannot be read: {error}."), help);
            None
        }
    }
}

fn teams(checker: &mut Checker<'_>, entry: &Entry) -> Vec<TeamAliases> {
    let here = Here { path: "teams", key: key_place(entry) };
    if !matches!(entry.value.value, Value::Mapping(_) | Value::Null) {
        checker.wrong_type(here, &entry.value, "a mapping of teams to lists of their other names");
    }
    let mut taken: BTreeMap<String, String> = BTreeMap::new();
    let mut teams = Vec::new();
    for team in entry.value.entries() {
        let path = format!("teams.{}", team.key);
        let named = EntityRef::parse(&team.key, Some("group"), DEFAULT_NAMESPACE).ok();
        if named.as_ref().is_none_or(|named| named.kind != "group") {
            let message = format!("`{path}` names no team.");
            checker.error("reference", key_place(team), message, "Write the name of a group, as in `owner`.");
        }
        let mut aliases = Vec::new();
        for alias in patterns(checker, &path, Some(team), Form::Alias) {
            match taken.get(&alias.text.to_lowercase()) {
                Some(other) if *other != team.key => {
                    let message = format!("{} is a name of `{other}` already.", quoted(&alias.text));
                    checker.error("alias", (alias.line, alias.column), message, "Give each name to one team.");
                }
                _ => {
                    taken.insert(alias.text.to_lowercase(), team.key.clone());
                    aliases.push(alias.text);
                }
            }
        }
        if let Some(named) = named.filter(|named| named.kind == "group" && !aliases.is_empty()) {
            teams.push(TeamAliases { team: named, aliases, line: team.line });
        }
    }
    teams
}

/// What a text in a list may be.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Glob,
    /// A glob over folders.
    Folder,
    /// A glob over hosts, perhaps with a path after them.
    Host,
    /// The name of an account, in which only `*` and `?` are special: `dependabot[bot]` is a name.
    Account,
    /// No glob.
    Alias,
}

/// The texts of a list, or the one text that stands in its place.
fn patterns(checker: &mut Checker<'_>, path: &str, entry: Option<&Entry>, form: Form) -> Vec<Pattern> {
    let Some(entry) = entry else { return Vec::new() };
    let here = Here { path, key: key_place(entry) };
    let items = match &entry.value.value {
        Value::Sequence(items) if items.is_empty() => {
            checker.error(
                "empty",
                place(&entry.value),
                format!("`{path}` has no items."),
                "Add one, or remove the key.",
            );
            return Vec::new();
        }
        Value::Sequence(items) => items.as_slice(),
        Value::String(_) => std::slice::from_ref(&entry.value),
        _ => {
            checker.wrong_type(here, &entry.value, "a list of strings");
            return Vec::new();
        }
    };
    let mut patterns = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let here = Here { path: &path, key: place(item) };
        if checker.text(here, item) && checker.not_empty(here, item) && holds(checker, here, item, form) {
            let text = item.as_str().unwrap_or_default().to_owned();
            patterns.push(Pattern { text, line: item.line, column: item.column });
        }
    }
    patterns
}

fn holds(checker: &mut Checker<'_>, here: Here<'_>, item: &Node, form: Form) -> bool {
    let text = item.as_str().unwrap_or_default();
    let at = place(item);
    if form == Form::Host && text.contains("://") {
        let message = format!("`{}` is an address, {}; only a host is compared.", here.path, quoted(text));
        checker.error("host", at, message, "Leave out what comes before the host, and the port if there is one.");
        return false;
    }
    if form == Form::Folder
        && (text.starts_with(['/', '\\']) || text.starts_with("./") || text.split('/').any(|part| part == ".."))
    {
        let message = format!("`{}` is {}, which no folder of a repository can match.", here.path, quoted(text));
        checker.error("glob", at, message, "Write it from the root of the repository, without `/` or `./` before it.");
        return false;
    }
    if matches!(form, Form::Alias | Form::Account) {
        return true;
    }
    match GlobBuilder::new(text).literal_separator(true).build() {
        Ok(_) => true,
        Err(error) => {
            let message = format!("`{}` is {}, which is no glob: {}.", here.path, quoted(text), error.kind());
            checker.error(
                "glob",
                at,
                message,
                "Use `*`, `**`, `?`, `[…]` and `{a,b}`; put `\\` before one that is meant as it is.",
            );
            false
        }
    }
}
