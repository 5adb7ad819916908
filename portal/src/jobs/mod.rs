//! Long work.

use crate::Portal;

#[derive(Debug, Default)]
pub struct Jobs {}

pub async fn work(portal: Portal) {
    portal.stopping().cancelled().await;
}
