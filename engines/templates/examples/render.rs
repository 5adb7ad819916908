//! Renders a template from a folder into a folder, as `cookiecutter --no-input --accept-hooks no -o DEST TEMPLATE` does:
//! `cargo run -p engine-templates --example render -- TEMPLATE DEST [NAME=VALUE …]`

use std::path::Path;
use std::process::ExitCode;

use engine_templates::{Answers, Environment, Template};
use model::Findings;

#[path = "shared/folder.rs"]
mod folder;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [template, destination, data @ ..] = arguments.as_slice() else {
        eprintln!("usage: render TEMPLATE DEST [NAME=VALUE …]");
        return ExitCode::from(64);
    };
    let defaults: Answers = data.iter().filter_map(|pair| pair.split_once('=')).collect();
    match render(Path::new(template), Path::new(destination), &defaults) {
        Ok(()) => ExitCode::SUCCESS,
        Err(findings) => {
            for finding in findings.findings {
                eprintln!("{}: {} ({})\n  {}", finding.location(), finding.message, finding.rule, finding.help);
            }
            ExitCode::from(2)
        }
    }
}

fn render(from: &Path, to: &Path, defaults: &Answers) -> Result<(), Findings> {
    let tree = folder::read(from).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
    let mut environment = Environment::new(jiff::Timestamp::UNIX_EPOCH, 1);
    environment.template = from.display().to_string();
    environment.repository_folder = from.display().to_string();
    environment.output_folder = to.display().to_string();
    let mut template = Template::open(tree)?.with_defaults(defaults)?;
    while let Some(nested) = template.nested().first().map(|nested| nested.key.clone()) {
        template = template.choose(&nested)?.with_defaults(defaults)?;
    }
    let rendered = template.render(&Answers::default(), &environment)?;
    let project = to.join(rendered.folder.as_deref().unwrap_or_default());
    folder::write(&project, &rendered.tree).unwrap_or_else(|error| panic!("{}: {error}", project.display()));
    Ok(())
}
