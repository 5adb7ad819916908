//! A job that is being watched. Without a script the page shows where it stood, with a link to look again.

use leptos::prelude::*;
use model::Level;
use model::job::{Job, JobState, LogLine};

use super::listen;
use crate::number::{count, number};

/// The most lines that are kept in the page.
const MOST_LINES: usize = 1_000;

/// State, bar, counts, what is being read, time left, and the log; `log` holds the last lines, as `(at, line)`.
#[island]
pub fn SyncProgress(job: Job, log: Vec<LogLine>) -> impl IntoView {
    let over = job.state.is_over();
    let id = job.id.clone();
    let after = log.last().map_or(0, |line| line.sequence);
    let job = RwSignal::new(job);
    let log = RwSignal::new(log);
    let left = RwSignal::new(None::<String>);
    if !over {
        Effect::new(move |_| follow(&id, after, job, log, left));
    }
    view! {
        <div class="job-state">
            <span role="status">{move || state_badge(job.with(|job| job.state))}</span>
            <span class="quiet">{move || job.with(|job| job.progress.phase.clone())}</span>
        </div>
        {move || job.with(bar)}
        <div class="progress-line">
            <span>{move || job.with(counts)}</span>
            <span>{move || left.get()}</span>
        </div>
        <p class="progress-current">
            {move || job.with(|job| if job.state.is_over() { String::new() } else { job.progress.current.clone() })}
        </p>
        {move || job.with(|job| job.error.clone()).map(|error| view! { <p class="notice notice-red">{error}</p> })}
        <section class="section">
            <h2>"Log"</h2>
            <ol class="log" tabindex="0" aria-label="Log">
                {move || log.with(|log| log.iter().map(line).collect_view())}
            </ol>
        </section>
    }
}

fn state_badge(state: JobState) -> AnyView {
    let (class, text) = match state {
        JobState::Queued => ("badge", "Waiting"),
        JobState::Running => ("badge badge-accent", "Running"),
        JobState::Succeeded => ("badge badge-green", "Done"),
        JobState::Failed => ("badge badge-amber", "Done, with failures"),
        JobState::Dead => ("badge badge-red", "Gave up"),
    };
    view! { <span class=class>{text}</span> }.into_any()
}

fn bar(job: &Job) -> AnyView {
    let share = match (job.progress.done, job.progress.total) {
        _ if job.state == JobState::Succeeded => 1000,
        (_, 0) => 0,
        (done, total) => (done * 1000 / total).min(1000),
    };
    let class = if job.state == JobState::Dead { "progress progress-failed" } else { "progress" };
    view! {
        <svg
            class=class
            viewBox="0 0 1000 10"
            preserveAspectRatio="none"
            role="progressbar"
            aria-label="Progress"
            aria-valuemin="0"
            aria-valuemax="100"
            aria-valuenow=(share / 10).to_string()
        >
            <rect width=share.to_string() height="10"></rect>
        </svg>
    }
    .into_any()
}

/// `120 of 500 repositories, 2 failed`
fn counts(job: &Job) -> String {
    let progress = &job.progress;
    let mut text = match progress.total {
        0 => count(progress.done, "repository", "repositories"),
        total => format!("{} of {}", number(progress.done), count(total, "repository", "repositories")),
    };
    if progress.failed > 0 {
        text.push_str(&format!(", {} failed", number(progress.failed)));
    }
    text
}

fn line(line: &LogLine) -> AnyView {
    let class = match line.level {
        Level::Note => "log-note",
        Level::Warning => "log-warning",
        Level::Error => "log-error",
    };
    let seconds = line.at.div_euclid(1000).rem_euclid(86_400);
    let at = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    view! {
        <li>
            <time>{at}</time>
            <span class=class>{line.line.clone()}</span>
        </li>
    }
    .into_any()
}

/// Listens until the job ends. The browser connects again by itself and says what it has seen.
fn follow(id: &str, after: i64, job: RwSignal<Job>, log: RwSignal<Vec<LogLine>>, left: RwSignal<Option<String>>) {
    let Ok(events) = web_sys::EventSource::new(&format!("/api/v1/jobs/{id}/events?after={after}")) else { return };
    let began = StoredValue::new(None::<(f64, u64)>);
    listen(&events, "progress", move |_, data| {
        if let Ok(now) = serde_json::from_str::<Job>(&data) {
            left.set(time_left(&now, began));
            job.set(now);
        }
    });
    listen(&events, "log", move |_, data| {
        if let Ok(line) = serde_json::from_str::<LogLine>(&data) {
            log.update(|log| {
                if log.last().is_none_or(|last| last.sequence < line.sequence) {
                    log.push(line);
                    let surplus = log.len().saturating_sub(MOST_LINES);
                    log.drain(..surplus);
                }
            });
        }
    });
    listen(&events, "end", move |events, _| {
        events.close();
        left.set(None);
    });
}

/// From how fast it went since the page was opened; nothing while that says little.
fn time_left(job: &Job, began: StoredValue<Option<(f64, u64)>>) -> Option<String> {
    let now = web_sys::js_sys::Date::now();
    let Some((at, done)) = began.get_value() else {
        began.set_value(Some((now, job.progress.done)));
        return None;
    };
    let (elapsed, read) = (now - at, job.progress.done.saturating_sub(done));
    if elapsed < 2_000.0 || read < 3 || job.progress.total <= job.progress.done {
        return None;
    }
    let seconds = (elapsed / 1000.0 / read as f64 * (job.progress.total - job.progress.done) as f64).ceil() as u64;
    Some(match seconds {
        ..60 => format!("about {seconds} s left"),
        _ => format!("about {} min left", seconds.div_ceil(60)),
    })
}
