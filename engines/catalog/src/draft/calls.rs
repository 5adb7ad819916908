//! Hosts that environment files and gateways name.

use super::Call;
use super::survey::{Survey, TEXT_BYTES};
use crate::manifest::{Located, hosts, settings};

/// How many hosts one file may name.
pub(super) const CALLS: usize = 200;

/// The hosts of the values of one file, each once, at its first line.
pub(super) fn calls<'v>(file: &str, values: impl IntoIterator<Item = (&'v str, &'v Located)>) -> Vec<Call> {
    let mut found: Vec<Call> = Vec::new();
    for (key, value) in values {
        for host in hosts(key, &value.text) {
            if found.len() < CALLS && !found.iter().any(|call| call.host == host) {
                found.push(Call { host, file: file.to_owned(), line: value.line });
            }
        }
    }
    found
}

/// What `.env` files, programs' settings and gateways' configurations name, with the folder of the file.
pub(super) fn read(survey: &Survey) -> Vec<(String, Vec<Call>)> {
    let mut found = Vec::new();
    for file in &survey.environments {
        let Some(text) = survey.text(&file.path, TEXT_BYTES) else { continue };
        let values: Vec<(&str, Located)> = text
            .lines()
            .zip(1u32..)
            .filter(|(line, _)| !line.trim_start().starts_with('#'))
            .filter_map(|(line, number)| {
                let (key, value) = line.trim().trim_start_matches("export ").split_once('=')?;
                Some((key, Located::new(value, number)))
            })
            .collect();
        found.push((file.folder().to_owned(), calls(&file.path, values.iter().map(|(key, value)| (*key, value)))));
    }
    for file in &survey.settings {
        let Some(text) = survey.text(&file.path, TEXT_BYTES) else { continue };
        let values = settings(&file.name().to_lowercase(), &text);
        found.push((
            file.folder().to_owned(),
            calls(&file.path, values.iter().map(|(key, value)| (key.as_str(), value))),
        ));
    }
    for file in &survey.gateways {
        let Some(text) = survey.text(&file.path, 4 * TEXT_BYTES) else { continue };
        // Every backend is an address with a scheme, whatever the gateway.
        let lines = text.lines().zip(1u32..).filter(|(line, _)| line.contains("://"));
        let values: Vec<Located> = lines.map(|(line, number)| Located::new(line.trim(), number)).collect();
        found.push((file.folder().to_owned(), calls(&file.path, values.iter().map(|value| ("", value)))));
    }
    found.retain(|(_, calls)| !calls.is_empty());
    found
}
