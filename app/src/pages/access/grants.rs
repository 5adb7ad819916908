//! Everything that was ever asked for, narrowed by state, environment, consumer and API, or to what ends soon.

use model::access::{AccessAtom, Standing};
use portal::access::AccessFilter;

use super::{atom_address, badge, flags, sensitivity, ways, word};
use crate::components::{Icon, pager, state};
use crate::html::Html;
use crate::pages::{Answer, Page, Parameters, Place};
use crate::{RequestContext, address, format};

const PER_PAGE: usize = 50;
/// Days within which something ends soon, where that is asked for.
const SOON: u16 = 30;

pub async fn page(context: RequestContext, _: Parameters) -> Answer {
    let (filter, page) = filter(context.query());
    let (atoms, total) = portal::access::list(&context.portal, &context.actor, &filter, page, PER_PAGE).await?;
    let total = usize::try_from(total).unwrap_or(usize::MAX);
    let mut out = Html::new();
    let mut actions = Html::new();
    actions.link("/access/new", "button button-primary", "Ask for access");
    let count = format::count(total, "entry", "entries");
    let about = "One entry: one component, one scope of one API, one environment.";
    state::page_header(&mut out, "Access", Some(&count), about, &actions);
    ways(&mut out, &context, "/access/grants", |_| ()).await?;
    narrow(&mut out, &context, &filter);
    if atoms.is_empty() {
        state::empty(&mut out, "Nothing here", "Nothing of it was ever asked for, or not by what you may see.", None);
    } else {
        table(&mut out, context.now(), &atoms);
        out.raw("<div class=\"pager\"><span>").text(&pager::range(page, PER_PAGE, total)).raw("</span>");
        pager::pager(&mut out, page, PER_PAGE, total, |page| address(&filter, page));
        out.raw("</div>");
    }
    Ok(Page::new("All access", Place::Access, out).below("Access", "/access").following())
}

fn filter(query: &str) -> (AccessFilter, usize) {
    let values = address::first_values(query);
    let value = |key: &str| values.get(key).filter(|value| !value.is_empty()).cloned();
    let filter = AccessFilter {
        consumer: value("consumer").and_then(|name| name.parse().ok()),
        api: value("api").and_then(|name| name.parse().ok()),
        scope: value("scope"),
        environment: value("environment"),
        state: value("state").and_then(|state| Standing::parse(&state)),
        waiting: false,
        ends_within: value("ends").and_then(|days| days.parse().ok()),
        review_due: value("review").is_some(),
        break_glass: value("glass").is_some(),
    };
    (filter, value("page").and_then(|page| page.parse().ok()).unwrap_or(1).max(1))
}

/// The address of a list that is narrowed so.
pub(super) fn address(filter: &AccessFilter, page: usize) -> String {
    let name = |reference: &Option<model::EntityRef>| reference.as_ref().map(ToString::to_string).unwrap_or_default();
    let mut pairs = vec![
        ("consumer", name(&filter.consumer)),
        ("api", name(&filter.api)),
        ("scope", filter.scope.clone().unwrap_or_default()),
        ("environment", filter.environment.clone().unwrap_or_default()),
        ("state", filter.state.map(|state| state.as_str().to_owned()).unwrap_or_default()),
        ("ends", filter.ends_within.map(|days| days.to_string()).unwrap_or_default()),
        ("review", if filter.review_due { "due".to_owned() } else { String::new() }),
        ("glass", if filter.break_glass { "broken".to_owned() } else { String::new() }),
        ("page", if page > 1 { page.to_string() } else { String::new() }),
    ];
    pairs.retain(|(_, value)| !value.is_empty());
    address::of_pairs("/access/grants", pairs.iter())
}

