//! Python: `pyproject.toml` (PEP 621, Poetry, PDM, uv), `setup.cfg`, `setup.py`, `requirements*.txt`, `Pipfile`.

mod pyproject;
mod requirements;
mod setup;

pub use pyproject::{pipfile, pyproject};
pub use requirements::requirements;
pub use setup::{setup_cfg, setup_py};

use super::{Ecosystem, Frameworks, Manifest, ManifestFile, NONE, Scope};

pub(super) static PYTHON: Ecosystem = Ecosystem {
    id: "python",
    title: "Python",
    files: &[
        ManifestFile { name: "pyproject.toml", parse: pyproject },
        ManifestFile { name: "setup.cfg", parse: setup_cfg },
        ManifestFile { name: "setup.py", parse: setup_py },
        ManifestFile { name: "Pipfile", parse: pipfile },
        ManifestFile { name: "requirements*.txt", parse: requirements },
        ManifestFile { name: "requirements/*.txt", parse: requirements },
    ],
    normalise,
    publishes: &[
        "pypa/gh-action-pypi-publish",
        "twine upload",
        "poetry publish",
        "uv publish",
        "flit publish",
        "hatch publish",
        "pdm publish",
    ],
    pages: &["pypi.org/project/{}", "pypi.python.org/pypi/{}", "pypi/v/{}", "fury.io/py/{}", "pip install {}"],
    frameworks: Frameworks {
        serve: &[
            "gunicorn",
            "uvicorn",
            "hypercorn",
            "daphne",
            "waitress",
            "uwsgi",
            "granian",
            "celery",
            "aiohttp",
            "fastapi",
            "flask",
            "django",
            "sanic",
            "grpcio",
        ],
        command: &["click", "typer", "docopt", "fire", "cyclopts"],
        site: &["mkdocs", "mkdocs-material", "sphinx", "pelican"],
    },
    ..NONE
};

/// PEP 503: runs of `-`, `_` and `.` are one `-`, and case does not count.
pub fn normalise(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for character in name.trim().chars() {
        match character {
            '-' | '_' | '.' if normal.ends_with('-') => {}
            '-' | '_' | '.' => normal.push('-'),
            other => normal.extend(other.to_lowercase()),
        }
    }
    normal
}

/// Adds the package that a PEP 508 requirement asks for: `name[extra]>=1; marker`, `name @ url`.
fn require(manifest: &mut Manifest, requirement: &str, scope: Scope, line: u32) {
    let requirement = requirement.trim();
    let end = requirement
        .find(|character: char| !(character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.')))
        .unwrap_or(requirement.len());
    let (name, rest) = requirement.split_at(end);
    let after = rest.trim_start().chars().next();
    let is_name = name.starts_with(|character: char| character.is_ascii_alphanumeric())
        && after.is_none_or(|character| {
            matches!(character, '[' | '<' | '>' | '=' | '!' | '~' | ';' | '@' | ',' | '(' | '#')
        });
    if is_name {
        manifest.depend(name, scope, line);
    }
}

/// What a group of extra requirements is for, by its name.
fn scope_of(group: &str) -> Scope {
    match normalise(group).as_str() {
        "test" | "tests" | "testing" => Scope::Test,
        "dev" | "develop" | "development" | "lint" | "docs" | "doc" | "typing" | "ci" | "style" | "check" => {
            Scope::Development
        }
        _ => Scope::Optional,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_pep_503() {
        for (name, expected) in [("Foo.Bar", "foo-bar"), ("a__b--c", "a-b-c"), (" Flask ", "flask"), ("a-", "a-")] {
            assert_eq!(normalise(name), expected);
        }
    }

    #[test]
    fn requirements_follow_pep_508() {
        let table = [
            ("requests[socks]>=2 ; python_version < '4'", Some("requests")),
            ("ledger-events @ file:../events", Some("ledger-events")),
            ("a==1", Some("a")),
            ("./local", None),
            ("https://example.org/x.whl", None),
            ("git+https://example.org/x", None),
            ("-e .", None),
            ("{{ name }}", None),
            ("", None),
        ];
        for (text, expected) in table {
            let mut manifest = Manifest::default();
            require(&mut manifest, text, Scope::Runtime, 1);
            assert_eq!(manifest.dependencies.first().map(|dependency| dependency.name.as_str()), expected, "{text}");
        }
    }
}
