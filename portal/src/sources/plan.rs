//! Compares what sources list with what is known of them, and says what follows. No database, no Git: a function.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Coverage, Listed, Listing};
use crate::settings::SourceSettings;

/// A repository that is known, in sight or not.
#[derive(Debug, Clone, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Known {
    pub id: String,
    pub source: String,
    pub slug: String,
    pub name: String,
    pub stable_key: String,
    pub path: String,
    pub visibility: String,
    pub archived: bool,
    pub fork: bool,
    pub standing: String,
    pub fingerprint: Option<String>,
    /// What [`super::Source::state`] gave before it was read.
    pub read_state: Option<String>,
    pub rules_version: Option<i64>,
    pub root_commit: Option<String>,
    pub read_at: Option<i64>,
    pub took: Option<i64>,
    pub gone_at: Option<i64>,
    /// JSON: what Locations of other repositories name in it, and what they named when it was read.
    pub wanted: String,
    pub drafted_with: String,
}

impl Known {
    /// Whether it has to be read again for the sake of others.
    pub(super) fn is_asked(&self) -> bool {
        self.wanted != self.drafted_with
    }
}

/// What is to be written, and what may have to be read.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Rows that are new.
    pub added: Vec<Known>,
    /// Rows that are there and now say something else.
    pub changed: Vec<Known>,
    /// Ids of those that are no longer there.
    pub gone: Vec<String>,
    /// Everything that was listed, as it stands after the plan.
    pub listed: Vec<Known>,
    /// For the job's log.
    pub notes: Vec<String>,
}

/// A listed repository that is not known, with what may tell which one it was.
#[derive(Debug)]
pub struct New<'a> {
    pub source: &'a str,
    /// Its stable key.
    pub key: &'a str,
    pub sign: String,
}

/// Listings with what they are of.
pub type Listings<'a> = [(&'a SourceSettings, Listing)];

/// What may be the old name of something new: known repositories that are no longer there, as a listing of their source
/// shows or says, and those that went out of sight before.
pub fn vanished<'a>(known: &'a [Known], listings: &Listings<'_>) -> Vec<&'a Known> {
    let seen = keys(listings);
    let complete: HashSet<&str> = listings
        .iter()
        .filter(|(_, listing)| listing.coverage == Coverage::Complete)
        .map(|(source, _)| source.name.as_str())
        .collect();
    known
        .iter()
        .filter(|row| !seen.contains(row.stable_key.as_str()))
        .filter(|row| {
            row.gone_at.is_some()
                || complete.contains(row.source.as_str())
                || listings
                    .iter()
                    .any(|(source, listing)| source.name == row.source && listing.gone.contains(&row.stable_key))
        })
        .collect()
}

/// Listed repositories of which nothing is known under their key, with the names of their sources.
pub fn unknown<'a>(known: &[Known], listings: &'a Listings<'_>) -> Vec<(&'a str, &'a Listed)> {
    let keys: HashSet<&str> = known.iter().map(|row| row.stable_key.as_str()).collect();
    let listed = listings
        .iter()
        .flat_map(|(source, listing)| listing.repositories.iter().map(|one| (source.name.as_str(), one)));
    listed.filter(|(_, one)| !keys.contains(one.stable_key.as_str())).collect()
}