fn narrow(out: &mut Html, context: &RequestContext, filter: &AccessFilter) {
    out.raw("<form method=\"get\" action=\"/access/grants\" class=\"access-filter\">");
    let name = |reference: &Option<model::EntityRef>| reference.as_ref().map(ToString::to_string).unwrap_or_default();
    for (key, label, value) in [("consumer", "Component", name(&filter.consumer)), ("api", "API", name(&filter.api))] {
        out.raw("<div class=\"field\"><label")
            .attribute("for", key)
            .raw(">")
            .raw(label)
            .raw("</label><input class=\"input\" ");
        out.raw("type=\"text\" autocomplete=\"off\"")
            .attribute("id", key)
            .attribute("name", key)
            .attribute("value", &value);
        out.raw("></div>");
    }
    out.raw("<div class=\"field\"><label for=\"environment\">Environment</label><select class=\"select\" id=\"environment\" ");
    out.raw("name=\"environment\"><option value=\"\">all</option>");
    for environment in &context.portal.settings().access.environments {
        out.raw("<option").attribute("value", environment);
        out.raw(if filter.environment.as_ref() == Some(environment) { " selected>" } else { ">" })
            .text(environment)
            .raw("</option>");
    }
    out.raw("</select></div><div class=\"field\"><label for=\"state\">State</label><select class=\"select\" id=\"state\" name=\"state\">");
    out.raw("<option value=\"\">all</option>");
    for state in Standing::ALL {
        out.raw("<option").attribute("value", state.as_str());
        out.raw(if filter.state == Some(state) { " selected>" } else { ">" }).raw(word(state)).raw("</option>");
    }
    out.raw("</select></div><button type=\"submit\" class=\"button\">Narrow</button>");
    if filter.ends_within.is_some() || filter.review_due || filter.break_glass {
        out.link("/access/grants", "button button-plain", "Show all");
    } else {
        let soon = AccessFilter { ends_within: Some(SOON), ..AccessFilter::default() };
        out.link(&address(&soon, 1), "button button-plain", "What ends within 30 days");
        let due = AccessFilter { review_due: true, ..AccessFilter::default() };
        out.link(&address(&due, 1), "button button-plain", "What is to be reviewed");
        let taken = AccessFilter { break_glass: true, ..AccessFilter::default() };
        out.link(&address(&taken, 1), "button button-plain", "What was taken without asking");
    }
    out.raw("</form>");
}

/// A table of atoms.
pub(super) fn table(out: &mut Html, now: i64, atoms: &[AccessAtom]) {
    out.raw("<table class=\"table table-list\"><caption class=\"visually-hidden\">Access</caption><thead><tr>");
    out.raw("<th scope=\"col\">Scope</th><th scope=\"col\">State</th><th scope=\"col\">Environment</th>");
    out.raw("<th scope=\"col\" class=\"number\">How long</th></tr></thead><tbody>");
    for atom in atoms {
        out.raw("<tr><td><div class=\"row-name\"><span class=\"glyph hue-neutral\">");
        Icon::Key.write(out);
        out.raw("</span><div class=\"row-text\"><div class=\"row-title\">");
        out.link(&atom_address(&atom.id), "row-link", &atom.scope);
        out.raw("<span class=\"row-type\">");
        sensitivity(out, &atom.sensitivity);
        out.raw("</span></div><div class=\"row-about\">").text(&atom.consumer.name).raw(" → ").text(&atom.api.name);
        out.raw("</div><div class=\"row-more\"><span>").text(&atom.environment).raw("</span>");
        standing(out, atom);
        out.raw("</div></div></div></td><td>");
        standing(out, atom);
        out.raw("</td><td>").text(&atom.environment).raw("</td><td class=\"number quiet\">");
        if let Some(ends) = atom.expires {
            out.raw(if ends > now { "until " } else { "ended " });
            format::time_with(out, ends, &format::day(ends));
        }
        out.raw("</td></tr>");
    }
    out.raw("</tbody></table>");
}

fn standing(out: &mut Html, atom: &AccessAtom) {
    out.raw("<span>");
    badge(out, atom.state);
    if atom.waiting.is_some() && atom.state != Standing::Pending {
        out.raw(" <span class=\"badge badge-amber\">more is asked for</span>");
    }
    flags(out, atom);
    out.raw("</span>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_keeps_its_state_in_its_address() {
        for (asked, kept) in [
            ("", "/access/grants"),
            ("state=active&environment=staging&page=2", "/access/grants?environment=staging&state=active&page=2"),
            ("state=x&page=0&ends=30", "/access/grants?ends=30"),
            ("review=due", "/access/grants?review=due"),
        ] {
            let (filter, page) = filter(asked);
            assert_eq!(address(&filter, page), kept, "{asked}");
        }
    }
}
