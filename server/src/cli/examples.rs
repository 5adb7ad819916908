//! Every command that the documentation or a `--help` shows is one that this program takes.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::{CommandFactory, Parser};
use engine_yaml::{Limits, Node, Value};

use super::Cli;

/// A block of code: where it is, in which language, and its text.
struct Block {
    place: String,
    language: String,
    text: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn blocks() -> Vec<Block> {
    let docs = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = docs.filter(|path| path.extension().is_some_and(|end| end == "md")).collect();
    files.push(root().join("README.md"));
    files.sort();
    files.iter().flat_map(|file| blocks_of(file)).collect()
}

fn blocks_of(file: &Path) -> Vec<Block> {
    let text = fs::read_to_string(file).unwrap();
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    let (mut blocks, mut open): (Vec<Block>, Option<Block>) = (Vec::new(), None);
    for (number, line) in (1..).zip(text.lines()) {
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(language), None) => {
                let (place, language) = (format!("{name}:{number}"), language.trim().to_owned());
                open = Some(Block { place, language, text: String::new() });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => block.text += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "{name} ends within a block of code");
    blocks
}

/// The words of the commands of a script, as a shell reads them: without comments, and without where their output goes.
fn commands(script: &str) -> Vec<Vec<String>> {
    let (mut commands, mut words, mut word) = (Vec::new(), Vec::new(), None::<String>);
    let mut letters = script.chars().peekable();
    let (mut quote, mut is_target) = (None, false);
    let end = |word: &mut Option<String>, words: &mut Vec<String>, is_target: &mut bool| {
        if let Some(word) = word.take().filter(|_| !std::mem::take(is_target)) {
            words.push(word);
        }
    };
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(open), letter) if letter == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, '\\') if letters.peek() == Some(&'\n') => {
                letters.next();
            }
            (None, '#') if word.is_none() => while letters.next_if(|letter| *letter != '\n').is_some() {},
            (None, ' ' | '\t') => end(&mut word, &mut words, &mut is_target),
            (None, '>' | '<') => {
                end(&mut word, &mut words, &mut is_target);
                is_target = true;
            }
            (None, '\n' | ';' | '|' | '&') => {
                end(&mut word, &mut words, &mut is_target);
                commands.push(std::mem::take(&mut words));
            }
            (_, letter) => word.get_or_insert_default().push(letter),
        }
    }
    end(&mut word, &mut words, &mut is_target);
    commands.push(words);
    commands.retain(|words| !words.is_empty());
    commands
}

/// The arguments of each `slipway` of a script, also behind variables, a prompt, or what runs it (`docker exec … slipway`).
fn of_slipway(script: &str) -> Vec<Vec<String>> {
    let arguments = |words: Vec<String>| {
        let at = words.iter().position(|word| word == "slipway")?;
        let runs = ["$", "docker", "exec", "sudo", "-u", "CONTAINER"];
        let leads = |word: &String| runs.contains(&word.as_str()) || word.contains('=');
        words[..at].iter().all(leads).then(|| words[at..].to_vec())
    };
    commands(script).into_iter().filter_map(arguments).collect()
}

/// A script with each `${{ … }}` of GitHub as any of the texts that it can become; what stands there for something of theirs is a
/// word.
fn expanded(script: &str) -> Vec<String> {
    let Some((before, rest)) = script.split_once("${{") else { return vec![script.to_owned()] };
    let (expression, after) = rest.split_once("}}").unwrap();
    // `condition && 'one' || 'other'`
    let chosen: Vec<&str> = expression.split("&&").nth(1).into_iter().flat_map(|chosen| chosen.split("||")).collect();
    let texts: Vec<&str> = chosen.iter().map(|text| text.trim().trim_matches('\'')).collect();
    let texts = if texts.is_empty() { vec!["theirs"] } else { texts };
    let after = expanded(after);
    texts.iter().flat_map(|text| after.iter().map(move |after| format!("{before}{text}{after}"))).collect()
}

