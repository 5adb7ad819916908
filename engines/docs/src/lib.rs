//! Markdown of repositories → safe HTML.
//!
//! Whatever comes in is untrusted: the result never holds a script, an event handler, an inline style or an address of
//! another scheme than the few in the allow-list, and the work is bounded whatever the input.
//!
//! Four stages, each a module: [`source`] cuts the text to what is read, [`markdown`] makes HTML of it as GitHub does,
//! [`tidy`] balances that HTML, bounds its depth and rewrites its addresses, and [`allowed`] holds what may be left: the
//! allow-list that ammonia has the last word on.
//!
//! [`site`] finds documentation folders and the way through their pages.

mod address;
mod allowed;
mod autolink;
mod footnotes;
mod highlight;
mod markdown;
pub mod site;
mod slug;
mod source;
mod tidy;

#[cfg(test)]
mod tests;

pub use address::{is_markdown, resolve};
pub use highlight::CLASSES as HIGHLIGHT_CLASSES;

/// What a document needs from outside.
pub struct RenderOptions<'a> {
    pub links: &'a dyn Links,
}

/// Turns the relative addresses of a document into addresses of the portal. What stands in the document is given
/// percent-decoded and without query and fragment, as `../docs/set up.md`; a leading `/` means the repository's root.
/// [`resolve`] makes a path of it. A fragment is put back behind the answer.
pub trait Links {
    /// The address of what a link leads to; `None` leaves the text without a link, marked as `a.missing-link`.
    fn link(&self, target: &str) -> Option<String>;

    /// The address of an image; `None` leaves its alternative text.
    fn image(&self, target: &str) -> Option<String>;

    /// The address under which an image on another host is shown. By default it is not: the reader's browser would tell
    /// that host who reads what. Its alternative text stands in its place, as `span.outside-image`.
    fn outside_image(&self, _address: &str) -> Option<String> {
        None
    }
}

/// A rendered document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rendered {
    /// A fragment of HTML, for the inside of an element.
    pub html: String,
    /// The text of the first heading of level 1.
    pub title: Option<String>,
    /// In the order of the document, at most 1 000.
    pub headings: Vec<Heading>,
    /// The document is longer than a megabyte, and its end is missing.
    pub truncated: bool,
}

/// A heading, for a table of contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// 1 to 6.
    pub level: u8,
    /// As in the HTML: with the prefix `user-content-`.
    pub id: String,
    pub text: String,
}

/// Put before every id, so that a document cannot take the id of something on the page around it.
pub const ID_PREFIX: &str = "user-content-";

/// Renders GitHub's Markdown. Never fails: what cannot be understood stays text.
pub fn render(markdown: &str, options: &RenderOptions) -> Rendered {
    let (text, truncated) = source::prepare(markdown);
    let html = markdown::to_html(text);
    let tidied = tidy::tidy(&html, options.links);
    let title = tidied.headings.iter().find(|heading| heading.level == 1 && !heading.text.is_empty());
    Rendered {
        html: allowed::clean(&tidied.html),
        title: title.map(|heading| heading.text.clone()),
        headings: tidied.headings,
        truncated,
    }
}
