//! The tab of a component or an API: what it may use, on what terms it is offered, and who may use it.

use model::access::{AccessAtom, AccessManifestView, AccessOffer, Standing};
use model::{EntityRef, Kind};
use portal::access::AccessFilter;
use portal::identity::{Action, Resource, can};

use super::ask::approvals;
use super::{ask_address, filter, grants, sensitivity};
use crate::components::state::{self, Tone, notice};
use crate::components::{Icon, findings};
use crate::html::Html;
use crate::{RequestContext, address, format};

/// Entries that are shown here; the list has all.
const SHOWN: usize = 50;

/// What the tab shows.
pub async fn section(out: &mut Html, context: &RequestContext, reference: &EntityRef) -> portal::Result<()> {
    let (portal, actor) = (&context.portal, &context.actor);
    if reference.kind == Kind::Api.lower() {
        let offer = portal::access::offer(portal, actor, reference).await?;
        of_api(out, offer.as_ref());
        return holders(out, context, reference).await;
    }
    let manifest = portal::access::manifest(portal, actor, reference).await?;
    let filter = AccessFilter { consumer: Some(reference.clone()), ..AccessFilter::default() };
    let (atoms, total) = portal::access::list(portal, actor, &filter, 1, SHOWN).await?;
    head(out, "What it may use", |out| {
        if can(actor, Action::AskAccess, Resource::Anything).is_ok() {
            out.link(&ask_address(Some(reference), None), "button", "Ask for access");
        }
    });
    said(out, manifest.as_ref());
    match atoms.as_slice() {
        [] => state::empty(
            out,
            "It has asked for nothing",
            "What it needs stands in access.yaml at the root of its repository, or is asked for here.",
            Some("slipway access init"),
        ),
        atoms => list(out, context, atoms, total, &filter),
    }
    out.raw("</section>");
    let apis = portal::access::offered_by(portal, actor, reference).await?;
    if apis.is_empty() {
        return Ok(());
    }
    head(out, "Who may use its APIs", |out| {
        for api in &apis {
            out.link(&format!("{}/access", address::entity(api)), "button", &api.name).raw(" ");
        }
    });
    for api in &apis {
        let filter = AccessFilter { api: Some(api.clone()), state: Some(Standing::Active), ..AccessFilter::default() };
        let (atoms, total) = portal::access::list(portal, actor, &filter, 1, SHOWN).await?;
        match atoms.as_slice() {
            [] => {
                out.raw("<p class=\"quiet\">").text(&api.name).raw(": nobody yet.</p>");
            }
            atoms => list(out, context, atoms, total, &filter),
        }
    }
    out.raw("</section>");
    Ok(())
}

fn head(out: &mut Html, title: &'static str, actions: impl FnOnce(&mut Html)) {
    out.raw("<section class=\"section\"><div class=\"section-head\"><h2>")
        .raw(title)
        .raw("</h2>")
        .with(actions)
        .raw("</div>");
}

fn said(out: &mut Html, manifest: Option<&AccessManifestView>) {
    let Some(manifest) = manifest else { return };
    out.raw("<p class=\"document-head\">");
    Icon::FileText.write(out);
    out.link(&address::file(&manifest.repository, &manifest.path, None), "", &manifest.path);
    if manifest.report_only {
        out.raw(" <span class=\"badge\">checks only report</span>");
    }
    out.raw("</p>");
    if let Some(waits) = &manifest.waits {
        notice(out, Tone::Plain, |out| {
            out.text(waits);
        });
    }
    if !manifest.findings.is_empty() {
        findings::list(out, &manifest.findings, Some(&manifest.repository));
    }
}

fn list(out: &mut Html, context: &RequestContext, atoms: &[AccessAtom], total: u64, filter: &AccessFilter) {
    grants::table(out, context.now(), atoms);
    if total > atoms.len() as u64 {
        let all = format!("All {}", format::number(usize::try_from(total).unwrap_or(usize::MAX)));
        out.raw("<div class=\"pager\">").link(&list_address(filter), "button", &all).raw("</div>");
    }
}

fn list_address(narrowed: &AccessFilter) -> String {
    filter::address("/access/grants", narrowed, 1)
}

fn of_api(out: &mut Html, offer: Option<&AccessOffer>) {
    head(out, "On what terms it is offered", |_| ());
    let Some(offer) = offer else {
        let text = "Its owners say in access.yaml which scopes it has, what each opens, and who approves whom.";
        state::empty(out, "It offers no scopes", text, Some("slipway access init"));
        out.raw("</section>");
        return;
    };
    if let Some(since) = offer.gone_at {
        notice(out, Tone::Amber, |out| {
            out.raw("No manifest offers it any more since ");
            format::time_with(out, since, &format::exact(since));
            out.raw(": what is granted ends a day later, unless another one does.");
        });
    }
    out.raw("<ul class=\"asked\">");
    for scope in &offer.scopes {
        out.raw("<li><div class=\"asked-head\"><h3><code>").text(&scope.name).raw("</code></h3>");
        sensitivity(out, &scope.sensitivity);
        if scope.deprecated.is_some() {
            out.raw(" <span class=\"badge\">deprecated</span>");
        }
        out.raw("</div>");
        if !scope.description.is_empty() {
            out.raw("<p>").text(&scope.description).raw("</p>");
        }
        out.raw("<p class=\"quiet\">");
        for operation in &scope.operations {
            out.raw("<code>").text(operation).raw("</code> ");
        }
        if !scope.operations.is_empty() {
            out.raw("· ");
        }
        approvals(out, scope, offer.owner.as_ref());
        out.raw("</p></li>");
    }
    out.raw("</ul></section>");
}

async fn holders(out: &mut Html, context: &RequestContext, api: &EntityRef) -> portal::Result<()> {
    let filter = AccessFilter { api: Some(api.clone()), state: Some(Standing::Active), ..AccessFilter::default() };
    let (atoms, total) = portal::access::list(&context.portal, &context.actor, &filter, 1, SHOWN).await?;
    head(out, "Who may use it", |out| {
        let all = AccessFilter { api: Some(api.clone()), ..AccessFilter::default() };
        out.link(&list_address(&all), "button", "All that was asked for");
    });
    match atoms.as_slice() {
        [] => {
            out.raw("<p class=\"quiet\">Nobody yet.</p>");
        }
        atoms => list(out, context, atoms, total, &filter),
    }
    out.raw("</section>");
    Ok(())
}
