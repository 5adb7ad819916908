//! One launch: its steps and its log as they go on, what it made, and where it leads.

use leptos::server_fn::ServerFn;
use model::Level;
use model::job::LogLine;
use model::run::{ApprovalState, EffectState, Run, RunDetail, RunState, RunStep, StepState};

use super::super::catalog::document;
use super::actions::{Cancel, Clean, Feedback, Retry};
use super::{approvals, state_badge};
use crate::components::Icon;
use crate::components::form::act_on;
use crate::components::state::{self, Tone, notice};
use crate::html::Html;
use crate::pages::{Answer, Follows, Page, Parameters, Place};
use crate::{RequestContext, address, format};

/// The most lines of the log that the page holds.
const MOST_LINES: usize = 300;

pub async fn page(context: RequestContext, parameters: Parameters) -> Answer {
    let id = parameters.get("id");
    let detail = portal::runs::get(&context.portal, &context.actor, &id).await?;
    let mut log = portal::runs::log(&context.portal, &context.actor, &id, 0).await?;
    log.drain(..log.len().saturating_sub(MOST_LINES));
    let mut out = Html::new();
    header(&mut out, &context, &detail);
    standing(&mut out, &context, &detail);
    if detail.run.state == RunState::Done {
        leads_on(&mut out, &context, &detail).await?;
    }
    ask(&mut out, &context, &detail.run).await?;
    out.raw("<div class=\"with-facts\"><div>");
    approvals::section(&mut out, &context, &detail);
    steps(&mut out, &detail.steps);
    effects(&mut out, &detail);
    lines(&mut out, &log);
    if detail.run.state == RunState::Done {
        readme(&mut out, &context, &detail).await;
    }
    out.raw("</div>");
    answers(&mut out, &detail);
    out.raw("</div>");
    let page = Page::new(detail.run.name.clone(), Place::Templates, out).below("Launches", "/runs");
    let goes_on = detail.run.state.is_under_way() || detail.run.stopping;
    Ok(Page { follows: if goes_on { Follows::Run(id) } else { Follows::Nothing }, ..page })
}

fn header(out: &mut Html, context: &RequestContext, detail: &RunDetail) {
    let run = &detail.run;
    out.raw("<div class=\"thing-header\"><span class=\"glyph glyph-large hue-neutral\">");
    Icon::Template.write(out);
    out.raw("</span><h1>").text(&run.name).raw(" ");
    state_badge(out, run.state);
    out.raw("</h1><div class=\"thing-actions change-actions\">");
    if detail.may_change && !run.stopping {
        buttons(out, detail);
    }
    out.raw("</div><ul class=\"thing-meta\"><li>from ");
    out.link(&address::template(&run.template), "", &run.template.name);
    if let Some(tag) = &run.tag {
        out.raw(" ").text(tag);
    }
    out.raw("</li><li>in ").text(&detail.destination);
    out.raw("</li><li>by ").text(&run.by).raw(", ");
    format::time(out, context.now(), run.created_at);
    out.raw("</li>");
    if let (Some(started), Some(ended)) = (run.started_at, run.ended_at) {
        out.raw("<li>took ").text(&format::duration(ended - started)).raw("</li>");
    }
    out.raw("</ul></div>");
}

fn buttons(out: &mut Html, detail: &RunDetail) {
    let run = &detail.run;
    match run.state {
        RunState::Review => act_on(out, Cancel::PATH, &run.id, "Withdraw it"),
        RunState::Queued | RunState::Running => act_on(out, Cancel::PATH, &run.id, "Stop, and take back"),
        RunState::Waiting => {
            act_on(out, Retry::PATH, &run.id, "Try now");
            act_on(out, Cancel::PATH, &run.id, "Stop, and take back");
        }
        // What was not approved cannot be tried again, and has made nothing.
        RunState::Failed if detail.approvals.iter().any(|one| one.state != ApprovalState::Granted) => {}
        RunState::Failed => {
            act_on(out, Retry::PATH, &run.id, "Try again from the failed step");
            act_on(out, Clean::PATH, &run.id, "Take back what it made");
        }
        RunState::Done | RunState::Cancelled | RunState::Cleaned => {}
    }
}

