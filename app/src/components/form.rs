//! Parts of forms that are easily written wrong.

use crate::html::Html;

/// A field for several lines of text, whose label is elsewhere; it is called the same as it is identified.
pub fn text_area(out: &mut Html, name: &'static str, rows: u64, longest: u64, text: &str) {
    out.raw("<textarea class=\"input textarea\"").attribute("id", name).attribute("name", name);
    out.attribute("rows", &rows.to_string()).attribute("maxlength", &longest.to_string()).raw(">");
    // A browser swallows the first line break.
    out.raw("\n").text(text).raw("</textarea>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_the_field() {
        let mut out = Html::new();
        text_area(&mut out, "text", 3, 9, "\n</textarea><b>");
        assert!(out.as_str().ends_with(">\n\n&lt;/textarea&gt;&lt;b&gt;</textarea>"), "{}", out.as_str());
    }
}
