//! What is run from here: charts, compose services, Kubernetes workloads, and what platforms read.

use std::collections::{HashMap, HashSet};

use model::{Confidence, Evidence, Fact};

use super::calls::{CALLS, calls};
use super::candidates::lifted;
use super::declared::join;
use super::images::pattern;
use super::survey::{MOST, Survey, TEXT_BYTES};
use super::{Call, Workload};
use crate::manifest::{self, Located, Service, ci::without_tag};

/// What is run, and which folders are built for it.
#[derive(Default)]
pub(super) struct Deployments {
    pub workloads: Vec<Workload>,
    /// Folder and image that is built from it.
    pub builds: Vec<(String, Fact<String>)>,
}

/// Names of compose services that serve nobody but developers.
const DEVELOPMENT: [&str; 14] = [
    "test",
    "tests",
    "lint",
    "docs",
    "doc",
    "dev",
    "ci",
    "shell",
    "builder",
    "build",
    "e2e",
    "bench",
    "format",
    "devcontainer",
];

pub(super) fn read(survey: &Survey) -> Deployments {
    let mut found = Deployments::default();
    let charts = read_charts(survey, &mut found);
    read_kubernetes(survey, &charts, &mut found);
    read_compose(survey, &mut found);
    read_platforms(survey, &mut found);
    merge(&mut found.workloads);
    if found.workloads.len() > MOST {
        survey.find(
            "draft.limit",
            &format!("Only the first {MOST} workloads of the repository are kept."),
            "Split the repository.",
        );
        found.workloads.truncate(MOST);
    }
    found
}

/// Overlays repeat what they change: of one workload the first stays, with the calls of all.
fn merge(workloads: &mut Vec<Workload>) {
    let mut index = HashMap::new();
    let mut merged: Vec<Workload> = Vec::new();
    for workload in workloads.drain(..) {
        let key = (workload.name.clone(), workload.image.clone(), workload.folder.clone(), workload.local);
        match index.get(&key) {
            Some(&at) => {
                let first: &mut Workload = &mut merged[at];
                let known: HashSet<String> = first.calls.iter().map(|call| call.host.clone()).collect();
                let fresh = workload.calls.into_iter().filter(|call| !known.contains(&call.host));
                first.calls.extend(fresh.take(CALLS.saturating_sub(known.len())));
            }
            None => {
                index.insert(key, merged.len());
                merged.push(workload);
            }
        }
    }
    *workloads = merged;
}

fn read_charts(survey: &Survey, found: &mut Deployments) -> Vec<String> {
    let mut folders = Vec::new();
    for file in &survey.charts {
        let Some(chart) = survey.text(&file.path, TEXT_BYTES).and_then(|text| manifest::chart(&text)) else { continue };
        let folder = file.folder();
        folders.push(format!("{folder}/"));
        // A subchart is deployed as a part of the chart around it.
        if chart.library || chart.deprecated.is_some() {
            continue;
        }
        let Some((kind, template)) = chart_kind(survey, folder) else { continue };
        let mut images = Vec::new();
        let mut hosts: Vec<Call> = Vec::new();
        for values in survey.tree.below(folder).iter().filter(|file| is_values(file.name()) && file.speaks()).take(20) {
            let text = survey.text(&values.path, TEXT_BYTES);
            let Some(read) = text.and_then(|text| manifest::values(&text)) else { continue };
            if values.folder() == folder {
                images.extend(read.images);
            }
            hosts.extend(calls(&values.path, read.settings.iter().map(|(key, value)| (key.as_str(), value))));
        }
        let mut known = HashSet::new();
        hosts.retain(|call| known.insert(call.host.clone()));
        hosts.truncate(CALLS);
        let why = format!("The chart {} runs a {}.", chart.name.text, template.text);
        found.workloads.push(Workload {
            name: chart.name.text,
            kind: kind.to_owned(),
            folder: None,
            image: images.first().map(|image| without_tag(&image.text).to_lowercase()),
            local: false,
            calls: hosts,
            evidence: Evidence::new("type.deployed", Confidence::Corroborated, why)
                .at(&file.path, Some(chart.name.line)),
        });
    }
    folders
}

/// What the templates of a chart run, and where the first says so.
fn chart_kind(survey: &Survey, folder: &str) -> Option<(&'static str, Located)> {
    let templates = if folder.is_empty() { "templates".to_owned() } else { format!("{folder}/templates") };
    let files = survey
        .tree
        .below(&templates)
        .iter()
        .filter(|file| file.name().ends_with(".yaml") || file.name().ends_with(".yml"));
    let mut kinds = Vec::new();
    for file in files.take(100) {
        if let Some(text) = survey.text(&file.path, TEXT_BYTES) {
            kinds.extend(manifest::workload_kinds(&text));
        }
    }
    let serves = kinds.iter().position(|kind| !is_job(&kind.text));
    serves.map(|at| ("service", kinds[at].clone())).or_else(|| Some(("job", kinds.into_iter().next()?)))
}

