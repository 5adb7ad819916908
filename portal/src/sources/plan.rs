//! Compares what sources list with what is known of them, and says what follows. No database, no Git: a function.

use std::collections::{BTreeMap, HashMap, HashSet};

use model::Visibility;

use super::{Coverage, Fate, Listed, Listing, Missing};
use crate::settings::{SourceKind, SourceSettings};

/// So many repositories of a source may go, or go out of sight, at once, or this part of all, whichever is more …
const MOST_AT_ONCE: usize = 5;
/// … in percent. Beyond, a mistake is likelier, and a person has to say.
const MOST_AT_ONCE_PERCENT: usize = 2;
/// What went within so many milliseconds went at once.
const AT_ONCE: i64 = 10 * 60 * 1000;
/// For so many milliseconds one that is out of sight is kept.
pub const KEPT_OUT_OF_SIGHT: i64 = 30 * 24 * 60 * 60 * 1000;

/// As far as can be told, of one that is out of sight: it is gone …
pub const AS_GONE: &str = "gone";
/// … or only hidden from us.
pub const AS_HIDDEN: &str = "hidden";
/// It stays until a person has said what became of it; `kept` once that was said.
pub const WAITS: &str = "waits";

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
    /// JSON of [`model::repository::ForgeFacts`], without what stands in columns of its own.
    pub forge: Option<String>,
    /// Milliseconds since 1970, as the forge says.
    pub pushed_at: Option<i64>,
    /// Out of sight since then; the rest says how. None while it is in sight.
    pub unseen_since: Option<i64>,
    /// [`AS_GONE`] or [`AS_HIDDEN`].
    pub unseen_as: Option<String>,
    /// The end of a sentence that begins with the repository's name.
    pub unseen_why: Option<String>,
    /// [`WAITS`], or `kept`.
    pub unseen_word: Option<String>,
    /// JSON of our standing at the forge when it was last in sight.
    pub seen_under: Option<String>,
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
    /// Rows of which nothing changed but when somebody pushed: nothing that the catalog is made of.
    pub pushed: Vec<Known>,
    /// Those that are no longer there.
    pub gone: Vec<Gone>,
    /// Rows that are out of sight, where that is new or is said differently now.
    pub unseen: Vec<Known>,
    /// Everything that was listed, as it stands after the plan.
    pub listed: Vec<Known>,
    /// For the job's log.
    pub notes: Vec<String>,
}

/// One that is taken out of the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    pub id: String,
    pub slug: String,
    /// The end of a sentence that begins with its name.
    pub why: String,
}

impl Plan {
    /// Whether anything is to be written that the catalog is made of.
    pub fn changes_catalog(&self) -> bool {
        !(self.added.is_empty() && self.changed.is_empty() && self.gone.is_empty() && self.unseen.is_empty())
    }
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

/// What may be the old name of something new: known repositories that are no longer there, as a complete listing of their
/// source shows, and those that went before. At a forge a number tells what is what, and no guess is made.
pub fn vanished<'a>(known: &'a [Known], listings: &Listings<'_>) -> Vec<&'a Known> {
    let seen = keys(listings);
    let of = |row: &Known| listings.iter().find(|(source, _)| source.name == row.source);
    known
        .iter()
        .filter(|row| !seen.contains(row.stable_key.as_str()))
        .filter(|row| match of(row) {
            Some((source, _)) if is_numbered(source) => false,
            Some((_, listing)) => row.gone_at.is_some() || listing.coverage == Coverage::Complete,
            None => row.gone_at.is_some(),
        })
        .collect()
}

/// Whether its repositories have a number that stays theirs.
fn is_numbered(source: &SourceSettings) -> bool {
    matches!(source.kind, SourceKind::GitHub(_))
}

/// Whether its source lists what an operator has written down, so that what is not listed any more needs nobody's word: that
/// change is a person's. An address whose host says that there is nothing stays, as one that could not be read.
fn is_by_configuration(row: &Known, listings: &Listings<'_>) -> bool {
    let source = listings.iter().find(|(source, _)| source.name == row.source);
    source.is_some_and(|(source, _)| matches!(source.kind, SourceKind::Git(_)))
}

/// Listed repositories of which nothing is known under their key, with the names of their sources.
pub fn unknown<'a>(known: &[Known], listings: &'a Listings<'_>) -> Vec<(&'a str, &'a Listed)> {
    let keys: HashSet<&str> = known.iter().map(|row| row.stable_key.as_str()).collect();
    let listed = listings
        .iter()
        .filter(|(source, _)| !is_numbered(source))
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

/// What follows from the listings. `renamed` maps stable keys to ids, as [`renames`] found them; `now` is in milliseconds
/// since 1970; `new_id` makes ids.
pub fn plan(
    known: &[Known],
    listings: &Listings<'_>,
    renamed: &HashMap<String, String>,
    now: i64,
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
                Some(before) if **before == row => {}
                Some(before) if (Known { pushed_at: before.pushed_at, ..row.clone() }) == **before => {
                    plan.pushed.push(row.clone());
                }
                Some(before) => {
                    if before.unseen_since.is_some() {
                        plan.notes.push(format!("{} is in sight again.", row.name));
                    }
                    if before.gone_at.is_none() && before.name != row.name {
                        plan.notes.push(format!("{} is now called {}.", before.name, row.name));
                    }
                    plan.changed.push(row.clone());
                }
            }
            plan.listed.push(row);
        }
    }
    let kept: HashSet<String> = plan.listed.iter().map(|row| row.id.clone()).collect();
    for row in vanished(known, listings) {
        if row.gone_at.is_none() && !kept.contains(&row.id) && is_by_configuration(row, listings) {
            take(&mut plan, row, "is no longer there");
        }
    }
    for (source, listing) in listings {
        let mut own: Vec<&Known> = known.iter().filter(|row| row.source == source.name).collect();
        own.retain(|row| !kept.contains(&row.id));
        miss(&mut plan, &own, kept.len() + own.len(), listing, now);
    }
    plan
}

