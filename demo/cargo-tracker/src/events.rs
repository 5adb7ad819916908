//! Everything that ever happened, in the order in which it happened.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Event {
    Announced { ship: String, eta: i64 },
    Unloaded { ship: String, crane: u8 },
    Stacked { stack: String },
    Weighed { kilograms: u32 },
    Held { by: String, reason: String },
    Released,
    Left { gate: u8, plate: String },
}

#[derive(Debug, Default, Serialize)]
pub struct Place {
    pub at: &'static str,
    pub stack: Option<String>,
    pub held: bool,
}

/// Where a container is after these events.
pub fn place(events: &[Event]) -> Place {
    let mut place = Place { at: "sea", ..Place::default() };
    for event in events {
        match event {
            Event::Announced { .. } => place.at = "sea",
            Event::Unloaded { .. } => place.at = "quay",
            Event::Stacked { stack } => (place.at, place.stack) = ("yard", Some(stack.clone())),
            Event::Weighed { .. } => {}
            Event::Held { .. } => place.held = true,
            Event::Released => place.held = false,
            Event::Left { .. } => (place.at, place.stack) = ("gone", None),
        }
    }
    place
}

#[derive(Clone)]
pub struct Store {
    pool: sqlx::PgPool,
}

impl Store {
    pub async fn open(url: &str) -> Result<Self, sqlx::Error> {
        Ok(Self { pool: sqlx::PgPool::connect(url).await? })
    }

    pub async fn of(&self, container: &str) -> Result<Vec<Event>, sqlx::Error> {
        let rows: Vec<(sqlx::types::Json<Event>,)> =
            sqlx::query_as("SELECT event FROM events WHERE container = $1 ORDER BY number")
                .bind(container)
                .fetch_all(&self.pool)
                .await?;
        Ok(rows.into_iter().map(|(event,)| event.0).collect())
    }
}
