//! Small signs: kind, confidence, level, language.

use model::catalog::CatalogRow;
use model::{Confidence, EntityRef, Kind, Level};

use super::Icon;
use crate::address;
use crate::format;
use crate::html::Html;

/// What a kind of thing looks like, and the word for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    pub icon: Icon,
    /// A class of `tokens.css`.
    pub hue: &'static str,
}

/// Kinds and types of components have one glyph and one hue, everywhere.
pub fn look(kind: &str, spec_type: Option<&str>) -> Look {
    let (icon, hue) = match kind.parse() {
        Ok(Kind::Component) => return component_look(spec_type),
        Ok(Kind::Api) => (Icon::Plug, "hue-violet"),
        Ok(Kind::Resource) => (Icon::Database, "hue-cyan"),
        Ok(Kind::System) => (Icon::Boxes, "hue-indigo"),
        Ok(Kind::Domain) => (Icon::Network, "hue-indigo"),
        Ok(Kind::Group) => (Icon::Users, "hue-amber"),
        Ok(Kind::User) => (Icon::User, "hue-amber"),
        Ok(Kind::Location) => (Icon::MapPin, "hue-neutral"),
        Ok(Kind::Template) => (Icon::Template, "hue-pink"),
        Err(_) => (Icon::Box, "hue-neutral"),
    };
    Look { icon, hue }
}

fn component_look(spec_type: Option<&str>) -> Look {
    let (icon, hue) = match spec_type.unwrap_or_default() {
        "service" => (Icon::Server, "hue-blue"),
        "library" => (Icon::Package, "hue-green"),
        "website" => (Icon::Window, "hue-cyan"),
        "cli" => (Icon::Terminal, "hue-lime"),
        "job" => (Icon::Calendar, "hue-orange"),
        "infrastructure" => (Icon::Cloud, "hue-teal"),
        "documentation" => (Icon::Book, "hue-amber"),
        "template" => (Icon::Template, "hue-pink"),
        "gateway" => (Icon::Route, "hue-violet"),
        _ => (Icon::Box, "hue-neutral"),
    };
    Look { icon, hue }
}

/// `Service`, `Library`, `API`: the type of a component, the kind of everything else.
pub fn kind_label(kind: &str, spec_type: Option<&str>) -> String {
    match (kind.parse(), spec_type) {
        (Ok(Kind::Component), Some("cli")) => "CLI".to_owned(),
        (Ok(Kind::Component), Some(spec_type)) if !spec_type.is_empty() && spec_type != "unknown" => {
            format::capitalised(spec_type)
        }
        (Ok(kind), _) => kind.as_str().to_owned(),
        (Err(_), _) => kind.to_owned(),
    }
}

/// Where a glyph stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    Row,
    /// At the head of a page.
    Page,
}

/// The glyph of an entity.
pub fn glyph(out: &mut Html, kind: &str, spec_type: Option<&str>, size: Size) {
    let Look { icon, hue } = look(kind, spec_type);
    out.raw(match size {
        Size::Row => "<span class=\"glyph ",
        Size::Page => "<span class=\"glyph glyph-large ",
    });
    out.raw(hue).raw("\">");
    icon.write(out);
    out.raw("</span>");
}

/// The disc that says how sure we are; `None` is unknown. Its name is for those who do not see it.
pub fn confidence(out: &mut Html, confidence: Option<Confidence>) {
    let (class, shape, name) = match confidence {
        Some(Confidence::Declared) => ("declared", "<circle class=\"disc\" cx=\"5\" cy=\"5\" r=\"4.5\"/>", "declared"),
        Some(Confidence::Corroborated) => (
            "corroborated",
            "<circle class=\"ring\" cx=\"5\" cy=\"5\" r=\"4\"/><path class=\"disc\" d=\"M5 1a4 4 0 0 0 0 8z\"/>",
            "corroborated",
        ),
        Some(Confidence::Guess) => ("guess", "<circle class=\"ring\" cx=\"5\" cy=\"5\" r=\"4\"/>", "a guess"),
        None => ("unknown", "<circle class=\"ring\" cx=\"5\" cy=\"5\" r=\"4\"/>", "unknown"),
    };
    out.raw("<svg class=\"confidence confidence-")
        .raw(class)
        .raw("\" viewBox=\"0 0 10 10\" role=\"img\" aria-label=\"");
    out.raw(name).raw("\"><title>").raw(name).raw("</title>").raw(shape).raw("</svg>");
}

