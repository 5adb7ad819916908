//! Where repositories come from, how fresh what we know is, and the button that looks again.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use model::job::{Job, JobState};
use model::source::{SourceStatus, SourceWait, Unlisted};
use portal::identity::{Action, Resource, can};
use portal::sources::Word;
use portal::sources::doctor::{Examined, State};

use super::setup::{self, SETUP};
use super::{Answer, Page, Parameters, Place, finish};
use crate::components::form::look_again;
use crate::components::state::Tone;
use crate::components::{Icon, state};
use crate::html::Html;
use crate::{Error, Flash, RequestContext, format};

/// How many past jobs are listed.
const JOBS: usize = 20;

pub async fn page(context: RequestContext, _: Parameters) -> Answer {
    let sources = portal::sources::list(&context.portal, &context.actor).await?;
    let jobs = portal::jobs::list(&context.portal, &context.actor, JOBS).await?;
    // Whoever may not see how it is set up sees no link to it.
    let examined = match can(&context.actor, Action::SetUp, Resource::Anything) {
        Ok(()) => Some(portal::sources::doctor::latest(&context.portal, &context.actor).await?),
        Err(_) => None,
    };
    let mut out = Html::new();
    let mut actions = Html::new();
    if examined.is_some() {
        actions.link(SETUP, "button", "Set-up");
    }
    if !sources.is_empty() {
        look_again(&mut actions, Sync::PATH, None, "button button-primary", "Sync all now");
    }
    let seconds = context.portal.settings().poll_interval.as_secs();
    let about = match seconds {
        0 => "Repositories are read; only what you propose is pushed, to branches. Polling is off: they are looked at when somebody asks."
            .to_owned(),
        _ => format!("Repositories are read; only what you propose is pushed, to branches. Slipway looks for changes every {seconds} seconds."),
    };
    state::page_header(&mut out, "Sources and sync", None, &about, &actions);
    if let Some(trouble) = portal::jobs::trouble(&context.portal) {
        state::notice(&mut out, Tone::Red, |out| {
            out.raw("Nothing can be synced at the moment: ").text(&trouble);
        });
    }
    if sources.is_empty() {
        state::empty(
            &mut out,
            "No source yet",
            "A source is a folder with Git repositories, work trees or bare. Start Slipway with one, and the catalog fills by itself:",
            Some("slipway serve --source /path/to/repositories"),
        );
        return Ok(Page::new("Sources and sync", Place::Sources, out));
    }
    out.raw("<div class=\"source-cards\">");
    for source in &sources {
        card(&mut out, context.now(), source, examined.as_ref());
    }
    out.raw("</div>");
    past_jobs(&mut out, context.now(), &jobs);
    Ok(Page::new("Sources and sync", Place::Sources, out))
}

fn card(out: &mut Html, now: i64, source: &SourceStatus, examined: Option<&Examined>) {
    out.raw("<article class=\"source-card\"><span class=\"glyph hue-teal\">");
    let icon = if source.kind == "folder" { Icon::Folder } else { Icon::Cloud };
    icon.write(out);
    out.raw("</span><div><h2>").text(&source.name);
    if source.trusted {
        out.raw(" <span class=\"badge badge-outline\" title=\"Its descriptors may declare teams and people, and its ownership counts for rights.\">trusted</span>");
    }
    if source.demo {
        out.raw(" <span class=\"badge badge-amber\">demo</span>");
    }
    out.raw(" <span class=\"badge\">").raw(source.visibility.as_str()).raw("</span></h2><p class=\"where\">");
    out.text(&source.location).raw("</p></div>");
    look_again(out, Sync::PATH, Some(&source.name), "button", "Sync");
    out.raw("<p class=\"facts-line\">");
    let address = format!("/repositories?source={}", crate::address::segment(&source.name));
    out.raw("<span>")
        .link(&address, "link", &format::count(source.repositories, "repository", "repositories"))
        .raw("</span>");
    if source.failed > 0 {
        out.raw("<span class=\"level level-error\">");
        out.link(
            &format!("{address}&standing=failed"),
            "link",
            &format!("{} could not be read", format::number(source.failed)),
        );
        out.raw("</span>");
    }
    match source.synced_at {
        Some(at) => {
            out.raw("<span>Synced ");
            format::time(out, now, at);
            if let Some(took) = source.took {
                out.raw(", took ").text(&format::duration(took));
            }
            out.raw("</span>");
        }
        None => {
            out.raw("<span>Not synced yet</span>");
        }
    }
    if let Some(examined) = examined {
        set_up(out, examined, &source.name);
    }
    if source.unlisted.out_of_sight > 0 {
        out.raw("<span class=\"level level-warning\">");
        let text = format!("{} out of sight", format::number(source.unlisted.out_of_sight));
        out.link(&format!("{address}&out-of-sight=yes"), "link", &text).raw("</span>");
    }
    out.raw("</p>");
    if let Some(error) = &source.error {
        state::notice(out, Tone::Red, |out| {
            out.raw("The last listing failed, and what was known stays: ").text(error);
        });
    }
    if let Some(wait) = &source.waiting {
        waiting(out, now, wait);
    }
    unlisted(out, &source.name, &source.unlisted);
    out.raw("</article>");
}

