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

/// A field that proposes what can be written in it: every browser shows that by itself, and anything else can be typed.
pub fn proposing<'a>(
    out: &mut Html,
    name: &'static str,
    label: &'static str,
    value: &str,
    proposed: impl Iterator<Item = &'a str>,
) {
    let list = format!("{name}-proposed");
    out.raw("<div class=\"field\"><label").attribute("for", name).raw(">").raw(label).raw("</label>");
    out.raw("<input class=\"input\" type=\"text\" autocomplete=\"off\"").attribute("id", name);
    out.attribute("name", name).attribute("list", &list).attribute("value", value).raw("><datalist");
    out.attribute("id", &list).raw(">");
    for one in proposed {
        out.raw("<option").attribute("value", one).raw(">");
    }
    out.raw("</datalist></div>");
}

/// A field with which one of some values is chosen, each with its label.
pub fn select<'a>(
    out: &mut Html,
    name: &'static str,
    label: &'static str,
    chosen: &str,
    options: impl Iterator<Item = (&'a str, &'a str)>,
) {
    out.raw("<div class=\"field\"><label").attribute("for", name).raw(">").raw(label).raw("</label>");
    out.raw("<select class=\"select\"").attribute("id", name).attribute("name", name).raw(">");
    for (value, label) in options {
        option(out, value, label, value == chosen);
    }
    out.raw("</select></div>");
}

/// One of several that can be chosen.
pub fn option(out: &mut Html, value: &str, label: &str, chosen: bool) {
    out.raw("<option").attribute("value", value).raw(if chosen { " selected>" } else { ">" }).text(label);
    out.raw("</option>");
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
