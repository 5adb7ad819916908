//! What the files of a generated repository say.

use std::fmt::Write as _;

use crate::bench::random::Random;

pub const TEAMS: [&str; 12] = [
    "payments",
    "orders",
    "identity",
    "search",
    "platform",
    "logistics",
    "billing",
    "data",
    "mobile",
    "growth",
    "risk",
    "storefront",
];
const NOUNS: [&str; 25] = [
    "ledger",
    "checkout",
    "invoice",
    "gateway",
    "catalogue",
    "basket",
    "profile",
    "session",
    "ranking",
    "index",
    "courier",
    "warehouse",
    "pricing",
    "tariff",
    "report",
    "pipeline",
    "event",
    "notification",
    "template",
    "audit",
    "quota",
    "risk",
    "score",
    "webhook",
    "archive",
];
const ROLES: [&str; 5] = ["service", "worker", "library", "api", "console"];

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Language {
    Python,
    Rust,
    TypeScript,
    Go,
    Yaml,
}

impl Language {
    /// Most companies have most of their code in a few of them.
    pub fn of(random: &mut Random) -> Self {
        *random.pick(&[
            Self::Python,
            Self::Python,
            Self::Python,
            Self::TypeScript,
            Self::TypeScript,
            Self::Go,
            Self::Go,
            Self::Rust,
            Self::Yaml,
        ])
    }

    pub fn extension(self) -> &'static str {
        match self {
            Self::Python => "py",
            Self::Rust => "rs",
            Self::TypeScript => "ts",
            Self::Go => "go",
            Self::Yaml => "yaml",
        }
    }
}

/// A name of its own for each number.
pub fn name(number: usize) -> String {
    let noun = NOUNS[number % NOUNS.len()];
    let role = ROLES[number / NOUNS.len() % ROLES.len()];
    format!("{noun}-{role}-{}", number / (NOUNS.len() * ROLES.len()) + 1)
}

/// The files that say what a repository is: path and text.
pub fn identity(number: usize, language: Language, random: &mut Random) -> Vec<(String, String)> {
    let name = name(number);
    let team = TEAMS[number % TEAMS.len()];
    let needs: Vec<String> = (0..random.below(4)).map(|_| self::name(random.below(number.max(1)))).collect();
    let mut files = vec![
        ("README.md".into(), format!("# {name}\n\nKeeps the {name} of the company. See [the guide](docs/guide.md).\n\n## Use\n\n```sh\nmake run\n```\n")),
        ("docs/guide.md".into(), format!("# Guide to {name}\n\nIt is run by the team {team}.\n")),
        (".github/workflows/ci.yml".into(), "name: ci\non: [push]\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n".into()),
        ("LICENSE".into(), "MIT License\n\nPermission is hereby granted, free of charge, to any person obtaining a copy\n".into()),
    ];
    if !random.below(3).is_multiple_of(3) {
        files.push(("CODEOWNERS".into(), format!("*  @harbour/{team}\n/docs/  @harbour/{}\n", random.pick(&TEAMS))));
    }
    if name.contains("service") || name.contains("worker") || name.contains("api") {
        files.push(("Dockerfile".into(), "FROM debian:13-slim\nCOPY . /app\nEXPOSE 8080\nCMD [\"/app/run\"]\n".into()));
        files.push(("chart/Chart.yaml".into(), format!("apiVersion: v2\nname: {name}\nversion: 1.4.{number}\n")));
        files.push(("chart/values.yaml".into(), format!("image: harbour/{name}\nreplicas: 2\n")));
    }
    files.extend(manifest(&name, language, &needs));
    files
}

