//! What the overrides files of all repositories say about one folder, and which of their globs match nothing.

use std::cell::Cell;
use std::collections::BTreeMap;

use globset::{GlobBuilder, GlobMatcher};
use model::{EntityRef, Finding, Level};

use crate::overrides::{Overrides, Pattern, Setting, Settings};

/// Every overrides file, in the order of the repositories that hold them; later ones win.
pub(super) struct OverridesOfAll<'i> {
    rules: Vec<CompiledRule<'i>>,
    /// Team aliases, lower-cased.
    teams: BTreeMap<String, EntityRef>,
    registries: Vec<Glob<'i>>,
    hosts: Vec<Glob<'i>>,
    bots: Vec<Glob<'i>>,
}

struct CompiledRule<'i> {
    /// Index of the repository that holds the file.
    holder: usize,
    file: &'i str,
    repositories: Vec<Glob<'i>>,
    paths: Vec<Glob<'i>>,
    set: &'i Settings,
}

struct Glob<'i> {
    pattern: &'i Pattern,
    matcher: Option<GlobMatcher>,
    used: Cell<bool>,
}

/// A setting and where it was made.
#[derive(Debug)]
pub(super) struct Said<'i, T> {
    pub value: &'i T,
    pub holder: usize,
    pub file: &'i str,
    pub line: u32,
}

// Not derived: a reference can be copied whatever `T` is.
impl<T> Clone for Said<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Said<'_, T> {}

/// What all files say about one folder.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SaidOf<'i> {
    pub owner: Option<Said<'i, EntityRef>>,
    pub kind: Option<Said<'i, String>>,
    pub system: Option<Said<'i, EntityRef>>,
    pub lifecycle: Option<Said<'i, String>>,
    pub name: Option<Said<'i, String>>,
    pub ignore: Option<Said<'i, bool>>,
}

impl<'i> OverridesOfAll<'i> {
    pub fn new(files: impl Iterator<Item = (usize, &'i Overrides)>) -> Self {
        let mut all = Self {
            rules: Vec::new(),
            teams: BTreeMap::new(),
            registries: Vec::new(),
            hosts: Vec::new(),
            bots: Vec::new(),
        };
        for (holder, overrides) in files {
            for rule in &overrides.rules {
                all.rules.push(CompiledRule {
                    holder,
                    file: &overrides.file,
                    repositories: rule.repositories.iter().map(|pattern| Glob::new(pattern, true)).collect(),
                    paths: rule.paths.iter().map(|pattern| Glob::new(pattern, false)).collect(),
                    set: &rule.set,
                });
            }
            for team in &overrides.teams {
                all.teams.extend(team.aliases.iter().map(|alias| (alias.to_lowercase(), team.team.clone())));
            }
            all.registries.extend(overrides.registries.iter().map(|pattern| Glob::new(pattern, true)));
            all.hosts.extend(overrides.hosts.iter().map(|pattern| Glob::new(pattern, true)));
            all.bots.extend(overrides.bots.iter().map(Glob::account));
        }
        all
    }

    /// What is said about the folder `path` of a repository. Each glob that matches is remembered as used.
    pub fn of(&self, repository: &str, path: &str) -> SaidOf<'i> {
        let mut said = SaidOf::default();
        let folder = if path.is_empty() { "." } else { path };
        for rule in &self.rules {
            if !any(&rule.repositories, repository) {
                continue;
            }
            if !rule.paths.is_empty() && !any(&rule.paths, folder) {
                continue;
            }
            let at = (rule.holder, rule.file);
            take(&mut said.owner, rule.set.owner.as_ref(), at);
            take(&mut said.kind, rule.set.kind.as_ref(), at);
            take(&mut said.system, rule.set.system.as_ref(), at);
            take(&mut said.lifecycle, rule.set.lifecycle.as_ref(), at);
            take(&mut said.name, rule.set.name.as_ref(), at);
            take(&mut said.ignore, rule.set.ignore.as_ref(), at);
        }
        said
    }

    /// Whether the whole repository is left out, and by which line.
    pub fn ignores(&self, repository: &str) -> Option<(usize, &'i str, u32)> {
        let mut last = None;
        for rule in self.rules.iter().filter(|rule| rule.paths.is_empty() && any(&rule.repositories, repository)) {
            if let Some(ignore) = &rule.set.ignore {
                last = ignore.value.then_some((rule.holder, rule.file, ignore.line));
            }
        }
        last
    }

