//! What registries and READMEs say about how far it is.

use model::{Confidence, Evidence, Fact};

use super::candidates::Candidate;

/// `deprecated`, where somebody says so.
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
            // That a thing is over is written on purpose; alpha, beta and stable were most often true years ago.
            if !status.starts_with('7') {
                return None;
            }
            let why = format!("Its manifest classifies it as \"{status}\".");
            let evidence = Evidence::new("lifecycle.classifier", Confidence::Corroborated, why);
            Some(Fact::new("deprecated".to_owned(), evidence.at(&found.file, Some(classifier.line))))
        })
    })
}