/// What its host makes it wait for; everything goes on by itself then.
fn waiting(out: &mut Html, now: i64, wait: &SourceWait) {
    state::notice(out, Tone::Amber, |out| {
        out.raw("Waits until ");
        let clock = jiff::Timestamp::from_millisecond(wait.until).map(|at| at.strftime("%H:%M UTC").to_string());
        format::time_with(out, wait.until, &clock.unwrap_or_default());
        out.raw(" (").text(&format::duration(wait.until - now)).raw(") for GitHub’s ");
        out.raw(if wait.limit == "primary" { "hourly rate limit" } else { "secondary rate limit" });
        if let Some(calls) = wait.calls {
            out.raw(", 0 of ").text(&format::number(u64::from(calls))).raw(" calls left");
        }
        out.raw(". It goes on by itself.");
    });
}

/// The way to what the source needs, and whether something of it is missing.
fn set_up(out: &mut Html, examined: &Examined, source: &str) {
    let report = examined.reports.iter().find(|report| report.source.as_deref() == Some(source));
    let missing = report.map_or(0, |report| report.count(State::Missing));
    let address = format!("{SETUP}#{}", setup::anchor(Some(source)));
    if missing > 0 {
        out.raw("<span class=\"level level-error\">");
        out.link(&address, "link", &format!("{} missing in its set-up", format::number(missing))).raw("</span>");
    } else {
        out.raw("<span>").link(&address, "link", "Set-up").raw("</span>");
    }
}

/// Asks what became of repositories that are not listed any more.
fn unlisted(out: &mut Html, source: &str, unlisted: &Unlisted) {
    if unlisted.waiting == 0 {
        return;
    }
    state::notice(out, Tone::Amber, |out| {
        out.raw("<strong>")
            .text(&format::count(unlisted.waiting, "repository is", "repositories are"))
            .raw(" not listed any more.</strong> ");
        out.raw("So many at once may be a mistake: do the credentials still see what they saw, and are the filters as they were? ");
        out.raw("They stay, for people who are signed in at the most, until you say what became of them.");
    });
    out.raw("<details><summary>Which ones</summary><ul>");
    for repository in &unlisted.repositories {
        out.raw("<li>").link(&crate::address::repository(&repository.slug), "link", &repository.name);
        out.raw(" <span class=\"faint\">").text(&repository.why).raw("</span></li>");
    }
    out.raw("</ul>");
    let more = unlisted.waiting.saturating_sub(unlisted.repositories.len() as u64);
    if more > 0 {
        out.raw("<p class=\"faint small\">and ").plain(more).raw(" more</p>");
    }
    out.raw("</details><form method=\"post\" class=\"source-answer\"").attribute("action", Decide::PATH).raw(">");
    out.raw("<input type=\"hidden\" name=\"source\"").attribute("value", source).raw(">");
    out.raw("<input type=\"hidden\" name=\"until\"").attribute("value", &unlisted.until.to_string()).raw(">");
    out.raw("<button type=\"submit\" class=\"button\" name=\"word\" value=\"gone\">They are gone</button> ");
    out.raw("<button type=\"submit\" class=\"button\" name=\"word\" value=\"keep\">Keep them</button></form>");
}

