//! Where repositories come from.

mod store;

use crate::db::Db;
use crate::error::Result;
use crate::settings::Settings;

/// Brings the table of sources in line with what is configured.
pub async fn register(db: &Db, settings: &Settings) -> Result<()> {
    let mut tx = db.begin().await?;
    store::retire_sources(&mut tx, settings.clock.now()).await?;
    for source in &settings.sources {
        store::upsert_source(&mut tx, source).await?;
    }
    tx.commit().await
}
