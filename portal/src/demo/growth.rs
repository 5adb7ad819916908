//! How files come to their final content: a part at first, then some lines more with every commit.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::random::Random;
use super::script::{File, Script};

/// Written line by line; everything else appears whole.
const GROWING: [&str; 10] = [".go", ".md", ".py", ".rs", ".sh", ".sql", ".tf", ".ts", ".tsx", ".css"];

/// A file on its way.
struct Growing {
    content: Vec<u8>,
    /// Ends of its lines, in bytes.
    lines: Vec<usize>,
    /// How many lines are there.
    shown: usize,
    /// A line that somebody took out for a while.
    hidden: Option<usize>,
    appears: Date,
}

/// The tree of one repository over time.
pub struct Growth<'a> {
    script: &'a Script,
    files: BTreeMap<String, Growing>,
    /// Which version of each bump stands now.
    versions: Vec<usize>,
}

impl<'a> Growth<'a> {
    pub fn new(script: &'a Script, files: Vec<File>, start: Date) -> Self {
        let files = files
            .into_iter()
            .map(|file| {
                let grows = script.commits.is_empty() && GROWING.iter().any(|ending| file.path.ends_with(ending));
                let ends = file.content.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
                let lines = if grows { ends.collect() } else { vec![file.content.len()] };
                let appears = appears(script, &file.path).unwrap_or(start);
                (file.path, Growing { content: file.content, lines, shown: 0, hidden: None, appears })
            })
            .collect();
        Self { script, files, versions: vec![0; script.bumps.len()] }
    }

    /// The files that are due and not there yet, begun: the paths that changed.
    pub fn begin(&mut self, today: Date) -> Vec<String> {
        let mut begun = Vec::new();
        for (path, file) in &mut self.files {
            if file.shown == 0 && file.appears <= today {
                file.shown = if file.lines.len() <= 12 { file.lines.len() } else { file.lines.len() / 2 };
                begun.push(path.clone());
            }
        }
        begun
    }

    /// Lines that are still to be written in files that are there.
    fn missing(&self) -> usize {
        self.files.values().filter(|file| file.shown > 0).map(|file| file.lines.len() - file.shown).sum()
    }

    /// One commit's worth of work with `left` more to come: the path that changed.
    pub fn work(&mut self, left: usize, random: &mut Random) -> Option<String> {
        let open: Vec<_> = self
            .files
            .iter()
            .filter(|(_, file)| file.shown > 0 && (file.shown < file.lines.len() || file.hidden.is_some()))
            .map(|(path, _)| path.clone())
            .collect();
        let more = self.missing().div_ceil(left.max(1));
        if let Some(path) = open.get(random.below(open.len())).cloned() {
            let file = self.files.get_mut(&path)?;
            if file.hidden.take().is_none() {
                file.shown = (file.shown + more.max(1)).min(file.lines.len());
            }
            return Some(path);
        }
        // Everything is written: somebody takes out a line, and the next one puts it back.
        let long: Vec<_> =
            self.files.iter().filter(|(_, file)| file.shown > 12).map(|(path, _)| path.clone()).collect();
        let path = long.get(random.below(long.len()))?.clone();
        let file = self.files.get_mut(&path)?;
        file.hidden = Some(2 + random.below(file.shown - 4));
        Some(path)
    }

    /// Everything as it is at the end: the paths that changed.
    pub fn complete(&mut self) -> Vec<String> {
        let mut changed = Vec::new();
        for (path, file) in &mut self.files {
            if file.shown < file.lines.len() || file.hidden.is_some() {
                (file.shown, file.hidden) = (file.lines.len(), None);
                changed.push(path.clone());
            }
        }
        changed
    }

    /// Raises one dependency to its next version: the file and the version.
    pub fn raise(&mut self, bump: usize) -> Option<(String, String)> {
        let script = self.script.bumps.get(bump)?;
        let next = self.versions[bump] + 1;
        let is_there = self.files.get(&script.file).is_some_and(|file| file.shown == file.lines.len());
        let version = script.versions.get(next).filter(|_| is_there)?;
        self.versions[bump] = next;
        Some((script.file.clone(), version.clone()))
    }

    /// What stands in a file now.
    pub fn content(&self, path: &str) -> Vec<u8> {
        let Some(file) = self.files.get(path) else { return Vec::new() };
        let end = file.shown.checked_sub(1).map_or(0, |last| file.lines[last]);
        let end = if file.shown == file.lines.len() { file.content.len() } else { end };
        let mut content = file.content[..end].to_vec();
        if let Some(line) = file.hidden.filter(|line| *line < file.shown && *line > 0) {
            content.drain(file.lines[line - 1]..file.lines[line]);
        }
        for (bump, current) in self.script.bumps.iter().zip(&self.versions).filter(|(bump, _)| bump.file == path) {
            let (Some(last), Some(now)) = (bump.versions.last(), bump.versions.get(*current)) else { continue };
            if let Ok(text) = std::str::from_utf8(&content) {
                content = text.replace(&bump.text.replace("{}", last), &bump.text.replace("{}", now)).into_bytes();
            }
        }
        content
    }
}

/// When a file that is not there from the beginning comes.
fn appears(script: &Script, path: &str) -> Option<Date> {
    let names = |paths: &[String]| paths.iter().any(|rule| covers(rule, path));
    let rest = script.commits.iter().find(|commit| commit.paths.is_empty());
    let commit = script.commits.iter().find(|commit| names(&commit.paths)).or(rest).map(|commit| commit.at);
    commit.or_else(|| script.files.iter().find(|rule| names(&rule.paths)).map(|rule| rule.at))
}

fn covers(rule: &str, path: &str) -> bool {
    if rule.ends_with('/') { path.starts_with(rule) } else { path == rule }
}
