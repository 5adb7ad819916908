//! One pass over the names of all files: which of them are worth reading.

use std::cell::RefCell;
use std::collections::HashSet;

use engine_repo::{File, Tree};
use model::repository::RepositoryFacts;
use model::{Finding, Level};

use crate::manifest;

/// How many files of one sort are read, and how many things of one sort a draft keeps.
pub(super) const MOST: usize = 500;

/// How much of a file is read that is no manifest.
pub(super) const TEXT_BYTES: usize = 256 * 1024;

/// Parts of paths below which plain Kubernetes manifests are looked for: reading every YAML file of a repository would
/// take longer than everything else.
const MANIFEST_FOLDERS: [&str; 24] = [
    "k8s",
    "kubernetes",
    "kube",
    "deploy",
    "deployment",
    "deployments",
    "manifests",
    "kubernetes-manifests",
    "kustomize",
    "base",
    "overlays",
    "components",
    "infra",
    "infrastructure",
    "ops",
    "argocd",
    "flux",
    "gitops",
    "clusters",
    "apps",
    "environments",
    "envs",
    "production",
    "staging",
];

const PIPELINES: [&str; 9] = [
    ".gitlab-ci.yml",
    ".travis.yml",
    "Jenkinsfile",
    "azure-pipelines.yml",
    ".drone.yml",
    "bitbucket-pipelines.yml",
    "cloudbuild.yaml",
    ".woodpecker.yml",
    "Makefile",
];

/// The files that may speak, by what they are.
pub(super) struct Survey<'t> {
    pub tree: &'t dyn Tree,
    pub facts: &'t RepositoryFacts,
    pub manifests: Vec<&'t File>,
    /// Manifests that stand beside no code: of pipelines, charts, Terraform.
    pub others: Vec<&'t File>,
    pub containers: Vec<&'t File>,
    pub compose: Vec<&'t File>,
    pub charts: Vec<&'t File>,
    pub kubernetes: Vec<&'t File>,
    pub kustomizations: Vec<&'t File>,
    /// Procfile, serverless.yml, systemd units and what platforms read.
    pub platforms: Vec<&'t File>,
    pub pipelines: Vec<&'t File>,
    pub environments: Vec<&'t File>,
    /// What programs read at their start: Spring's and .NET's.
    pub settings: Vec<&'t File>,
    pub apis: Vec<&'t File>,
    pub descriptors: Vec<&'t File>,
    pub templates: Vec<&'t File>,
    pub sites: Vec<&'t File>,
    pub gateways: Vec<&'t File>,
    pub terraform: Vec<&'t File>,
    pub goreleaser: Option<&'t File>,
    pub readme: Option<&'t File>,
    findings: RefCell<Vec<Finding>>,
}

impl<'t> Survey<'t> {
    pub fn new(tree: &'t dyn Tree, facts: &'t RepositoryFacts) -> Self {
        let mut survey = Self {
            tree,
            facts,
            manifests: Vec::new(),
            others: Vec::new(),
            containers: Vec::new(),
            compose: Vec::new(),
            charts: Vec::new(),
            kubernetes: Vec::new(),
            kustomizations: Vec::new(),
            platforms: Vec::new(),
            pipelines: Vec::new(),
            environments: Vec::new(),
            settings: Vec::new(),
            apis: Vec::new(),
            descriptors: Vec::new(),
            templates: Vec::new(),
            sites: Vec::new(),
            gateways: Vec::new(),
            terraform: Vec::new(),
            goreleaser: None,
            readme: None,
            findings: RefCell::default(),
        };
        let known: HashSet<&str> = facts.api_definitions.iter().map(|fact| fact.value.as_str()).collect();
        for file in tree.files().iter().filter(|file| file.speaks()) {
            survey.place(file, known.contains(file.path.as_str()));
        }
        survey.cap();
        survey
    }

    fn place(&mut self, file: &'t File, is_api: bool) {
        let (name, folder) = (file.name(), file.folder());
        match manifest::recognise(&file.path) {
            Some((ecosystem, _)) if ecosystem.is_code => return self.manifests.push(file),
            // It is read as a chart or pipeline as well.
            Some(_) => self.others.push(file),
            None => {}
        }
        if is_api || is_api_name(name) {
            return self.apis.push(file);
        }
        let lower = name.to_lowercase();
        let yaml = lower.ends_with(".yaml") || lower.ends_with(".yml");
        match lower.as_str() {
            "catalog-info.yaml" | "catalog-info.yml" | "template.yaml" | "template.yml" => self.descriptors.push(file),
            "cookiecutter.json" | "copier.yml" | "copier.yaml" => self.templates.push(file),
            "chart.yaml" => self.charts.push(file),
            "kustomization.yaml" | "kustomization.yml" => self.kustomizations.push(file),
            "procfile" | "serverless.yml" | "serverless.yaml" | "fly.toml" | "render.yaml" | "vercel.json"
            | "netlify.toml" | "wrangler.toml" | "app.yaml" | "firebase.json" | "skaffold.yaml" => {
                self.platforms.push(file)
            }
            "mkdocs.yml"
            | "mkdocs.yaml"
            | "docusaurus.config.js"
            | "docusaurus.config.ts"
            | "antora.yml"
            | "book.toml"
            | "_config.yml"
            | "hugo.toml"
            | "astro.config.mjs" => self.sites.push(file),
            "krakend.json" | "krakend.tmpl" | "kong.yml" | "kong.yaml" | "envoy.yaml" => self.gateways.push(file),
            ".goreleaser.yml" | ".goreleaser.yaml" | "goreleaser.yml" | "goreleaser.yaml" => {
                self.goreleaser = Some(file)
            }
            _ if lower.ends_with(".service") => self.platforms.push(file),
            _ if is_container(&lower) && !is_of_workplace(folder) => self.containers.push(file),
            _ if yaml
                && (lower.starts_with("docker-compose") || lower.starts_with("compose.") || lower == "compose.yml")
                && !is_of_workplace(folder) =>
            {
                self.compose.push(file);
            }
            _ if lower.ends_with(".tf") => self.terraform.push(file),
            _ if is_pipeline(name, folder, yaml) => self.pipelines.push(file),
            _ if is_environment(&lower) => self.environments.push(file),
            _ if manifest::is_settings(&lower) => self.settings.push(file),
            _ if folder.is_empty() && lower.starts_with("readme") && self.readme.is_none() => self.readme = Some(file),
            _ if yaml && is_manifest_place(folder, &lower) => self.kubernetes.push(file),
            _ => {}
        }
    }

