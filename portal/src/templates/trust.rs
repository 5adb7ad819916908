//! Which templates of the catalog may execute what they bring: an administrator says so of a repository at one commit. What comes
//! behind that commit is not trusted until somebody has looked at it, too.

use engine_templates::Stage;
use engine_templates::tree::{Entry, Tree};
use model::EntityRef;
use model::template::{ScriptStage, TemplateExtension, TemplateScript, TemplateTrust, TrustDecision};

use super::catalog::{self, Opened};
use super::store::{self, Trusted};
use crate::audit::{self, Change};
use crate::identity::{Action, Actor, Resource, can};
use crate::{Error, Portal, Result};

/// Bytes of a script that are shown.
const LARGEST_TEXT: usize = 64 << 10;

/// Lets the templates of this one's repository execute what they bring, at one commit.
///
/// # Errors
/// [`Error::Forbidden`] for who may not; [`Error::NotFound`] for a template or a commit that is not there;
/// [`Error::Conflict`] for a template that executes nothing.
pub async fn trust(portal: &Portal, actor: &Actor, reference: &EntityRef, commit: &str) -> Result<()> {
    can(actor, Action::Trust, Resource::Anything)?;
    let found = catalog::find(portal, actor, reference).await?;
    let opened = catalog::open(portal, &found, Some(commit)).await?;
    if opened.template.trust().is_empty() {
        return Err(Error::Conflict("It executes nothing at this commit: there is nothing to trust.".to_owned()));
    }
    let now = portal.clock().now();
    let trusted = Trusted { commit_id: commit.to_owned(), trusted_by: actor.name().to_owned(), trusted_at: now };
    let mut tx = portal.db().begin().await?;
    if store::add_trust(&mut tx, &found.repository, &trusted).await? {
        let change = Change {
            action: "template.trust",
            target: &found.row.repository,
            after: Some(commit),
            ..Change::default()
        };
        audit::record(&mut tx, actor, now, change).await?;
    }
    tx.commit().await
}

/// Trusts a commit no more. Runs that have rendered their files already go on.
///
/// # Errors
/// [`Error::Forbidden`] for who may not; [`Error::NotFound`] for a template that is not there, and a commit that nobody trusts.
pub async fn distrust(portal: &Portal, actor: &Actor, reference: &EntityRef, commit: &str) -> Result<()> {
    can(actor, Action::Trust, Resource::Anything)?;
    let found = catalog::find(portal, actor, reference).await?;
    let mut tx = portal.db().begin().await?;
    if !store::remove_trust(&mut tx, &found.repository, commit).await? {
        return Err(Error::not_found(format!("Trust in the commit {commit:?}")));
    }
    let change = Change {
        action: "template.distrust",
        target: &found.row.repository,
        before: Some(commit),
        ..Change::default()
    };
    audit::record(&mut tx, actor, portal.clock().now(), change).await?;
    tx.commit().await
}

/// What a template would execute, and who trusts it.
pub(super) async fn report(portal: &Portal, repository: &str, opened: &Opened) -> Result<TemplateTrust> {
    let trust = opened.template.trust();
    if trust.is_empty() {
        return Ok(TemplateTrust::default());
    }
    let tree = opened.template.tree();
    let scripts = trust.programs.into_iter().map(|program| TemplateScript {
        text: text(tree, &program.path),
        path: program.path,
        stage: match program.stage {
            Stage::BeforeQuestions => ScriptStage::BeforeQuestions,
            Stage::BeforeFiles => ScriptStage::BeforeFiles,
            Stage::AfterFiles => ScriptStage::AfterFiles,
        },
        interpreter: program.interpreter,
        calls: program.calls,
    });
    let extensions = trust.extensions.into_iter().map(|extension| TemplateExtension {
        text: extension.path.as_deref().and_then(|path| text(tree, path)),
        name: extension.name,
        path: extension.path,
    });
    let decision = |one: Trusted| TrustDecision { commit: one.commit_id, by: one.trusted_by, at: one.trusted_at };
    Ok(TemplateTrust {
        scripts: scripts.collect(),
        extensions: extensions.collect(),
        decisions: store::trusted(portal.db(), repository).await?.into_iter().map(decision).collect(),
    })
}

fn text(tree: &Tree, path: &str) -> Option<String> {
    match tree.get(path)? {
        Entry::File { content, .. } if content.len() <= LARGEST_TEXT => {
            std::str::from_utf8(content).ok().map(str::to_owned)
        }
        _ => None,
    }
}
