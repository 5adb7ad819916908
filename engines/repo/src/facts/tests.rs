#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::bots::{Bots, login};
use super::description::first_paragraph;

#[test]
fn bots_are_told_from_people() {
    let bots = Bots { names: vec!["Release Robot".to_owned(), "deploy@example.com".to_owned()] };
    let programs = [
        ("dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com"),
        ("renovate", "29139614+renovate[bot]@users.noreply.github.com"),
        ("Renovate Bot", "bot@renovateapp.com"),
        ("github-actions", "github-actions@github.com"),
        ("Somebody", "noreply@example.com"),
        ("acme-bot", "acme@example.com"),
        ("Release Robot", "x@example.com"),
        ("x", "Deploy@example.com"),
        ("snyk-bot", "snyk-bot@snyk.io"),
    ];
    for (name, email) in programs {
        assert!(bots.is_bot(name, email), "{name} <{email}>");
    }
    let people = [
        ("Ada Lovelace", "ada@example.com"),
        ("Abbot", "abbot@example.com"),
        ("Jo Talbot", "talbot@example.com"),
        ("Octo", "583231+octocat@users.noreply.github.com"),
        ("", ""),
    ];
    for (name, email) in people {
        assert!(!bots.is_bot(name, email), "{name} <{email}>");
    }
}

#[test]
fn logins_are_read_from_noreply_addresses() {
    let table = [
        ("583231+octocat@users.noreply.github.com", Some("octocat")),
        ("octocat@users.noreply.github.com", Some("octocat")),
        ("12-some-body@users.noreply.gitlab.com", Some("some-body")),
        ("some-body@users.noreply.gitlab.com", Some("some-body")),
        ("octocat@github.com", None),
        ("noreply", None),
    ];
    for (email, expected) in table {
        assert_eq!(login(email), expected, "{email}");
    }
}

#[test]
fn the_first_paragraph_is_the_first_that_says_something() {
    let table = [
        ("# Title\n\nDoes one thing\nwell.\n\nMore.\n", Some(("Does one thing well.", 3))),
        (
            "[![Build](b.svg)](x) [![Docs](d.svg)](y)\n\n# T\n\nReads *every* `file` in [Git](x).\n",
            Some(("Reads every file in Git.", 5)),
        ),
        (
            "<p align=\"center\"><img src=\"x\"></p>\n\n# T\n\n> Quoted first words here.\n",
            Some(("Quoted first words here.", 5)),
        ),
        (
            "# T\n\n[Install](a) | [Guide](b) | [Licence](c)\n\nThe text that counts.\n",
            Some(("The text that counts.", 5)),
        ),
        (
            "---\ntitle: x\ndescription: not this one\n---\n\nAfter the front matter.\n",
            Some(("After the front matter.", 6)),
        ),
        (
            "# T\n\n## Announcing 2.0\n\nWe are excited to announce.\n\n## About\n\nIt plans which ship lies where.\n",
            Some(("It plans which ship lies where.", 9)),
        ),
        (
            "# T\n\n## X 1.2 is now available!\n\nWe are excited to tell.\n\n---\n\nIt plans which ship lies where.\n",
            Some(("It plans which ship lies where.", 9)),
        ),
        ("# Only a title\n", None),
        ("# T\n\n- a list entry with many words\n", None),
        ("", None),
    ];
    for (text, expected) in table {
        let found = first_paragraph(text);
        assert_eq!(found.as_ref().map(|(text, line)| (text.as_str(), *line)), expected, "{text}");
    }
}