/// Teams and people own; nobody owns them.
pub fn is_owner(kind: &str) -> bool {
    matches!(kind.parse(), Ok(Kind::Group | Kind::User))
}

/// Kinds that a descriptor gives an owner.
pub fn has_owner(kind: &str) -> bool {
    matches!(kind.parse(), Ok(Kind::Component | Kind::Api | Kind::Resource | Kind::System | Kind::Domain))
}

/// Whether commits are about it: those of the file that only describes it are not.
pub fn has_code(kind: &str) -> bool {
    matches!(kind.parse(), Ok(Kind::Component | Kind::Api | Kind::Resource | Kind::Template))
}

/// The owner of a row, with how it is known: a link, "probably X?", or "unknown".
pub fn owner(out: &mut Html, row: &CatalogRow) {
    if is_owner(&row.kind) {
        out.raw("<span class=\"faint\" aria-hidden=\"true\">–</span>");
        return;
    }
    out.raw("<span class=\"owner\">");
    match (&row.owner, &row.owner_guess) {
        (Some(owner), _) => {
            confidence(out, row.owner_confidence);
            out.link(&address::entity(owner), "above", &owner.short());
        }
        (None, Some(guess)) => {
            confidence(out, Some(Confidence::Guess));
            out.raw("<span class=\"guess\">probably ").text(&guess.short()).raw("?</span>");
        }
        (None, None) => {
            confidence(out, None);
            out.raw("<span class=\"unknown\">unknown</span>");
        }
    }
    out.raw("</span>");
}

/// Errors and warnings of a row; a dash where there are none.
pub fn finding_counts(out: &mut Html, errors: u64, warnings: u64) {
    if errors == 0 && warnings == 0 {
        out.raw("<span class=\"faint\"><span class=\"visually-hidden\">No findings</span><span aria-hidden=\"true\">–</span></span>");
        return;
    }
    if errors > 0 {
        level_count(out, Level::Error, errors);
        out.raw(" ");
    }
    if warnings > 0 {
        level_count(out, Level::Warning, warnings);
    }
}

fn level_count(out: &mut Html, level: Level, value: u64) {
    let (icon, class, one, many) = match level {
        Level::Error => (Icon::CircleX, "level level-error", "error", "errors"),
        Level::Warning => (Icon::Triangle, "level level-warning", "warning", "warnings"),
        Level::Note => (Icon::Info, "level level-note", "note", "notes"),
    };
    out.raw("<span").attribute("class", class).attribute("title", &format::count(value, one, many)).raw(">");
    icon.write(out);
    out.text(&format::number(value)).raw("<span class=\"visually-hidden\"> ");
    out.raw(if value == 1 { one } else { many }).raw("</span></span>");
}

/// The icon of a level.
pub fn level_icon(out: &mut Html, level: Level) {
    match level {
        Level::Error => Icon::CircleX.write_with(out, "icon level-error"),
        Level::Warning => Icon::Triangle.write_with(out, "icon level-warning"),
        Level::Note => Icon::Info.write_with(out, "icon level-note"),
    }
}

