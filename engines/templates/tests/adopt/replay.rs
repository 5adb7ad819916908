//! Projects as teams leave them: made at one version, partly made again at others, edited, and with files deleted.

use std::collections::{BTreeMap, BTreeSet};

use engine_templates::adopt::{Adoption, Finish, History, Index, Programs, Revision, adopt};
use engine_templates::lineage::Render;
use engine_templates::tree::{Entry, Tree};
use engine_templates::{Answers, Environment, Kind, Rendered, Template};

use crate::hooks::PythonHooks;

pub struct Stored {
    pub revisions: Vec<Revision>,
    pub trees: Vec<Tree>,
}

impl History for Stored {
    fn revisions(&self) -> &[Revision] {
        &self.revisions
    }

    fn tree(&self, position: usize) -> Result<Tree, String> {
        Ok(self.trees[position].clone())
    }
}

pub struct Project {
    pub tree: Tree,
    pub base: usize,
    /// Of each file the revision that it was made at.
    pub versions: BTreeMap<String, usize>,
    /// Files that were made again at a version far from the base, which makes the same of them: nobody can tell.
    pub alike: BTreeSet<String>,
    pub answers: Answers,
}

pub fn environment() -> Environment {
    Environment::new("2026-01-31T12:00:00Z".parse().unwrap(), 7)
}

pub fn fitted(project: &Tree, index: &Index, programs: &Programs<'_>) -> Option<Adoption> {
    adopt(project, index, Render::of(&environment()), programs).unwrap()
}

/// The project that a version makes of answers, hooks run; `None` where it is no template, or refuses them.
fn made(history: &Stored, version: usize, answers: &Answers) -> Option<Rendered> {
    let template = Template::open(history.trees[version].clone()).ok()?;
    let mut rendered = template.render(answers, &environment()).ok()?;
    if !rendered.hooks.is_empty() {
        rendered.tree = PythonHooks.finish(&rendered)?;
    }
    Some(rendered)
}

/// Makes a project at a random version; `None` where that version is no template.
pub fn project(history: &Stored, random: &mut fastrand::Rng) -> Option<Project> {
    let base = random.usize(0..history.trees.len());
    let template = Template::open(history.trees[base].clone()).ok()?;
    let given = answers(&template, random)?;
    let rendered = made(history, base, &given)?;
    let (mut tree, mut versions, mut alike) = (Tree::default(), BTreeMap::new(), BTreeSet::new());
    for (path, entry) in rendered.tree.iter().filter(|(_, entry)| **entry != Entry::Folder) {
        tree.insert(path, entry.clone()).unwrap();
        versions.insert(path.to_owned(), base);
    }
    // Made again at other versions, file by file.
    for _ in 0..random.usize(0..3) {
        let other = random.usize(0..history.trees.len());
        let Some(again) = made(history, other, &given) else { continue };
        for (path, entry) in again.tree.iter() {
            if versions.contains_key(path) && random.u8(..100) < 12 {
                if rendered.tree.get(path) == Some(entry) && base.abs_diff(other) > 5 {
                    alike.insert(path.to_owned());
                } else {
                    alike.remove(path);
                }
                tree.insert(path, entry.clone()).unwrap();
                versions.insert(path.to_owned(), other);
            }
        }
    }
    for path in versions.keys().cloned().collect::<Vec<_>>() {
        match random.u8(..100) {
            0..10 => {
                tree.remove(&path);
                versions.remove(&path);
                alike.remove(&path);
            }
            10..40 => edit(&mut tree, &path, random),
            _ => {}
        }
    }
    for number in 0..random.usize(0..20) {
        tree.insert(format!("own/file{number}.py"), Entry::file(format!("own = {number}\n").into_bytes(), 0o644))
            .unwrap();
    }
    Some(Project { tree, base, versions, alike, answers: rendered.answers })
}

/// How many files of a project somebody would place within five commits who knew its answers and which files were made at the
/// same moment, and nothing else: what of a run of versions that make the same is taken is its middle.
pub fn knowable(history: &Stored, project: &Project) -> usize {
    let rendered = |version: usize| {
        let template = Template::open(history.trees[version].clone()).ok()?;
        Some(template.render(&project.answers, &environment()).ok()?.tree)
    };
    let mut moments: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for (path, version) in project.versions.iter().filter(|(path, _)| !project.alike.contains(*path)) {
        moments.entry(*version).or_default().push(path);
    }
    let mut count = 0;
    for (moment, paths) in moments {
        let Some(truth) = rendered(moment) else { continue };
        let is_same = |version: &usize| {
            rendered(*version).is_some_and(|tree| match moment == project.base {
                true => tree == truth,
                false => paths.iter().all(|path| tree.get(path) == truth.get(path)),
            })
        };
        let before = (0..moment).rev().take(60).take_while(is_same).count();
        let after = (moment + 1..history.trees.len()).take(60).take_while(is_same).count();
        if before.abs_diff(after) / 2 <= 5 {
            count += paths.len();
        }
    }
    count
}

