//! The one way in which the portal renders a template: previews and runs are the same.

use engine_templates::{Answers, Environment, Limits, Rendered, Template, Trust};
use sha2::{Digest, Sha256};

use crate::{Error, Result};

/// Less than a person at their own machine may take: many are rendered here.
const LIMITS: Limits =
    Limits { fuel: 20_000_000, file_bytes: 16 << 20, total_bytes: 128 << 20, entries: 20_000, depth: 100 };

/// The project that a template makes of answers.
///
/// # Errors
/// [`Error::Forbidden`] for a template that brings programs of its own; [`Error::Invalid`] with everything that is wrong in it.
pub(crate) async fn render(template: &Template, answers: &Answers, environment: &Environment) -> Result<Rendered> {
    admit(&template.trust())?;
    let (template, answers, environment) = (template.clone(), answers.clone(), environment.clone());
    let rendered = tokio::task::spawn_blocking(move || template.render(&answers, &environment)).await;
    rendered.map_err(Error::internal)?.map_err(Error::Invalid)
}

/// # Errors
/// [`Error::Forbidden`] for what would execute something.
pub(crate) fn admit(trust: &Trust) -> Result<()> {
    let executes = executes(trust);
    if executes.is_empty() {
        return Ok(());
    }
    Err(Error::Forbidden(format!(
        "This template would execute {}, and this Slipway runs no programs of templates. Launch it with `slipway new` on a \
         machine of your own, or take another template.",
        executes.join(", ")
    )))
}

/// What a template would execute, each as a few words.
pub(crate) fn executes(trust: &Trust) -> Vec<String> {
    let programs = trust.programs.iter().map(|program| format!("the script {}", program.path));
    programs.chain(trust.extensions.iter().map(|extension| format!("the extension {}", extension.name))).collect()
}

/// What a render in the portal takes from outside: `now` is in milliseconds since 1970.
pub(crate) fn environment(now: i64, seed: u64, template: &str) -> Environment {
    let mut environment = Environment::new(jiff::Timestamp::from_millisecond(now).unwrap_or_default(), seed);
    template.clone_into(&mut environment.template);
    environment.limits = LIMITS;
    environment
}

/// Where chance begins for what is launched under a key, so that a preview shows what comes.
pub(crate) fn seed(key: &str) -> u64 {
    let hash = Sha256::digest(key);
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hash[..8]);
    // As a positive number of the database.
    u64::from_be_bytes(bytes) >> 1
}