    /// Cuts every list to what is read, and says where that leaves something out.
    fn cap(&mut self) {
        let mut cut = Vec::new();
        for (what, list) in [
            ("package manifests", &mut self.manifests),
            ("pipelines, charts and Terraform files", &mut self.others),
            ("container files", &mut self.containers),
            ("compose files", &mut self.compose),
            ("charts", &mut self.charts),
            ("Kubernetes manifests", &mut self.kubernetes),
            ("kustomizations", &mut self.kustomizations),
            ("platform files", &mut self.platforms),
            ("pipelines", &mut self.pipelines),
            ("environment files", &mut self.environments),
            ("settings files", &mut self.settings),
            ("API definitions", &mut self.apis),
            ("templates", &mut self.templates),
        ] {
            // What lies higher up says more.
            list.sort_by_key(|file| file.path.bytes().filter(|&byte| byte == b'/').count());
            if list.len() > MOST {
                cut.push((what, list.len()));
                list.truncate(MOST);
            }
            list.sort_by(|a, b| a.path.cmp(&b.path));
        }
        self.terraform.truncate(MOST);
        for (what, count) in cut {
            self.find(
                "draft.limit",
                &format!("The repository has {count} {what}; the {MOST} highest up are read."),
                "Mark vendored or generated folders with linguist attributes in .gitattributes.",
            );
        }
    }

    /// The text of a file; `None` where it cannot be read.
    pub fn text(&self, path: &str, limit: usize) -> Option<String> {
        let blob = self.tree.read(path, limit).ok()??;
        Some(blob.text().into_owned())
    }

    pub fn find(&self, rule: &str, message: &str, help: &str) {
        self.findings.borrow_mut().push(Finding::new(rule, Level::Note, message, help));
    }

    /// Keeps a finding that has its place.
    pub fn note(&self, finding: Finding) {
        self.findings.borrow_mut().push(finding);
    }

    pub fn findings(&self) -> Vec<Finding> {
        self.findings.take()
    }
}

fn is_container(lower: &str) -> bool {
    matches!(lower, "dockerfile" | "containerfile")
        || lower.starts_with("dockerfile.")
        || lower.ends_with(".dockerfile")
}

/// Containers in which people and pipelines work on the code: they run nothing of it.
fn is_of_workplace(folder: &str) -> bool {
    let places =
        [".devcontainer", ".github", ".gitlab", ".buildkite", ".circleci", ".gitpod", ".vscode", ".ci", ".cloud-build"];
    folder.split('/').any(|part| places.contains(&part))
}

/// What examples and tests name is nobody's configuration.
fn is_environment(lower: &str) -> bool {
    let named = lower == ".env" || lower.starts_with(".env.") || lower.ends_with(".env");
    let words = ["example", "sample", "template", "dist", "test", "tests", "testing", "default"];
    named && !lower.split(['.', '-', '_']).any(|word| words.contains(&word))
}

fn is_pipeline(name: &str, folder: &str, yaml: bool) -> bool {
    yaml && matches!(
        folder,
        ".github/workflows" | ".circleci" | ".buildkite" | ".forgejo/workflows" | ".gitea/workflows"
    ) || folder.is_empty() && PIPELINES.contains(&name)
        || folder == "scripts" && name.contains("release")
        || folder == ".github/actions"
}

fn is_manifest_place(folder: &str, lower: &str) -> bool {
    let speaking = ["deployment", "statefulset", "cronjob", "daemonset"].iter().any(|kind| lower.contains(kind));
    speaking || folder.split('/').any(|part| MANIFEST_FOLDERS.contains(&part.to_lowercase().as_str()))
}

fn is_api_name(name: &str) -> bool {
    let lower = name.to_lowercase();
    let (stem, extension) = lower.rsplit_once('.').unwrap_or((&lower, ""));
    match extension {
        "proto" | "graphqls" => true,
        "graphql" | "gql" => stem.contains("schema"),
        "yaml" | "yml" | "json" => ["openapi", "swagger", "asyncapi"].iter().any(|word| {
            stem == *word
                || stem.ends_with(&format!(".{word}"))
                || stem.ends_with(&format!("-{word}"))
                || stem.starts_with(&format!("{word}."))
                || stem.starts_with(&format!("{word}-"))
        }),
        _ => false,
    }
}
