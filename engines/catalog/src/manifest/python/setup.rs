//! `setup.cfg`, and of `setup.py` only what is written out: it is a program, and is never run.

use super::{require, scope_of};
use crate::manifest::{Located, Manifest, Publishing, Scope};

/// <https://setuptools.pypa.io/en/latest/userguide/declarative_config.html>
pub fn setup_cfg(text: &str) -> Option<Manifest> {
    let mut manifest = Manifest::default();
    let (mut section, mut key) = (String::new(), String::new());
    for (line, number) in text.lines().zip(1u32..) {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            (section, key) = (name.trim().to_owned(), String::new());
            continue;
        }
        let value = if line.starts_with([' ', '\t']) {
            trimmed
        } else {
            let (name, value) = line.split_once(['=', ':']).unwrap_or((line, ""));
            key = name.trim().to_lowercase().replace('-', "_");
            value.trim()
        };
        if !value.is_empty() {
            cfg_value(&mut manifest, &section, &key, &Located::new(value, number));
        }
    }
    manifest.complete = manifest.description.is_some() && manifest.licence.is_some();
    Some(manifest)
}

fn cfg_value(manifest: &mut Manifest, section: &str, key: &str, value: &Located) {
    let slot = match (section, key) {
        ("metadata", "name") => &mut manifest.name,
        ("metadata", "version") => &mut manifest.version,
        ("metadata", "description") => &mut manifest.description,
        ("metadata", "license") => &mut manifest.licence,
        ("metadata", "url" | "home_page") => &mut manifest.homepage,
        ("metadata", "classifiers" | "classifier") => {
            if value.text.starts_with("Private ::") {
                manifest.publishing = Publishing::Forbidden(value.line);
            }
            return manifest.classifiers.push(value.clone());
        }
        ("metadata", "keywords") => {
            return manifest
                .keywords
                .extend(value.text.split([',', ' ']).map(str::to_owned).filter(|word| !word.is_empty()));
        }
        ("options", "install_requires") => return require(manifest, &value.text, Scope::Runtime, value.line),
        ("options", "setup_requires") => return require(manifest, &value.text, Scope::Build, value.line),
        ("options", "tests_require") => return require(manifest, &value.text, Scope::Test, value.line),
        ("options.extras_require", group) => return require(manifest, &value.text, scope_of(group), value.line),
        ("options.entry_points", "console_scripts") => {
            let command = value.text.split('=').next().unwrap_or_default().trim();
            return manifest.commands.push(Located::new(command, value.line));
        }
        _ => return,
    };
    if slot.is_none() {
        *slot = Some(value.clone());
    }
}

/// Only literal arguments of `setup(…)` count: `name="x"`, `install_requires=["a", "b"]`, or those of a list that a
/// name is given at the top level: `requires = ["a"]`.
pub fn setup_py(text: &str) -> Option<Manifest> {
    let mut manifest = Manifest::default();
    let call = text.find("setup(")?;
    let arguments = &text[call..];
    let line_of =
        |offset: usize| 1 + u32::try_from(text[..offset].bytes().filter(|&byte| byte == b'\n').count()).unwrap_or(0);
    let literal = |name: &str| {
        let at = call + argument(arguments, name)?;
        let (value, _) = string(text[at..].trim_start())?;
        (!value.is_empty()).then(|| Located::new(value, line_of(at)))
    };
    manifest.name = literal("name");
    manifest.version = literal("version");
    manifest.description = literal("description");
    manifest.licence = literal("license");
    manifest.homepage = literal("url");
    for (name, scope) in
        [("install_requires", Scope::Runtime), ("setup_requires", Scope::Build), ("tests_require", Scope::Test)]
    {
        let Some(at) = argument(arguments, name).map(|at| call + at) else { continue };
        for (value, offset) in strings(text, list_start(text, at)) {
            require(&mut manifest, &value, scope, line_of(offset));
        }
    }
    if let Some(at) = argument(arguments, "classifiers").map(|at| call + at) {
        let classifiers = strings(text, list_start(text, at));
        manifest.classifiers = classifiers.into_iter().map(|(value, at)| Located::new(value, line_of(at))).collect();
    }
    if let Some(at) = arguments.find("console_scripts").map(|at| call + at) {
        for (value, offset) in strings(text, text[at..].find('[').map(|open| at + open)) {
            let command = value.split('=').next().unwrap_or_default().trim().to_owned();
            manifest.commands.push(Located::new(command, line_of(offset)));
        }
    }
    if let Some(private) = manifest.classifiers.iter().find(|classifier| classifier.text.starts_with("Private ::")) {
        manifest.publishing = Publishing::Forbidden(private.line);
    }
    manifest.complete = manifest.description.is_some() && manifest.licence.is_some();
    Some(manifest)
}

