//! The programs and importable packages of a module.

use engine_repo::Tree;

use super::kinds::Signs;
use crate::manifest::Located;

/// What the code of a candidate is, apart from how it is used.
#[derive(Default)]
pub(super) struct Program {
    pub commands: Vec<Located>,
    /// File that shows the first command.
    pub command_file: Option<String>,
    pub importable: Option<(String, u32)>,
}

pub(super) fn program(signs: &Signs) -> Program {
    let candidate = signs.candidate;
    let mut program = Program::default();
    let prefix = if candidate.path.is_empty() { String::new() } else { format!("{}/", candidate.path) };
    let leaf = candidate.path.rsplit('/').next().unwrap_or_default();
    for found in &candidate.manifests {
        let read = &found.manifest;
        let Some(name) = &read.name else { continue };
        if !read.commands.is_empty() {
            program.command_file.get_or_insert_with(|| found.file.clone());
            program.commands.extend(read.commands.iter().cloned());
        }
        if let Some(line) = read.importable {
            program.importable.get_or_insert((found.file.clone(), line));
        }
        match found.ecosystem.id {
            "rust" => {
                for (path, command) in [(format!("{prefix}src/main.rs"), &name.text)] {
                    if program.commands.is_empty() && signs.survey.tree.file(&path).is_some() {
                        program.commands.push(Located::new(command, 1));
                        program.command_file = Some(path);
                    }
                }
                let library = format!("{prefix}src/lib.rs");
                if signs.survey.tree.file(&library).is_some() {
                    program.importable.get_or_insert((library, 1));
                }
            }
            "python" => {
                program.importable.get_or_insert((found.file.clone(), name.line));
            }
            "go" => go_program(
                signs,
                &prefix,
                if leaf.is_empty() { name.text.rsplit('/').next().unwrap_or_default() } else { leaf },
                &mut program,
            ),
            _ => {}
        }
    }
    program
}

/// Programs are `package main` in the module's folder and below `cmd/`; what can be imported is not, and not internal.
fn go_program(signs: &Signs, prefix: &str, name: &str, program: &mut Program) {
    let folder = prefix.trim_end_matches('/');
    let files = signs
        .survey
        .tree
        .below(folder)
        .iter()
        .filter(|file| file.speaks() && file.name().ends_with(".go") && !file.name().ends_with("_test.go"));
    let mut looked_at = 0;
    for file in files {
        let inner = &file.path[prefix.len()..];
        let parts: Vec<&str> = inner.split('/').collect();
        match parts.as_slice() {
            [_] if looked_at < 5 => {
                looked_at += 1;
                match package_clause(signs.survey.tree, &file.path) {
                    Some((package, line)) if package == "main" => {
                        program.command_file.get_or_insert_with(|| file.path.clone());
                        if !program.commands.iter().any(|known| known.text == name) {
                            program.commands.push(Located::new(name, line));
                        }
                    }
                    Some((_, line)) => _ = program.importable.get_or_insert((file.path.clone(), line)),
                    None => {}
                }
            }
            ["cmd", command, ..] if parts.len() > 2 && program.commands.len() < 20 => {
                program.command_file.get_or_insert_with(|| file.path.clone());
                if !program.commands.iter().any(|known| known.text == *command) {
                    program.commands.push(Located::new(*command, 1));
                }
            }
            ["pkg", ..] => _ = program.importable.get_or_insert((file.path.clone(), 1)),
            _ => {}
        }
    }
}

fn package_clause(tree: &dyn Tree, path: &str) -> Option<(String, u32)> {
    let blob = tree.read(path, 8 * 1024).ok()??;
    let text = blob.text();
    text.lines().zip(1u32..).find_map(|(line, number)| {
        let rest = line.strip_prefix("package ")?;
        Some((rest.split_whitespace().next()?.to_owned(), number))
    })
}