fn past_jobs(out: &mut Html, now: i64, jobs: &[Job]) {
    out.raw("<section class=\"section\"><h2>What ran</h2>");
    if jobs.is_empty() {
        out.raw("<p class=\"quiet\">Nothing yet.</p></section>");
        return;
    }
    out.raw("<div class=\"table-wrap\"><table class=\"table table-list\"><caption class=\"visually-hidden\">Jobs, newest first</caption>");
    out.raw(
        "<thead><tr><th scope=\"col\">Job</th><th scope=\"col\">State</th><th scope=\"col\" class=\"number\">Took</th>",
    );
    out.raw("<th scope=\"col\" class=\"number\">When</th></tr></thead><tbody>");
    for job in jobs {
        out.raw("<tr><td><div class=\"row-text\"><div class=\"row-title\">");
        out.link(&format!("/jobs/{}", crate::address::segment(&job.id)), "row-link", &job.title).raw("</div>");
        if let Some(error) = &job.error {
            out.raw("<div class=\"row-about\">").text(error).raw("</div>");
        }
        out.raw("</div></td><td>");
        job_state(out, job.state);
        out.raw("</td><td class=\"number\">");
        if let (Some(started), Some(finished)) = (job.started_at, job.finished_at) {
            out.text(&format::duration(finished - started));
        }
        out.raw("</td><td class=\"number\">");
        format::time(out, now, job.created_at);
        out.raw("</td></tr>");
    }
    out.raw("</tbody></table></div></section>");
}

fn job_state(out: &mut Html, state: JobState) {
    let (class, word) = match state {
        JobState::Queued => ("badge", "waiting"),
        JobState::Running => ("badge badge-accent", "running"),
        JobState::Succeeded => ("badge badge-green", "done"),
        JobState::Failed => ("badge badge-amber", "with failures"),
        JobState::Dead => ("badge badge-red", "gave up"),
    };
    out.raw("<span").attribute("class", class).raw(">").raw(word).raw("</span>");
}

/// Starts a round over one source or all, or joins the one that runs, and shows it.
#[server(prefix = "/actions", endpoint = "sources/sync")]
pub async fn sync(#[server(default)] source: String) -> Result<(), Error> {
    let context = RequestContext::answered()?;
    let source = Some(source.as_str()).filter(|source| !source.is_empty());
    match portal::sources::sync(&context.portal, &context.actor, source).await {
        Ok(job) => leptos_axum::redirect(&format!("/jobs/{}", crate::address::segment(&job))),
        Err(error) => finish("/sources", &Flash::error(Error::from(error).0)),
    }
    Ok(())
}

/// Takes a person's word on what a source does not list any more.
#[server(prefix = "/actions", endpoint = "sources/unlisted")]
pub async fn decide(
    #[server(default)] source: String,
    #[server(default)] until: i64,
    #[server(default)] word: String,
) -> Result<(), Error> {
    let context = RequestContext::answered()?;
    let flash = match Word::parse(&word) {
        None => Flash::error("Say whether they are gone, or are to be kept.".to_owned()),
        Some(word) => match portal::sources::decide(&context.portal, &context.actor, &source, word, until).await {
            Ok(0) => Flash::error("Nothing of that source waits for an answer any more.".to_owned()),
            Ok(count) => {
                let what = if word == Word::Gone { "removed from the catalog" } else { "kept" };
                Flash::success(format!("{} {what}.", format::count(count, "repository was", "repositories were")))
            }
            Err(error) => Flash::error(Error::from(error).0),
        },
    };
    finish("/sources", &flash);
    Ok(())
}
