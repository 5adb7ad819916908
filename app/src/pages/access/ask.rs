//! The form that asks for access. What was filled in stands in the address, so that nothing is lost when it cannot be taken.

use leptos::server_fn::ServerFn;
use model::access::AccessOffer;
use model::catalog::{CatalogFilter, CatalogRow, Field};
use model::{EntityRef, Kind};
use portal::access::Ask as Wish;
use portal::identity::{Action, Resource, can};

use super::actions::Ask;
use super::{needs, sensitivity};
use crate::components::form::text_area;
use crate::components::marks;
use crate::components::state::{self, Tone, notice};
use crate::html::Html;
use crate::pages::{Answer, Page, Parameters, Place};
use crate::{RequestContext, address};

const LONGEST: u64 = 2_000;
/// Components and APIs that are proposed; others can be typed.
const MOST_PROPOSED: usize = 300;

/// What was filled in so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Asked {
    consumer: String,
    api: String,
    scopes: Vec<String>,
    environments: Vec<String>,
    justification: String,
    ticket: String,
    expires: String,
    incident: String,
}

impl Asked {
    fn of(query: &str) -> Self {
        let mut asked = Self::default();
        for (key, value) in address::pairs(query) {
            match key.as_str() {
                "consumer" => asked.consumer = value,
                "api" => asked.api = value,
                "scope" => asked.scopes.push(value),
                "environment" => asked.environments.push(value),
                "justification" => asked.justification = value,
                "ticket" => asked.ticket = value,
                "expires" => asked.expires = value,
                "incident" => asked.incident = value,
                _ => {}
            }
        }
        asked
    }

    pub(super) fn from(wish: Wish, incident: String) -> Self {
        let name = |reference: Option<EntityRef>| reference.map(|one| one.to_string()).unwrap_or_default();
        Self {
            consumer: name(wish.consumer),
            api: name(wish.api),
            scopes: wish.scopes,
            environments: wish.environments,
            justification: wish.justification,
            ticket: wish.ticket,
            expires: wish.expires,
            incident,
        }
    }

    pub(super) fn address(&self) -> String {
        let mut pairs = vec![("consumer", self.consumer.clone()), ("api", self.api.clone())];
        pairs.extend(self.scopes.iter().map(|scope| ("scope", scope.clone())));
        pairs.extend(self.environments.iter().map(|environment| ("environment", environment.clone())));
        pairs.push(("justification", self.justification.clone()));
        pairs.push(("ticket", self.ticket.clone()));
        pairs.push(("expires", self.expires.clone()));
        pairs.push(("incident", self.incident.clone()));
        pairs.retain(|(_, value)| !value.is_empty());
        address::of_pairs("/access/new", pairs.iter())
    }
}

pub async fn page(context: RequestContext, _: Parameters) -> Answer {
    can(&context.actor, Action::AskAccess, Resource::Anything)?;
    let asked = Asked::of(context.query());
    let (portal, actor) = (&context.portal, &context.actor);
    let of_kind = |kind: Kind| {
        let mut filter = CatalogFilter::default();
        filter.fields.insert(Field::Kind, vec![kind.lower().to_owned()]);
        filter
    };
    let components = portal::catalog::export(portal, actor, &of_kind(Kind::Component)).await?;
    let own: Vec<&CatalogRow> = components
        .iter()
        .filter(|row| can(actor, Action::AskAccess, Resource::Entity(row)).is_ok())
        .take(MOST_PROPOSED)
        .collect();
    let apis = portal::catalog::export(portal, actor, &of_kind(Kind::Api)).await?;
    let mut out = Html::new();
    let about = "A component asks an API for scopes, in environments. Its owners decide, on the terms that they have written down.";
    state::page_header(&mut out, "Ask for access", None, about, &Html::default());
    choose(&mut out, &asked, &own, &apis);
    if asked.api.is_empty() {
        offering(&mut out, &context, &asked).await?;
    }
    let api = asked.api.parse::<EntityRef>().ok();
    let offer = match &api {
        Some(api) => portal::access::offer(portal, actor, api).await?,
        None => None,
    };
    match (&offer, &api) {
        (Some(offer), _) if !asked.consumer.is_empty() => form(&mut out, &context, &asked, offer),
        (None, Some(api)) => notice(&mut out, Tone::Amber, |out| {
            out.text(&api.name).raw(
                " offers no scopes yet: its owners write them into their access.yaml, under <code>exposes</code>.",
            );
        }),
        _ => {}
    }
    Ok(Page::new("Ask for access", Place::Access, out).below("Access", "/access"))
}

