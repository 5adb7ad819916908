//! The page of one entity: its header and tabs.

use leptos_axum::redirect;
use model::catalog::EntityDetail;
use model::{EntityRef, Kind, Level};
use portal::identity::{Action, Resource, can};

use super::super::repositories::out_of_sight_notice;
use super::super::{Answer, Page, Parameters, Place, access, changes};
use super::tabs;
use crate::RequestContext;
use crate::address;
use crate::components::{Icon, marks, own, rows};
use crate::format;
use crate::html::Html;

/// What a tab shows. The first is the page itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tab {
    Overview,
    Dependencies,
    Access,
    Activity,
    Findings,
    Evidence,
}

impl Tab {
    const ALL: [Self; 6] =
        [Self::Overview, Self::Dependencies, Self::Access, Self::Activity, Self::Findings, Self::Evidence];

    fn label(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Dependencies => "Dependencies",
            Self::Access => "Access",
            Self::Activity => "Activity",
            Self::Findings => "Findings",
            Self::Evidence => "Evidence",
        }
    }

    /// Below the page's address; empty for the first.
    fn segment(self) -> &'static str {
        match self {
            Self::Overview => "",
            Self::Dependencies => "dependencies",
            Self::Access => "access",
            Self::Activity => "activity",
            Self::Findings => "findings",
            Self::Evidence => "evidence",
        }
    }
}

pub async fn page(context: RequestContext, parameters: Parameters) -> Answer {
    let asked = EntityRef::new(parameters.get("kind"), parameters.get("namespace"), parameters.get("name"));
    let segment = parameters.get("tab");
    let tab = Tab::ALL.into_iter().find(|tab| tab.segment() == segment);
    let tab = tab.ok_or_else(|| portal::Error::not_found(format!("A page “{segment}” of {}", asked.short())))?;
    let detail = portal::catalog::entity(&context.portal, &context.actor, &asked).await?;
    let reference = detail.row.reference.clone();
    if reference != asked {
        // It was called so before: addresses that were shared stay true.
        redirect(&tab_address(&reference, tab));
    }
    let docs = portal::docs::of_entity(&context.portal, &context.actor, &detail).await?;
    let mut out = Html::new();
    let mut star = Html::new();
    own::star_button(&mut star, &context, &reference).await?;
    let can_ask = reference.kind == Kind::Api.lower() && may(&context, Action::AskAccess);
    header(&mut out, &detail, can_ask, may(&context, Action::Propose), &star);
    if let Some(repository) = &detail.repository {
        out_of_sight_notice(&mut out, context.now(), &repository.row);
    }
    tab_links(&mut out, &detail, tab, docs.as_ref());
    match tab {
        Tab::Overview => tabs::overview(&mut out, &context, &detail).await?,
        Tab::Dependencies => tabs::dependencies(&mut out, &detail),
        Tab::Access => access::of_entity(&mut out, &context, &reference).await?,
        Tab::Activity => tabs::activity(&mut out, &detail),
        Tab::Findings => tabs::findings(&mut out, &detail),
        Tab::Evidence => {
            let yaml = portal::catalog::descriptor_yaml(&context.portal, &context.actor, &reference).await?;
            tabs::evidence(&mut out, &detail, &yaml);
        }
    }
    let label = label(&detail).to_owned();
    let page = Page::new(label.clone(), Place::Catalog, out).below("Catalog", "/catalog").following();
    Ok(if tab == Tab::Overview {
        page
    } else {
        Page { title: tab.label().to_owned(), ..page }.below(label, address::entity(&reference))
    })
}

fn label(detail: &EntityDetail) -> &str {
    detail.row.title.as_deref().unwrap_or(&detail.row.reference.name)
}

fn tab_address(reference: &EntityRef, tab: Tab) -> String {
    match tab.segment() {
        "" => address::entity(reference),
        segment => format!("{}/{segment}", address::entity(reference)),
    }
}

fn may(context: &RequestContext, action: Action) -> bool {
    can(&context.actor, action, Resource::Anything).is_ok()
}

