//! What would need a person's word.

use model::{Confidence, Evidence, Fact};

use super::{Candidate, Found, Signs, fact, framework, published};
use crate::draft::fold::is_development;
use crate::draft::program::{Program, program};
use crate::manifest::Located;

/// What it could be, though nothing decides it.
pub(super) fn guesses(signs: &Signs, program: &Program, possible: Option<Evidence>) -> Vec<Fact<String>> {
    let candidate = signs.candidate;
    if signs.templates.iter().any(|template| template.path == candidate.path) || is_development(&candidate.path) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let framework_of = |list: fn(&Found) -> &'static [&'static str]| framework(candidate, list);
    if let Some((file, container)) = &candidate.container {
        let serves = framework_of(|found| found.ecosystem.frameworks.serve);
        if let Some((_, name, _)) = serves {
            let line = container.exposes.unwrap_or(1);
            found.push(fact(
                "service",
                "type.container",
                Confidence::Guess,
                format!("It has a container file and is built with {name}, but nothing shows that it is deployed."),
                file,
                line,
            ));
        } else if let Some(line) = container.exposes {
            found.push(fact(
                "service",
                "type.container",
                Confidence::Guess,
                "Its container file exposes a port, but nothing shows that it is deployed.",
                file,
                line,
            ));
        }
    }
    if let Some((read, start)) = (found.is_empty() && !signs.is_inner).then(|| starting(candidate)).flatten() {
        let why =
            format!("It is built to be started as a server ({}), but nothing shows that it is deployed.", start.text);
        found.push(fact("service", "type.server", Confidence::Guess, why, &read.file, start.line));
    }
    if let Some((read, name, line)) = managed(signs).filter(|_| found.is_empty()) {
        let why =
            format!("{} manages it, and it is built with {name}, but nothing shows that it is deployed.", MANAGER);
        found.push(fact("service", "type.server", Confidence::Guess, why, &read.file, line));
    }
    if candidate.path.is_empty() {
        if let Some(command) = program.commands.first() {
            let built = framework_of(|found| found.ecosystem.frameworks.command);
            if let Some((read, name, line)) = built {
                found.push(fact(
                    "cli",
                    "type.command",
                    Confidence::Guess,
                    format!(
                        "It builds the program {} with {name}, but nothing shows that it is released.",
                        command.text
                    ),
                    &read.file,
                    line,
                ));
            }
        }
        found.extend(possible.map(|evidence| {
            let kind = if published::is_library(signs, program) { "library" } else { "cli" };
            Fact::new(kind.to_owned(), evidence)
        }));
    }
    found
}

/// The one program of a workspace whose members are neither published nor deployed: where somebody wrote down what it is
/// and keeps versions of it, the workspace is there for that program.
pub(in crate::draft) fn only_program(root: &Signs, members: &[Signs]) -> Option<Fact<String>> {
    let survey = root.survey;
    let changes =
        ["CHANGELOG.md", "CHANGELOG", "CHANGES.md", "NEWS.md"].iter().find(|name| survey.tree.file(name).is_some());
    let versions = changes
        .map(|name| (*name).to_owned())
        .or_else(|| survey.facts.tags.first().map(|tag| format!("the tag {}", tag.name)))
        .or_else(|| root.pipelines.first(|ci| ci.releases.as_ref()).map(|(file, _)| file.to_owned()))?;
    let readme = root.candidate.readme.as_ref()?;
    if root.templates.iter().any(|template| template.path.is_empty()) {
        return None;
    }
    let programs = members.iter().filter(|member| !is_development(&member.candidate.path)).filter_map(|member| {
        let program = program(member);
        Some((member, program.commands.first()?.clone(), program.command_file?))
    });
    let programs: Vec<_> = programs.collect();
    // Of several the one that the README is headed by.
    let called = |command: &Located| readme.title().is_some_and(|title| title.eq_ignore_ascii_case(&command.text));
    let mut chosen = programs.iter().filter(|(_, command, _)| programs.len() == 1 || called(command));
    let (member, command, file) = chosen.next().filter(|_| chosen.next().is_none())?;
    let serves = framework(member.candidate, |found| found.ecosystem.frameworks.serve);
    let (kind, with) = serves.map_or(("cli", String::new()), |(_, name, _)| ("service", format!(", with {name}")));
    let why = format!("{} is the program of the workspace{with}, and {versions} tells its versions.", command.text);
    Some(fact(kind, "type.program", Confidence::Guess, why, file, command.line))
}

/// What Django's projects are started with, and its libraries do without.
const MANAGER: &str = "manage.py";

fn managed<'s>(signs: &'s Signs) -> Option<(&'s Found, &'static str, u32)> {
    let candidate = signs.candidate;
    let path = if candidate.path.is_empty() { MANAGER.to_owned() } else { format!("{}/{MANAGER}", candidate.path) };
    signs.survey.tree.file(&path).filter(|file| file.speaks())?;
    let is_package =
        candidate.manifests.iter().any(|found| found.manifest.name.is_some() && found.ecosystem.id == "python");
    framework(candidate, |found| found.ecosystem.frameworks.serve).filter(|_| !is_package)
}

/// The manifest that makes a server of it, where a framework for servers stands beside.
fn starting(candidate: &Candidate) -> Option<(&Found, &Located)> {
    framework(candidate, |found| found.ecosystem.frameworks.serve)?;
    let mut manifests = candidate.manifests.iter().filter(|found| found.ecosystem.id != "javascript");
    manifests.find_map(|found| Some((found, found.manifest.starts.as_ref()?)))
}
