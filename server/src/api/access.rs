//! Access between services: what is asked for, decided and granted. What those get who enforce it is `hand_over`.

pub mod hand_over;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::EntityRef;
use model::access::{AccessAtom, AccessCell, AccessCheck, AccessHistory, AccessOffer, AccessRequest, Standing};
use portal::access::{self, AccessFilter, Ask, Checked, Decided, Deed};
use serde::{Deserialize, Serialize};

use crate::http::{Asking, Problem, Server, filter};

const PER_PAGE: usize = 50;

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AccessQuery {
    /// `component:default/checkout`
    consumer: Option<String>,
    /// `api:default/payments`
    api: Option<String>,
    scope: Option<String>,
    environment: Option<String>,
    /// Only where the component or the API belongs to it: `group:default/harbour`
    owner: Option<String>,
    /// `active`, `scheduled`, `pending`, `denied`, `expired`, `revoked`, `suspended`, `missing`.
    state: Option<String>,
    /// Only what waits for people.
    #[serde(default)]
    waiting: bool,
    /// Only what ends within so many days, the first to end first.
    ends_within: Option<u16>,
    /// Only what is to be reviewed: whether it is still needed.
    #[serde(default)]
    review_due: bool,
    /// Only what was taken without asking.
    #[serde(default)]
    break_glass: bool,
    page: Option<usize>,
    /// At most 200.
    per_page: Option<usize>,
    /// Of the matrix: the consumer behind which it goes on.
    after: Option<String>,
}

impl AccessQuery {
    fn filter(&self) -> Result<AccessFilter, Problem> {
        let reference = |text: &Option<String>, kind: &str| {
            let parse = |text: &String| {
                EntityRef::parse(text, Some(kind), model::reference::DEFAULT_NAMESPACE)
                    .map_err(|_| filter::invalid(format!("{text:?} is no reference of the catalog")))
            };
            text.as_ref().map(parse).transpose()
        };
        let state =
            |text: &String| Standing::parse(text).ok_or_else(|| filter::invalid(format!("there is no state {text:?}")));
        Ok(AccessFilter {
            consumer: reference(&self.consumer, "component")?,
            api: reference(&self.api, "api")?,
            scope: self.scope.clone(),
            environment: self.environment.clone(),
            owner: reference(&self.owner, "group")?,
            state: self.state.as_ref().map(state).transpose()?,
            waiting: self.waiting,
            ends_within: self.ends_within,
            review_due: self.review_due,
            break_glass: self.break_glass,
        })
    }
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AccessAtoms {
    pub rows: Vec<AccessAtom>,
    pub total: u64,
}

/// One page of what was ever asked for, as it stands now.
#[utoipa::path(get, path = "/api/v1/access", tag = "access", params(AccessQuery),
    responses((status = 200, body = AccessAtoms), (status = 422, body = Problem)))]
pub async fn list(
    State(server): State<Server>,
    asking: Asking,
    Query(query): Query<AccessQuery>,
) -> Result<Json<AccessAtoms>, Problem> {
    let (page, per_page) = (query.page.unwrap_or(1), query.per_page.unwrap_or(PER_PAGE));
    let (rows, total) = access::list(&server.portal, &asking.actor, &query.filter()?, page, per_page).await?;
    Ok(Json(AccessAtoms { rows, total }))
}

/// What waits for people: first what whoever asks can decide, the oldest first.
#[utoipa::path(get, path = "/api/v1/access/waiting", tag = "access",
    responses((status = 200, body = Vec<AccessRequest>)))]
pub async fn waiting(State(server): State<Server>, asking: Asking) -> Result<Json<Vec<AccessRequest>>, Problem> {
    Ok(Json(access::waiting(&server.portal, &asking.actor).await?))
}

/// One request, whatever became of it.
#[utoipa::path(get, path = "/api/v1/access/requests/{id}", tag = "access", params(("id" = String, Path)),
    responses((status = 200, body = AccessRequest), (status = 404, body = Problem)))]
pub async fn request(
    State(server): State<Server>,
    asking: Asking,
    Path(id): Path<String>,
) -> Result<Json<AccessRequest>, Problem> {
    Ok(Json(access::request(&server.portal, &asking.actor, &id).await?))
}

/// One atom with everything that happened to it, the newest first, and what whoever asks may do.
#[utoipa::path(get, path = "/api/v1/access/{id}", tag = "access", params(("id" = String, Path)),
    responses((status = 200, body = AccessHistory), (status = 404, body = Problem)))]
