//! What one repository says by itself.
//!
//! A draft holds candidates and signs, not verdicts: whether an image that is built here is deployed elsewhere, or a
//! package that is named here is published elsewhere, only [`crate::link`] can know. It is bounded in size, and is
//! stored as JSON beside the repository.

use std::collections::{BTreeMap, BTreeSet};

use engine_repo::Tree;
use model::repository::RepositoryFacts;
use model::{Evidence, Fact, Finding};
use serde::{Deserialize, Serialize};

mod apis;
mod calls;
mod candidates;
mod declared;
mod deployments;
mod fold;
mod images;
mod kinds;
mod languages;
mod lifecycle;
mod modules;
mod owners;
mod program;
mod publish;
mod readme;
mod survey;
mod templates;

use crate::descriptor::DescriptorEntity;
use crate::manifest::{Question, Scope};
use crate::overrides::Overrides;
use crate::rules::RULES_VERSION;
use survey::Survey;

pub(crate) use apis::digest;
pub(crate) use declared::join;
pub(crate) use fold::rescope_development;

/// What one repository says by itself. Evidence carries no commit here: it is [`Draft::commit`] throughout.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Draft {
    /// [`crate::RULES_VERSION`] of the rules that wrote it.
    pub rules: u32,
    /// The commit that was read.
    pub commit: Option<String>,
    /// Folders that may be components: the root first, then by path.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub modules: Vec<Module>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub apis: Vec<ApiDraft>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub templates: Vec<TemplateDraft>,
    /// What is run from here, whoever builds it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub workloads: Vec<Workload>,
    /// Entities of descriptor files, in the order of files and documents.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub descriptors: Vec<DescriptorEntity>,
    /// Where the paths and patterns lead that Locations name in this repository, its own and those of others.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub targets: BTreeMap<String, Vec<String>>,
    /// Descriptor files that are read only because a Location names them.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub pointed: BTreeSet<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overrides: Option<Overrides>,
    /// Teams and people that CODEOWNERS names, each once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<Mention>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

/// A folder that may be a component.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Module {
    /// Empty for the root.
    pub path: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<Package>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Fact<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub homepage: Option<Fact<String>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// What it could be, most decisive first; guesses come last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<Fact<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifecycle: Option<Fact<String>>,
    /// Who CODEOWNERS names for its files, most files first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<OwnerShare>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<DependencyList>,
    /// Hosts that its configuration names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<Call>,
    /// Images that are built from it, without tags; `*` stands for what is filled in when they are built, and
    /// `{repository}` for the repository's name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Fact<String>>,
    /// Its container file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<Fact<String>>,
    /// Language and lines of code below it; empty where only the repository's are known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<(String, u64)>,
}

/// A package that a manifest names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Package {
    /// Id of the [`crate::manifest::Ecosystem`].
    pub ecosystem: String,
    /// As written.
    pub name: String,
    pub evidence: Evidence,
    /// Why it is known to be published; `None` where nothing says so, or something forbids it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Evidence>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub private: bool,
}

/// The packages that one file asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DependencyList {
    pub ecosystem: String,
    pub file: String,
    /// Name as its ecosystem normalises it, scope, line.
    pub items: Vec<(String, Scope, u32)>,
}

/// A host that configuration names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Call {
    pub host: String,
    pub file: String,
    pub line: u32,
}

/// Somebody whom CODEOWNERS names for files of a module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnerShare {
    /// As written: `@org/team`, `@login`, `person@example.org`.
    pub owner: String,
    /// How many of the files that were looked at.
    pub files: u32,
    pub of: u32,
    pub file: String,
    /// Of the entry that covers most of them.
    pub line: u32,
}

/// Somebody whom CODEOWNERS names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mention {
    pub owner: String,
    pub file: String,
    pub line: u32,
}

/// Something that is run from this repository: a chart, a compose service, a Kubernetes workload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Workload {
    /// The name under which others reach it inside its network or namespace.
    pub name: String,
    /// `service`, `job`
    pub kind: String,
    /// The folder of this repository whose code it runs, where the file says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// Without tag and digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// For development only: a compose file says nothing about production.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub local: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<Call>,
    pub evidence: Evidence,
}

/// A definition file of an API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApiDraft {
    /// The definition file.
    pub path: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `openapi`, `asyncapi`, `grpc`, `graphql`
    pub api_type: String,
    /// The first part of the version that it says: `2` of `2.1.0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub major: Option<String>,
    /// gRPC services by their full names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// Of each file, the first 16 digits of SHA-256 over its text without spaces: copies are recognised by it.
    pub digests: Vec<String>,
    /// The folder is one for clients or other people's definitions: a copy more likely than the origin.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub foreign: bool,
    pub evidence: Evidence,
}

/// A folder that makes projects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TemplateDraft {
    pub path: String,
    pub name: String,
    /// `cookiecutter`, `copier`
    pub template_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Fact<String>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<Question>,
    pub evidence: Evidence,
}

/// Reads what the files of one repository say. `facts` are those of the same commit.
pub fn draft(tree: &dyn Tree, facts: &RepositoryFacts) -> Draft {
    draft_with(tree, facts, &[])
}

/// As [`draft`], with the files that Locations of other repositories name in this one: paths and patterns from its root,
/// as [`crate::Linked::wanted`] has them.
pub fn draft_with(tree: &dyn Tree, facts: &RepositoryFacts, wanted: &[String]) -> Draft {
    let survey = Survey::new(tree, facts);
    let declared = declared::read(&survey, wanted);
    let templates = templates::read(&survey);
    let deployments = deployments::read(&survey);
    let mut modules = modules::read(&survey, &deployments, &templates);
    let mut apis = apis::read(&survey);
    apis.truncate(survey::MOST);
    let mentions = owners::assign(&survey, &mut modules);
    languages::assign(&survey, &mut modules);
    let mut findings = declared.findings;
    findings.extend(survey.findings());
    Draft {
        rules: RULES_VERSION,
        commit: facts.head.as_ref().map(|head| head.commit.clone()),
        modules,
        apis,
        templates,
        workloads: deployments.workloads,
        descriptors: declared.entities,
        targets: declared.targets,
        pointed: declared.pointed,
        overrides: declared.overrides,
        mentions,
        findings,
    }
}
