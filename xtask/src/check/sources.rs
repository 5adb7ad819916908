//! House rules that a look at the text can hold.

use std::fs;

use anyhow::{Result, bail};

use crate::command::output;
use crate::workspace::root;

/// Longer files are named, so that somebody splits them; some are long for a good reason.
const LONG: usize = 400;

/// Fails with every line that breaks a rule.
pub fn check() -> Result<()> {
    // New files too, but not what .gitignore leaves out.
    let mut git = std::process::Command::new("git");
    git.current_dir(root()).args(["ls-files", "--cached", "--others", "--exclude-standard"]);
    let mut wrong = Vec::new();
    let mut long = Vec::new();
    for path in output(&mut git)?.lines() {
        let Ok(text) = fs::read_to_string(root().join(path)) else { continue };
        for (number, line) in text.lines().enumerate() {
            wrong.extend(broken_rule(path, line).map(|rule| format!("{path}:{}: {rule}", number + 1)));
        }
        if text.lines().count() > LONG && (path.ends_with(".rs") || path.ends_with(".css")) {
            long.push(format!("   {path} has {} lines", text.lines().count()));
        }
    }
    if !long.is_empty() {
        long.sort();
        eprintln!("   longer than {LONG} lines, better in parts:\n{}", long.join("\n"));
    }
    if !wrong.is_empty() {
        bail!("{} lines break a house rule:\n  {}", wrong.len(), wrong.join("\n  "));
    }
    Ok(())
}

fn broken_rule(path: &str, line: &str) -> Option<&'static str> {
    let code = line.trim_start();
    if path.starts_with("app/") && path.ends_with(".rs") && !code.starts_with("//") {
        if line.contains("<textarea") && !path.starts_with("app/src/components") {
            return Some(
                "a raw <textarea>: its content is not escaped (tachys #4819); use components::form::text_area",
            );
        }
        if code.starts_with("style=") || line.contains(" style=") || line.contains(" style:") {
            return Some("an inline style: the content security policy forbids it; use a class or an SVG attribute");
        }
        if ["fill=\"#", "stroke=\"#", "fill=\"rgb", "stroke=\"rgb"].iter().any(|raw| line.contains(raw)) {
            return Some("a raw colour: use a class or currentColor, and name colours in style/tokens.css");
        }
    }
    if path.starts_with("style/") && path.ends_with(".css") && path != "style/tokens.css" && has_raw_colour(line) {
        return Some("a raw colour: only style/tokens.css names colours");
    }
    if path.ends_with("package-lock.json") && code.starts_with("\"resolved\"") {
        return Some("an address of a registry: the lock file is written with omit-lockfile-registry-resolved");
    }
    None
}

/// `#abc`, `rgb(…)`, `hsl(…)`, `oklch(…)` in a value.
fn has_raw_colour(line: &str) -> bool {
    // `url(#id)` is no colour, and a selector `#main {` is no value.
    let Some((_, value)) = line.split_once(':') else { return false };
    if ["rgb(", "rgba(", "hsl(", "hsla(", "oklch(", "oklab("].iter().any(|function| value.contains(function)) {
        return !value.contains("from var(");
    }
    value.match_indices('#').any(|(at, _)| {
        let digits = value[at + 1..].chars().take_while(char::is_ascii_hexdigit).count();
        let end = value[at + 1 + digits..].chars().next();
        matches!(digits, 3 | 4 | 6 | 8)
            && !value[..at].ends_with("url(")
            && matches!(end, None | Some(';' | ' ' | ',' | ')'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_colours_are_seen_in_values_only() {
        let table = [
            ("color: #fff;", true),
            ("border: 1px solid #a0b1c2;", true),
            ("color: oklch(0.5 0.1 200);", true),
            ("color: oklch(from var(--ink) l c h / 50%);", false),
            ("color: var(--ink);", false),
            ("#main { color: var(--ink); }", false),
            ("mask: url(#fade);", false),
        ];
        for (line, expected) in table {
            assert_eq!(has_raw_colour(line), expected, "{line}");
        }
    }

    #[test]
    fn rules_hold_where_they_apply() {
        assert!(broken_rule("app/src/pages/home.rs", "<textarea name=\"a\"></textarea>").is_some());
        assert!(broken_rule("app/src/components/forms.rs", "<textarea name=\"a\"></textarea>").is_none());
        assert!(broken_rule("app/src/pages/home.rs", "<p style=\"color: red\">").is_some());
        assert!(broken_rule("app/src/pages/home.rs", "// a style=\"x\" is not allowed").is_none());
        assert!(broken_rule("style/tokens.css", "--ink: oklch(0.2 0.02 250);").is_none());
    }
}
