//! What somebody chooses for themselves: theme and time zone, how messages reach them, starred entities, saved views.

pub(crate) mod store;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use jiff::tz::TimeZone;
use model::catalog::CatalogRow;
use model::{EntityRef, Finding, Findings, Level};

use crate::audit::{self, Change};
use crate::db::new_id;
use crate::error::{Error, Result};
use crate::identity::{Action, Actor, Resource, can, own};
use crate::{Portal, catalog};

/// Entities that one account may star.
const MOST_STARS: usize = 500;
/// Views that one account may keep.
const MOST_VIEWS: usize = 100;
/// Bytes of a view's query.
const LONGEST_QUERY: usize = 4_000;
/// Characters of a view's name.
const LONGEST_NAME: usize = 80;

/// Light, dark, or whatever the reader's system says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Theme {
    #[default]
    Auto,
    Light,
    Dark,
}

impl Theme {
    pub const ALL: [Self; 3] = [Self::Light, Self::Auto, Self::Dark];

    /// As in the cookie, in the form, and in `data-theme`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.as_str() == text)
    }
}

/// How one account wants things to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preferences {
    /// `None` as long as nobody has chosen one.
    pub theme: Option<Theme>,
    /// UTC as long as nobody has chosen another.
    pub time_zone: TimeZone,
    /// Whether messages are sent to the account's verified address too, where the portal sends mail.
    pub by_mail: bool,
    /// Whether they are sent to the company's webhook too, where there is one.
    pub by_webhook: bool,
}

impl Default for Preferences {
    fn default() -> Self {
        Self { theme: None, time_zone: TimeZone::UTC, by_mail: true, by_webhook: true }
    }
}

impl Preferences {
    /// `Europe/Berlin`, or `UTC`.
    pub fn zone_name(&self) -> &str {
        self.time_zone.iana_name().unwrap_or("UTC")
    }
}

/// A list that may be kept as a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    Catalog,
    Repositories,
}

impl List {
    const ALL: [Self; 2] = [Self::Catalog, Self::Repositories];

    pub fn path(self) -> &'static str {
        match self {
            Self::Catalog => "/catalog",
            Self::Repositories => "/repositories",
        }
    }

    pub fn of_path(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|list| list.path() == path)
    }
}

/// A list with its filters, under a name.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct View {
    pub id: String,
    pub name: String,
    /// As in [`List::path`].
    pub path: String,
    /// What follows `?`; may be empty.
    pub query: String,
}

impl View {
    /// Where it leads.
    pub fn address(&self) -> Cow<'_, str> {
        match self.query.is_empty() {
            true => Cow::Borrowed(&self.path),
            false => Cow::Owned(format!("{}?{}", self.path, self.query)),
        }
    }
}

/// The time zones that can be chosen, as the IANA database calls them.
pub fn time_zones() -> Vec<String> {
    // What is no place is left out: files beside the database, and old names by their distance.
    let is_place = |name: &str| name == "UTC" || name.contains('/') && !name.starts_with("Etc/");
    jiff::tz::db().available().map(|name| name.to_string()).filter(|name| is_place(name)).collect()
}

/// Chooses time zone and ways of delivery.
///
/// # Errors
/// [`Error::Invalid`] with the nearest name for a time zone that there is not.
pub async fn set(portal: &Portal, actor: &Actor, time_zone: &str, by_mail: bool, by_webhook: bool) -> Result<()> {
    let account = own(actor)?;
    let zone = match time_zone.trim() {
        "" => TimeZone::UTC,
        name => jiff::tz::db().get(name).map_err(|_| no_such_zone(name))?,
    };
    let before = of(portal, account).await?;
    let after = Preferences { time_zone: zone, by_mail, by_webhook, ..before.clone() };
    keep(portal, actor, account, &before, &after).await
}

/// Chooses light, dark or auto, for every browser.
///
/// # Errors
/// [`Error::Forbidden`] for whoever has not signed in.
pub async fn set_theme(portal: &Portal, actor: &Actor, theme: Theme) -> Result<()> {
    let account = own(actor)?;
    let before = of(portal, account).await?;
    let after = Preferences { theme: Some(theme), ..before.clone() };
    keep(portal, actor, account, &before, &after).await
}

async fn keep(portal: &Portal, actor: &Actor, account: &str, before: &Preferences, after: &Preferences) -> Result<()> {
    if before == after {
        return Ok(());
    }
    let mut tx = portal.db().begin().await?;
    store::set(&mut tx, account, after).await?;
    let (old, new) = (said(before), said(after));
    let change =
        Change { action: "preferences.set", target: account, before: Some(&old), after: Some(&new), account: None };
    audit::record(&mut tx, actor, portal.clock().now(), change).await?;
    tx.commit().await?;
    portal.persons().forget();
    Ok(())
}

fn said(preferences: &Preferences) -> String {
    let theme = preferences.theme.unwrap_or_default().as_str();
    let (mail, webhook) = (preferences.by_mail, preferences.by_webhook);
    format!("theme {theme}, {}, mail {mail}, webhook {webhook}", preferences.zone_name())
}

fn no_such_zone(name: &str) -> Error {
    let zones = time_zones();
    let nearest = zones
        .iter()
        .map(|zone| (strsim::jaro_winkler(&name.to_lowercase(), &zone.to_lowercase()), zone))
        .max_by(|one, other| one.0.total_cmp(&other.0));
    let help = match nearest {
        Some((_, zone)) => format!("Did you mean {zone}? Zones are written as Europe/Berlin."),
        None => "Zones are written as Europe/Berlin.".to_owned(),
    };
    let name: String = name.chars().take(60).collect();
    let finding = Finding::new("preferences.time-zone", Level::Error, format!("there is no time zone “{name}”"), help);
    Error::Invalid(Findings::from(vec![finding]))
}

