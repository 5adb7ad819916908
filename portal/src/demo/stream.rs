//! Commits as a stream for `git fast-import` (git-fast-import(1)).

use std::io::Write;

use super::history::{self, Commit};
use super::script::{People, Person, Script};

/// The dependency bot, as GitHub writes it.
const BOT: (&str, &str) = ("renovate[bot]", "29139614+renovate[bot]@users.noreply.github.com");

/// The stream; empty where there is no history.
pub fn encode(script: &Script, people: &People, commits: &[Commit]) -> Vec<u8> {
    let mut out = Vec::new();
    for (number, commit) in commits.iter().enumerate() {
        let who = if commit.by_bot {
            identity(BOT.0, BOT.1, commit)
        } else {
            person(people.get(&commit.slot.author), commit)
        };
        line(&mut out, &format!("commit refs/heads/{}", script.branch));
        line(&mut out, &format!("mark :{}", number + 1));
        line(&mut out, &format!("author {who}"));
        line(&mut out, &format!("committer {who}"));
        data(&mut out, commit.message.as_bytes());
        for (index, parent) in commit.parents.iter().enumerate() {
            line(&mut out, &format!("{} :{}", if index == 0 { "from" } else { "merge" }, parent + 1));
        }
        for (path, content) in &commit.changes {
            let mode = if path.ends_with(".sh") { "100755" } else { "100644" };
            line(&mut out, &format!("M {mode} inline {path}"));
            data(&mut out, content);
        }
    }
    for tag in &script.tags {
        let on_branch = commits
            .iter()
            .enumerate()
            .rev()
            .find(|(_, commit)| commit.on_branch && history::day(commit.slot.at) <= tag.at);
        let (Some((number, commit)), Some(by)) = (on_branch, people.get(&tag.by)) else { continue };
        line(&mut out, &format!("tag {}", tag.name));
        line(&mut out, &format!("from :{}", number + 1));
        line(&mut out, &format!("tagger {}", identity(&by.name, &by.email, commit)));
        data(&mut out, format!("Release {}", tag.name).as_bytes());
    }
    out
}

fn person(person: Option<&Person>, commit: &Commit) -> String {
    person.map_or_else(String::new, |person| identity(&person.name, &person.email, commit))
}

fn identity(name: &str, email: &str, commit: &Commit) -> String {
    let offset = commit.slot.offset;
    format!("{name} <{email}> {} +{:02}{:02}", commit.slot.at, offset / 60, offset % 60)
}

fn line(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
    out.push(b'\n');
}

fn data(out: &mut Vec<u8>, content: &[u8]) {
    // Writing into memory cannot fail.
    let _ = writeln!(out, "data {}", content.len());
    out.extend_from_slice(content);
    out.push(b'\n');
}
