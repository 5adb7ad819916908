//! Server-sent events: how a job goes on, and that the catalog changes.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::stream::{self, Stream};
use model::job::Job;
use model::run::RunDetail;
use portal::{catalog, jobs, runs};
use serde::Deserialize;

use super::{Asking, Problem, Server};

/// How often a job is looked at when nothing wakes the stream: another process may be the one that runs it.
const LOOK: Duration = Duration::from_secs(1);

/// A browser that lost the connection waits this long before it asks again.
const RETRY: Duration = Duration::from_secs(2);

/// Where a stream begins that is opened for the first time.
#[derive(Deserialize)]
pub struct From {
    #[serde(default)]
    after: i64,
}

/// Follows a job: `progress` (a job), `log` (a line, with its sequence as the event's id), then `end`.
#[utoipa::path(get, path = "/api/v1/jobs/{id}/events", tag = "jobs",
    params(("id" = String, Path, description = "The job's id"),
           ("after" = Option<i64>, Query, description = "The last log line that the page has"),
           ("Last-Event-ID" = Option<i64>, Header, description = "The last log line that was seen; goes before `after`")),
    responses((status = 200, content_type = "text/event-stream"), (status = 404, body = Problem)))]
pub async fn follow(
    State(server): State<Server>,
    Path(id): Path<String>,
    asking: Asking,
    Query(from): Query<From>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    jobs::get(&server.portal, &asking.actor, &id).await?;
    let seen = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok()).unwrap_or(from.after);
    let follower = Follower { server, asking, id, seen, last: None, over: false };
    let events = stream::unfold(follower, |mut follower| async move {
        let events = follower.next().await?;
        Some((stream::iter(events.into_iter().map(Ok)), follower))
    });
    use futures::StreamExt;
    Ok(Sse::new(events.flatten()).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

struct Follower {
    server: Server,
    asking: Asking,
    id: String,
    seen: i64,
    last: Option<Job>,
    over: bool,
}

impl Follower {
    /// The next events, once there are any; `None` when the stream ends.
    async fn next(&mut self) -> Option<Vec<Event>> {
        if self.over {
            return None;
        }
        let mut stopping = self.server.stopping.clone();
        loop {
            // Subscribed before reading, so that nothing falls between.
            let mut changed = jobs::watch(&self.server.portal);
            let events = self.read().await;
            if !events.is_empty() || self.over {
                return Some(events);
            }
            tokio::select! {
                _ = changed.changed() => {}
                () = tokio::time::sleep(LOOK) => {}
                // Open streams would hold up a graceful stop (axum #2673).
                _ = stopping.wait_for(|stopping| *stopping) => return None,
            }
        }
    }

    async fn read(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        let Ok(job) = jobs::get(&self.server.portal, &self.asking.actor, &self.id).await else {
            self.over = true;
            return vec![Event::default().event("end").data("gone")];
        };
        if let Ok(lines) = jobs::log(&self.server.portal, &self.asking.actor, &self.id, self.seen).await {
            for line in lines {
                self.seen = line.sequence;
                events.extend(json("log", &line).map(|event| event.id(line.sequence.to_string())));
            }
        }
        if self.last.as_ref() != Some(&job) {
            events.extend(json("progress", &job).map(|event| event.retry(RETRY)));
        }
        if job.state.is_over() {
            self.over = true;
            events.push(Event::default().event("end").data(job.state.as_str()));
        }
        self.last = Some(job);
        events
    }
}

fn json(name: &str, value: &impl serde::Serialize) -> Option<Event> {
    Event::default().event(name).json_data(value).ok()
}

/// Follows a run: `changed`, whenever its page is another one, then `end`.
#[utoipa::path(get, path = "/api/v1/runs/{id}/events", tag = "runs",
    params(("id" = String, Path, description = "The run's id")),
    responses((status = 200, content_type = "text/event-stream"), (status = 404, body = Problem)))]
pub async fn follow_run(
    State(server): State<Server>,
    Path(id): Path<String>,
    asking: Asking,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let first = RunSeen { detail: Some(runs::get(&server.portal, &asking.actor, &id).await?), ..RunSeen::default() };
    let events = stream::unfold((server, asking, id, first), |(server, asking, id, seen)| async move {
        let (event, seen) = next_of_run(&server, &asking, &id, seen).await?;
        Some((Ok(event), (server, asking, id, seen)))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

/// What a page of a run was last told of.
#[derive(Default)]
struct RunSeen {
    detail: Option<RunDetail>,
    lines: i64,
    over: bool,
}

/// Waits until the run is another one; `None` when the stream ends.
async fn next_of_run(server: &Server, asking: &Asking, id: &str, mut seen: RunSeen) -> Option<(Event, RunSeen)> {
    if seen.over {
        return None;
    }
    let mut stopping = server.stopping.clone();
    loop {
        // Subscribed before reading, so that nothing falls between.
        let mut changed = jobs::watch(&server.portal);
        let detail = runs::get(&server.portal, &asking.actor, id).await.ok();
        let lines = runs::log(&server.portal, &asking.actor, id, seen.lines).await.unwrap_or_default();
        let is_over = detail.as_ref().is_none_or(|detail| !detail.run.state.is_under_way() && !detail.run.stopping);
        if detail != seen.detail || !lines.is_empty() || is_over {
            seen.lines = lines.last().map_or(seen.lines, |line| line.sequence);
            // The last look is at how it ended.
            (seen.detail, seen.over) = (detail, is_over);
            return Some((Event::default().event("changed").data(id).retry(RETRY), seen));
        }
        tokio::select! {
            _ = changed.changed() => {}
            () = tokio::time::sleep(LOOK) => {}
            _ = stopping.wait_for(|stopping| *stopping) => return None,
        }
    }
}

/// How often the place in the change sequence is looked at: one number in memory.
const LOOK_AT_CATALOG: Duration = Duration::from_millis(100);

/// Follows the catalog: `changed`, whenever something that may be read has changed, with its place in the change sequence
/// as data and id.
#[utoipa::path(get, path = "/api/v1/catalog/events", tag = "catalog",
    params(("after" = Option<i64>, Query, description = "The place that the page shows; from now on without it"),
           ("Last-Event-ID" = Option<i64>, Header, description = "The last place that was seen; goes before `after`")),
    responses((status = 200, content_type = "text/event-stream")))]
pub async fn follow_catalog(
    State(server): State<Server>,
    asking: Asking,
    Query(from): Query<FromPlace>,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let seen = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok()).or(from.after);
    let seen = seen.unwrap_or_else(|| server.portal.index().sequence());
    let events = stream::unfold((server, asking, seen), |(server, asking, seen)| async move {
        let place = next_change(&server, &asking, seen).await?;
        let event = Event::default().event("changed").id(place.to_string()).data(place.to_string()).retry(RETRY);
        Some((Ok(event), (server, asking, place)))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}

/// Where a page stands in the change sequence.
#[derive(Deserialize)]
pub struct FromPlace {
    after: Option<i64>,
}

/// The place of the next change that may be read; `None` when the server is being stopped.
async fn next_change(server: &Server, asking: &Asking, seen: i64) -> Option<i64> {
    let mut stopping = server.stopping.clone();
    let mut seen = seen;
    loop {
        let place = server.portal.index().sequence();
        if place > seen {
            match catalog::has_changed(&server.portal, &asking.actor, seen).await {
                Ok(true) => return Some(place),
                Ok(false) => seen = place,
                Err(error) => tracing::warn!(%error, "a page could not be followed"),
            }
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_AT_CATALOG) => {}
            _ = stopping.wait_for(|stopping| *stopping) => return None,
        }
    }
}
