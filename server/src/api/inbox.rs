//! One's own inbox.

use axum::Json;
use axum::extract::{Query, State};
use portal::inbox::{self, Told, Which};
use serde::{Deserialize, Serialize};

use crate::http::{Asking, Problem, Server};

const MOST: u32 = 200;

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InboxQuery {
    /// Only what was not read.
    #[serde(default)]
    unread: bool,
    /// Only what is older than the message with this id.
    before: Option<String>,
    /// At most 200.
    limit: Option<u32>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Inbox {
    /// The newest first.
    pub messages: Vec<Message>,
    /// How many were not read, over all pages.
    pub unread: u64,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Message {
    pub id: String,
    /// `change`, `star` or `account`.
    pub topic: &'static str,
    pub title: String,
    pub text: String,
    /// The page that it leads to: a path.
    pub address: String,
    /// Milliseconds since 1970 in UTC.
    pub told_at: i64,
    pub read_at: Option<i64>,
    pub deliveries: Vec<Delivery>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Delivery {
    /// `mail` or `webhook`.
    pub way: &'static str,
    /// `waiting`, `sent` or `failed`.
    pub state: &'static str,
    pub attempts: i64,
    pub reason: Option<String>,
}

impl From<Told> for Message {
    fn from(told: Told) -> Self {
        let delivery = |delivery: inbox::Delivery| Delivery {
            way: delivery.way.as_str(),
            state: delivery.state.as_str(),
            attempts: delivery.attempts,
            reason: delivery.reason,
        };
        Self {
            id: told.id,
            topic: told.topic.as_str(),
            title: told.title,
            text: told.text,
            address: told.address,
            told_at: told.told_at,
            read_at: told.read_at,
            deliveries: told.deliveries.into_iter().map(delivery).collect(),
        }
    }
}

/// One's messages, the newest first.
#[utoipa::path(get, path = "/api/v1/inbox", tag = "inbox", params(InboxQuery),
    responses((status = 200, body = Inbox), (status = 403, body = Problem)))]
pub async fn list(
    State(server): State<Server>,
    asking: Asking,
    Query(query): Query<InboxQuery>,
) -> Result<Json<Inbox>, Problem> {
    let limit = query.limit.unwrap_or(50).clamp(1, MOST);
    let messages = inbox::list(&server.portal, &asking.actor, query.unread, query.before.as_deref(), limit).await?;
    let unread = asking.actor.person().map_or(0, |person| person.unread);
    Ok(Json(Inbox { messages: messages.into_iter().map(Message::from).collect(), unread }))
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadRequest {
    /// One message; all of them without it.
    pub id: Option<String>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MarkedRead {
    /// How many were not read before.
    pub count: u64,
}

/// Marks messages as read.
#[utoipa::path(post, path = "/api/v1/inbox/read", tag = "inbox", request_body = ReadRequest,
    responses((status = 200, body = MarkedRead), (status = 404, body = Problem)))]
pub async fn read(
    State(server): State<Server>,
    asking: Asking,
    Json(request): Json<ReadRequest>,
) -> Result<Json<MarkedRead>, Problem> {
    let which = request.id.as_deref().map_or(Which::All, Which::One);
    Ok(Json(MarkedRead { count: inbox::mark_read(&server.portal, &asking.actor, which).await? }))
}
