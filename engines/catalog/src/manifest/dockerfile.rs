//! Container files.

use super::Located;

/// What a container file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dockerfile {
    /// Images of others that it builds on; its own stages are not among them.
    pub bases: Vec<Located>,
    /// The line of the first `EXPOSE`.
    pub exposes: Option<u32>,
    /// The last `ENTRYPOINT` or `CMD`.
    pub command: Option<Located>,
}

/// <https://docs.docker.com/reference/dockerfile/>. Variables are filled in where an `ARG` before gives a default.
pub fn dockerfile(text: &str) -> Option<Dockerfile> {
    let mut found = Dockerfile::default();
    let (mut stages, mut arguments) = (Vec::new(), Vec::new());
    for (line, number) in text.lines().zip(1u32..) {
        let Some((instruction, rest)) = line.trim().split_once(char::is_whitespace) else { continue };
        let rest = rest.trim();
        match instruction.to_ascii_uppercase().as_str() {
            "ARG" => {
                if let Some((name, value)) = rest.split_once('=').filter(|_| arguments.len() < 100) {
                    arguments.push((name.to_owned(), value.trim_matches('"').to_owned()));
                }
            }
            "FROM" => {
                let mut words = rest.split_whitespace().filter(|word| !word.starts_with("--"));
                let Some(image) = words.next().map(|image| fill(image, &arguments)) else { continue };
                if !stages.contains(&image.to_lowercase()) && image != "scratch" && found.bases.len() < 50 {
                    found.bases.push(Located::new(image, number));
                }
                if words.next().is_some_and(|word| word.eq_ignore_ascii_case("as")) && stages.len() < 50 {
                    stages.extend(words.next().map(str::to_lowercase));
                }
            }
            "EXPOSE" => found.exposes = found.exposes.or(Some(number)),
            "ENTRYPOINT" | "CMD" => found.command = Some(Located::new(rest, number)),
            _ => {}
        }
    }
    (!found.bases.is_empty() || found.command.is_some()).then_some(found)
}

fn fill(image: &str, arguments: &[(String, String)]) -> String {
    let mut image = image.to_owned();
    for (name, value) in arguments {
        if image.contains('$') && image.len() < 1_000 {
            image = image.replace(&format!("${{{name}}}"), value).replace(&format!("${name}"), value);
        }
    }
    image
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn stages_are_no_bases() {
        let text = "ARG PYTHON=3.12\nFROM --platform=linux/amd64 python:${PYTHON} AS build\nRUN x\nFROM build\nEXPOSE 80\nCMD [\"x\"]\n";
        let found = dockerfile(text).unwrap();
        assert_eq!(found.bases, [Located::new("python:3.12", 2)]);
        assert_eq!((found.exposes, found.command), (Some(5), Some(Located::new("[\"x\"]", 6))));
        assert_eq!(dockerfile("nothing here"), None);
    }
}