fn is_values(name: &str) -> bool {
    name.starts_with("values") && (name.ends_with(".yaml") || name.ends_with(".yml"))
}

fn is_job(kind: &str) -> bool {
    matches!(kind, "Job" | "CronJob")
}

fn read_kubernetes(survey: &Survey, charts: &[String], found: &mut Deployments) {
    let maps = config_maps(survey);
    let apps = survey.platforms.iter().filter(|file| file.name() == "app.yaml");
    for file in
        survey.kubernetes.iter().chain(apps).filter(|file| !charts.iter().any(|chart| in_templates(&file.path, chart)))
    {
        let Some(text) = survey.text(&file.path, TEXT_BYTES) else { continue };
        for object in manifest::kubernetes(&text) {
            let environment = object.environment.iter().map(|(key, value)| (key.as_str(), value));
            let mut hosts = calls(&file.path, environment);
            for call in object.settings.iter().filter_map(|name| maps.get(name)).flatten() {
                if hosts.len() < CALLS && !hosts.iter().any(|known| known.host == call.host) {
                    hosts.push(call.clone());
                }
            }
            let kind = if is_job(&object.kind) { "job" } else { "service" };
            let why = format!("The {} {} runs it.", object.kind, object.name.text);
            found.workloads.push(Workload {
                name: object.name.text,
                kind: kind.to_owned(),
                folder: None,
                image: object.images.first().map(|image| without_tag(&image.text).to_lowercase()),
                local: false,
                calls: hosts,
                evidence: Evidence::new("type.deployed", Confidence::Corroborated, why)
                    .at(&file.path, Some(object.name.line)),
            });
        }
    }
    for file in &survey.kustomizations {
        let Some(text) = survey.text(&file.path, TEXT_BYTES) else { continue };
        for image in manifest::kustomization(&text) {
            let name = without_tag(&image.text).to_lowercase();
            let why = format!("The kustomization deploys the image {name}.");
            found.workloads.push(Workload {
                name: name.rsplit('/').next().unwrap_or_default().to_owned(),
                kind: "service".to_owned(),
                folder: None,
                image: Some(name),
                local: false,
                calls: Vec::new(),
                evidence: Evidence::new("type.deployed", Confidence::Corroborated, why)
                    .at(&file.path, Some(image.line)),
            });
        }
    }
}

/// The hosts that ConfigMaps name, by what these are called: overlays give one name several times.
fn config_maps(survey: &Survey) -> HashMap<String, Vec<Call>> {
    let mut found: HashMap<String, Vec<Call>> = HashMap::new();
    for file in survey.kubernetes.iter().chain(&survey.kustomizations) {
        let Some(text) = survey.text(&file.path, TEXT_BYTES) else { continue };
        for map in manifest::config_maps(&text) {
            let settings = map.settings.iter().map(|(key, value)| (key.as_str(), value));
            found.entry(map.name).or_default().extend(calls(&file.path, settings));
        }
    }
    found
}

fn in_templates(path: &str, chart: &str) -> bool {
    let chart = chart.trim_start_matches('/');
    path.strip_prefix(chart).is_some_and(|rest| rest.starts_with("templates/"))
}

fn read_compose(survey: &Survey, found: &mut Deployments) {
    for file in &survey.compose {
        let Some(mut services) = survey.text(&file.path, TEXT_BYTES).and_then(|text| manifest::compose(&text)) else {
            continue;
        };
        let beside = if file.folder().is_empty() { ".env".to_owned() } else { format!("{}/.env", file.folder()) };
        let defaults = survey.text(&beside, TEXT_BYTES).map(|text| manifest::environment(&text)).unwrap_or_default();
        services.iter_mut().for_each(|service| service.fill(&defaults));
        for service in services {
            let environment = service.environment.iter().map(|(key, value)| (key.as_str(), value));
            let folder = built_folder(survey, file.folder(), &service);
            let why = format!(
                "The compose service {} {}.",
                service.name.text,
                if folder.is_some() { "is built from here" } else { "runs it" }
            );
            let evidence =
                Evidence::new("type.compose", Confidence::Corroborated, why).at(&file.path, Some(service.name.line));
            if let (Some(folder), Some(image)) =
                (&folder, service.image.as_ref().and_then(|image| pattern(&image.text)))
            {
                found.builds.push((folder.clone(), Fact::new(image, evidence.clone())));
            }
            if DEVELOPMENT.contains(&service.name.text.to_lowercase().as_str()) {
                continue;
            }
            found.workloads.push(Workload {
                name: service.name.text.clone(),
                kind: "service".to_owned(),
                folder,
                image: service.image.as_ref().map(|image| without_tag(&image.text).to_lowercase()),
                local: true,
                calls: calls(&file.path, environment),
                evidence,
            });
        }
    }
}