/// What an account has chosen.
pub(crate) async fn of(portal: &Portal, account: &str) -> Result<Preferences> {
    Ok(store::get(portal.db(), account).await?.unwrap_or_default())
}

/// Stars an entity, or takes the star away; gives what it is called at present.
///
/// # Errors
/// [`Error::NotFound`] for an entity that the actor may not read, [`Error::Conflict`] for too many.
pub async fn star(portal: &Portal, actor: &Actor, reference: &EntityRef, starred: bool) -> Result<EntityRef> {
    let account = own(actor)?;
    let present = match (catalog::entity(portal, actor, reference).await, starred) {
        (Ok(detail), _) => detail.row.reference,
        // What is gone loses its star.
        (Err(Error::NotFound(_)), false) => reference.clone(),
        (Err(error), _) => return Err(error),
    };
    let mut tx = portal.db().begin().await?;
    let changed = match starred {
        true if store::count_stars(&mut tx, account).await? >= MOST_STARS => {
            return Err(Error::Conflict(format!("There are {MOST_STARS} stars already: take one away first.")));
        }
        true => store::add_star(&mut tx, account, &present.to_string(), portal.clock().now()).await?,
        false => store::remove_star(&mut tx, account, &present.to_string()).await?,
    };
    if changed {
        let action = if starred { "star.add" } else { "star.remove" };
        let target = present.to_string();
        let change = Change { action, target: &target, ..Change::default() };
        audit::record(&mut tx, actor, portal.clock().now(), change).await?;
    }
    tx.commit().await?;
    Ok(present)
}

/// Whether the actor has starred the entity; nobody has who has not signed in.
pub async fn is_starred(portal: &Portal, actor: &Actor, reference: &EntityRef) -> Result<bool> {
    match actor.account() {
        Some(account) => store::is_starred(portal.db(), account, &reference.to_string()).await,
        None => Ok(false),
    }
}

/// What the actor has starred and may read, by name; nothing for whoever has not signed in.
pub async fn starred(portal: &Portal, actor: &Actor) -> Result<Vec<CatalogRow>> {
    let Some(account) = actor.account() else { return Ok(Vec::new()) };
    let references: Vec<EntityRef> =
        store::stars(portal.db(), account).await?.iter().filter_map(|text| text.parse().ok()).collect();
    let rows = portal.index().read().named(&references, actor.readable())?;
    let mut rows: Vec<CatalogRow> = rows.into_values().map(|row| CatalogRow::clone(&row)).collect();
    rows.sort_by(|one, other| one.reference.cmp(&other.reference));
    Ok(rows)
}

/// Keeps a list with its filters under a name; the same name means the new one.
///
/// # Errors
/// [`Error::Invalid`] for a name or a query that cannot be, [`Error::Conflict`] for too many.
pub async fn save_view(portal: &Portal, actor: &Actor, name: &str, list: List, query: &str) -> Result<View> {
    let account = own(actor)?;
    let name = name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        let help = format!("Write up to {LONGEST_NAME} characters by which you will know it.");
        let finding = Finding::new("view.name", Level::Error, "the view has no name", help);
        return Err(Error::Invalid(Findings::from(vec![finding])));
    }
    if query.len() > LONGEST_QUERY || !query.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
        let help = "Choose fewer filters.";
        let finding = Finding::new("view.query", Level::Error, "these filters cannot be kept", help);
        return Err(Error::Invalid(Findings::from(vec![finding])));
    }
    let (now, path) = (portal.clock().now(), list.path());
    let mut tx = portal.db().begin().await?;
    if store::count_views(&mut tx, account, name).await? >= MOST_VIEWS {
        return Err(Error::Conflict(format!("There are {MOST_VIEWS} views already: delete one that is not used.")));
    }
    let view = View { id: new_id(now), name: name.to_owned(), path: path.to_owned(), query: query.to_owned() };
    store::save_view(&mut tx, account, &view, now).await?;
    let address = view.address();
    let change = Change { action: "view.save", target: name, after: Some(&address), ..Change::default() };
    audit::record(&mut tx, actor, now, change).await?;
    tx.commit().await?;
    Ok(view.clone())
}

/// Deletes a view of one's own.
///
/// # Errors
/// [`Error::NotFound`] for one that is not there, or somebody else's.
pub async fn delete_view(portal: &Portal, actor: &Actor, id: &str) -> Result<()> {
    let account = own(actor)?;
    let mut tx = portal.db().begin().await?;
    let Some(name) = store::delete_view(&mut tx, account, id).await? else {
        return Err(Error::not_found("This view"));
    };
    let change = Change { action: "view.delete", target: &name, ..Change::default() };
    audit::record(&mut tx, actor, portal.clock().now(), change).await?;
    tx.commit().await
}

/// The actor's views, by name; none for whoever has not signed in.
pub async fn views(portal: &Portal, actor: &Actor) -> Result<Vec<View>> {
    match actor.account() {
        Some(account) => store::views(portal.db(), account).await,
        None => Ok(Vec::new()),
    }
}

/// Whether somebody may have what is their own.
pub fn may_have_own(actor: &Actor) -> bool {
    can(actor, Action::Own, Resource::Anything).is_ok()
}
