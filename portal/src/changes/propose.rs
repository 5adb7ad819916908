//! From a wish to a row that a job works for.

use model::change::{Change, ChangeState, FileEdit};
use model::{Finding, Findings, Level};
use sha2::{Digest, Sha256};

use super::store::{self, Row};
use super::{PREFIX, enqueue};
use crate::db::{Tx, new_id};
use crate::identity::{self, Action, Actor, Resource, can};
use crate::sources::{self, Host};
use crate::{Error, Portal, Result, audit};

const LONGEST_TITLE: usize = 200;
const LONGEST_TEXT: usize = 20_000;
const LONGEST_KEY: usize = 500;
const LONGEST_PATH: usize = 400;
const MOST_FILES: usize = 100;
const LARGEST_FILE: usize = 512 << 10;
const LARGEST_CHANGE: usize = 2 << 20;

/// What somebody wants to be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Id of the repository.
    pub repository: String,
    pub edits: Vec<FileEdit>,
    pub title: String,
    /// Markdown. Whoever may read the repository can read it.
    pub text: String,
    /// What it is about: the same key finds the same change. What stands before the first `:` names the branch.
    pub key: String,
    /// Those that are asked for together have the same.
    pub batch: Option<String>,
    /// The page that makes it anew from what is there now.
    pub origin: Option<String>,
}

/// Proposes a change, or brings the one with the same key up to date; gives it as it stands, before the job has run. The
/// same wish again changes nothing.
///
/// # Errors
/// [`Error::Forbidden`] for who may not; [`Error::NotFound`] for an unknown repository; [`Error::Invalid`] for what cannot
/// be proposed; [`Error::Conflict`] where nothing may be written: then there is [`super::patch`].
pub async fn propose(portal: &Portal, actor: &Actor, proposal: Proposal) -> Result<Change> {
    can(actor, Action::Propose, Resource::Anything)?;
    check(&proposal)?;
    admit(portal, actor, &proposal.repository).await?;
    let forbidden = match sources::host(portal, &proposal.repository).await? {
        Host::ReadOnly(why) => Some(why),
        Host::GitHub { .. } => sources::doctor::cannot_write(portal, &proposal.repository).await?,
        Host::Git(_) => None,
    };
    if let Some(why) = forbidden {
        return Err(Error::Conflict(format!("{why} Download the change as a file, and apply it with git apply.")));
    }
    let now = portal.clock().now();
    let mut tx = portal.db().begin().await?;
    let edits = serde_json::to_string(&proposal.edits)?;
    let known = store::by_key(&mut tx, &proposal.repository, &proposal.key).await?;
    let id = match known {
        Some(row) if is_same(&row, &proposal, &edits) => {
            let id = row.id.clone();
            // While a job works for it, the row is the job's.
            if row.state() == ChangeState::Open && proposal.batch.is_some() {
                store::write(&mut tx, &Row { batch: proposal.batch, ..row }).await?;
            }
            id
        }
        known => {
            let mut row = match known {
                Some(row) => renewed(row, proposal, edits),
                None => new(actor.name(), proposal, edits, now),
            };
            wish(&mut tx, actor, now, &mut row, "changes.propose").await?;
            row.id
        }
    };
    tx.commit().await?;
    portal.jobs().wake();
    let named = store::get(portal.db(), actor.readable(), &id).await?;
    Ok(named.ok_or_else(|| Error::not_found("The repository"))?.into())
}

/// Whether `actor` may propose changes of this repository (an id): whoever owns something in it, or may write to it at its
/// forge.
///
/// # Errors
/// [`Error::Forbidden`] for whoever may not.
pub(super) async fn admit(portal: &Portal, actor: &Actor, repository: &str) -> Result<()> {
    let Some(slug) = store::slug(portal.db(), repository).await? else {
        return Err(Error::not_found("The repository"));
    };
    let writes = identity::may_write(portal, actor, repository, &slug).await?;
    can(actor, Action::Propose, Resource::Repository { slug: &slug, writes })
}

/// Writes a row that a job shall work for, with its audit row and the job.
pub(super) async fn wish(tx: &mut Tx, actor: &Actor, now: i64, row: &mut Row, action: &str) -> Result<()> {
    ChangeState::Waiting.as_str().clone_into(&mut row.state);
    (row.revision, row.reason, row.closing, row.updated_at) = (row.revision + 1, None, false, now);
    row.account = actor.account().map(str::to_owned);
    store::write(tx, row).await?;
    store::add_event(tx, &row.id, now, ChangeState::Waiting, None).await?;
    let target = format!("{}#{}", row.repository, row.key);
    let change = audit::Change { action, target: &target, after: Some(&row.title), ..Default::default() };
    audit::record(tx, actor, now, change).await?;
    enqueue(tx, now).await.map(drop)
}

