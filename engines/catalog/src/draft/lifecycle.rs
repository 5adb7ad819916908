//! What registries and READMEs say about how far it is.

use model::{Confidence, Evidence, Fact};

use super::candidates::Candidate;

/// `deprecated`, `experimental` or `production`, where somebody says so.
pub(super) fn lifecycle(candidate: &Candidate) -> Option<Fact<String>> {
    if let Some((readme, line)) = candidate.readme.as_ref().and_then(|readme| Some((readme, readme.deprecates()?))) {
        let evidence = readme.evidence(
            "lifecycle.deprecated",
            line,
            "The README says that it is not to be used any more.".to_owned(),
        );
        return Some(Fact::new("deprecated".to_owned(), evidence));
    }
    candidate.manifests.iter().find_map(|found| {
        found.manifest.classifiers.iter().find_map(|classifier| {
            let status = classifier.text.strip_prefix("Development Status ::")?.trim();
            let value = match status.chars().next()? {
                '1' | '2' | '3' => "experimental",
                '5' | '6' => "production",
                '7' => "deprecated",
                _ => return None,
            };
            let why = format!("Its manifest classifies it as \"{status}\".");
            // Few come back to it: that a thing is over is written on purpose, how far it is was often true years ago.
            let confidence = if value == "deprecated" { Confidence::Corroborated } else { Confidence::Guess };
            let evidence = Evidence::new("lifecycle.classifier", confidence, why);
            Some(Fact::new(value.to_owned(), evidence.at(&found.file, Some(classifier.line))))
        })
    })
}