/// Where the value of the keyword argument `name` begins.
fn argument(text: &str, name: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(found) = text.get(from..)?.find(name) {
        let start = from + found;
        let before = text[..start].chars().next_back();
        let rest = text[start + name.len()..].trim_start();
        let at = text.len() - rest.len();
        if before.is_none_or(|character| !character.is_alphanumeric() && !matches!(character, '_' | '.' | '"' | '\''))
            && rest.starts_with('=')
            && !rest.starts_with("==")
        {
            return Some(at + 1);
        }
        from = start + name.len();
    }
    None
}

/// Where the list begins that stands at `at`, or that the name standing there was given at the top level.
fn list_start(text: &str, at: usize) -> Option<usize> {
    let value = text[at..].trim_start();
    let here = text.len() - value.len();
    if value.starts_with('[') {
        return Some(here);
    }
    let name: String = value.chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect();
    if name.is_empty() {
        return None;
    }
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let assigned = line.strip_prefix(name.as_str()).map(str::trim_start).and_then(|rest| rest.strip_prefix('='));
        if let Some(rest) = assigned.filter(|rest| rest.trim_start().starts_with('[')) {
            return Some(offset + line.len() - rest.trim_start().len());
        }
        offset += line.len();
    }
    None
}

/// The string literals of the flat list that begins at `start`, with their places; at most 500.
fn strings(text: &str, start: Option<usize>) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    let Some(start) = start else { return found };
    let mut at = start + 1;
    while let Some(rest) = text.get(at..).filter(|_| found.len() < 500) {
        match rest.chars().next() {
            None | Some(']') => break,
            Some('"' | '\'') => {
                let Some((value, length)) = string(rest) else { break };
                found.push((value, at));
                at += length;
            }
            Some('#') => at += rest.find('\n').unwrap_or(rest.len()),
            Some(other) => at += other.len_utf8(),
        }
    }
    found
}

/// A plain string literal on one line and its length in the text.
fn string(text: &str) -> Option<(String, usize)> {
    let quote = text.chars().next().filter(|character| matches!(character, '"' | '\''))?;
    let end = text[1..].find([quote, '\n', '\\'])?;
    text[1 + end..].starts_with(quote).then(|| (text[1..=end].to_owned(), end + 2))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn setup_py_is_read_and_not_run() {
        let text = "import os\nrequires = [\n    \"chardet>=3\",  # why\n    'idna',\n]\nsetup(\n    name=\"Requests\",\n    \
                    version=about['v'],\n    install_requires=requires,\n    entry_points={'console_scripts': ['rq = r:m']},\n)\n";
        let manifest = setup_py(text).unwrap();
        assert_eq!(manifest.name, Some(Located::new("Requests", 7)));
        assert_eq!(manifest.version, None);
        let names: Vec<_> = manifest.dependencies.iter().map(|found| (found.name.as_str(), found.line)).collect();
        assert_eq!(names, [("chardet", 3), ("idna", 4)]);
        assert_eq!(manifest.commands, [Located::new("rq", 10)]);
        assert_eq!(setup_py("print('no call')"), None);
        setup_py("setup(name='");
        setup_py("setup(install_requires=[\"é");
    }

    #[test]
    fn setup_cfg_is_read_by_section() {
        let text = "[metadata]\nname = ledger\nclassifiers =\n    Private :: Do Not Upload\n[options]\ninstall_requires =\n    \
                    harbour-events>=1\n    click\n[options.entry_points]\nconsole_scripts =\n    ledger = ledger:main\n";
        let manifest = setup_cfg(text).unwrap();
        assert_eq!(manifest.name, Some(Located::new("ledger", 2)));
        assert_eq!(manifest.publishing, Publishing::Forbidden(4));
        assert_eq!(manifest.dependencies.iter().map(|found| found.line).collect::<Vec<_>>(), [7, 8]);
        assert_eq!(manifest.commands, [Located::new("ledger", 11)]);
    }
}
