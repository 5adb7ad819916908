//! What lists and matrix are narrowed by: it stands in their address, and in one form.

use model::access::Standing;
use model::catalog::{CatalogFilter, Field};
use model::{EntityRef, Kind};
use portal::access::AccessFilter;

use super::word;
use crate::components::form::{proposing, select};
use crate::html::Html;
use crate::{RequestContext, address};

/// Days within which something ends soon, where that is asked for.
const SOON: u16 = 30;
/// Components, APIs and owners that are proposed; others can be typed.
const MOST_PROPOSED: usize = 100;

/// The filter of an address, and the page.
///
/// # Errors
/// [`portal::Error::NotFound`] for names and words that there cannot be.
pub fn read(query: &str) -> portal::Result<(AccessFilter, usize)> {
    let values = address::first_values(query);
    let value = |key: &str| values.get(key).map(|value| value.trim()).filter(|value| !value.is_empty());
    let reference = |key: &str, kind: Kind| {
        let parse = |text: &str| EntityRef::parse(text, Some(kind.lower()), model::reference::DEFAULT_NAMESPACE);
        let of = |text: &str| parse(text).map_err(|_| portal::Error::not_found(format!("Access of “{text}”")));
        value(key).map(of).transpose()
    };
    let state =
        |text: &str| Standing::parse(text).ok_or_else(|| portal::Error::not_found(format!("Access that is “{text}”")));
    let filter = AccessFilter {
        consumer: reference("consumer", Kind::Component)?,
        api: reference("api", Kind::Api)?,
        scope: value("scope").map(str::to_owned),
        environment: value("environment").map(str::to_owned),
        owner: reference("owner", Kind::Group)?,
        state: value("state").map(state).transpose()?,
        waiting: false,
        ends_within: value("ends").and_then(|days| days.parse().ok()),
        review_due: value("review").is_some(),
        break_glass: value("glass").is_some(),
    };
    Ok((filter, value("page").and_then(|page| page.parse().ok()).unwrap_or(1).max(1)))
}

/// The address of a page that is narrowed so.
pub fn address(page_address: &str, filter: &AccessFilter, page: usize) -> String {
    let mut pairs = pairs(filter);
    pairs.extend((page > 1).then(|| ("page", page.to_string())));
    address::of_pairs(page_address, pairs.iter())
}

/// What a filter is in an address.
pub fn pairs(filter: &AccessFilter) -> Vec<(&'static str, String)> {
    let name = |reference: &Option<EntityRef>| reference.as_ref().map(ToString::to_string);
    let pairs = [
        ("consumer", name(&filter.consumer)),
        ("api", name(&filter.api)),
        ("scope", filter.scope.clone()),
        ("environment", filter.environment.clone()),
        ("owner", name(&filter.owner)),
        ("state", filter.state.map(|state| state.as_str().to_owned())),
        ("ends", filter.ends_within.map(|days| days.to_string())),
        ("review", filter.review_due.then(|| "due".to_owned())),
        ("glass", filter.break_glass.then(|| "broken".to_owned())),
    ];
    pairs.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
}

/// The form that narrows a page.
pub async fn form(
    out: &mut Html,
    context: &RequestContext,
    page_address: &'static str,
    filter: &AccessFilter,
) -> portal::Result<()> {
    out.raw("<form method=\"get\" class=\"access-filter\"").attribute("action", page_address).raw(">");
    for (name, label, kind, chosen) in [
        ("consumer", "Component", Kind::Component, &filter.consumer),
        ("api", "API", Kind::Api, &filter.api),
        ("owner", "Owner of either", Kind::Group, &filter.owner),
    ] {
        let named = named(context, kind).await?;
        let chosen = chosen.as_ref().map(|one| shown(one, kind)).unwrap_or_default();
        proposing(out, name, label, &chosen, named.iter().map(String::as_str));
    }
    let environments = &context.portal.settings().access.environments;
    let environments = environments.iter().map(|name| (name.as_str(), name.as_str()));
    let chosen = filter.environment.as_deref().unwrap_or_default();
    select(out, "environment", "Environment", chosen, [("", "all")].into_iter().chain(environments));
    let states = Standing::ALL.into_iter().map(|state| (state.as_str(), word(state)));
    let chosen = filter.state.map_or("", Standing::as_str);
    select(out, "state", "State", chosen, [("", "all")].into_iter().chain(states));
    out.raw("<button type=\"submit\" class=\"button\">Narrow</button>");
    if !pairs(filter).is_empty() {
        out.link(page_address, "button button-plain", "Show all");
    }
    let soon = AccessFilter { ends_within: Some(SOON), ..AccessFilter::default() };
    let due = AccessFilter { review_due: true, ..AccessFilter::default() };
    let taken = AccessFilter { break_glass: true, ..AccessFilter::default() };
    for (other, label) in
        [(soon, "What ends within 30 days"), (due, "What is to be reviewed"), (taken, "What was taken without asking")]
    {
        if other != *filter {
            out.link(&address(page_address, &other, 1), "button button-plain", label);
        }
    }
    out.raw("</form>");
    Ok(())
}

/// Names of one kind, to choose from.
async fn named(context: &RequestContext, kind: Kind) -> portal::Result<Vec<String>> {
    let mut filter = CatalogFilter { per_page: MOST_PROPOSED, ..CatalogFilter::default() };
    filter.fields.insert(Field::Kind, vec![kind.lower().to_owned()]);
    let page = portal::catalog::list(&context.portal, &context.actor, &filter).await?;
    Ok(page.rows.iter().map(|row| shown(&row.reference, kind)).collect())
}

/// A reference as short as it can be where its kind goes without saying.
fn shown(reference: &EntityRef, kind: Kind) -> String {
    if reference.kind == kind.lower() { reference.short() } else { reference.to_string() }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_narrowed_stands_in_the_address() {
        for (asked, kept) in [
            ("", "/access/grants"),
            ("state=active&environment=staging&page=2", "/access/grants?environment=staging&state=active&page=2"),
            (
                "consumer=till&api=+ledger+&owner=user:default/ann",
                "/access/grants?consumer=component:default%2Ftill&api=api:default%2Fledger&owner=user:default%2Fann",
            ),
            ("page=0&ends=30", "/access/grants?ends=30"),
            ("review=due", "/access/grants?review=due"),
        ] {
            let (filter, page) = read(asked).unwrap();
            assert_eq!(address("/access/grants", &filter, page), kept, "{asked}");
        }
        for asked in ["state=x", "consumer=a/", "owner=:"] {
            assert!(read(asked).is_err(), "{asked}: what narrows nothing is not passed over");
        }
    }
}