/// Where it stands, in a sentence, and what to do.
fn standing(out: &mut Html, context: &RequestContext, detail: &RunDetail) {
    let run = &detail.run;
    let tone = match run.state {
        RunState::Failed => Tone::Red,
        RunState::Review | RunState::Waiting => Tone::Amber,
        _ => Tone::Plain,
    };
    if !run.state.is_under_way() && run.reason.is_none() && !run.stopping {
        return;
    }
    notice(out, tone, |out| {
        if run.stopping {
            out.raw("What it made is being taken back. ");
        } else if let Some(position) = detail.position {
            out.raw("It is number ").plain(position).raw(" in the queue. ");
        }
        if let Some(reason) = &run.reason {
            out.text(reason).raw(" ");
        }
        if run.state == RunState::Review && !run.stopping {
            out.raw("It begins once it is approved; nothing was made yet. ");
        }
        if run.state == RunState::Running && run.reason.is_none() && !run.stopping {
            out.raw("It is being made; this page follows it. ");
        }
        if run.state.is_under_way() || run.stopping {
            out.raw("<noscript>").link(&context.path_and_query, "link", "Look again").raw("</noscript>");
        }
    });
}

/// What to do next with what was made.
async fn leads_on(out: &mut Html, context: &RequestContext, detail: &RunDetail) -> portal::Result<()> {
    let (portal, actor) = (&context.portal, &context.actor);
    out.raw("<section class=\"section launch-next\"><div class=\"section-head\"><h2>It is there</h2></div><p>");
    if let Some(entity) = &detail.run.entity {
        out.link(&address::entity(entity), "button button-primary", "Open in the catalog").raw(" ");
    }
    if let Some(project) = &detail.run.project {
        out.link(&address::repository(project), "button", "Repository").raw(" ");
        // Whoever launched it may not read it any more.
        let has_docs = match portal::docs::of_repository(portal, actor, project).await {
            Ok(docs) => !docs.is_empty(),
            Err(portal::Error::NotFound(_)) => false,
            Err(error) => return Err(error),
        };
        if has_docs {
            out.link(&format!("{}/docs", address::repository(project)), "button", "Documentation").raw(" ");
        }
    }
    let host = detail.outputs.get("repoContentsUrl").filter(|url| url.starts_with("https://"));
    if let Some(url) = host {
        out.link(url, "button", "At its host");
    }
    out.raw("</p>");
    if let Some(remote) = detail.outputs.get("remoteUrl") {
        out.raw("<p>Bring it to your machine:</p>");
        state::command(out, &format!("git clone {remote}"));
        out.raw("<p>When its template has got better, bring that into the clone:</p>");
        state::command(out, "slipway update");
    }
    out.raw("</section>");
    Ok(())
}

/// The one question to whoever launched it, and what they have said.
async fn ask(out: &mut Html, context: &RequestContext, run: &Run) -> portal::Result<()> {
    let (said, may) = portal::runs::feedback::of_run(&context.portal, &context.actor, &run.id).await?;
    if said.is_none() && !may {
        return Ok(());
    }
    out.raw("<section class=\"section launch-feedback\"><div class=\"section-head\"><h2>Did it do what was needed?</h2></div>");
    if let Some(said) = &said {
        out.raw("<p>").raw(if said.worked { "It worked. " } else { "Something was missing. " }).text(&said.comment);
        out.raw(" <span class=\"quiet\">").text(&run.by).raw(", ");
        format::time(out, context.now(), said.given_at);
        out.raw("</span></p>");
    }
    if may {
        let comment = said.as_ref().map(|said| said.comment.as_str()).unwrap_or_default();
        out.raw("<form method=\"post\"").attribute("action", Feedback::PATH).raw("><input type=\"hidden\" name=\"id\"");
        out.attribute("value", &run.id)
            .raw("><div class=\"field\"><label for=\"comment\">What was missing, or good (if you like)");
        out.raw("</label><input class=\"input\" type=\"text\" id=\"comment\" name=\"comment\" maxlength=\"500\"");
        out.raw(" autocomplete=\"off\"").attribute("value", comment).raw("></div><div class=\"button-row\">");
        for (value, label) in [("yes", "It worked"), ("no", "Something was missing")] {
            out.raw("<button class=\"button\" type=\"submit\" name=\"worked\"").attribute("value", value).raw(">");
            out.raw(label).raw("</button>");
        }
        out.raw("</div></form>");
    }
    out.raw("</section>");
    Ok(())
}