fn edit(tree: &mut Tree, path: &str, random: &mut fastrand::Rng) {
    let Some(Entry::File { content, mode }) = tree.get(path).cloned() else { return };
    let Ok(text) = std::str::from_utf8(&content) else { return };
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for number in 0..=random.usize(0..4) {
        let at = random.usize(0..=lines.len());
        match random.u8(..3) {
            0 if at < lines.len() => drop(lines.remove(at)),
            1 if at < lines.len() => lines[at] = format!("changed by the team, {number}"),
            _ => lines.insert(at, format!("written by the team, {number}")),
        }
    }
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    tree.insert(path, Entry::file(text.into_bytes(), mode)).unwrap();
}

fn answers(template: &Template, random: &mut fastrand::Rng) -> Option<Answers> {
    const FIRST: [&str; 6] = ["Solar", "Harbour", "Pebble", "Quartz", "Meadow", "Lantern"];
    const SECOND: [&str; 6] = ["Ledger", "Router", "Gauge", "Parser", "Notifier", "Vault"];
    const PEOPLE: [&str; 5] = ["Ada Lovelace", "Grace Hopper", "Mary Ann Horton", "Radia Perlman", "Frances Allen"];
    let mut answers = Answers::default();
    while let Some(question) = template.next(&answers, &environment()).ok()? {
        let person = random.choice(PEOPLE)?;
        let short = person.to_lowercase().replace(' ', "-");
        let value = match (&question.kind, question.name.as_str()) {
            (Kind::Choice { choices }, _) => random.choice(choices)?.value.clone(),
            (Kind::YesNo, _) => random.bool().into(),
            (Kind::Text, name) if name.contains("full_name") || name == "author" => person.into(),
            (Kind::Text, name) if name.contains("email") => format!("{short}@example.org").into(),
            (Kind::Text, "github_username" | "author_github_handle") => short.into(),
            (Kind::Text, "project_name" | "friendly_name") => {
                let name = format!("{} {}", random.choice(FIRST)?, random.choice(SECOND)?);
                // A template whose example is a name for machines takes no other.
                let is_plain = question.default.as_str().is_some_and(|default| !default.contains([' ', '{']));
                (if is_plain { name.to_lowercase().replace(' ', "-") } else { name }).into()
            }
            (Kind::Text, name) if name.contains("description") => {
                format!("{} for every {}.", random.choice(SECOND)?, random.choice(FIRST)?.to_lowercase()).into()
            }
            (Kind::Text, _) if matches!(question.default.as_str(), Some("y" | "n")) => {
                (if random.bool() { "y" } else { "n" }).into()
            }
            _ => question.default.clone(),
        };
        answers.insert(question.name, value);
    }
    Some(answers)
}

/// What came out right, over many projects.
#[derive(Debug, Default)]
pub struct Tally {
    pub projects: usize,
    pub template: usize,
    pub answers: (usize, usize),
    /// Answers that are right, or make no difference to what is rendered at the true version.
    pub equivalent: usize,
    /// Files whose one proposed revision is within five commits of the true one; of how many.
    pub version: (usize, usize),
    /// Of how many nobody could tell.
    pub alike: usize,
    /// Of how many somebody could who knew everything else ([`knowable`]).
    pub knowable: usize,
    /// Projects whose base was proposed within five commits of the true one.
    pub base: usize,
    /// The true revision is within five commits of those that the file may be from.
    pub range: usize,
}

impl Tally {
    pub fn add(
        &mut self,
        project: &Project,
        history: &Stored,
        adoption: &Adoption,
        wrong: &mut BTreeMap<String, usize>,
    ) {
        let truth = made(history, project.base, &project.answers).unwrap().tree;
        for (name, value) in project.answers.iter() {
            self.answers.1 += 1;
            if adoption.answers.get(name) == Some(value) {
                self.answers.0 += 1;
                self.equivalent += 1;
                continue;
            }
            let mut other = project.answers.clone();
            if let Some(value) = adoption.answers.get(name) {
                other.insert(name, value.clone());
            }
            let same = adoption.answers.get(name).is_some()
                && made(history, project.base, &other).is_some_and(|other| other.tree == truth);
            self.equivalent += usize::from(same);
            *wrong.entry(name.to_owned()).or_insert(0) += 1;
        }
        for file in &adoption.files {
            if let Some(version) = project.versions.get(&file.path) {
                self.version.0 += usize::from(file.revision.abs_diff(*version) <= 5);
                self.range += usize::from((file.first.saturating_sub(5)..=file.last + 5).contains(version));
            }
        }
        self.version.1 += project.versions.len();
        self.alike += project.alike.len();
        self.knowable += knowable(history, project);
        self.base += usize::from(adoption.base.abs_diff(project.base) <= 5);
        self.projects += 1;
    }
}