/// Pairs new keys with the ids of repositories that had another name before: same source, same sign (first commit, or
/// state of all references), one on either side. Forks and copies share a first commit, so more than one candidate
/// means that nothing is known.
pub fn renames(
    vanished: &[&Known],
    new: &[New<'_>],
    sign: impl Fn(&Known) -> Option<String>,
) -> HashMap<String, String> {
    /// Ids of those that vanished, and keys of those that are new.
    type Candidates<'a> = (Vec<&'a str>, Vec<&'a str>);
    let mut pairs: BTreeMap<(String, String), Candidates<'_>> = BTreeMap::new();
    for row in vanished {
        if let Some(sign) = sign(row) {
            pairs.entry((row.source.clone(), sign)).or_default().0.push(&row.id);
        }
    }
    for one in new {
        if let Some((_, keys)) = pairs.get_mut(&(one.source.to_owned(), one.sign.clone())) {
            keys.push(one.key);
        }
    }
    let single = |(ids, keys): (Vec<&str>, Vec<&str>)| match (ids.as_slice(), keys.as_slice()) {
        ([id], [key]) => Some(((*key).to_owned(), (*id).to_owned())),
        _ => None,
    };
    pairs.into_values().filter_map(single).collect()
}

/// What follows from the listings. `renamed` maps stable keys to ids, as [`renames`] found them; `new_id` makes ids.
pub fn plan(
    known: &[Known],
    listings: &Listings<'_>,
    renamed: &HashMap<String, String>,
    new_id: &mut dyn FnMut() -> String,
) -> Plan {
    let by_key: HashMap<&str, &Known> = known.iter().map(|row| (row.stable_key.as_str(), row)).collect();
    let by_id: HashMap<&str, &Known> = known.iter().map(|row| (row.id.as_str(), row)).collect();
    let mut slugs: HashSet<String> = known.iter().map(|row| row.slug.clone()).collect();
    let mut taken: HashMap<&str, &str> = HashMap::new();
    let mut plan = Plan::default();
    for (source, listing) in listings {
        for listed in &listing.repositories {
            let before = by_key
                .get(listed.stable_key.as_str())
                .or_else(|| renamed.get(&listed.stable_key).and_then(|id| by_id.get(id.as_str())));
            let owner = taken.get(listed.stable_key.as_str()).copied().or_else(|| {
                before.filter(|row| row.source != source.name && holds(row, listings)).map(|row| row.source.as_str())
            });
            if let Some(owner) = owner {
                plan.notes
                    .push(format!("{} is already read from the source {owner}; it is not listed twice.", listed.name));
                continue;
            }
            taken.insert(&listed.stable_key, &source.name);
            let row = match before {
                Some(before) => follow(before, source, listed),
                None => add(new_id(), source, listed, &mut slugs),
            };
            match before {
                None => plan.added.push(row.clone()),
                Some(before) if **before != row => {
                    if before.gone_at.is_none() && before.name != row.name {
                        plan.notes.push(format!("{} is now called {}.", before.name, row.name));
                    }
                    plan.changed.push(row.clone());
                }
                Some(_) => {}
            }
            plan.listed.push(row);
        }
    }
    let kept: HashSet<&str> = plan.listed.iter().map(|row| row.id.as_str()).collect();
    let gone =
        vanished(known, listings).into_iter().filter(|row| row.gone_at.is_none() && !kept.contains(row.id.as_str()));
    for row in gone {
        plan.notes.push(format!("{} is no longer there.", row.name));
        plan.gone.push(row.id.clone());
    }
    plan
}

/// Whether the row's source is one of those that are configured and still has it, as far as this round knows.
fn holds(row: &Known, listings: &Listings<'_>) -> bool {
    if row.gone_at.is_some() {
        return false;
    }
    listings.iter().find(|(source, _)| source.name == row.source).is_none_or(|(_, listing)| {
        listing.coverage != Coverage::Complete
            || listing.repositories.iter().any(|one| one.stable_key == row.stable_key)
    })
}

fn keys<'a>(listings: &'a Listings<'_>) -> HashSet<&'a str> {
    listings.iter().flat_map(|(_, listing)| &listing.repositories).map(|one| one.stable_key.as_str()).collect()
}

fn follow(before: &Known, source: &SourceSettings, listed: &Listed) -> Known {
    Known {
        source: source.name.clone(),
        name: listed.name.clone(),
        stable_key: listed.stable_key.clone(),
        path: listed.path.clone(),
        // From open to strict, so that the greater one is the stricter.
        visibility: listed.visibility.map_or(source.visibility, |own| own.max(source.visibility)).as_str().to_owned(),
        archived: listed.archived,
        fork: listed.fork,
        gone_at: None,
        ..before.clone()
    }
}

fn add(id: String, source: &SourceSettings, listed: &Listed, slugs: &mut HashSet<String>) -> Known {
    let base = slug(&listed.name);
    let qualified = format!("{}-{base}", slug(&source.name));
    let numbered = (2..).map(|number| format!("{qualified}-{number}"));
    let slug =
        [base, qualified.clone()].into_iter().chain(numbered).find(|slug| !slugs.contains(slug)).unwrap_or(qualified);
    slugs.insert(slug.clone());
    let (standing, nothing) = ("listed".to_owned(), "[]".to_owned());
    let fresh = Known { id, slug, standing, wanted: nothing.clone(), drafted_with: nothing, ..Known::default() };
    follow(&fresh, source, listed)
}

/// Lower-case letters, digits, `.`, `_` and `-`, at most 100 of them.
fn slug(name: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    for character in name.chars().flat_map(char::to_lowercase).take(100) {
        if character.is_ascii_alphanumeric() || matches!(character, '_' | '.') {
            slug.push(character);
        } else if !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_matches(['-', '.']);
    if slug.is_empty() { "repository".to_owned() } else { slug.to_owned() }
}
