//! Tells whoever wished for a change what became of it.

use model::change::ChangeState;

use super::store::Row;
use crate::db::Tx;
use crate::inbox::{self, Message, Topic};
use crate::{Portal, Result};

/// Of many that were asked for together only those are told that need a person; gives whether anybody was told.
pub(super) async fn tell(tx: &mut Tx, portal: &Portal, row: &Row) -> Result<bool> {
    let Some(account) = &row.account else { return Ok(false) };
    let what = match row.state() {
        ChangeState::Open if row.batch.is_none() => "is proposed",
        ChangeState::Merged if row.batch.is_none() => "is merged",
        ChangeState::Closed if !row.closing => "was closed",
        ChangeState::Conflict => "needs you: its files were changed meanwhile",
        ChangeState::Failed => "could not be proposed",
        _ => return Ok(false),
    };
    let message = Message {
        topic: Topic::Change,
        title: &format!("“{}” {what}", row.title),
        text: row.reason.as_deref().unwrap_or_default(),
        address: &format!("/changes/{}", row.id),
        repository: Some(&row.repository),
    };
    inbox::tell(tx, portal, account, message).await.map(|()| true)
}