/// The scripts of a pipeline of GitHub Actions (`run`) or GitLab (`script`).
fn scripts(node: &Node, found: &mut Vec<String>) {
    match &node.value {
        Value::Sequence(items) => items.iter().for_each(|item| scripts(item, found)),
        Value::Mapping(entries) => {
            for entry in entries {
                match (entry.key.as_str(), &entry.value.value) {
                    ("run" | "script", Value::String(text)) => found.push(text.clone()),
                    ("script", Value::Sequence(lines)) => {
                        found.extend(lines.iter().filter_map(|line| line.as_str().map(str::to_owned)))
                    }
                    _ => scripts(&entry.value, found),
                }
            }
        }
        _ => {}
    }
}

/// Whether a shell can read it; nothing is run.
fn is_shell(script: &str) -> bool {
    let mut shell = Command::new("sh").arg("-n").stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    shell.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    shell.wait().unwrap().success()
}

fn is_taken(place: &str, arguments: &[String]) {
    let parsed = Cli::try_parse_from(arguments);
    assert!(parsed.is_ok(), "{place}: {}\n{}", arguments.join(" "), parsed.err().unwrap());
}

#[test]
fn every_command_of_the_documentation_is_taken() {
    let mut count = 0;
    for Block { place, language, text } in blocks() {
        if !["sh", "console", ""].contains(&language.as_str()) {
            continue;
        }
        for arguments in of_slipway(&text) {
            is_taken(&place, &arguments);
            count += 1;
        }
    }
    assert!(count > 40, "only {count} were found");
}

#[test]
fn every_pipeline_of_the_documentation_is_yaml_with_scripts_that_a_shell_reads() {
    let (mut count, mut ours) = (0, 0);
    for Block { place, text, .. } in blocks().into_iter().filter(|block| block.language == "yaml") {
        let documents = engine_yaml::parse(&text, &Limits::default());
        let documents = documents.unwrap_or_else(|error| panic!("{place}: {error:?}"));
        let mut found = Vec::new();
        documents.iter().for_each(|document| scripts(&document.root, &mut found));
        for script in found.iter().flat_map(|script| expanded(script)) {
            assert!(is_shell(&script), "{place}: {script}");
            count += 1;
            for arguments in of_slipway(&script) {
                is_taken(&place, &arguments);
                ours += 1;
            }
        }
    }
    assert!(count >= 6 && ours >= 6, "only {count} were found, {ours} of them ours");
}

#[test]
fn every_example_of_help_is_taken() {
    fn walk(command: &clap::Command, count: &mut usize) {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let (_, examples) = help.split_once("Example").unwrap_or_default();
        for arguments in of_slipway(examples) {
            is_taken(command.get_name(), &arguments);
            *count += 1;
        }
        command.get_subcommands().for_each(|command| walk(command, count));
    }
    let mut count = 0;
    walk(&Cli::command(), &mut count);
    assert!(count > 40, "only {count} were found");
}

#[test]
fn commands_are_read_as_a_shell_reads_them() {
    let found = |script: &str| of_slipway(script).iter().map(|words| words.join("|")).collect::<Vec<_>>();
    for (script, expected) in [
        ("slipway a 'b c' \"d#e\" # f\n", &["slipway|a|b c|d#e"][..]),
        ("X=1 slipway a > b\n$ slipway c | jq .\n", &["slipway|a", "slipway|c"]),
        ("slipway a \\\n  b && slipway c; echo slipway d\n", &["slipway|a|b", "slipway|c"]),
        ("# slipway a\nsystemctl restart slipway\n", &[]),
        ("git show v1:x | slipway diff -\n", &["slipway|diff|-"]),
    ] {
        assert_eq!(found(script), expected, "{script}");
    }
    assert_eq!(expanded("a ${{ x && '--b' || '' }} ${{ secrets.C }}"), ["a --b theirs", "a  theirs"]);
    assert!(is_shell("if a; then b; fi") && !is_shell("if a; b"));
    assert!(Cli::try_parse_from(["slipway", "acces"]).is_err());
}