/// Languages have fixed hues, near those that GitHub's readers know.
pub fn language_hue(language: &str) -> &'static str {
    match language {
        "Rust" | "Swift" | "Scala" | "HTML" => "hue-orange",
        "Go" | "Dart" | "Dockerfile" => "hue-cyan",
        "Python" | "TypeScript" | "TSX" | "Lua" => "hue-blue",
        "JavaScript" | "JSX" | "Java" | "SQL" => "hue-amber",
        "C" | "C Header" | "C++" | "C#" | "Kotlin" | "CSS" | "Sass" => "hue-violet",
        "PHP" | "Elixir" | "Terraform" | "HCL" => "hue-indigo",
        "Shell" | "BASH" | "Makefile" | "Vue" | "Svelte" => "hue-green",
        "YAML" | "Ruby" | "Perl" => "hue-red",
        "Markdown" | "reStructuredText" => "hue-teal",
        "Protocol Buffers" | "GraphQL" => "hue-pink",
        "Haskell" | "Clojure" => "hue-lime",
        _ => "hue-neutral",
    }
}

/// A bar of shares, 100 units wide, by lines of code.
pub fn language_bar(out: &mut Html, languages: &[(String, u64)], class: &'static str) {
    let total: u64 = languages.iter().map(|(_, lines)| lines).sum();
    if total == 0 {
        return;
    }
    out.raw("<svg")
        .attribute("class", class)
        .raw(" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">");
    let mut start = 0;
    for (language, lines) in languages {
        let width = lines * 1000 / total;
        out.raw("<rect").attribute("class", language_hue(language)).raw(" x=\"").plain(start).raw("\" width=\"");
        out.plain(width.saturating_sub(4).max(4)).raw("\" height=\"10\"/>");
        start += width;
    }
    out.raw("</svg>");
}

/// The bar of a row, with the first language in words.
pub fn language_cell(out: &mut Html, languages: &[(String, u64)]) {
    let Some((first, _)) = languages.first() else {
        out.raw("<span class=\"faint\" aria-hidden=\"true\">–</span>");
        return;
    };
    out.raw("<div class=\"language\"><span>").text(first).raw("</span>");
    language_bar(out, languages, "language-bar");
    out.raw("</div>");
}

/// Two letters in a coloured field, for people and teams.
pub fn avatar(out: &mut Html, reference: &EntityRef, title: Option<&str>) {
    const HUES: [&str; 8] =
        ["hue-blue", "hue-green", "hue-amber", "hue-violet", "hue-teal", "hue-pink", "hue-orange", "hue-indigo"];
    let hue = HUES[reference.name.bytes().map(usize::from).sum::<usize>() % HUES.len()];
    let shape = if reference.kind == Kind::Group.lower() { " avatar-team" } else { "" };
    let label = title.unwrap_or(&reference.name);
    let mut words = label.split([' ', '-', '_', '.']).filter_map(|word| word.chars().next());
    let letters: String = words.next().into_iter().chain(words.next()).flat_map(char::to_uppercase).collect();
    out.raw("<span class=\"avatar ").raw(hue).raw(shape).raw("\" aria-hidden=\"true\">").text(&letters).raw("</span>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_what_a_person_says() {
        let table = [
            ("Component", Some("service"), "Service"),
            ("component", Some("cli"), "CLI"),
            ("Component", None, "Component"),
            ("Component", Some("unknown"), "Component"),
            ("api", Some("openapi"), "API"),
            ("Widget", None, "Widget"),
        ];
        for (kind, spec_type, label) in table {
            assert_eq!(kind_label(kind, spec_type), label);
        }
    }

    #[test]
    fn bars_share_their_width_by_lines() {
        let mut out = Html::new();
        language_bar(&mut out, &[("Rust".to_owned(), 900), ("<odd>".to_owned(), 100)], "language-bar");
        insta::assert_snapshot!(out.as_str(), @r#"<svg class="language-bar" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true"><rect class="hue-orange" x="0" width="896" height="10"/><rect class="hue-neutral" x="900" width="96" height="10"/></svg>"#);
        let mut nothing = Html::new();
        language_bar(&mut nothing, &[("Rust".to_owned(), 0)], "language-bar");
        assert!(nothing.is_empty());
    }

    #[test]
    fn avatars_hold_two_letters() {
        let mut out = Html::new();
        avatar(&mut out, &EntityRef::new("group", "default", "checkout-team"), None);
        assert!(out.as_str().contains("avatar-team\" aria-hidden=\"true\">CT</span>"), "{}", out.as_str());
    }
}
