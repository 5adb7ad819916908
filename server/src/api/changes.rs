//! Changes of files in repositories.

use axum::Json;
use axum::extract::{Path, Query, RawQuery, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::EntityRef;
use model::change::{Change, ChangeDetail, ChangeState};
use portal::changes::{self, ChangeFilter, Planned, Way, Wish};
use serde::{Deserialize, Serialize};

use crate::http::{Asking, Problem, Server, filter};

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ChangesQuery {
    /// `waiting`, `proposing`, `open`, `conflict`, `merged`, `closed`, `failed`.
    state: Option<String>,
    /// Those that were asked for together.
    batch: Option<String>,
    /// Slug.
    repository: Option<String>,
    page: Option<usize>,
    per_page: Option<usize>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Changes {
    pub rows: Vec<Change>,
    pub total: usize,
}

/// One page of the changes, what moved last first.
#[utoipa::path(get, path = "/api/v1/changes", tag = "changes", params(ChangesQuery),
    responses((status = 200, body = Changes), (status = 422, body = Problem)))]
pub async fn list(
    State(server): State<Server>,
    asking: Asking,
    Query(query): Query<ChangesQuery>,
) -> Result<Json<Changes>, Problem> {
    let states = match query.state.as_deref() {
        Some(text) => {
            let state = ChangeState::parse(text);
            vec![state.ok_or_else(|| filter::invalid(format!("there is no state {text:?}")))?]
        }
        None => Vec::new(),
    };
    let filter = ChangeFilter {
        states,
        batch: query.batch,
        repository: query.repository,
        page: query.page.unwrap_or(1).max(1),
        per_page: query.per_page.unwrap_or(50),
    };
    let page = changes::list(&server.portal, &asking.actor, &filter).await?;
    Ok(Json(Changes { rows: page.rows, total: page.total }))
}

/// One change with its files and its history.
#[utoipa::path(get, path = "/api/v1/changes/{id}", tag = "changes", params(("id" = String, Path)),
    responses((status = 200, body = ChangeDetail), (status = 404, body = Problem)))]
pub async fn change(
    State(server): State<Server>,
    asking: Asking,
    Path(id): Path<String>,
) -> Result<Json<ChangeDetail>, Problem> {
    Ok(Json(changes::get(&server.portal, &asking.actor, &id).await?))
}

/// What is wished for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// Descriptors that say what is inferred, of all that is in the repositories of the entities.
    Descriptor,
    /// Another owner of the entities.
    Owner,
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeRequest {
    pub what: What,
    /// At most 200.
    pub references: Vec<EntityRef>,
    /// The new owner: `payments`, `user:jane`.
    pub owner: Option<String>,
    /// Of the pull request, where there is only one; otherwise they are written by Slipway.
    pub title: Option<String>,
    /// Markdown.
    pub text: Option<String>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Proposed {
    /// One for each repository, as they stand before the job has run.
    pub changes: Vec<Change>,
    /// What they have in common, where there are several.
    pub batch: Option<String>,
    pub refused: Vec<NotProposed>,
}

/// A repository in which nothing can be proposed.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct NotProposed {
    /// Slug; empty for entities that are in none.
    pub repository: String,
    pub references: Vec<EntityRef>,
    pub why: String,
}

/// Proposes changes of descriptors by pull requests or branches; a job makes them. The same request again changes nothing.
#[utoipa::path(post, path = "/api/v1/changes", tag = "changes", request_body = ChangeRequest,
    responses((status = 202, body = Proposed), (status = 403, body = Problem), (status = 404, body = Problem),
              (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn propose(
    State(server): State<Server>,
    asking: Asking,
    Json(request): Json<ChangeRequest>,
) -> Result<(StatusCode, Json<Proposed>), Problem> {
    let (portal, actor) = (&server.portal, &asking.actor);
    let wish = wish(&server, &asking, request.what, request.owner.as_deref())?;
    let mut plans = changes::plan(portal, actor, &wish, &request.references).await?;
    if let [plan] = plans.as_mut_slice() {
        plan.title = request.title.unwrap_or_else(|| std::mem::take(&mut plan.title));
        plan.text = request.text.unwrap_or_else(|| std::mem::take(&mut plan.text));
    }
    let refused = plans.iter().filter(|plan| !plan.is_possible()).map(not_proposed).collect();
    let (changes, batch) = changes::propose_all(portal, actor, plans, "/changes").await?;
    Ok((StatusCode::ACCEPTED, Json(Proposed { changes, batch, refused })))
}

fn wish(server: &Server, asking: &Asking, what: What, owner: Option<&str>) -> Result<Wish, Problem> {
    match (what, owner) {
        (What::Descriptor, _) => Ok(Wish::Descriptor),
        (What::Owner, Some(owner)) => Ok(Wish::Owner(changes::owner(&server.portal, &asking.actor, owner)?)),
        (What::Owner, None) => Err(filter::invalid("owner names nobody".to_owned())),
    }
}

fn not_proposed(plan: &Planned) -> NotProposed {
    let why = match (&plan.problem, &plan.way) {
        (Some(why), _) | (None, Way::Patch(why)) => why.clone(),
        (None, Way::PullRequest | Way::Branch) => String::new(),
    };
    NotProposed { repository: plan.repository.clone(), references: plan.entities.clone(), why }
}

/// A change as a file that `git apply` takes.
pub async fn patch(State(server): State<Server>, asking: Asking, Path(id): Path<String>) -> Result<Response, Problem> {
    let detail = changes::get(&server.portal, &asking.actor, &id).await?;
    Ok(file(changes::patch(&detail.edits)))
}

/// The same of what the page of a new change shows, with the same query.
pub async fn planned_patch(
    State(server): State<Server>,
    asking: Asking,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let pairs = app::address::pairs(query.as_deref().unwrap_or_default());
    let value = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let what = if value("what") == Some("owner") { What::Owner } else { What::Descriptor };
    let references: Vec<EntityRef> =
        pairs.iter().filter(|(key, _)| key == "entity").filter_map(|(_, value)| value.parse().ok()).collect();
    let wish = wish(&server, &asking, what, value("to"))?;
    let plans = changes::plan(&server.portal, &asking.actor, &wish, &references).await?;
    // Of one repository: a patch belongs to one clone.
    let edits = plans.into_iter().next().map(|plan| plan.edits).unwrap_or_default();
    Ok(file(changes::patch(&edits)))
}

fn file(patch: String) -> Response {
    let headers: [(HeaderName, HeaderValue); 2] = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/x-diff; charset=utf-8")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"change.patch\"")),
    ];
    (headers, patch).into_response()
}
