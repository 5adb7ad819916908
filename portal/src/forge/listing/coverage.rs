//! Whether a listing holds all that there is. One that does not never deletes anything.

use http::HeaderMap;

use crate::forge::error::Error;

/// How much of what there is a listing holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Coverage {
    /// All that the credentials may see.
    Complete,
    /// What was read is right, and something is missing or may be.
    Partial(Vec<Narrowed>),
}

/// Why something may be missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Narrowed {
    /// The token is not authorised for single sign-on in these organisations (ids): `X-GitHub-SSO: partial-results`
    /// ("Authenticating to the REST API").
    SingleSignOn { organisations: Vec<u64> },
    /// The App sees repositories that somebody chose (`repository_selection: selected`).
    SelectedRepositories,
    /// This page, from 1, and those after it could not be read.
    PageFailed { page: u32, error: Error },
    /// So many entries were not what the documentation says.
    EntriesUnreadable { count: usize },
    /// The forge counts another number than it listed.
    CountDiffers { expected: u64, found: u64 },
    /// There are more pages than the settings allow.
    TooLong { pages: u32 },
}

impl Coverage {
    pub fn is_complete(&self) -> bool {
        *self == Self::Complete
    }

    pub(super) fn narrow(&mut self, why: Narrowed) {
        match self {
            Self::Complete => *self = Self::Partial(vec![why]),
            Self::Partial(reasons) if reasons.contains(&why) => {}
            Self::Partial(reasons) => reasons.push(why),
        }
    }
}

impl std::fmt::Display for Narrowed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::SingleSignOn { organisations } => write!(
                f,
                "the token is not authorised for single sign-on in {} organisations: authorise it in the token's settings",
                organisations.len()
            ),
            Self::SelectedRepositories => f.write_str("the App is installed for selected repositories only"),
            Self::PageFailed { page, error } => write!(f, "page {page} could not be read: {error}"),
            Self::EntriesUnreadable { count } => write!(f, "{count} entries could not be read"),
            Self::CountDiffers { expected, found } => {
                write!(f, "the forge counts {expected} entries and listed {found}")
            }
            Self::TooLong { pages } => write!(f, "the listing has more than {pages} pages"),
        }
    }
}

/// `X-GitHub-SSO: partial-results; organizations=21955855,20582480`
pub(in crate::forge) fn partial_results(headers: &HeaderMap) -> Option<Narrowed> {
    let header = headers.get("x-github-sso")?.to_str().ok()?;
    let rest = header.strip_prefix("partial-results")?;
    let ids = rest.split_once("organizations=").map_or("", |(_, ids)| ids);
    let organisations = ids.split(',').filter_map(|id| id.trim().parse().ok()).collect();
    Some(Narrowed::SingleSignOn { organisations })
}
