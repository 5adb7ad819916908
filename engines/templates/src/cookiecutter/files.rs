//! Renders the files of a template, in the order and by the rules of cookiecutter's `generate_files`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use minijinja::Value;
use model::{Finding, Findings, Level};
use regex::Regex;

use super::folders::{Target, outside};
use super::paths::{inside, is_below, root_name};
use super::source::{Source, project_folder};
use super::{Template, binary, context, environment, fnmatch, hooks, joined, newline, one};
use crate::jinja::{Jinja, Problem, values};
use crate::tree::Entry;
use crate::{Answers, Environment, Hook, Limits, Origin, Rendered, Stage, Treatment};

/// As many findings are gathered; what is behind them is most often the same.
const FINDINGS: usize = 100;

pub fn render(template: &Template, answers: &Answers, inputs: &Environment) -> Result<Rendered, Findings> {
    let folder = project_folder(template)?;
    let source = Source { template, folder: joined(&template.root, &folder) };
    let loader = source.loader();
    let jinja = environment::jinja(template, inputs, loader)?;
    let filled = context::fill_with(&jinja, &template.manifest, answers, false)?;
    let whole = context::whole(template, &filled.values, inputs);
    let known: Vec<&str> = filled.values.keys().map(String::as_str).collect();
    let mut project = Project {
        jinja: &jinja,
        source: &source,
        context: values::from_json(&serde_json::Value::Object(whole)),
        known: &known,
        copied: template
            .manifest
            .texts("_copy_without_render")
            .iter()
            .filter_map(|text| fnmatch::compile(text))
            .collect(),
        newline: newline::configured(template)?,
        limits: inputs.limits,
        bytes: 0,
        folders: BTreeSet::from([String::new()]),
        files: BTreeMap::new(),
        findings: Vec::new(),
    };
    let name = project.name(&folder, &folder).and_then(|name| root_name(&name, &source.folder));
    let name = name.map_err(one)?;
    // A script may change the answers as its text is rendered, and the files are rendered with what it left.
    let mut hooks = project.hooks(template, inputs, &[Stage::BeforeQuestions, Stage::BeforeFiles]);
    project.folder("");
    hooks.extend(project.hooks(template, inputs, &[Stage::AfterFiles]));
    let (answers, variables) = (filled.answers, filled.found);
    let made = Rendered { folder: Some(name), answers, variables, hooks, ..Rendered::default() };
    project.finish(made)
}

/// A project while it is rendered.
struct Project<'a> {
    jinja: &'a Jinja,
    source: &'a Source<'a>,
    context: Value,
    known: &'a [&'a str],
    copied: Vec<Regex>,
    newline: Option<String>,
    limits: Limits,
    bytes: usize,
    folders: BTreeSet<String>,
    files: BTreeMap<String, (Entry, Origin)>,
    findings: Vec<Finding>,
}