pub async fn history(
    State(server): State<Server>,
    asking: Asking,
    Path(id): Path<String>,
) -> Result<Json<AccessHistory>, Problem> {
    Ok(Json(access::history(&server.portal, &asking.actor, &id).await?))
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessAsk {
    /// `component:default/checkout`
    pub consumer: EntityRef,
    /// `api:default/payments`
    pub api: EntityRef,
    pub scopes: Vec<String>,
    pub environments: Vec<String>,
    #[serde(default)]
    pub justification: String,
    #[serde(default)]
    pub ticket: String,
    /// A day (`2027-06-30`) or a span (`180d`); without it as long as the policy allows.
    #[serde(default)]
    pub expires: String,
}

impl From<AccessAsk> for Ask {
    fn from(ask: AccessAsk) -> Self {
        let AccessAsk { consumer, api, scopes, environments, justification, ticket, expires } = ask;
        Self { consumer: Some(consumer), api: Some(api), scopes, environments, justification, ticket, expires }
    }
}

/// Asks for access without a manifest, for a component that one owns.
#[utoipa::path(post, path = "/api/v1/access/requests", tag = "access", request_body = AccessAsk,
    responses((status = 201, body = AccessRequest, headers(("Location" = String, description = "The request"))),
              (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
              (status = 422, body = Problem)))]
pub async fn ask(
    State(server): State<Server>,
    asking: Asking,
    Json(wish): Json<AccessAsk>,
) -> Result<Response, Problem> {
    let id = access::ask(&server.portal, &asking.actor, &wish.into()).await?;
    made(&server, &asking, &id).await
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessBreakGlass {
    pub consumer: EntityRef,
    pub api: EntityRef,
    pub scopes: Vec<String>,
    pub environments: Vec<String>,
    /// What is on fire.
    pub incident: String,
    /// A span, at most `72h`; without it as long.
    #[serde(default)]
    pub expires: String,
}

/// Takes access at once, because something is on fire. Those who may approve are told, and ratify it within 48 hours or it is
/// revoked.
#[utoipa::path(post, path = "/api/v1/access/break-glass", tag = "access", request_body = AccessBreakGlass,
    responses((status = 201, body = AccessRequest, headers(("Location" = String, description = "The request"))),
              (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
              (status = 422, body = Problem)))]
pub async fn break_glass(
    State(server): State<Server>,
    asking: Asking,
    Json(wish): Json<AccessBreakGlass>,
) -> Result<Response, Problem> {
    let AccessBreakGlass { consumer, api, scopes, environments, incident, expires } = wish;
    let ask = Ask { consumer: Some(consumer), api: Some(api), scopes, environments, expires, ..Ask::default() };
    let id = access::break_glass(&server.portal, &asking.actor, &ask, &incident).await?;
    made(&server, &asking, &id).await
}

