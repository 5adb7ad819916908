//! Markdown of repositories as safe HTML whose relative links lead to pages of the portal.

mod store;
#[cfg(test)]
mod tests;

use engine_docs::{Heading, Links, RenderOptions, Rendered, resolve};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Portal, Result};

/// Grows when the same text is rendered differently.
const RENDERER: u32 = 1;
/// Bytes of HTML that are kept; the least recently used goes first.
const KEPT: i64 = 64 << 20;
/// How exactly it is known when something was last used; milliseconds.
const USE_GRAIN: i64 = 3600 * 1000;
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');
const IMAGES: [&str; 6] = ["png", "jpg", "jpeg", "gif", "webp", "svg"];

/// The Markdown file at `path` of the repository `slug`.
pub(crate) fn render(slug: &str, path: &str, markdown: &str) -> Rendered {
    engine_docs::render(markdown, &RenderOptions { links: &InRepository { slug, path } })
}

/// What is in a folder without a README. `entries` are names, and whether each is a folder.
pub(crate) fn folder(slug: &str, path: &str, entries: &[(String, bool)]) -> Rendered {
    let list = entries.iter().map(|(name, is_folder)| {
        let shown: String =
            name.chars().flat_map(|c| (c.is_ascii_punctuation().then_some('\\')).into_iter().chain([c])).collect();
        format!("- [{shown}{}](./{})\n", if *is_folder { "/" } else { "" }, utf8_percent_encode(name, IN_PATH))
    });
    let list: String = list.collect();
    let document = if path.is_empty() { "README.md".to_owned() } else { format!("{path}/README.md") };
    render(slug, &document, &list)
}

/// What was rendered before of the blob `id`.
pub(crate) async fn remembered(portal: &Portal, slug: &str, path: &str, id: &str) -> Result<Option<Rendered>> {
    let key = key(slug, path, id);
    let Some((body, used_at)) = store::find(portal.db(), &key).await? else {
        return Ok(None);
    };
    let now = portal.clock().now();
    if now - used_at > USE_GRAIN {
        store::touch(portal.db(), &key, now).await?;
    }
    Ok(serde_json::from_str::<Kept>(&body).ok().map(Rendered::from))
}

/// Keeps what was rendered of the blob `id`, and lets go of the oldest where that is too much.
pub(crate) async fn remember(portal: &Portal, slug: &str, path: &str, id: &str, rendered: &Rendered) -> Result<()> {
    let body = serde_json::to_string(&Kept::from(rendered))?;
    store::insert(portal.db(), &key(slug, path, id), &body, portal.clock().now(), KEPT).await
}

/// Links depend on the repository and on the folder of the document.
fn key(slug: &str, path: &str, id: &str) -> String {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let digest = Sha256::digest(format!("{RENDERER}\0{slug}\0{folder}\0{id}"));
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Addresses of a document in a repository.
struct InRepository<'a> {
    slug: &'a str,
    path: &'a str,
}

impl Links for InRepository<'_> {
    fn link(&self, target: &str) -> Option<String> {
        let path = resolve(self.path, target)?;
        let slug = utf8_percent_encode(self.slug, IN_PATH);
        if path.is_empty() {
            return Some(format!("/repositories/{slug}"));
        }
        Some(format!("/repositories/{slug}/files/{}", utf8_percent_encode(&path, IN_PATH)))
    }

    fn image(&self, target: &str) -> Option<String> {
        let path = resolve(self.path, target)?;
        let extension = path.rsplit_once('.')?.1.to_ascii_lowercase();
        if !IMAGES.contains(&extension.as_str()) {
            return None;
        }
        let slug = utf8_percent_encode(self.slug, IN_PATH);
        Some(format!("/repositories/{slug}/raw/{}", utf8_percent_encode(&path, IN_PATH)))
    }
}

/// [`Rendered`] as it is stored.
#[derive(Serialize, Deserialize)]
struct Kept {
    html: String,
    title: Option<String>,
    headings: Vec<(u8, String, String)>,
    truncated: bool,
}

impl From<&Rendered> for Kept {
    fn from(rendered: &Rendered) -> Self {
        let headings = rendered.headings.iter().map(|h| (h.level, h.id.clone(), h.text.clone())).collect();
        Self { html: rendered.html.clone(), title: rendered.title.clone(), headings, truncated: rendered.truncated }
    }
}

impl From<Kept> for Rendered {
    fn from(kept: Kept) -> Self {
        let headings = kept.headings.into_iter().map(|(level, id, text)| Heading { level, id, text }).collect();
        Self { html: kept.html, title: kept.title, headings, truncated: kept.truncated }
    }
}