impl Project<'_> {
    /// The scripts of some stages, in a context in which the folders are where scripts see them. Scripts that write down all
    /// answers, and name no folder, write down where it really is.
    fn hooks(&mut self, template: &Template, inputs: &Environment, stages: &[Stage]) -> Vec<Hook> {
        let answers = self.context.get_attr("cookiecutter").unwrap_or_default();
        let before: Vec<(&str, Value)> =
            context::PLACES.iter().filter_map(|name| Some((*name, answers.get_attr(name).ok()?))).collect();
        let named = |name: &str| hooks::mention(template, stages, name);
        for (name, place) in context::places(template, &inputs.of_scripts()).into_iter().filter(|(name, _)| named(name))
        {
            values::put(&answers, name, Value::from(place));
        }
        let hooks = hooks::render(template, self.jinja, &self.context, self.known, stages);
        for (name, place) in before {
            values::put(&answers, name, place);
        }
        hooks.unwrap_or_else(|findings| {
            self.findings.extend(findings);
            Vec::new()
        })
    }

    /// One folder of the template, by its path in the project's folder: first its folders, then its files, then what is in
    /// the folders.
    fn folder(&mut self, relative: &str) {
        let (mut below, mut files) = (Vec::new(), Vec::new());
        for name in self.source.folders().names(&self.source.path(relative)) {
            let path = joined(relative, name);
            match self.source.folders().resolve(self.source.tree(), &self.source.path(&path)) {
                Target::Folder(_) => below.push(path),
                _ => files.push(path),
            }
        }
        let (copied, rendered): (Vec<String>, Vec<String>) = below.into_iter().partition(|path| self.is_copied(path));
        for path in copied {
            let result = self.copy_folder(&path);
            self.note(result);
        }
        let mut entered = Vec::new();
        for path in rendered {
            let result = self.make_folder(&path);
            let made = result.is_ok();
            self.note(result);
            // A linked folder is made and not entered, as `os.walk` does not follow it.
            let linked = matches!(self.source.tree().get(&self.source.path(&path)), Some(Entry::Link { .. }));
            if made && !linked {
                entered.push(path);
            }
        }
        for path in files {
            if self.is_over() {
                return;
            }
            let result = self.file(&path);
            self.note(result);
        }
        for path in entered {
            self.folder(&path);
        }
    }

    fn note(&mut self, result: Result<(), Finding>) {
        if let Err(finding) = result {
            self.findings.push(finding);
        }
    }

    /// Nothing more is rendered after findings enough, or after one that took much time.
    fn is_over(&self) -> bool {
        let expensive = |finding: &Finding| matches!(finding.rule.as_str(), "template.too-long" | "template.too-large");
        self.findings.len() >= FINDINGS || self.findings.last().is_some_and(expensive)
    }

    fn is_copied(&self, path: &str) -> bool {
        self.copied.iter().any(|pattern| pattern.is_match(path))
    }

    fn make_folder(&mut self, path: &str) -> Result<(), Finding> {
        let rendered = self.name(path, path)?;
        let made = self.place(path, &rendered)?;
        if self.folders.contains(&made) || self.files.contains_key(&made) {
            let message = match made.as_str() {
                "" => "the name of the folder is empty with these answers".to_owned(),
                made => format!("the folder becomes {made:?}, which is there already"),
            };
            let help = "cookiecutter makes no folder twice: give its files names that become empty instead";
            return Err(self.finding("template.collision", path, message, help));
        }
        self.add_folder(path, &made)
    }

    fn add_folder(&mut self, path: &str, made: &str) -> Result<(), Finding> {
        let mut ends: Vec<usize> = made.match_indices('/').map(|(at, _)| at).collect();
        ends.push(made.len());
        for end in ends {
            let folder = &made[..end];
            if self.files.contains_key(folder) {
                let message = format!("{folder:?} is a file, and has to be a folder too");
                return Err(self.finding("template.collision", path, message, "rename one of both"));
            }
            self.folders.insert(folder.to_owned());
        }
        self.check_count(path)
    }

    fn check_count(&self, path: &str) -> Result<(), Finding> {
        if self.folders.len() + self.files.len() <= self.limits.entries {
            return Ok(());
        }
        let message = format!("the project has more than {} files and folders", self.limits.entries);
        Err(self.finding("template.too-large", path, message, "render a smaller part of it"))
    }

    /// A folder that is taken as it is, with all that it holds, links followed.
    fn copy_folder(&mut self, path: &str) -> Result<(), Finding> {
        let rendered = self.name(path, path)?;
        let made = self.place(path, &rendered)?;
        self.folders.retain(|folder| folder != &made && !is_below(folder, &made));
        self.files.retain(|file, _| !is_below(file, &made));
        self.add_folder(path, &made)?;
        self.copy_into(path, &made, 0)
    }

    fn copy_into(&mut self, path: &str, made: &str, depth: usize) -> Result<(), Finding> {
        if depth > self.limits.depth {
            return Err(self.finding(
                "template.too-large",
                path,
                "folders are nested too deeply",
                "look for a link in a circle",
            ));
        }
        let Target::Folder(real) = self.source.folders().resolve(self.source.tree(), &self.source.path(path)) else {
            return Ok(());
        };
        let names: Vec<String> = self.source.folders().names(&real).map(str::to_owned).collect();
        for name in names {
            let (path, made) = (joined(path, &name), joined(made, &name));
            match self.source.folders().resolve(self.source.tree(), &self.source.path(&path)) {
                Target::Folder(_) => {
                    self.add_folder(&path, &made)?;
                    self.copy_into(&path, &made, depth + 1)?;
                }
                _ => {
                    let (content, mode) = self.content(&path)?;
                    self.put(&path, made, Entry::File { content, mode }, Treatment::Copied)?;
                }
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &str) -> Result<(), Finding> {
        let rendered = self.name(path, path)?;
        let made = self.place(path, &rendered)?;
        let copied = self.is_copied(path);
        if self.folders.contains(&made) {
            // An empty name is how a template leaves a file out.
            return if copied && made.is_empty() { Ok(()) } else { self.left_out(path, &made, copied) };
        }
        let parent = made.rsplit_once('/').map_or("", |(folder, _)| folder);
        if rendered.ends_with('/') || !self.folders.contains(parent) {
            let message = format!("the file becomes {rendered:?}, and there is no folder {parent:?}");
            return Err(self.finding("template.path", path, message, "answers that name files hold no /"));
        }
        let (content, mode) = self.content(path)?;
        if copied {
            return self.put(path, made, Entry::File { content, mode }, Treatment::Copied);
        }
        if binary::is_binary(path, &content) {
            return self.put(path, made, Entry::File { content, mode }, Treatment::Binary);
        }
        let text = self.text(path, &content)?;
        let rendered = self.render(path, text)?;
        let newline = match &self.newline {
            Some(newline) => newline.as_str(),
            None => newline::first(&content),
        };
        let written = if newline == "\n" { rendered } else { rendered.replace('\n', newline) };
        self.put(path, made, Entry::file(written.into_bytes(), mode), Treatment::Rendered)
    }

    /// A file whose name is that of a folder is left out, unless it would have been copied: then cookiecutter fails.
    fn left_out(&self, path: &str, made: &str, copied: bool) -> Result<(), Finding> {
        if !copied {
            return Ok(());
        }
        let message = format!("the file becomes {made:?}, which is a folder");
        Err(self.finding("template.collision", path, message, "rename one of both"))
    }

    fn content(&self, path: &str) -> Result<(Arc<[u8]>, u32), Finding> {
        let full = self.source.path(path);
        match self.source.folders().resolve(self.source.tree(), &full) {
            Target::Outside => Err(outside(&full)),
            _ => self.source.folders().read(self.source.tree(), &full)?.ok_or_else(|| {
                let help = "put what it leads to into the template, or remove the link";
                self.finding("template.link", path, "the link leads to nothing", help)
            }),
        }
    }

    fn text<'c>(&self, path: &str, content: &'c [u8]) -> Result<&'c str, Finding> {
        std::str::from_utf8(content).map_err(|error| {
            let before = &content[..error.valid_up_to()];
            let line = before.iter().filter(|byte| **byte == b'\n').count() as u32 + 1;
            let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() as u32 + 1;
            let help = "save it as UTF-8, or name it in _copy_without_render";
            self.finding("template.encoding", path, "the text is no UTF-8 (is it latin-1?)", help).at(
                self.source.path(path),
                line,
                column,
            )
        })
    }

    fn put(&mut self, path: &str, made: String, entry: Entry, treatment: Treatment) -> Result<(), Finding> {
        if let Entry::File { content, .. } = &entry {
            self.bytes += content.len();
        }
        if self.bytes > self.limits.total_bytes {
            let message = format!("the project is larger than {} MB", self.limits.total_bytes >> 20);
            return Err(self.finding("template.too-large", path, message, "render a smaller part of it"));
        }
        if let Some((_, other)) = self.files.get(&made) {
            let message = format!("the file becomes {made:?}, and so does {}", other.path);
            return Err(self.finding("template.collision", path, message, "give both names that cannot be equal"));
        }
        self.files.insert(made, (entry, Origin { path: self.source.path(path), treatment }));
        self.check_count(path)
    }

    /// A path as the answers make it.
    fn name(&self, name: &str, path: &str) -> Result<String, Finding> {
        self.jinja.render(&format!("{} (its name)", self.source.path(path)), name, &self.context).map_err(|problem| {
            let finding = self.near(problem);
            Finding { file: self.source.path(path), message: format!("in its name, {}", finding.message), ..finding }
        })
    }

    /// A rendered path, as a path of the project.
    fn place(&self, path: &str, rendered: &str) -> Result<String, Finding> {
        // Python joins an absolute path over what stands before it.
        match inside(rendered).filter(|_| !rendered.starts_with('/')) {
            Some(made) => Ok(made),
            None => {
                let message = format!("its name becomes {rendered:?}, which is outside of the project");
                let help = "an answer that becomes a name must not hold .. or begin with /";
                Err(self.finding("template.path", path, message, help))
            }
        }
    }

    fn render(&self, path: &str, text: &str) -> Result<String, Finding> {
        // Named as an include names it, so that a file can include itself and be named in the same way.
        self.jinja.render(path, text, &self.context).map_err(|problem| {
            let finding = self.near(problem);
            let below = |root: &str| Some(joined(root, &finding.file)).filter(|path| self.is_file(path));
            let file = below(&self.source.folder)
                .or_else(|| below(&joined(&self.source.template.root, "templates")))
                .unwrap_or_else(|| self.source.path(path));
            Finding { file, ..finding }
        })
    }

    fn is_file(&self, path: &str) -> bool {
        matches!(self.source.folders().resolve(self.source.tree(), path), Target::File(_))
    }

    fn near(&self, problem: Problem) -> Finding {
        match problem.undefined.clone() {
            Some(expression) => {
                *problem.near(expression.trim_start_matches("cookiecutter."), self.known.iter().copied()).finding
            }
            None => *problem.finding,
        }
    }

    fn finding(&self, rule: &str, path: &str, message: impl Into<String>, help: &str) -> Finding {
        Finding::new(rule, Level::Error, message, help).at(self.source.path(path), 0, 0)
    }

    /// Puts the files into what is made.
    fn finish(self, mut rendered: Rendered) -> Result<Rendered, Findings> {
        if !self.findings.is_empty() {
            return Err(self.findings.into());
        }
        let mut lower: BTreeMap<String, &str> = BTreeMap::new();
        for path in self.files.keys() {
            if let Some(other) = lower.insert(path.to_lowercase(), path) {
                let message = format!("{other:?} and {path:?} are one file where names know no capital letters");
                let help = "Windows and macOS keep only one of them: rename the other";
                rendered.findings.push(Finding::new("template.case", Level::Warning, message, help).at(
                    path.clone(),
                    0,
                    0,
                ));
            }
        }
        let invalid = |path: &str, error: crate::tree::PathError| {
            one(Finding::new("template.path", Level::Error, format!("{path:?}: {error}"), "").at(path, 0, 0))
        };
        for folder in self.folders.iter().filter(|folder| !folder.is_empty()) {
            rendered.tree.insert(folder.clone(), Entry::Folder).map_err(|error| invalid(folder, error))?;
        }
        for (path, (entry, origin)) in self.files {
            rendered.tree.insert(path.clone(), entry).map_err(|error| invalid(&path, error))?;
            rendered.origins.insert(path, origin);
        }
        Ok(rendered)
    }
}