/// The folder that a service is built from: that of its container file where the context is one for many.
fn built_folder(survey: &Survey, folder: &str, service: &Service) -> Option<String> {
    let context = service.build.as_ref().filter(|build| !build.text.contains("://"))?;
    let context = join(folder, &context.text)?;
    let Some(dockerfile) = &service.dockerfile else { return Some(lifted(&context).to_owned()) };
    let file = join(&context, &dockerfile.text).filter(|_| !dockerfile.text.contains('$'))?;
    let within = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let is_own = survey.tree.file(&file).is_some() && survey.containers.iter().any(|known| known.path == file);
    Some(lifted(if is_own && within.len() > context.len() { within } else { &context }).to_owned())
}

fn read_platforms(survey: &Survey, found: &mut Deployments) {
    for file in &survey.platforms {
        let Some(text) = survey.text(&file.path, TEXT_BYTES) else { continue };
        let name = file.name().to_lowercase();
        if name == "skaffold.yaml" {
            read_skaffold(file.folder(), &file.path, &text, found);
            continue;
        }
        let line_with = |word: &str| {
            let mut lines = text.lines().zip(1u32..);
            lines.find(|(line, _)| line.trim_start().starts_with(word)).map(|(_, number)| number)
        };
        let (kind, line, what) = match name.as_str() {
            "procfile" => ("service", line_with("web:").or_else(|| line_with("")), "The Procfile starts it"),
            "serverless.yml" | "serverless.yaml" => {
                ("service", line_with("functions:"), "The Serverless configuration deploys its functions")
            }
            "fly.toml" => ("service", line_with("app"), "The Fly configuration deploys it"),
            "render.yaml" => ("service", line_with("services:"), "The Render blueprint deploys it"),
            "wrangler.toml" => ("service", line_with("main"), "The Wrangler configuration deploys it"),
            "app.yaml" => ("service", line_with("runtime:"), "App Engine runs it"),
            "vercel.json" | "netlify.toml" | "firebase.json" => {
                ("website", Some(1), "The hosting configuration deploys it")
            }
            _ => ("service", line_with("ExecStart"), "The systemd unit starts it"),
        };
        let Some(line) = line.filter(|_| kind != "website" || is_site(survey, file.folder())) else { continue };
        let folder = file.folder().to_owned();
        let leaf = folder.rsplit('/').next().unwrap_or_default().to_owned();
        let is_unit = name.ends_with(".service");
        found.workloads.push(Workload {
            name: if is_unit { name.trim_end_matches(".service").to_owned() } else { leaf },
            kind: kind.to_owned(),
            folder: (!is_unit).then_some(folder),
            image: None,
            local: false,
            calls: Vec::new(),
            evidence: Evidence::new("type.platform", Confidence::Corroborated, format!("{what}."))
                .at(&file.path, Some(line)),
        });
    }
}

/// Hosting also shows the previews of libraries' documents: there must be a site to host.
fn is_site(survey: &Survey, folder: &str) -> bool {
    let has = |name: &str| {
        survey.tree.file(&if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }).is_some()
    };
    let is_other = ["Cargo.toml", "go.mod", "pyproject.toml", "setup.py"].iter().any(|name| has(name));
    !is_other && ["package.json", "index.html", "public/index.html"].iter().any(|name| has(name))
}

/// `build.artifacts[]` of Skaffold: which image is built from which folder.
fn read_skaffold(folder: &str, path: &str, text: &str, found: &mut Deployments) {
    let (documents, _) = crate::yaml::parse_all(text, &crate::yaml::Limits::default());
    for document in &documents {
        let artifacts = document.root.at(&["build", "artifacts"]).map(crate::yaml::Node::items).unwrap_or_default();
        for artifact in artifacts.iter().take(MOST) {
            let Some(image) = artifact.text("image") else { continue };
            let context = artifact.text("context").map_or_else(|| ".".to_owned(), |context| context.text);
            let (Some(context), Some(name)) = (join(folder, &context), pattern(&image.text)) else { continue };
            let why = format!("Skaffold builds the image {name} from here.");
            let evidence = Evidence::new("image.built", Confidence::Corroborated, why).at(path, Some(image.line));
            found.builds.push((lifted(&context).to_owned(), Fact::new(name, evidence)));
        }
    }
}