/// The APIs that can be asked, for whoever does not know yet which.
async fn offering(out: &mut Html, context: &RequestContext, asked: &Asked) -> portal::Result<()> {
    let apis = portal::access::offering(&context.portal, &context.actor).await?;
    out.raw("<section class=\"section\"><div class=\"section-head\"><h2>APIs that offer scopes</h2></div>");
    if apis.is_empty() {
        let text = "Owners of an API say in access.yaml which scopes it has, what each opens, and who approves whom.";
        state::empty(out, "None does yet", text, Some("slipway access init"));
    } else {
        out.raw("<table class=\"table table-plain\"><thead><tr><th scope=\"col\">API</th><th scope=\"col\">Owner</th>");
        out.raw("<th scope=\"col\" class=\"number\">Scopes</th></tr></thead><tbody>");
        for (row, scopes) in &apis {
            let to = Asked { api: row.reference.to_string(), ..asked.clone() }.address();
            out.raw("<tr><td>").link(&to, "", row.title.as_deref().unwrap_or(&row.reference.name)).raw("</td><td>");
            marks::owner(out, row);
            out.raw("</td><td class=\"number\">").plain(*scopes).raw("</td></tr>");
        }
        out.raw("</tbody></table>");
    }
    out.raw("</section>");
    Ok(())
}

/// First, who asks whom.
fn choose(out: &mut Html, asked: &Asked, own: &[&CatalogRow], apis: &[CatalogRow]) {
    out.raw("<form method=\"get\" class=\"access-choose\" action=\"/access/new\">");
    let mut field = |name: &'static str, label: &'static str, value: &str, all: Vec<&CatalogRow>| {
        out.raw("<div class=\"field\"><label")
            .attribute("for", name)
            .raw(">")
            .raw(label)
            .raw("</label><input class=\"input\" type=\"text\" ");
        out.raw("required autocomplete=\"off\"").attribute("id", name).attribute("name", name);
        out.attribute("list", &format!("{name}-list")).attribute("value", value).raw("><datalist");
        out.attribute("id", &format!("{name}-list")).raw(">");
        for row in all {
            out.raw("<option").attribute("value", &row.reference.to_string()).raw("></option>");
        }
        out.raw("</datalist></div>");
    };
    field("consumer", "Component that asks (one of yours)", &asked.consumer, own.to_vec());
    field("api", "API that it wants to use", &asked.api, apis.iter().take(MOST_PROPOSED).collect());
    out.raw("<button type=\"submit\" class=\"button\">Show its scopes</button></form>");
}