    /// The team that an alias stands for.
    pub fn team(&self, alias: &str) -> Option<&EntityRef> {
        self.teams.get(&alias.to_lowercase())
    }

    pub fn is_own_registry(&self, host: &str) -> bool {
        any(&self.registries, host)
    }

    pub fn is_own_host(&self, host: &str) -> bool {
        any(&self.hosts, host)
    }

    pub fn is_bot(&self, name: &str) -> bool {
        any(&self.bots, name)
    }

    /// The plain texts among the patterns for bots: their hashes are known.
    pub fn plain_bots(&self) -> impl Iterator<Item = &'i str> + '_ {
        self.bots.iter().map(|glob| glob.pattern.text.as_str()).filter(|text| !text.contains(['*', '?']))
    }

    /// A warning for every glob of a rule that matched nothing, with the repository that holds it.
    pub fn unused(&self) -> Vec<(usize, Finding)> {
        let mut findings = Vec::new();
        for rule in &self.rules {
            let matched = rule.repositories.iter().any(|glob| glob.used.get());
            let globs = rule.repositories.iter().map(|glob| (glob, "repository"));
            // Where no repository matches, the folders could not.
            let folders = rule.paths.iter().filter(|_| matched).map(|glob| (glob, "component's folder"));
            for (glob, what) in globs.chain(folders).filter(|(glob, _)| !glob.used.get()) {
                let message = format!("\"{}\" matches no {what}.", glob.pattern.text);
                let help = "Correct the glob, or remove it.";
                let finding = Finding::new("overrides.unmatched", Level::Warning, message, help);
                findings.push((rule.holder, finding.at(rule.file, glob.pattern.line, glob.pattern.column)));
            }
        }
        findings
    }
}

impl<'i> Glob<'i> {
    /// For the name of an account, in which only `*` and `?` are special: `dependabot[bot]` is a name.
    fn account(pattern: &'i Pattern) -> Self {
        let special = |c| matches!(c, '[' | ']' | '{' | '}' | '\\');
        let text = pattern.text.chars().map(|c| if special(c) { format!("\\{c}") } else { c.to_string() });
        Self::with(pattern, &text.collect::<String>(), true)
    }

    fn new(pattern: &'i Pattern, any_case: bool) -> Self {
        Self::with(pattern, &pattern.text, any_case)
    }

    fn with(pattern: &'i Pattern, text: &str, any_case: bool) -> Self {
        let mut builder = GlobBuilder::new(text);
        let glob = builder.literal_separator(true).case_insensitive(any_case).backslash_escape(true).build();
        Self { pattern, matcher: glob.ok().map(|glob| glob.compile_matcher()), used: Cell::new(false) }
    }

    fn matches(&self, text: &str) -> bool {
        let matches = self.matcher.as_ref().is_some_and(|matcher| matcher.is_match(text));
        self.used.set(self.used.get() || matches);
        matches
    }
}

/// Every glob is tried, so that each knows whether it is of use.
fn any(globs: &[Glob], text: &str) -> bool {
    globs.iter().filter(|glob| glob.matches(text)).count() > 0
}

fn take<'i, T>(slot: &mut Option<Said<'i, T>>, setting: Option<&'i Setting<T>>, (holder, file): (usize, &'i str)) {
    if let Some(setting) = setting {
        *slot = Some(Said { value: &setting.value, holder, file, line: setting.line });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_the_name_of_an_account_are_its_own() {
        let (overrides, _) = crate::overrides::parse("f", "bots: ['dependabot[bot]', '*[bot]', 'ci-{x}']\n");
        let all = OverridesOfAll::new(std::iter::once((0, &overrides)));
        assert!(all.is_bot("Dependabot[bot]") && all.is_bot("renovate[bot]") && all.is_bot("ci-{x}"));
        assert!(!all.is_bot("dependabotb") && !all.is_bot("ci-x"));
        assert_eq!(all.plain_bots().collect::<Vec<_>>(), ["dependabot[bot]", "ci-{x}"]);
    }
}
