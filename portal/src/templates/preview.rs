//! What a launch would make, shown before anything is.

use engine_templates::Answers;
use engine_templates::tree::{Entry, Tree};
use model::EntityRef;
use model::template::{Form, Preview, PreviewFile, PreviewKind};

use super::form::Given;
use super::render::{Ready, environment, executes, find_ready, seed};
use crate::identity::Actor;
use crate::{Error, Portal, Result};

/// Bytes of the texts that are shown: of one, and of all.
const LARGEST_TEXT: usize = 256 << 10;
const LARGEST_TEXTS: usize = 8 << 20;
/// What Git looks at to tell text from the rest.
const BINARY_PREFIX: usize = 8_000;

/// The files that a template makes of answers. `key` is the one that the launch will have, so that what is left to chance is
/// the same.
///
/// # Errors
/// As [`super::get`]; [`Error::Invalid`] for wrong answers; [`Error::Forbidden`] for a template that executes what is not trusted;
/// [`Error::Conflict`] for a script of it that fails, with what it said.
pub async fn preview(
    portal: &Portal,
    actor: &Actor,
    reference: &EntityRef,
    commit: Option<&str>,
    given: &Given,
    key: &str,
) -> Result<Preview> {
    let (_, ready) = find_ready(portal, actor, reference, commit).await?;
    let (form, answers) = ready.fill(given, portal.clock().now()).await?;
    super::valid(&form)?;
    of(portal, &ready, &answers, key).await
}

/// A form with what it would make.
#[derive(Debug)]
pub struct Looked {
    pub form: Form,
    /// The answers that can be taken, with the defaults of the others; of secret questions only the defaults.
    pub answers: Answers,
    /// Where it was asked for, and the form is whole.
    pub preview: Option<Result<Preview>>,
}

/// The form with what was answered, and under a `key` what it would make: the template is made ready once for both. Answers to
/// secret questions do not count.
///
/// # Errors
/// As [`super::form()`].
pub async fn look(
    portal: &Portal,
    actor: &Actor,
    reference: &EntityRef,
    commit: Option<&str>,
    given: &Given,
    key: Option<&str>,
) -> Result<Looked> {
    let (_, ready) = find_ready(portal, actor, reference, commit).await?;
    let now = portal.clock().now();
    let (mut form, mut answers) = ready.fill(given, now).await?;
    let secrets: Vec<&String> = form.questions().filter(|one| one.secret).map(|question| &question.name).collect();
    if given.keys().any(|name| secrets.contains(&name)) {
        let open = given.iter().filter(|(name, _)| !secrets.contains(name));
        let open = open.map(|(name, answer)| (name.clone(), answer.clone())).collect();
        (form, answers) = ready.fill(&open, now).await?;
    }
    let preview = match key.filter(|_| form.is_valid()) {
        Some(key) => Some(of(portal, &ready, &answers, key).await),
        None => None,
    };
    Ok(Looked { form, answers, preview })
}

async fn of(portal: &Portal, ready: &Ready, answers: &Answers, key: &str) -> Result<Preview> {
    let now = portal.clock().now();
    let inputs = environment(now, seed(key), &ready.opened.source.address);
    let rendered = ready.render(answers, &inputs).await?;
    let findings = rendered.findings.clone();
    let (folder, files) =
        tokio::task::spawn_blocking(move || (rendered.folder, files(&rendered.tree))).await.map_err(Error::internal)?;
    let (commit, executes) = (ready.opened.commit().to_owned(), executes(&ready.opened.template.trust()));
    Ok(Preview { commit, folder, files, findings, executes })
}

fn files(tree: &Tree) -> Vec<PreviewFile> {
    let mut left = LARGEST_TEXTS;
    let mut show = |text: &str| {
        let fits = text.len() <= LARGEST_TEXT.min(left);
        left -= if fits { text.len() } else { 0 };
        fits.then(|| text.to_owned())
    };
    let file = |(path, entry): (&str, &Entry)| {
        let (kind, bytes, text) = match entry {
            Entry::Folder => return None,
            Entry::Link { target } => (PreviewKind::Link, target.len(), Some(target.clone())),
            Entry::File { content, mode } => {
                let is_binary = content.iter().take(BINARY_PREFIX).any(|byte| *byte == 0);
                match std::str::from_utf8(content) {
                    Ok(text) if !is_binary => {
                        let kind = if mode & 0o100 != 0 { PreviewKind::Program } else { PreviewKind::Text };
                        (kind, content.len(), show(text))
                    }
                    _ => (PreviewKind::Binary, content.len(), None),
                }
            }
        };
        Some(PreviewFile { path: path.to_owned(), kind, bytes: bytes as u64, text })
    };
    tree.iter().filter_map(file).collect()
}
