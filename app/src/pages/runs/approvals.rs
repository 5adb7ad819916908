//! What others have to approve before a launch begins, and the form with which they do.

use leptos::server_fn::ServerFn;
use model::EntityRef;
use model::run::{ApprovalState, RunApproval, RunDetail};

use super::actions::Review;
use crate::components::form::text_area;
use crate::components::state::{Tone, notice};
use crate::html::Html;
use crate::{RequestContext, address, format};

/// Characters of what a reviewer says.
const LONGEST_REASON: u64 = 1_000;

pub fn section(out: &mut Html, context: &RequestContext, detail: &RunDetail) {
    if detail.approvals.is_empty() {
        return;
    }
    out.raw("<section class=\"section\" id=\"approvals\"><div class=\"section-head\"><h2>Approval</h2></div>");
    out.raw("<ol class=\"timeline\">");
    for one in &detail.approvals {
        approval(out, context, one);
    }
    out.raw("</ol>");
    if detail.may_review {
        out.raw("<form method=\"post\"").attribute("action", Review::PATH).raw("><input type=\"hidden\" name=\"id\"");
        out.attribute("value", &detail.run.id)
            .raw("><div class=\"field\"><label for=\"reason\">Reason (to deny it, needed)</label>");
        text_area(out, "reason", 3, LONGEST_REASON, "");
        out.raw("</div><div class=\"launch-buttons\">");
        out.raw("<button type=\"submit\" class=\"button button-primary\" name=\"decision\" value=\"approve\">Approve</button> ");
        out.raw("<button type=\"submit\" class=\"button\" name=\"decision\" value=\"deny\">Deny</button></div></form>");
    }
    out.raw("</section>");
}

fn approval(out: &mut Html, context: &RequestContext, one: &RunApproval) {
    let (class, word) = match one.state {
        ApprovalState::Asked => ("badge badge-amber", "asked for"),
        ApprovalState::Granted => ("badge badge-green", "given"),
        ApprovalState::Denied => ("badge badge-red", "denied"),
        ApprovalState::Expired => ("badge badge-red", "too late"),
    };
    out.raw("<li><span class=\"timeline-head\"><strong>").text(about(one)).raw("</strong> <span");
    out.attribute("class", class).raw(">").raw(word).raw("</span></span><p class=\"quiet\">");
    who(out, one);
    if one.state == ApprovalState::Asked {
        out.raw(", until ");
        format::time_with(out, one.expires_at, &format::exact(one.expires_at));
    }
    out.raw("</p>");
    if !one.without_account.is_empty() {
        let names: Vec<String> = one.without_account.iter().map(EntityRef::short).collect();
        out.raw("<p>Without an account here, and so not told: ").text(&names.join(", "));
        out.raw(". They can approve it once they have signed in; tell them.</p>");
    }
    for review in &one.reviews {
        out.raw("<p>").text(&review.by).raw(if review.approves { " approves" } else { " denies" });
        out.raw(" <span class=\"quiet\">");
        format::time(out, context.now(), review.at);
        out.raw("</span>");
        if !review.reason.is_empty() {
            out.raw("<br>").text(&review.reason);
        }
        out.raw("</p>");
    }
    out.raw("</li>");
}

fn about(one: &RunApproval) -> &str {
    if one.about.is_empty() { "every launch" } else { &one.about }
}

fn who(out: &mut Html, one: &RunApproval) {
    out.plain(one.needed).raw(" of ");
    for (at, reviewer) in one.reviewers.iter().enumerate() {
        out.raw(if at == 0 { "" } else { ", " }).link(&address::entity(reviewer), "link", &reviewer.short());
    }
}

/// What a launch that is looked at would have to have approved.
pub fn asked(out: &mut Html, approvals: &[RunApproval]) {
    for one in approvals {
        notice(out, Tone::Amber, |out| {
            out.raw("It begins once it is approved (").text(about(one)).raw("): by ");
            who(out, one);
            out.raw(", who are told when you launch it.");
        });
    }
}