fn manifest(name: &str, language: Language, needs: &[String]) -> Option<(String, String)> {
    let mut text = String::new();
    let path = match language {
        Language::Python => {
            let needs: Vec<_> = needs.iter().map(|need| format!("\"{need}>=1\"")).collect();
            let _ = write!(
                text,
                "[project]\nname = \"{name}\"\nversion = \"1.2.0\"\ndescription = \"The {name}\"\ndependencies = [\"fastapi\", {}]\n",
                needs.join(", ")
            );
            "pyproject.toml"
        }
        Language::Rust => {
            let _ = write!(
                text,
                "[package]\nname = \"{name}\"\nversion = \"0.3.0\"\ndescription = \"The {name}\"\n\n[dependencies]\naxum = \"0.8\"\n"
            );
            text.extend(needs.iter().map(|need| format!("{need} = \"1\"\n")));
            "Cargo.toml"
        }
        Language::TypeScript => {
            let needs: Vec<_> = needs.iter().map(|need| format!(", \"@harbour/{need}\": \"^1.0.0\"")).collect();
            let _ = writeln!(
                text,
                "{{\"name\": \"@harbour/{name}\", \"version\": \"1.0.0\", \"description\": \"The {name}\", \"dependencies\": {{\"express\": \"^5.0.0\"{}}}}}",
                needs.concat()
            );
            "package.json"
        }
        Language::Go => {
            let _ = write!(
                text,
                "module example.org/harbour/{name}\n\ngo 1.24\n\nrequire (\n\tgithub.com/gin-gonic/gin v1.10.0\n"
            );
            text.extend(needs.iter().map(|need| format!("\texample.org/harbour/{need} v1.0.0\n")));
            text.push_str(")\n");
            "go.mod"
        }
        Language::Yaml => return None,
    };
    Some((path.into(), text))
}

/// One more file of code, between twenty and three hundred lines.
pub fn code(number: usize, language: Language, random: &mut Random) -> (String, String) {
    const FOLDERS: [&str; 6] = ["core", "http", "store", "model", "jobs", "tools"];
    let language = if random.below(4) == 0 { Language::Yaml } else { language };
    let folder = random.pick(&FOLDERS);
    let path = match language {
        Language::Yaml => format!("deploy/{folder}/resource_{number}.yaml"),
        _ => format!("src/{folder}/part{}/unit_{number}.{}", number / 40, language.extension()),
    };
    let lines = (random.around(60)).clamp(20, 300);
    let mut text = String::with_capacity(lines * 34);
    for line in 0..lines {
        let word = random.pick(&NOUNS);
        let _ = match (language, line % 6) {
            (Language::Python, 0) => writeln!(text, "\ndef {word}_{line}(value):"),
            (Language::Python, 1) => writeln!(text, "    # The {word} must not be empty here."),
            (Language::Python, _) => writeln!(text, "    value = {word}(value, {line})"),
            (Language::Yaml, 0) => writeln!(text, "{word}{line}:"),
            (Language::Yaml, _) => writeln!(text, "  {word}{line}: value-{line}"),
            (Language::Go, 0) => writeln!(text, "func {word}{line}(value int) int {{"),
            (Language::Rust, 0) => writeln!(text, "fn {word}_{line}(value: u64) -> u64 {{"),
            (Language::TypeScript, 0) => writeln!(text, "export function {word}{line}(value: number) {{"),
            (_, 1) => writeln!(text, "  // The {word} must not be empty here."),
            (_, 5) => writeln!(text, "}}"),
            (_, _) => writeln!(text, "  {word}(value + {line});"),
        };
    }
    (path, text)
}

/// A descriptor file with this many components, each with an owner, a system and a dependency.
pub fn descriptors(first: usize, count: usize) -> String {
    let mut text = String::new();
    for number in first..first + count {
        let (team, kind) = (TEAMS[number % TEAMS.len()], ["service", "library", "website"][number % 3]);
        let lifecycle = ["production", "experimental", "deprecated"][number % 7 % 3];
        let _ = write!(
            text,
            "---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: component-{number:04}\n  \
             description: Component number {number} of the company, which does its part\n  tags: [tag-{}, {kind}]\nspec:\n  \
             type: {kind}\n  lifecycle: {lifecycle}\n  owner: {team}\n  system: system-{}\n  dependsOn:\n    - component:component-{:04}\n",
            number % 20,
            number % 40,
            number / 2,
        );
    }
    text
}
