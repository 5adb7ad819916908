//! Access between services: what components may use which APIs, who said so, and until when.
//!
//! Manifests are read with the rest of their repositories ([`manifests`]) and settled once the catalog is linked ([`settle`]):
//! whatever they ask for becomes events. People add theirs ([`act`]). Events are only ever added ([`record`]); how an atom
//! stands is a row that is derived from them ([`project`]), with the rules of `engine_access`.

mod act;
mod answer;
mod ask;
pub(crate) mod authors;
mod check;
mod coverage;
mod hand_over;
pub(crate) mod import;
mod job;
pub(crate) mod manifests;
mod many;
mod notify;
mod offers;
mod project;
pub(crate) mod pulls;
mod record;
mod settle;
pub(crate) mod store;
#[cfg(test)]
mod tests;
mod views;
mod world;

pub use engine_access::report::Held;

pub use self::act::{Decided, Deed, act, decide, may_act};
pub use self::answer::{answer, unreadable};
pub use self::ask::{Ask, ask, break_glass, propose};
pub use self::check::{Checked, check, only_reports};
pub use self::coverage::coverage;
pub use self::hand_over::{
    Exported, Format, bundle, end_of_day, epoch, export, feed, keys, may_export, report, report_csv, report_json,
};
pub use self::import::{Given, GivenFormat, Taking, import, imported};
pub(crate) use self::job::{JOB, enqueue_due, run};
pub use self::manifests::of_openapi;
pub(crate) use self::manifests::{Found, find};
pub use self::many::{Approved, approve_all};
pub use self::offers::{manifest, offer, offered_by, offering};
pub use self::settle::Settled;
pub(crate) use self::settle::settle;
pub use self::views::{AccessFilter, count_waiting, history, list, matrix, request, waiting, waiting_for};

use crate::Result;
use crate::db::Tx;

/// The commit up to which it is known who wrote the manifest of a repository.
pub(crate) async fn settled_commit(portal: &crate::Portal, repository: &str) -> Result<Option<String>> {
    manifests::store::settled_commit(portal.db(), repository).await
}

/// Keeps what was read of a repository.
pub(crate) async fn keep(tx: &mut Tx, repository: &str, found: Option<&Found>) -> Result<()> {
    manifests::store::keep(tx, repository, found.map(|found| &found.0)).await
}