fn form(out: &mut Html, context: &RequestContext, asked: &Asked, offer: &AccessOffer) {
    let settings = &context.portal.settings().access;
    out.raw("<form method=\"post\" class=\"access-form\"").attribute("action", Ask::PATH).raw(">");
    for (name, value) in [("consumer", &asked.consumer), ("api", &asked.api)] {
        out.raw("<input type=\"hidden\"").attribute("name", name).attribute("value", value).raw(">");
    }
    out.raw("<fieldset><legend>Scopes</legend>");
    for (number, scope) in offer.scopes.iter().enumerate() {
        out.raw("<label class=\"tick\"><input class=\"checkbox\" type=\"checkbox\"");
        out.attribute("name", &format!("scopes[{number}]")).attribute("value", &scope.name);
        out.raw(if asked.scopes.contains(&scope.name) { " checked>" } else { ">" });
        out.raw(" <span><code>").text(&scope.name).raw("</code> ");
        sensitivity(out, &scope.sensitivity);
        if !scope.description.is_empty() {
            out.raw("<br>").text(&scope.description);
        }
        out.raw("<br><span class=\"quiet\">");
        if !scope.operations.is_empty() {
            out.text(&scope.operations.join(", ")).raw(" · ");
        }
        approvals(out, scope, offer.owner.as_ref());
        out.raw("</span></span></label>");
    }
    out.raw("</fieldset><fieldset><legend>Environments</legend>");
    for (number, environment) in settings.environments.iter().enumerate() {
        out.raw("<label class=\"tick\"><input class=\"checkbox\" type=\"checkbox\"");
        out.attribute("name", &format!("environments[{number}]")).attribute("value", environment);
        out.raw(if asked.environments.contains(environment) { " checked> " } else { "> " })
            .text(environment)
            .raw("</label>");
    }
    out.raw("</fieldset><div class=\"field\"><label for=\"justification\">Why it is needed: those who decide read this</label>");
    text_area(out, "justification", 3, LONGEST, &asked.justification);
    out.raw("</div><div class=\"access-pair\">");
    for (name, label, value) in [
        ("ticket", "Ticket (where the policy asks for one)", &asked.ticket),
        ("expires", "Until (2027-06-30, or 180d; empty as long as allowed)", &asked.expires),
    ] {
        out.raw("<div class=\"field\"><label")
            .attribute("for", name)
            .raw(">")
            .raw(label)
            .raw("</label><input class=\"input\" ");
        out.raw("type=\"text\" maxlength=\"100\" autocomplete=\"off\"").attribute("id", name).attribute("name", name);
        out.attribute("value", value).raw("></div>");
    }
    out.raw("</div><div class=\"launch-buttons\">");
    if settings.from_portal {
        out.raw(
            "<button type=\"submit\" class=\"button button-primary\" name=\"way\" value=\"portal\">Ask now</button> ",
        );
    }
    out.raw("<button type=\"submit\" class=\"button\" name=\"way\" value=\"manifest\">Propose it in access.yaml</button></div>");
    out.raw("<details class=\"access-glass\"><summary>It is on fire: take access now</summary><p>You have it at once, for at most ");
    out.raw("72 hours. The owners of the API are told, and have to ratify it within two days; otherwise it ends. It stays on record.</p>");
    out.raw("<div class=\"field\"><label for=\"incident\">Incident</label><input class=\"input\" type=\"text\" id=\"incident\" ");
    out.raw("name=\"incident\" maxlength=\"300\" autocomplete=\"off\"")
        .attribute("value", &asked.incident)
        .raw("></div>");
    out.raw("<button type=\"submit\" class=\"button\" name=\"way\" value=\"glass\">Take access without asking</button></details></form>");
}

/// Who has to approve a scope, by environment; once where it is the same everywhere.
pub(super) fn approvals(out: &mut Html, scope: &model::access::AccessScope, owner: Option<&EntityRef>) {
    let mut groups: Vec<(Vec<&str>, &Vec<model::access::AccessNeed>)> = Vec::new();
    for (environment, asked) in &scope.approvals {
        match groups.iter_mut().find(|(_, known)| *known == asked) {
            Some((environments, _)) => environments.push(environment),
            None => groups.push((vec![environment], asked)),
        }
    }
    let everywhere = groups.len() == 1;
    for (at, (environments, asked)) in groups.into_iter().enumerate() {
        out.raw(if at == 0 { "" } else { "; " });
        if !everywhere {
            out.text(&environments.join(", ")).raw(": ");
        }
        match asked.as_slice() {
            [] => out.raw("approved by itself"),
            asked => out.raw("approved by ").with(|out| needs(out, asked, owner)),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_filled_in_stands_in_the_address() {
        let query = "consumer=component:default/a&api=api:default/b&scope=x&scope=y&environment=staging&justification=a%20%26%20b&incident=INC-1";
        let asked = Asked::of(query);
        assert_eq!((asked.scopes.len(), asked.justification.as_str()), (2, "a & b"));
        assert_eq!(Asked::of(asked.address().split_once('?').map_or("", |(_, query)| query)), asked);
        assert_eq!(Asked::default().address(), "/access/new");
    }
}