/// What becomes of known repositories of a source (`own`, those in sight and those that went before, without what was
/// listed) that it does not list; it has `all` of them.
fn miss(plan: &mut Plan, own: &[&Known], all: usize, listing: &Listing, now: i64) {
    let of = |missing: &Missing| own.iter().find(|row| row.stable_key == missing.stable_key && row.gone_at.is_none());
    let missing: Vec<(&Known, &Missing)> =
        listing.missing.iter().filter_map(|missing| Some((*of(missing)?, missing))).collect();
    // Those that a person has spoken of do not count, unless they are another case now.
    let is_new = |row: &Known, fate: &Fate| match (fate, row.unseen_as.as_deref()) {
        (Fate::Left(_), _) => false,
        (_, None) => true,
        (Fate::Gone(_), Some(before)) => before != AS_GONE,
        (Fate::Hidden(_), _) => false,
    };
    let lately = |at: Option<i64>| at.is_some_and(|at| now.saturating_sub(at) < AT_ONCE);
    let before = own.iter().filter(|row| lately(row.gone_at) || lately(row.unseen_since)).count();
    let new = missing.iter().filter(|(row, missing)| is_new(row, &missing.fate) && !lately(row.unseen_since)).count();
    let most = MOST_AT_ONCE.max(all * MOST_AT_ONCE_PERCENT / 100);
    let too_many = new + before > most;
    for (row, missing) in missing {
        let (unseen_as, why) = match &missing.fate {
            Fate::Left(why) => {
                take(plan, row, why);
                continue;
            }
            Fate::Gone(why) => (AS_GONE, why.as_str()),
            Fate::Hidden(why) => (AS_HIDDEN, why.as_str()),
        };
        let new = is_new(row, &missing.fate);
        let waits = new && too_many || row.unseen_word.as_deref() == Some(WAITS);
        if unseen_as == AS_GONE && new && !waits && row.unseen_word.is_none() {
            take(plan, row, why);
            continue;
        }
        let word = if waits || new && row.unseen_word.is_some() { Some(WAITS) } else { row.unseen_word.as_deref() };
        let after = hidden(row, (unseen_as, why, word), missing.seen_under.as_deref(), now);
        if after != *row {
            if row.unseen_since.is_none() {
                plan.notes.push(format!("{} is out of sight: it {why}.", row.name));
            }
            plan.unseen.push(after);
        }
    }
    // Whatever could come back would have been listed.
    if matches!(listing.coverage, Coverage::Complete | Coverage::Unproven) {
        let taken: HashSet<String> = plan.gone.iter().map(|gone| gone.id.clone()).collect();
        for row in own.iter().filter(|row| row.gone_at.is_none() && row.unseen_word.is_none()) {
            let expired = row.unseen_since.is_some_and(|since| now.saturating_sub(since) >= KEPT_OUT_OF_SIGHT);
            if expired && !taken.contains(&row.id) {
                plan.unseen.retain(|other| other.id != row.id);
                take(plan, row, "was out of sight for 30 days");
            }
        }
    }
}

fn take(plan: &mut Plan, row: &Known, why: &str) {
    plan.notes.push(format!("{} {why}.", row.name));
    plan.gone.push(Gone { id: row.id.clone(), slug: row.slug.clone(), why: why.to_owned() });
}

/// The row of one that is out of sight: shown, but not to everybody.
fn hidden(row: &Known, (unseen_as, why, word): (&str, &str, Option<&str>), under: Option<&str>, now: i64) -> Known {
    let visibility = Visibility::parse(&row.visibility).max(Visibility::SignedIn);
    Known {
        visibility: visibility.as_str().to_owned(),
        unseen_since: row.unseen_since.or(Some(now)),
        unseen_as: Some(unseen_as.to_owned()),
        unseen_why: Some(why.to_owned()),
        unseen_word: word.map(str::to_owned),
        seen_under: row.seen_under.clone().or_else(|| under.map(str::to_owned)),
        ..row.clone()
    }
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
        forge: listed.forge.clone(),
        pushed_at: listed.pushed_at,
        unseen_since: None,
        unseen_as: None,
        unseen_why: None,
        unseen_word: None,
        seen_under: None,
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
