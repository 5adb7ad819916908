//! One job, as it runs or as it ended.

use leptos::prelude::*;
use model::job::Job;

use super::{Answer, Page, Parameters, Place};
use crate::RequestContext;
use crate::format;
use crate::html::Html;
use crate::islands::SyncProgress;

/// The most lines of the log that the page itself holds.
const MOST_LINES: usize = 300;

pub async fn page(context: RequestContext, parameters: Parameters) -> Answer {
    let id = parameters.get("id");
    let job = portal::jobs::get(&context.portal, &context.actor, &id).await?;
    let mut log = portal::jobs::log(&context.portal, &context.actor, &id, 0).await?;
    log.drain(..log.len().saturating_sub(MOST_LINES));
    let title = job.title.clone();
    let head = head(&context, &job);
    let body = view! {
        <div class="job">
            {head.into_view()}
            <SyncProgress job log/>
        </div>
    };
    Ok(Page::of_view(title, Place::Sources, body.into_any()).below("Sources and sync", "/sources"))
}

fn head(context: &RequestContext, job: &Job) -> Html {
    let mut out = Html::new();
    out.raw("<div class=\"page-header\"><div><h1>").text(&job.title).raw("</h1><p>");
    match (job.started_at, job.finished_at) {
        (Some(started), Some(finished)) => {
            out.raw("Took ").text(&format::duration(finished - started)).raw(", ended ");
            format::time(&mut out, context.now(), finished);
        }
        (Some(started), None) => {
            out.raw("Started ");
            format::time(&mut out, context.now(), started);
        }
        (None, _) => {
            out.raw("Waits since ");
            format::time(&mut out, context.now(), job.created_at);
        }
    }
    if job.attempt > 1 {
        out.raw(", attempt ").plain(job.attempt);
    }
    out.raw("</p></div><div class=\"page-actions\">");
    if job.state.is_over() {
        out.link("/catalog", "button button-primary", "Open the catalog");
    } else {
        out.raw("<noscript>").link(&context.path_and_query, "button", "Look again").raw("</noscript>");
    }
    out.raw("</div></div>");
    out
}
