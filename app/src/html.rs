//! HTML as text, for what is repeated a thousand times on a page: rows, marks, facets.
//!
//! What stands in the code is `&'static str` and goes in as it is; everything else is escaped. So a value from a
//! repository cannot become markup, and a row costs no tree of components.

use std::borrow::Cow;
use std::fmt::Write;

use leptos::prelude::{AnyView, IntoAny};
use leptos::tachys::html::InertElement;

/// HTML that is being written.
#[derive(Debug, Clone, Default)]
pub struct Html(String);

impl Html {
    pub fn new() -> Self {
        Self(String::with_capacity(1024))
    }

    /// HTML that somebody else has made safe: what `engine_docs` has rendered, and icons.
    pub fn trusted(html: impl Into<String>) -> Self {
        Self(html.into())
    }

    /// Markup that stands in the code.
    pub fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Text or the value of a quoted attribute, escaped.
    pub fn text(&mut self, text: &str) -> &mut Self {
        escape_into(&mut self.0, text);
        self
    }

    /// A number as it is, for attributes and coordinates.
    pub fn plain(&mut self, value: impl Number) -> &mut Self {
        // Writing to a String cannot fail.
        let _ = write!(self.0, "{value}");
        self
    }

    /// Other HTML.
    pub fn add(&mut self, other: &Self) -> &mut Self {
        self.0.push_str(&other.0);
        self
    }

    /// ` name="value"`, with the value escaped.
    pub fn attribute(&mut self, name: &'static str, value: &str) -> &mut Self {
        self.0.push(' ');
        self.0.push_str(name);
        self.0.push_str("=\"");
        escape_into(&mut self.0, value);
        self.0.push('"');
        self
    }

    /// `<a href="…" class="…">text</a>`
    pub fn link(&mut self, href: &str, class: &'static str, text: &str) -> &mut Self {
        self.raw("<a").attribute("href", href);
        if !class.is_empty() {
            self.attribute("class", class);
        }
        self.raw(">").text(text).raw("</a>")
    }

    /// Writes with a function, so that builders chain.
    pub fn with(&mut self, write: impl FnOnce(&mut Self)) -> &mut Self {
        write(self);
        self
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn into_string(self) -> String {
        self.0
    }

    /// As it stands, without an element around it.
    pub fn into_view(self) -> AnyView {
        InertElement::new(Cow::Owned(self.0)).into_any()
    }
}

/// What [`Html::plain`] may write: nothing that could hold markup.
pub trait Number: std::fmt::Display {}

impl Number for u32 {}
impl Number for u64 {}
impl Number for usize {}
impl Number for i64 {}

/// Escapes text for element content and quoted attributes.
pub fn escape(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| matches!(byte, b'&' | b'<' | b'>' | b'"' | b'\'')) {
        let mut escaped = String::with_capacity(text.len() + 16);
        escape_into(&mut escaped, text);
        Cow::Owned(escaped)
    } else {
        Cow::Borrowed(text)
    }
}

fn escape_into(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
        out.push_str(&rest[..at]);
        out.push_str(match rest.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            _ => "&#39;",
        });
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_in_the_code_is_escaped() {
        let mut html = Html::new();
        html.raw("<p>").text("a < b && \"c\" > 'd'").raw("</p>").link("/x?a=1&b=\"", "above", "<script>").plain(7_u32);
        assert_eq!(
            html.as_str(),
            "<p>a &lt; b &amp;&amp; &quot;c&quot; &gt; &#39;d&#39;</p>\
             <a href=\"/x?a=1&amp;b=&quot;\" class=\"above\">&lt;script&gt;</a>7"
        );
    }

    #[test]
    fn text_without_markup_is_not_copied() {
        assert!(matches!(escape("Größe 12 → 13"), Cow::Borrowed(_)));
        assert_eq!(escape("x'y"), "x&#39;y");
    }
}
