//! The last report as others use it: whether it is of what is configured now, and whether it says that nothing can be
//! written.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::report::{Report, State};
use super::{store, writing};
use crate::error::Result;
use crate::settings::{Settings, SourceKind};
use crate::sources::connect;
use crate::{Portal, sources};

/// Tells apart what a report on a source, or on Slipway itself, is made of. A token counts, since what it may do is what a
/// report is mostly about; passwords do not, since a digest would give short ones away.
pub fn configuration(settings: &Settings, source: Option<&str>) -> String {
    let text = match settings.sources.iter().find(|known| source == Some(known.name.as_str())) {
        None => format!("{:?} {:?} {:?}", settings.data, settings.database, settings.public_url),
        Some(known) => {
            let secret = match &known.kind {
                SourceKind::GitHub(github) => connect::read_secret(&github.login).ok().flatten(),
                SourceKind::Folder(_) | SourceKind::Git(_) => None,
            };
            let secret = secret.as_ref().map_or("", |secret| secret.expose());
            format!("{:?} {:?} {secret}", known.kind, settings.public_url)
        }
    };
    Sha256::digest(text).iter().take(16).fold(String::with_capacity(32), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

/// Marks a report that is not of what is configured now.
pub fn dated(settings: &Settings, (report, made_of): (Report, Option<String>)) -> Report {
    let is_old = made_of != Some(configuration(settings, report.source.as_deref()));
    Report { is_old, ..report }
}

/// Why nothing can be proposed in the repository with this id, as the last look at its source found; `None` where it can,
/// or nobody has looked since the configuration changed.
pub async fn cannot_write(portal: &Portal, repository: &str) -> Result<Option<String>> {
    let Some(place) = sources::store::place(portal.db(), repository).await? else { return Ok(None) };
    let Some(found) = store::of_source(portal.db(), &place.source).await? else { return Ok(None) };
    let report = dated(portal.settings(), found);
    let is_off = |state| matches!(state, State::Missing | State::Off);
    let mut checks = report.checks.iter().filter(|_| !report.is_old);
    let missing =
        checks.find(|check| writing::NEEDED_TO_PROPOSE.contains(&check.feature.as_str()) && is_off(check.state));
    Ok(missing.map(|check| {
        format!(
            "The credentials of the source {} may not do that: {} is not given, as the set-up page found. Give it, then \
             check the set-up again.",
            place.source, check.needs
        )
    }))
}
