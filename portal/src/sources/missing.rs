//! What became of repositories that GitHub does not list any more: each is asked for by its number, and what a 404 means
//! is weighed against what we may see.

use std::collections::HashMap;

use model::{Finding, Level};

use super::plan::Known;
use super::{Fate, Missing};
use crate::forge::{self, Filter, Forge, ForgeRepository, Standing, Unclear};

/// So many are asked for in one round; of the rest nothing is known but that they are not listed.
const MOST_ASKED: usize = 50;
/// So many of those that are out of sight already are asked for again at a time …
const MOST_ASKED_AGAIN: usize = 20;
/// … and that at most once in so many milliseconds.
const ASK_AGAIN_AFTER: i64 = 60 * 60 * 1000;

/// The ends of sentences that begin with a repository's name.
pub const NOT_WANTED: &str = "is left out by the filters";
const GONE: &str = "does not exist any more, as the forge says by its number";

/// How those that are not listed are asked for.
pub struct Search<'a> {
    pub forge: &'a Forge,
    /// Whose repositories they are.
    pub owner: &'a str,
    pub filter: &'a Filter,
    /// What keeps the listing from holding all that there is, where that is known.
    pub narrowed: Option<&'a str>,
    /// We are an App for selected repositories: what is there need not be ours to list.
    pub selected_only: bool,
    /// Everything that is listed, wanted or not, by number.
    pub listed: HashMap<u64, &'a ForgeRepository>,
    /// They were told one by one, and not found missing in a listing: all are asked for, and what is not answered says
    /// nothing.
    pub is_told: bool,
    /// Our standing when those that were in sight until now were listed.
    pub before: Option<Standing>,
}

/// What was found out.
#[derive(Default)]
pub struct Found {
    pub missing: Vec<Missing>,
    /// Those that are there, wanted, and ours: as good as listed.
    pub there: Vec<ForgeRepository>,
    /// Those that are not, as far as was answered.
    pub absent: Vec<u64>,
    pub findings: Vec<Finding>,
    /// Our standing now, where that was asked.
    pub standing: Option<Standing>,
}

/// Whether those that are out of sight already are to be asked for again, at `now`.
pub fn is_time_to_ask_again(last: Option<i64>, now: i64) -> bool {
    last.is_none_or(|last| now.saturating_sub(last) >= ASK_AGAIN_AFTER)
}

impl Search<'_> {
    /// Asks for `missing`, by number, known or not; for those that are out of sight already only where `again` says so.
    pub async fn run(&self, missing: &[(u64, Option<&Known>)], again: bool) -> Found {
        let mut found = Found::default();
        let mut absent: Vec<&Known> = Vec::new();
        let (mut asked, mut asked_again) = (0, 0);
        for &(id, row) in missing {
            if let Some((row, fate)) = row.and_then(|row| Some((row, self.without_asking(id, row)?))) {
                found.miss(row, fate, None);
                continue;
            }
            let is_new = row.is_none_or(|row| row.unseen_since.is_none());
            let (count, most) = if is_new { (&mut asked, MOST_ASKED) } else { (&mut asked_again, MOST_ASKED_AGAIN) };
            *count += 1;
            if !self.is_told && (*count > most || !is_new && !again) {
                if let Some(row) = row.filter(|_| is_new) {
                    found.miss(row, Fate::Hidden("is not listed any more".to_owned()), self.before.as_ref());
                }
                continue;
            }
            match self.forge.by_id(id).await {
                Ok(repository) => self.weigh(&mut found, row, repository),
                Err(forge::Error::NotFound { .. } | forge::Error::Gone { .. }) => {
                    found.absent.push(id);
                    absent.extend(row);
                }
                Err(error) => {
                    if let Some(row) = row {
                        self.unclear(&mut found, row, &Unclear::NoAnswer(error));
                    }
                }
            }
        }
        if !absent.is_empty() {
            // After the answers, so that it cannot have been wider when it was not there.
            let now = self.forge.standing(self.owner).await;
            for row in absent {
                self.judge(&mut found, row, now.as_ref());
            }
            found.standing = now.ok();
        }
        found
    }

    /// What the listing itself says.
    fn without_asking(&self, id: u64, row: &Known) -> Option<Fate> {
        if self.listed.contains_key(&id) {
            return Some(Fate::Left(NOT_WANTED.to_owned()));
        }
        let full_name = format!("{}/{}", self.owner, row.name);
        // A name at a forge is one repository's: what had it is elsewhere or nowhere, and its mirror is the other's now.
        if self.listed.values().any(|other| other.full_name.eq_ignore_ascii_case(&full_name)) {
            return Some(Fate::Left("is gone: another repository has its name now".to_owned()));
        }
        let why = self.narrowed.filter(|_| row.unseen_since.is_none())?;
        Some(Fate::Hidden(format!("is not listed any more: {why}")))
    }

    /// It is there.
    fn weigh(&self, found: &mut Found, row: Option<&Known>, repository: ForgeRepository) {
        let fate = if !repository.owner.eq_ignore_ascii_case(self.owner) {
            Fate::Left(format!("was transferred to {}", repository.owner))
        } else if !self.filter.wants(&repository) {
            Fate::Left(NOT_WANTED.to_owned())
        } else if self.selected_only {
            Fate::Hidden("is there, but our App is not installed for it".to_owned())
        } else {
            return found.there.push(repository);
        };
        found.absent.push(repository.id);
        if let Some(row) = row {
            found.miss(row, fate, self.before.as_ref());
        }
    }

    fn judge(&self, found: &mut Found, row: &Known, now: Result<&Standing, &forge::Error>) {
        let under = row.seen_under.as_deref().and_then(|text| serde_json::from_str(text).ok());
        let Some(before) = under.as_ref().or(self.before.as_ref()) else {
            return self.unclear(found, row, &Unclear::StandingChanged);
        };
        match now.map(|now| now.absence(self.owner, before)) {
            Ok(None) => found.miss(row, Fate::Gone(GONE.to_owned()), Some(before)),
            Ok(Some(why)) => self.unclear(found, row, &why),
            Err(error) => self.unclear(found, row, &Unclear::NoAnswer(error.clone())),
        }
    }

    fn unclear(&self, found: &mut Found, row: &Known, why: &Unclear) {
        if !self.is_told || !matches!(why, Unclear::NoAnswer(_)) {
            let fate = Fate::Hidden(format!("is not listed any more, and {why}"));
            found.miss(row, fate, self.before.as_ref());
        }
        let message = format!("{} was not listed; it stays, since {why}.", row.name);
        found.findings.push(Finding::new("source.narrowed", Level::Note, message, ""));
    }
}

impl Found {
    fn miss(&mut self, row: &Known, fate: Fate, under: Option<&Standing>) {
        let seen_under = under.and_then(|standing| serde_json::to_string(standing).ok());
        self.missing.push(Missing { stable_key: row.stable_key.clone(), fate, seen_under });
    }
}
