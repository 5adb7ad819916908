//! Parts of forms that are easily written wrong.

use super::Icon;
use crate::html::Html;

/// A button that has `action` look at one source again, or at all of them.
pub fn look_again(out: &mut Html, action: &str, source: Option<&str>, class: &'static str, label: &'static str) {
    out.raw("<form method=\"post\"").attribute("action", action).raw(">");
    if let Some(source) = source {
        out.raw("<input type=\"hidden\" name=\"source\"").attribute("value", source).raw(">");
    }
    out.raw("<button type=\"submit\"").attribute("class", class).raw(">");
    Icon::Refresh.write(out);
    out.raw(label);
    if let Some(source) = source {
        out.raw("<span class=\"visually-hidden\"> ").text(source).raw("</span>");
    }
    out.raw("</button></form>");
}

/// A button that has `action` do something to what `id` names.
pub fn act_on(out: &mut Html, action: &str, id: &str, label: &'static str) {
    out.raw("<form method=\"post\"").attribute("action", action).raw("><input type=\"hidden\" name=\"id\"");
    out.attribute("value", id).raw("><button type=\"submit\" class=\"button\">").raw(label).raw("</button></form>");
}

/// A field for several lines of text, whose label is elsewhere; it is called the same as it is identified.
pub fn text_area(out: &mut Html, name: &str, rows: u64, longest: u64, text: &str) {
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
