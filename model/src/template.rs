//! Templates of the catalog: what they ask, what they would make, and what came from them. Times are milliseconds since 1970
//! in UTC.

use serde::{Deserialize, Serialize};

use crate::{EntityRef, Finding};

/// One template, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct TemplateRow {
    pub reference: EntityRef,
    pub title: Option<String>,
    pub description: Option<String>,
    pub owner: Option<EntityRef>,
    pub tags: Vec<String>,
    /// `cookiecutter`; none where it is shown and cannot be launched.
    pub dialect: Option<String>,
    /// Slug of its repository, and the name that its source gives it.
    pub repository: String,
    pub repository_name: String,
    /// The folder of the template; empty for the root.
    pub directory: String,
    /// Projects that say that they came from it.
    pub projects: u64,
}

/// One template at one of its commits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct TemplateDetail {
    pub template: TemplateRow,
    pub commit: String,
    /// The tag of this commit.
    pub tag: Option<String>,
    pub questions: Vec<FormQuestion>,
    /// What it executes, each as a few words; where that is something, it can be launched only at a commit that is trusted.
    pub executes: Vec<String>,
    pub trust: TemplateTrust,
    /// Newest first; what was not released yet is the first, without a tag.
    pub versions: Vec<TemplateVersion>,
    pub projects: Vec<TemplateProject>,
}

/// What a template would execute at one commit, and whether it may.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct TemplateTrust {
    /// Its scripts, in the order in which they run.
    pub scripts: Vec<TemplateScript>,
    pub extensions: Vec<TemplateExtension>,
    /// Who trusts its repository at which commits, newest first.
    pub decisions: Vec<TrustDecision>,
}

impl TemplateTrust {
    /// Who trusts a commit, if somebody does.
    pub fn at(&self, commit: &str) -> Option<&TrustDecision> {
        self.decisions.iter().find(|decision| decision.commit == commit)
    }
}

/// A script that a template brings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct TemplateScript {
    pub path: String,
    pub stage: ScriptStage,
    /// `python3`, `/bin/sh`; empty where nothing says it, and so it cannot be run.
    pub interpreter: String,
    /// Programs that it calls, as far as can be seen.
    pub calls: Vec<String>,
    /// None where there is too much to show, or it is no text.
    pub text: Option<String>,
}

/// When a script is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ScriptStage {
    BeforeQuestions,
    BeforeFiles,
    AfterFiles,
}

/// A Python extension that a template renders with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct TemplateExtension {
    /// As it is imported.
    pub name: String,
    /// The file of the template that holds it; none where it has to be installed on the server.
    pub path: Option<String>,
    pub text: Option<String>,
}

/// Somebody said that templates of a repository may execute what they bring, at one commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct TrustDecision {
    pub commit: String,
    pub by: String,
    pub at: i64,
}

/// A version of a template, and what it brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct TemplateVersion {
    pub tag: Option<String>,
    pub commit: String,
    pub at: Option<i64>,
    /// Since the version before, newest first.
    pub changes: Vec<TemplateChange>,
    /// Projects that are at this version.
    pub projects: u64,
}

/// One commit of a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct TemplateChange {
    pub commit: String,
    pub at: i64,
    pub by: String,
    /// The first line of its message.
    pub subject: String,
}

/// A project that came from a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct TemplateProject {
    /// Slug of the repository, and the name that its source gives it.
    pub repository: String,
    pub repository_name: String,
    pub commit: Option<String>,
    pub tag: Option<String>,
}

/// The questions of a template as a form, with what was answered so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct Form {
    /// The commit that was shown, and that a run will use.
    pub commit: String,
    pub pages: Vec<FormPage>,
    /// What is wrong beyond single questions.
    pub problems: Vec<Finding>,
}

impl Form {
    pub fn questions(&self) -> impl Iterator<Item = &FormQuestion> {
        self.pages.iter().flat_map(|page| &page.questions)
    }

    /// Whether a run could begin with it.
    pub fn is_valid(&self) -> bool {
        self.problems.is_empty() && self.questions().all(|question| question.error.is_none())
    }
}

/// Questions that are asked together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct FormPage {
    pub title: String,
    pub questions: Vec<FormQuestion>,
}

/// One question, its default as the earlier answers make it, and its answer as it stands in the form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct FormQuestion {
    pub name: String,
    pub text: String,
    #[serde(flatten)]
    pub kind: QuestionKind,
    pub default: String,
    /// What was answered, right or wrong; the default where nothing was. Of a secret nothing.
    pub value: String,
    /// Somebody has answered it.
    pub answered: bool,
    pub secret: bool,
    /// Why the answer cannot be taken, and what can.
    pub error: Option<String>,
}

/// What a question takes, as it stands in a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum QuestionKind {
    Text,
    /// `yes` or `no`.
    YesNo,
    Choice {
        choices: Vec<FormChoice>,
    },
    /// A JSON object.
    Dictionary,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct FormChoice {
    pub value: String,
    pub label: String,
}

/// What a launch would make, before anything is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct Preview {
    pub commit: String,
    /// The name of the project's folder, where the template says one.
    pub folder: Option<String>,
    pub files: Vec<PreviewFile>,
    pub findings: Vec<Finding>,
    /// What was executed to make it, and will be again.
    pub executes: Vec<String>,
}

/// One file as it would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct PreviewFile {
    pub path: String,
    pub kind: PreviewKind,
    pub bytes: u64,
    /// Of a text, or of a link where it points to; none where there is too much to show.
    pub text: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum PreviewKind {
    Text,
    /// A text that can be run.
    Program,
    Binary,
    Link,
}

/// How launches of a template went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct TemplateFeedback {
    /// How many of those who launched it say that it did what was needed.
    pub worked: u64,
    /// How many say that something was missing.
    pub missing: u64,
    /// Those with a line, newest first.
    pub answers: Vec<TemplateAnswer>,
    /// Only for whoever owns the template.
    pub figures: Option<TemplateFigures>,
}

/// What somebody says of a launch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct TemplateAnswer {
    /// Id of the run, and what its project is called.
    pub run: String,
    pub name: String,
    pub by: String,
    pub worked: bool,
    pub comment: String,
    pub given_at: i64,
}

/// What the launches of a template have in common. Durations are milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct TemplateFigures {
    /// Launches that have made a project: the newest, at most 500.
    pub launches: u64,
    pub duration: Option<Typical>,
    /// Most first.
    pub failures: Vec<StepFailures>,
    /// In the last month, most first.
    pub given_up: Vec<GivenUp>,
    /// From the end of the launch to the first commit by a person.
    pub first_commit: Option<Typical>,
    /// From the end of the launch to the oldest tag.
    pub first_release: Option<Typical>,
}

/// Of so many values half are at most the median, and nine of ten at most the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct Typical {
    pub count: u64,
    pub median: i64,
    pub p90: i64,
}

/// How many launches failed at a step and were not tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct StepFailures {
    /// Its name.
    pub step: String,
    pub count: u64,
}

/// How many people filled in the form and launched nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct GivenUp {
    /// The name of the question that stood in the way; none where all were answered.
    pub question: Option<String>,
    pub count: u64,
}
