//! What would need a person's word.

use model::{Confidence, Evidence, Fact};

use super::{Candidate, Found, Signs, fact, framework, published};
use crate::draft::modules::is_development;
use crate::draft::program::Program;
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
    if let Some((read, start)) = found.is_empty().then(|| starting(candidate)).flatten() {
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