fn header(out: &mut Html, detail: &EntityDetail, can_ask: bool, can_propose: bool, star: &Html) {
    let row = &detail.row;
    out.raw("<div class=\"thing-header\">");
    marks::glyph(out, &row.kind, row.spec_type.as_deref(), marks::Size::Page);
    out.raw("<h1>").text(label(detail));
    if row.archived {
        out.raw(" <span class=\"badge\">archived</span>");
    }
    out.raw("</h1><div class=\"thing-actions\">").add(star);
    if can_ask {
        out.raw("<a class=\"button\"").attribute("href", &access::ask_address(None, Some(&row.reference))).raw(">");
        Icon::Key.write(out);
        out.raw("Request access</a>");
    }
    if can_propose && row.repository.is_some() && marks::has_owner(&row.kind) {
        out.raw("<details class=\"menu\"><summary class=\"button\">");
        Icon::Pull.write(out);
        out.raw("Change</summary><div class=\"menu-list\">");
        out.link(&changes::address_for_owner(&row.reference), "", "Correct the owner…");
        out.link(&changes::address_for_entity(&row.reference), "", "Write catalog-info.yaml…");
        out.raw("</div></details>");
    }
    if let Some(slug) = &row.repository {
        out.raw("<a class=\"button\"").attribute("href", &address::repository(slug)).raw(">");
        Icon::Repository.write(out);
        out.raw("Source</a>");
    }
    out.raw("</div>");
    if let Some(description) = detail.entity.entity.metadata.description.as_deref().or(row.description.as_deref()) {
        out.raw("<p class=\"lede\">").text(description).raw("</p>");
    }
    meta_line(out, detail);
    out.raw("</div>");
}

fn meta_line(out: &mut Html, detail: &EntityDetail) {
    let row = &detail.row;
    out.raw("<ul class=\"thing-meta\"><li>").text(&marks::kind_label(&row.kind, row.spec_type.as_deref())).raw("</li>");
    if !marks::is_owner(&row.kind) {
        out.raw("<li>");
        marks::owner(out, row);
        out.raw("</li>");
    }
    if row.lifecycle.is_some() {
        out.raw("<li>");
        rows::lifecycle(out, row.lifecycle.as_deref());
        out.raw("</li>");
    }
    if let Some(system) = &row.system {
        out.raw("<li>part of ").link(&address::entity(system), "", &system.short()).raw("</li>");
    }
    for link in detail.entity.entity.metadata.links.iter().filter(|link| is_web(&link.url)).take(6) {
        out.raw("<li>");
        Icon::Link.write(out);
        out.raw("<a rel=\"noopener nofollow\"").attribute("href", &link.url).raw(">");
        out.text(link.title.as_deref().unwrap_or(&link.url)).raw("</a></li>");
    }
    out.raw("</ul>");
}

/// Only such addresses become links: what stands in a descriptor may be `javascript:`.
fn is_web(url: &str) -> bool {
    ["https://", "http://", "mailto:"]
        .iter()
        .any(|scheme| url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
}

/// `docs` is the entity whose documentation is shown for this one.
fn tab_links(out: &mut Html, detail: &EntityDetail, current: Tab, docs: Option<&EntityRef>) {
    let reference = &detail.row.reference;
    out.raw("<nav class=\"tabs\"").attribute("aria-label", label(detail)).raw(">");
    for tab in Tab::ALL {
        // What a team owns and who is in it is its overview; and only code has commits.
        let empty = match tab {
            Tab::Activity => !marks::has_code(&detail.row.kind),
            Tab::Dependencies => marks::is_owner(&detail.row.kind),
            Tab::Access => !matches!(detail.row.kind.parse(), Ok(Kind::Component | Kind::Api)),
            Tab::Overview | Tab::Findings | Tab::Evidence => false,
        };
        if empty {
            continue;
        }
        out.raw("<a").attribute("href", &tab_address(reference, tab));
        if tab == current {
            out.raw(" aria-current=\"page\"");
        }
        out.raw(">").raw(tab.label());
        match tab {
            Tab::Dependencies => tab_count(out, tabs::dependency_count(detail), "tab-count"),
            Tab::Findings => {
                let worst = detail.entity.findings.iter().map(|finding| finding.level).max();
                let class = match worst {
                    Some(Level::Error) => "tab-count tab-count-error",
                    Some(Level::Warning) => "tab-count tab-count-warning",
                    _ => "tab-count",
                };
                tab_count(out, detail.entity.findings.len(), class);
            }
            _ => {}
        }
        out.raw("</a>");
        if let (Tab::Overview, Some(docs)) = (tab, docs) {
            out.link(&address::docs(docs), "", "Docs");
        }
    }
    out.raw("</nav>");
}

fn tab_count(out: &mut Html, count: usize, class: &'static str) {
    if count > 0 {
        out.raw(" <span").attribute("class", class).raw(">").text(&format::number(count)).raw("</span>");
    }
}

#[cfg(test)]
mod tests {
    use super::is_web;

    #[test]
    fn scripts_never_become_links() {
        for good in ["https://example.org", "HTTP://example.org", "mailto:a@b"] {
            assert!(is_web(good), "{good}");
        }
        for bad in ["javascript:alert(1)", " https://x", "data:text/html,x", "", "ht"] {
            assert!(!is_web(bad), "{bad}");
        }
    }
}