async fn made(server: &Server, asking: &Asking, id: &str) -> Result<Response, Problem> {
    let location = [(header::LOCATION, format!("/api/v1/access/requests/{id}"))];
    let request = access::request(&server.portal, &asking.actor, id).await?;
    Ok((StatusCode::CREATED, location, Json(request)).into_response())
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessDecision {
    /// Otherwise it is denied.
    pub approves: bool,
    /// Needed to deny it; at most 2000 characters.
    #[serde(default)]
    pub reason: String,
    /// An earlier end than was asked for: a day, or a span.
    #[serde(default)]
    pub until: String,
    /// Ids of those that are meant; without them all of the request that whoever asks may decide.
    #[serde(default)]
    pub atoms: Vec<String>,
}

/// Approves or denies a request of others. Those may whom its policy asks; never who asked for it, or wrote the change that
/// does.
#[utoipa::path(post, path = "/api/v1/access/requests/{id}/decide", tag = "access", request_body = AccessDecision,
    params(("id" = String, Path)),
    responses((status = 200, body = Vec<AccessAtom>), (status = 403, body = Problem), (status = 404, body = Problem),
              (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn decide(
    State(server): State<Server>,
    asking: Asking,
    Path(id): Path<String>,
    Json(decision): Json<AccessDecision>,
) -> Result<Json<Vec<AccessAtom>>, Problem> {
    let AccessDecision { approves, reason, until, atoms } = decision;
    let decided = Decided { approves, reason, until };
    Ok(Json(access::decide(&server.portal, &asking.actor, &id, &atoms, &decided).await?))
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessAct {
    /// `revoke`, `suspend`, `resume`, `withdraw`, `recertify`, `ratify`.
    pub deed: String,
    /// Of atoms, 1 to 500: it is done to all of them or to none.
    pub ids: Vec<String>,
    /// Needed to revoke, suspend and resume; at most 2000 characters.
    #[serde(default)]
    pub reason: String,
}

/// Does something to what is granted, or takes a request back. Whoever owns the API revokes and suspends, whoever owns the
/// component withdraws; resuming, recertifying and ratifying take somebody whom the policy asks.
#[utoipa::path(post, path = "/api/v1/access/acts", tag = "access", request_body = AccessAct,
    responses((status = 200, body = Vec<AccessAtom>), (status = 403, body = Problem), (status = 404, body = Problem),
              (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn act(
    State(server): State<Server>,
    asking: Asking,
    Json(act): Json<AccessAct>,
) -> Result<Json<Vec<AccessAtom>>, Problem> {
    let deed = Deed::parse(&act.deed).ok_or_else(|| {
        let known: Vec<&str> = Deed::ALL.iter().map(|deed| deed.as_str()).collect();
        filter::invalid(format!("there is no deed {:?}: {}", act.deed, known.join(", ")))
    })?;
    Ok(Json(access::act(&server.portal, &asking.actor, &act.ids, deed, &act.reason).await?))
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessQuestion {
    /// The text of the manifest, at most 2 MB.
    pub manifest: String,
    /// How findings call it.
    #[serde(default = "file_name")]
    pub path: String,
    /// Only what is required in this one; without it, in all of them.
    pub environment: Option<String>,
    /// Repeated in the answer.
    pub commit: Option<String>,
    /// The slug of its repository, as a pipeline knows it: says whether checks only report where the manifest cannot be read.
    pub repository: Option<String>,
}

fn file_name() -> String {
    engine_access::manifest::FILE_NAME.to_owned()
}

/// Says whether all that a manifest requires is granted, and who has to approve what is not. Nothing is asked for by it. A
/// manifest that cannot be read is 422, and an answer of its own where its repository only reports.
#[utoipa::path(post, path = "/api/v1/access/check", tag = "access", request_body = AccessQuestion,
    responses((status = 200, body = AccessCheck), (status = 404, body = Problem), (status = 413, description = "It is too large"),
              (status = 422, body = Problem)))]
pub async fn check(
    State(server): State<Server>,
    asking: Asking,
    Json(question): Json<AccessQuestion>,
) -> Result<Json<AccessCheck>, Problem> {
    let AccessQuestion { manifest, path, environment, commit, repository } = question;
    let portal = &server.portal;
    let environments = &portal.settings().access.environments;
    if let Some(unknown) = environment.as_ref().filter(|name| !environments.contains(*name)) {
        let known: Vec<&str> = environments.iter().map(String::as_str).collect();
        return Err(filter::invalid(format!("there is no environment {unknown:?}: {}", known.join(", "))));
    }
    let text = (path.as_str(), manifest.as_str());
    let mut answer = match access::check(portal, &asking.actor, &path, &manifest, environment.as_deref()).await {
        Err(portal::Error::Invalid(findings)) => {
            if !access::only_reports(portal, &asking.actor, &manifest, repository.as_deref()).await? {
                return Err(portal::Error::Invalid(findings).into());
            }
            AccessCheck { report_only: true, ..access::unreadable(findings, environment, text) }
        }
        checked => {
            let Checked { verdict, approving, report_only } = checked?;
            let address = portal.settings().public_url.as_deref().unwrap_or_default();
            AccessCheck { report_only, ..access::answer(verdict, approving, text, "portal", address) }
        }
    };
    answer.manifest.commit = commit;
    Ok(Json(answer))
}

/// On what terms an API is offered, and who would have to approve each of its scopes.
#[utoipa::path(get, path = "/api/v1/access/apis/{namespace}/{name}", tag = "access",
    params(("namespace" = String, Path), ("name" = String, Path)),
    responses((status = 200, body = AccessOffer), (status = 404, body = Problem)))]
pub async fn offer(
    State(server): State<Server>,
    asking: Asking,
    Path((namespace, name)): Path<(String, String)>,
) -> Result<Json<AccessOffer>, Problem> {
    let api = EntityRef::new("api", namespace, name);
    let offer = access::offer(&server.portal, &asking.actor, &api).await?;
    Ok(Json(offer.ok_or_else(|| portal::Error::not_found(format!("The offer of {api}")))?))
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AccessMatrix {
    pub rows: Vec<AccessCell>,
    /// What to ask for as `after`, where there are more consumers.
    pub next: Option<String>,
}

/// Which consumers have to do with which APIs: 40 consumers at a time, each with all of its APIs.
#[utoipa::path(get, path = "/api/v1/access/matrix", tag = "access", params(AccessQuery),
    responses((status = 200, body = AccessMatrix), (status = 422, body = Problem)))]
pub async fn matrix(
    State(server): State<Server>,
    asking: Asking,
    Query(query): Query<AccessQuery>,
) -> Result<Json<AccessMatrix>, Problem> {
    let after = query.after.as_deref().unwrap_or_default();
    let (rows, next) = access::matrix(&server.portal, &asking.actor, &query.filter()?, after).await?;
    Ok(Json(AccessMatrix { rows, next }))
}
