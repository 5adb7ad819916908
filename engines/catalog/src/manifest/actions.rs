//! GitHub Actions and GitLab: which actions, workflows and templates of other repositories a pipeline uses, and what a
//! repository offers to others.

use super::node::yaml;
use super::{Ecosystem, Located, Manifest, ManifestFile, NONE, Scope};
use crate::yaml::{Node, Value};

pub(super) static ACTIONS: Ecosystem = Ecosystem {
    id: "actions",
    title: "Pipelines",
    files: &[
        ManifestFile { name: "action.yml", parse: action },
        ManifestFile { name: "action.yaml", parse: action },
        ManifestFile { name: "workflows/*.yml", parse: workflow },
        ManifestFile { name: "workflows/*.yaml", parse: workflow },
        ManifestFile { name: ".gitlab-ci.yml", parse: gitlab },
    ],
    is_code: false,
    ..NONE
};

/// GitLab names projects of its own host, whatever that is called; the name is one that RFC 2606 keeps free.
const OWN_HOST: &str = "https://gitlab.invalid";

/// `action.yml`: <https://docs.github.com/actions/reference/workflows-and-actions/metadata-syntax>
pub fn action(text: &str) -> Option<Manifest> {
    let documents = yaml(text)?;
    let root = documents.first()?;
    let runs = root.entry("runs").filter(|_| root.get("name").is_some())?;
    runs.value.get("using")?;
    let mut manifest = Manifest {
        offers: Some(Located::new("an action", runs.line)),
        description: root.text("description"),
        ..Manifest::default()
    };
    for used in uses(&runs.value) {
        manifest.depend(&used.text, Scope::Runtime, used.line);
    }
    Some(manifest)
}

/// A workflow: <https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax>
pub fn workflow(text: &str) -> Option<Manifest> {
    let documents = yaml(text)?;
    let root = documents.first()?;
    let jobs = root.get("jobs")?;
    let mut manifest = Manifest::default();
    let on = root.get("on");
    let called = on.and_then(|on| {
        let listed = on.items().iter().find(|item| item.as_str() == Some("workflow_call")).map(|item| item.line);
        let line = on.entry("workflow_call").map(|entry| entry.line).or(listed);
        line.or_else(|| (on.as_str() == Some("workflow_call")).then_some(on.line))
    });
    manifest.offers = called.map(|line| Located::new("a reusable workflow", line));
    for used in uses(jobs) {
        manifest.depend(&used.text, Scope::Build, used.line);
    }
    (manifest.offers.is_some() || !manifest.dependencies.is_empty()).then_some(manifest)
}

/// `.gitlab-ci.yml`: the projects whose files it includes.
pub fn gitlab(text: &str) -> Option<Manifest> {
    let documents = yaml(text)?;
    let include = documents.first()?.get("include")?;
    let mut manifest = Manifest::default();
    for item in std::iter::once(include).chain(include.items()) {
        if let Some(project) = item.text("project").filter(|project| project.text.contains('/')) {
            manifest.depend(&format!("{OWN_HOST}/{}.git", project.text), Scope::Build, project.line);
        }
    }
    (!manifest.dependencies.is_empty()).then_some(manifest)
}

/// Every `uses: owner/repository/folder@ref` below a node, as the address of a repository. Actions of the repository
/// itself and images are none.
fn uses(node: &Node) -> Vec<Located> {
    let mut found: Vec<Located> = Vec::new();
    let mut rest = vec![node];
    while let Some(node) = rest.pop() {
        match &node.value {
            Value::Mapping(entries) => {
                for entry in entries.iter().rev() {
                    if entry.key == "uses"
                        && let Some(used) = entry.value.located()
                    {
                        found.extend(address(&used.text).map(|address| Located::new(address, used.line)));
                    }
                    rest.push(&entry.value);
                }
            }
            Value::Sequence(items) => rest.extend(items.iter().rev()),
            _ => {}
        }
    }
    found.sort_by(|a, b| (a.line, &a.text).cmp(&(b.line, &b.text)));
    found.truncate(500);
    found
}

fn address(used: &str) -> Option<String> {
    let (path, _) = used.split_once('@')?;
    if path.starts_with('.') || path.contains("://") || path.contains("${{") {
        return None;
    }
    let mut parts = path.splitn(3, '/');
    let (owner, name) = (parts.next()?, parts.next()?);
    let folder = parts.next().map(|folder| {
        // A reusable workflow is no component's folder.
        if folder.starts_with(".github/") { String::new() } else { format!("//{folder}") }
    });
    Some(format!("https://github.com/{owner}/{name}{}", folder.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn names(manifest: &Manifest) -> Vec<(&str, Scope, u32)> {
        manifest.dependencies.iter().map(|d| (d.name.as_str(), d.scope, d.line)).collect()
    }

    #[test]
    fn workflows_use_and_offer() {
        let text = "on:\n  workflow_call: {}\njobs:\n  a:\n    uses: acme/workflows/.github/workflows/build.yml@v1\n  b:\n    steps:\n      - uses: acme/setup/node@v1\n      - uses: ./.github/actions/x\n      - uses: docker://alpine\n      - run: echo uses\n";
        let manifest = workflow(text).unwrap();
        assert_eq!(
            names(&manifest),
            [
                ("https://github.com/acme/workflows", Scope::Build, 5),
                ("https://github.com/acme/setup//node", Scope::Build, 8)
            ]
        );
        assert_eq!(manifest.offers, Some(Located::new("a reusable workflow", 2)));
        assert_eq!(workflow("on: push\njobs:\n  a:\n    steps: []\n"), None);
        assert!(workflow("on: [push, workflow_call]\njobs: {}\n").unwrap().offers.is_some());
    }

    #[test]
    fn actions_offer_themselves() {
        let text =
            "name: Setup\ndescription: Sets up\nruns:\n  using: composite\n  steps:\n    - uses: acme/cache@v1\n";
        let manifest = action(text).unwrap();
        assert_eq!(manifest.offers, Some(Located::new("an action", 3)));
        assert_eq!(names(&manifest), [("https://github.com/acme/cache", Scope::Runtime, 6)]);
        assert_eq!(action("name: x\nrules: []\n"), None);
    }

    #[test]
    fn gitlab_includes_projects() {
        let manifest =
            gitlab("include:\n  - project: acme/platform/templates\n    file: a.yml\n  - local: b.yml\n").unwrap();
        assert_eq!(names(&manifest), [("https://gitlab.invalid/acme/platform/templates.git", Scope::Build, 2)]);
        assert_eq!(gitlab("stages: []\n"), None);
    }
}
