//! Markdown of repositories as safe HTML whose relative links lead to pages of the portal.

use std::sync::Arc;

use engine_docs::{Heading, Links, RenderOptions, Rendered, is_markdown, resolve};
use model::docs::DocsSite;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::store;
use crate::{Portal, Result};

/// Grows when the same text is rendered differently.
const RENDERER: u32 = 2;
/// Bytes of HTML that are kept; the least recently used goes first.
const KEPT: i64 = 64 << 20;
/// How exactly it is known when something was last used; milliseconds.
const USE_GRAIN: i64 = 3600 * 1000;
pub(super) const IN_PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');
const IMAGES: [&str; 6] = ["png", "jpg", "jpeg", "gif", "webp", "svg"];

/// Where the relative addresses of a document lead: to files of its repository, or to other pages of its documentation.
#[derive(Debug, Clone)]
pub(crate) struct Addresses {
    pub(crate) slug: String,
    page: Option<Page>,
}

/// One page of a documentation folder.
#[derive(Debug, Clone)]
struct Page {
    /// What stands before the path of a page in its address.
    base: String,
    site: Arc<DocsSite>,
    path: String,
}

impl Addresses {
    pub(crate) fn of_repository(slug: &str) -> Self {
        Self { slug: slug.to_owned(), page: None }
    }

    pub(super) fn of_page(slug: &str, base: &str, site: Arc<DocsSite>, path: &str) -> Self {
        Self { slug: slug.to_owned(), page: Some(Page { base: base.to_owned(), site, path: path.to_owned() }) }
    }

    fn file(&self, path: &str) -> String {
        let repository = format!("/repositories/{}", encoded(&self.slug));
        if path.is_empty() { repository } else { format!("{repository}/files/{}", encoded(path)) }
    }

    /// What of a document's surroundings its HTML depends on.
    fn surroundings(&self) -> String {
        let Some(Page { base, site, path }) = &self.page else { return String::new() };
        let missing = site.page(path).map(|page| page.missing.join("\n")).unwrap_or_default();
        let pages: Vec<&str> = site.pages.iter().map(|page| page.path.as_str()).collect();
        digest(&format!("{base}\0{}\0{missing}\0{}", site.folder, pages.join("\n")))
    }
}

/// A path as it stands in an address.
pub(super) fn encoded(path: &str) -> String {
    utf8_percent_encode(path, IN_PATH).to_string()
}

/// The Markdown file at `path`.
pub(crate) fn render(addresses: &Addresses, path: &str, markdown: &str) -> Rendered {
    engine_docs::render(markdown, &RenderOptions { links: &Document { addresses, path } })
}

/// What is in a folder without a README. `entries` are names, and whether each is a folder.
pub(crate) fn folder(addresses: &Addresses, path: &str, entries: &[(String, bool)]) -> Rendered {
    let list = entries.iter().map(|(name, is_folder)| {
        let shown: String =
            name.chars().flat_map(|c| (c.is_ascii_punctuation().then_some('\\')).into_iter().chain([c])).collect();
        format!("- [{shown}{}](./{})\n", if *is_folder { "/" } else { "" }, encoded(name))
    });
    let list: String = list.collect();
    let document = if path.is_empty() { "README.md".to_owned() } else { format!("{path}/README.md") };
    render(addresses, &document, &list)
}

