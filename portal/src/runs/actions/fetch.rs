//! `fetch:template`: the project's files, as the first commit of a bare repository of our own. Whoever publishes takes it from
//! there; nothing is outside yet.

use std::path::PathBuf;

use engine_templates::Answers;
use engine_templates::lineage::{FILE, Lineage, PLACEHOLDER};
use engine_templates::tree::{Entry, Tree};
use futures::FutureExt;
use futures::future::BoxFuture;
use model::Level;
use model::entity::Entity;
use serde_json::{Value, json};

use super::{Action, Output, text};
use crate::git::{FirstCommit, create};
use crate::runs::launch::answer_key;
use crate::runs::work::{Stop, Work};
use crate::templates::catalog::{self, Opened};
use crate::templates::render;
use crate::{Error, Result};

/// Of every project.
pub(in crate::runs) const BRANCH: &str = "main";
const DESCRIPTORS: [&str; 2] = ["catalog-info.yaml", "catalog-info.yml"];

pub(super) struct Fetch;

impl Action for Fetch {
    fn does(&self, input: &Value) -> String {
        let executed = input.get("executes").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let executed: Vec<&str> = executed.collect();
        let executed = match executed.is_empty() {
            true => String::new(),
            false => format!(", runs {} behind a fence", executed.join(", ")),
        };
        format!(
            "renders {} with the answers{executed}, and remembers in {FILE} where the project came from",
            text(input, "template")
        )
    }

    fn run<'w>(&'w self, work: &'w mut Work<'_>) -> BoxFuture<'w, Result<Output, Stop>> {
        async move {
            let project = project(work).await?;
            let shown = vec![("commitHash", project.commit.clone())];
            Ok(Output { value: json!({ "commitHash": project.commit, "branch": BRANCH }), shown, tell: false })
        }
        .boxed()
    }
}

/// The project before it is published.
pub(in crate::runs) struct Project {
    pub bare: PathBuf,
    pub commit: String,
}

/// Makes it, where it is not there yet. The same run makes the same commit, wherever and however often.
pub(in crate::runs) async fn project(work: &Work<'_>) -> Result<Project, Stop> {
    let bare = work.folder().join("project.git");
    if let Ok(commit) = std::fs::read_to_string(bare.join("refs/heads").join(BRANCH)) {
        return Ok(Project { bare, commit: commit.trim().to_owned() });
    }
    let (row, portal) = (&work.row, work.portal());
    let opened = catalog::reopen(portal, &row.repository, &row.directory, &row.commit_id).await?;
    let version = opened.version.name().to_owned();
    let tree = files(work, opened).await?;
    let mut message =
        format!("Begin {}\n\nMade from {} at {version}, with Slipway's run {}.\n", row.name, row.template, row.id);
    if let Some(person) = &work.input.person {
        message += &format!("\nCo-authored-by: {person}\n");
    }
    let (folder, at) = (bare.clone(), row.created_at / 1_000);
    let made = tokio::task::spawn_blocking(move || {
        create(&folder, &FirstCommit { tree: &tree, branch: BRANCH, message: &message, at })
    });
    let commit = made
        .await
        .map_err(Error::internal)?
        .map_err(|why| Stop::Failed(format!("{why}. Check the disk, then try again.")))?;
    Ok(Project { bare, commit })
}

/// All files of the first commit.
async fn files(work: &Work<'_>, opened: Opened) -> Result<Tree, Stop> {
    let row = &work.row;
    let ready = work.unless_left(render::ready(work.portal(), &row.repository, opened)).await?.map_err(Stop::later)?;
    let opened = &ready.opened;
    let seed = u64::try_from(row.seed).unwrap_or_default();
    let inputs = render::environment(row.created_at, seed, &opened.source.address);
    let with = |secret: &dyn Fn(&str) -> String| -> Answers {
        let mut answers = work.input.answers.clone();
        work.input.secrets.iter().for_each(|name| answers.insert(name.as_str(), secret(name)));
        answers
    };
    let answers = with(&|name| work.secrets.get(&answer_key(name)).cloned().unwrap_or_default());
    let rendered = work.unless_left(ready.render(&answers, &inputs)).await?;
    for said in ready.said() {
        // Masked as a whole: a secret may go over several lines.
        for line in work.masked(&said.text).lines().filter(|line| !line.trim().is_empty()) {
            work.log(Level::Note, &format!("{}: {line}", said.script));
        }
    }
    let rendered = rendered?;
    for finding in &rendered.findings {
        work.log(finding.level, &format!("{}: {}", finding.location(), finding.message));
    }
    let (remembered, remembered_answers) = match work.input.secrets.is_empty() {
        true => (rendered.tree.clone(), rendered.answers),
        // Not even the hash of a file with a secret in it is kept, nor a default that follows from one.
        false => {
            let without = ready.render(&with(&|_| PLACEHOLDER.to_owned()), &inputs).await?;
            (without.tree, without.answers)
        }
    };
    let secrets = &work.input.secrets;
    let (source, version) = (opened.source.clone(), opened.version.clone());
    let (dialect, programs) = (opened.template.dialect(), ready.remembered());
    let lineage =
        Lineage::record(source, version, dialect, &inputs, &remembered_answers, secrets, &remembered, programs);
    let described = match DESCRIPTORS.iter().any(|path| rendered.tree.get(path).is_some()) {
        true => None,
        false => descriptor(work)?,
    };
    let mut tree = rendered.tree;
    let mut add = |path: &str, text: String| {
        let added = tree.insert(path, Entry::file(text.into_bytes(), 0o644));
        added.map_err(|error| Stop::Broken(Error::internal(format!("{path}: {error}"))))
    };
    add(FILE, lineage.to_text())?;
    if let Some(text) = described {
        add(DESCRIPTORS[0], text)?;
    }
    let count = tree.iter().filter(|(_, entry)| **entry != Entry::Folder).count();
    work.log(Level::Note, &format!("{count} files are made."));
    Ok(tree)
}

/// What makes the owner show in the catalog, where one was named.
fn descriptor(work: &Work<'_>) -> Result<Option<String>> {
    let Some(owner) = &work.input.owner else { return Ok(None) };
    let mut spec = serde_json::Map::from_iter([("owner".to_owned(), Value::from(owner.to_string()))]);
    let lifecycle = work.input.lifecycle.as_ref();
    spec.extend(lifecycle.map(|lifecycle| ("lifecycle".to_owned(), Value::from(lifecycle.as_str()))));
    let entity: Entity = serde_json::from_value(json!({
        "apiVersion": "backstage.io/v1alpha1", "kind": "Component",
        "metadata": { "name": work.row.name.to_lowercase() }, "spec": spec,
    }))?;
    Ok(Some(crate::catalog::descriptor(&entity)?))
}