/// The name for another branch of the same change.
pub(super) fn next_branch(branch: &str) -> String {
    // `slipway/catalog-info-1a2b3c4d`, `slipway/catalog-info-1a2b3c4d.2`
    match branch.rsplit_once('.').and_then(|(stem, number)| Some((stem, number.parse::<u32>().ok()?))) {
        Some((stem, number)) => format!("{stem}.{}", number.saturating_add(1)),
        None => format!("{branch}.2"),
    }
}

/// Whether all of it is on its way already.
fn is_same(row: &Row, proposal: &Proposal, edits: &str) -> bool {
    let is_on_its_way = matches!(row.state(), ChangeState::Waiting | ChangeState::Proposing | ChangeState::Open);
    is_on_its_way && !row.closing && row.title == proposal.title && row.text == proposal.text && row.edits == edits
}

fn renewed(row: Row, proposal: Proposal, edits: String) -> Row {
    let over = matches!(row.state(), ChangeState::Merged | ChangeState::Closed);
    let Proposal { title, text, batch, origin, .. } = proposal;
    let (number, url) = if over { (None, None) } else { (row.number, row.url) };
    Row { title, text, edits, batch, origin, number, url, etag: None, ..row }
}

fn new(actor: &str, proposal: Proposal, edits: String, now: i64) -> Row {
    Row {
        id: new_id(now),
        branch: branch(&proposal.repository, &proposal.key),
        repository: proposal.repository,
        key: proposal.key,
        title: proposal.title,
        state: String::new(),
        reason: None,
        revision: 0,
        base: None,
        commits: String::new(),
        prepared: None,
        taken: false,
        closing: false,
        number: None,
        url: None,
        etag: None,
        batch: proposal.batch,
        origin: proposal.origin,
        made_by: actor.to_owned(),
        account: None,
        created_at: now,
        updated_at: now,
        text: proposal.text,
        edits,
    }
}

/// `slipway/catalog-info-1a2b3c4d`: what it is about, and what tells it apart.
fn branch(repository: &str, key: &str) -> String {
    let what: String = key.split(':').next().unwrap_or_default().chars().take(40).collect();
    let hash = Sha256::digest(format!("{repository}\0{key}"));
    let hash: String = hash.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("{PREFIX}{what}-{hash}")
}

fn check(proposal: &Proposal) -> Result<()> {
    let mut findings = Vec::new();
    let mut wrong = |message: String, help: &str| {
        findings.push(Finding::new("change.invalid", Level::Error, message, help));
    };
    let what = proposal.key.split(':').next().unwrap_or_default();
    let is_name = !what.is_empty() && what.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !is_name || what.starts_with('-') || proposal.key.len() > LONGEST_KEY || has_controls(&proposal.key) {
        wrong(
            "The key of the change cannot be used".to_owned(),
            "Begin it with a word of a-z, 0-9 and -, then a colon.",
        );
    }
    let title = proposal.title.trim();
    if title.is_empty() || title.chars().count() > LONGEST_TITLE || has_controls(title) {
        wrong("The title cannot be used".to_owned(), "Write one line of at most 200 characters.");
    }
    if proposal.text.chars().count() > LONGEST_TEXT || proposal.text.contains('\0') {
        wrong("The text cannot be used".to_owned(), "Write at most 20 000 characters.");
    }
    if proposal.edits.is_empty() || proposal.edits.len() > MOST_FILES {
        let help = "Change at least one file and at most 100 at a time.";
        wrong(format!("{} files would be changed", proposal.edits.len()), help);
    }
    let mut size = 0;
    for (at, edit) in proposal.edits.iter().enumerate() {
        let shown: String = edit.path.chars().filter(|c| !c.is_control()).take(LONGEST_PATH).collect();
        if !is_path(&edit.path) || proposal.edits[..at].iter().any(|other| other.path == edit.path) {
            wrong(
                format!("\"{shown}\" cannot be changed"),
                "Name each file once, from the root of the repository, with /.",
            );
        }
        if edit.before == edit.after {
            wrong(format!("{shown} would stay as it is"), "Leave it out.");
        }
        for text in [&edit.before, &edit.after].into_iter().flatten() {
            size += text.len();
            if text.len() > LARGEST_FILE || text.contains('\0') {
                wrong(format!("{shown} is no text, or larger than 512 KB"), "Change it in a clone of the repository.");
            }
        }
    }
    if size > LARGEST_CHANGE {
        wrong(format!("The change has {size} bytes"), "Split it: at most 2 MB go at a time.");
    }
    if findings.is_empty() { Ok(()) } else { Err(Error::Invalid(Findings::from(findings))) }
}

fn has_controls(text: &str) -> bool {
    text.chars().any(char::is_control)
}

/// A path that git takes, and that leads nowhere else.
fn is_path(path: &str) -> bool {
    let part = |part: &str| {
        !matches!(part, "" | "." | "..") && !part.eq_ignore_ascii_case(".git") && !part.starts_with(char::is_whitespace)
    };
    path.len() <= LONGEST_PATH && !path.contains(['\\', '"', ':']) && !has_controls(path) && path.split('/').all(part)
}