/// What was rendered before of the blob `id`.
pub(crate) async fn remembered(
    portal: &Portal,
    addresses: &Addresses,
    path: &str,
    id: &str,
) -> Result<Option<Rendered>> {
    let key = key(addresses, path, id);
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
pub(crate) async fn remember(
    portal: &Portal,
    addresses: &Addresses,
    path: &str,
    id: &str,
    rendered: &Rendered,
) -> Result<()> {
    let body = serde_json::to_string(&Kept::from(rendered))?;
    store::insert(portal.db(), &key(addresses, path, id), &body, portal.clock().now(), KEPT).await
}

/// Links depend on the repository, on the folder of the document, and on the other pages of its documentation.
fn key(addresses: &Addresses, path: &str, id: &str) -> String {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    digest(&format!("{RENDERER}\0{}\0{folder}\0{id}\0{}", addresses.slug, addresses.surroundings()))
}

fn digest(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A document in a repository.
struct Document<'a> {
    addresses: &'a Addresses,
    path: &'a str,
}

impl Links for Document<'_> {
    fn link(&self, target: &str) -> Option<String> {
        let path = resolve(self.path, target)?;
        let Some(Page { base, site, path: own }) = &self.addresses.page else {
            return Some(self.addresses.file(&path));
        };
        if site.page(own).is_some_and(|page| page.missing.contains(&path)) {
            return None;
        }
        let inner = match site.folder.as_str() {
            "" => Some(path.as_str()),
            folder => {
                path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/').or(rest.is_empty().then_some(rest)))
            }
        };
        let page = inner.and_then(|inner| match site.find(inner) {
            Some(page) => Some(page.path.as_str()),
            None => is_markdown(inner).then_some(inner),
        });
        Some(page.map_or_else(|| self.addresses.file(&path), |page| format!("{base}{}", encoded(page))))
    }

    fn image(&self, target: &str) -> Option<String> {
        let path = resolve(self.path, target)?;
        let extension = path.rsplit_once('.')?.1.to_ascii_lowercase();
        if !IMAGES.contains(&extension.as_str()) {
            return None;
        }
        Some(format!("/repositories/{}/raw/{}", encoded(&self.addresses.slug), encoded(&path)))
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

#[cfg(test)]
mod tests {
    use model::docs::DocsPage;

    use super::*;

    #[test]
    fn links_within_documentation_lead_to_its_pages() {
        let page = |path: &str, missing: &[&str]| DocsPage {
            path: path.to_owned(),
            title: String::new(),
            missing: missing.iter().map(|path| (*path).to_owned()).collect(),
        };
        let pages = vec![page("guide/index.md", &[]), page("guide/start.md", &["docs/gone.md"]), page("index.md", &[])];
        let site = Arc::new(DocsSite { folder: "docs".to_owned(), pages, ..DocsSite::default() });
        let addresses = Addresses::of_page("shop", "/docs/default/component/shop/", site, "guide/start.md");
        let links = Document { addresses: &addresses, path: "docs/guide/start.md" };
        let table = [
            ("../index.md", Some("/docs/default/component/shop/index.md")),
            ("./", Some("/docs/default/component/shop/guide/index.md")),
            ("../guide", Some("/docs/default/component/shop/guide/index.md")),
            ("start/", Some("/docs/default/component/shop/guide/start.md")),
            ("..", Some("/docs/default/component/shop/index.md")),
            ("unlisted.md", Some("/docs/default/component/shop/guide/unlisted.md")),
            ("../../README.md", Some("/repositories/shop/files/README.md")),
            ("../tariff.pdf", Some("/repositories/shop/files/docs/tariff.pdf")),
            ("../../docs-old/x.md", Some("/repositories/shop/files/docs-old/x.md")),
            ("../gone.md", None),
            ("../../../x.md", None),
        ];
        for (target, expected) in table {
            assert_eq!(links.link(target).as_deref(), expected, "{target}");
        }
        assert_eq!(links.image("../a.svg").as_deref(), Some("/repositories/shop/raw/docs/a.svg"));
        assert_ne!(key(&addresses, "docs/x.md", "1"), key(&Addresses::of_repository("shop"), "docs/x.md", "1"));
    }

    #[test]
    fn relative_addresses_lead_to_pages_of_the_portal() {
        let addresses = Addresses::of_repository("shop");
        let links = Document { addresses: &addresses, path: "docs/guide/start here.md" };
        let table = [
            ("next.md", Some("/repositories/shop/files/docs/guide/next.md")),
            ("../ünder score.md", Some("/repositories/shop/files/docs/%C3%BCnder%20score.md")),
            ("/README.md", Some("/repositories/shop/files/README.md")),
            ("../../src/", Some("/repositories/shop/files/src")),
            ("../..", Some("/repositories/shop")),
            ("../../../etc/passwd", None),
            ("a?b#c.md", Some("/repositories/shop/files/docs/guide/a%3Fb%23c.md")),
        ];
        for (target, expected) in table {
            assert_eq!(links.link(target).as_deref(), expected, "{target}");
        }
        assert_eq!(links.image("a.PNG").as_deref(), Some("/repositories/shop/raw/docs/guide/a.PNG"));
        assert_eq!(links.image("a.html"), None);
        assert_eq!(links.image("../../../a.png"), None);
    }

    #[test]
    fn a_folder_is_a_list_of_links() {
        let entries = [("a b.md".to_owned(), false), ("src".to_owned(), true), ("[x](javascript:1)".to_owned(), false)];
        let html = folder(&Addresses::of_repository("shop"), "docs", &entries).html;
        assert!(html.contains("href=\"/repositories/shop/files/docs/a%20b.md\""), "{html}");
        assert!(html.contains("href=\"/repositories/shop/files/docs/src\""), "{html}");
        assert!(!html.contains("href=\"javascript"), "{html}");
        assert!(
            folder(&Addresses::of_repository("shop"), "", &entries)
                .html
                .contains("href=\"/repositories/shop/files/src\"")
        );
    }
}
