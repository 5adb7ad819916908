//! Python that runs the extensions of a template, for the examples: it is trusted here.

use std::path::Path;
use std::process::{Command, Stdio};

use engine_templates::Template;
use engine_templates::extensions::BRIDGE;
use model::Findings;

/// Does something with the template and its extensions, where it has any, and ends the process that lends them.
pub fn with<Done>(
    template: &Template,
    folder: &Path,
    make: impl FnOnce(&Template) -> Result<Done, Findings>,
) -> Result<Done, Findings> {
    if template.trust().extensions.is_empty() {
        return make(template);
    }
    let mut command = Command::new("python3");
    command.args(["-c", BRIDGE]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("python3: {error}"));
    let pipes = child.stdout.take().zip(child.stdin.take());
    let path = folder.join(template.folder()).display().to_string();
    let made = match pipes {
        Some((answers, requests)) => template.load_extensions(answers, requests, &[path]).and_then(|own| make(&own)),
        None => make(template),
    };
    // Nobody asks anything more: its input is closed.
    child.wait().unwrap_or_else(|error| panic!("python3: {error}"));
    made
}