/// What the template says to whoever has its project: how to run it, and what comes next.
async fn readme(out: &mut Html, context: &RequestContext, detail: &RunDetail) {
    let Some(project) = &detail.run.project else { return };
    match portal::repositories::readme(&context.portal, &context.actor, project, "").await {
        Ok(Some(file)) => {
            out.raw("<section class=\"section\" aria-label=\"README\">");
            document(out, project, &file);
            out.raw("</section>");
        }
        Ok(None) | Err(portal::Error::NotFound(_)) => {}
        // What was made is there all the same.
        Err(error) => tracing::warn!(%error, project, "a README could not be read"),
    }
}

fn steps(out: &mut Html, steps: &[RunStep]) {
    out.raw("<section class=\"section\"><div class=\"section-head\"><h2>Steps</h2></div><ol class=\"timeline\">");
    for step in steps {
        let (class, word) = match step.state {
            StepState::Pending => ("badge", "to come"),
            StepState::Running => ("badge badge-accent", "running"),
            StepState::Done => ("badge badge-green", "done"),
            StepState::Failed => ("badge badge-red", "failed"),
            StepState::Undone => ("badge", "taken back"),
        };
        out.raw("<li><span class=\"timeline-head\"><strong>").text(&step.name).raw("</strong> <span");
        out.attribute("class", class).raw(">").raw(word).raw("</span>");
        if let (Some(started), Some(ended)) = (step.started_at, step.ended_at) {
            out.raw(" <span class=\"quiet\">").text(&format::duration(ended - started)).raw("</span>");
        }
        if step.attempts > 1 {
            out.raw(" <span class=\"quiet\">attempt ").plain(step.attempts).raw("</span>");
        }
        out.raw("</span><p class=\"quiet\">").text(&step.does);
        if let Some(url) = &step.url {
            out.raw(" ").link(url, "link", url);
        }
        out.raw("</p>");
        if let Some(reason) = &step.reason {
            out.raw("<p>").text(reason).raw("</p>");
        }
        out.raw("</li>");
    }
    out.raw("</ol></section>");
}

/// What was made outside, where that has to be said: something is left, or was taken back.
fn effects(out: &mut Html, detail: &RunDetail) {
    let told = detail.effects.iter().filter(|effect| matches!(effect.state, EffectState::Kept | EffectState::Undone));
    let mut told = told.peekable();
    if told.peek().is_none() {
        return;
    }
    out.raw("<section class=\"section\"><div class=\"section-head\"><h2>What it had made</h2></div><ul class=\"plain-list\">");
    for effect in told {
        out.raw("<li>").text(&effect.target);
        match effect.state {
            EffectState::Kept => out.raw(" <span class=\"badge badge-amber\">is left</span>"),
            _ => out.raw(" <span class=\"badge\">taken back</span>"),
        };
        if let Some(reason) = &effect.reason {
            out.raw("<p class=\"quiet\">").text(reason).raw("</p>");
        }
        if let Some(command) = &effect.command {
            state::command(out, command);
        }
        out.raw("</li>");
    }
    out.raw("</ul></section>");
}

fn lines(out: &mut Html, log: &[LogLine]) {
    if log.is_empty() {
        return;
    }
    out.raw("<section class=\"section\"><div class=\"section-head\"><h2>Log</h2></div>");
    out.raw("<ol class=\"log\" tabindex=\"0\" aria-label=\"Log\">");
    for line in log {
        let class = match line.level {
            Level::Note => "log-note",
            Level::Warning => "log-warning",
            Level::Error => "log-error",
        };
        out.raw("<li").attribute("class", class).raw("><time>").text(&format::clock_time(line.at)).raw("</time><span>");
        out.text(&line.line).raw("</span></li>");
    }
    out.raw("</ol></section>");
}

fn answers(out: &mut Html, detail: &RunDetail) {
    out.raw("<aside class=\"facts-column\" aria-label=\"Answers\"><section><h2>Answers</h2><dl class=\"answers\">");
    for (name, value) in detail.answers.iter().filter(|(name, _)| !name.starts_with('_')) {
        let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        out.raw("<dt>").text(name).raw("</dt><dd>").text(&shown).raw("</dd>");
    }
    out.raw("</dl></section></aside>");
}
