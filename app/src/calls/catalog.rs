//! Calls about the catalog.

use leptos::prelude::*;
use model::catalog::Suggestion;

use crate::Error;

/// At most eight entities for what somebody has typed so far, best first.
#[server(prefix = "/calls", endpoint = "catalog/suggest")]
pub async fn suggest(text: String) -> Result<Vec<Suggestion>, Error> {
    use crate::components::marks;
    use crate::{RequestContext, address};

    const MOST: usize = 8;
    let context = RequestContext::answered()?;
    let rows = portal::catalog::suggest(&context.portal, &context.actor, text.trim(), MOST).await?;
    Ok(rows
        .into_iter()
        .map(|row| Suggestion {
            address: address::entity(&row.reference),
            kind: marks::kind_label(&row.kind, row.spec_type.as_deref()),
            label: row.title.unwrap_or(row.reference.name),
            description: row.description,
        })
        .collect())
}
