//! One walk over all commits: how many there are, when, and by how many people.

use std::collections::{HashMap, HashSet};

use gix::ObjectId;
use gix::bstr::{BStr, ByteSlice};
use gix::objs::{CommitRefIter, Kind, commit::ref_iter::Token};
use model::repository::{ACTIVITY_WEEKS, Activity, AuthorCommits, CommitSummary, People, RepositoryFacts};
use model::{Finding, Level};
use sha2::{Digest, Sha256};

use super::{FactOptions, bots, note};
use crate::objects::Lent;
use crate::repository::hexadecimal;
use crate::{Repository, Snapshot, Tree};

/// At most this many commits are looked at.
const MOST_COMMITS: usize = 1_000_000;

/// At most this many authors are listed.
const MOST_AUTHORS: usize = 200;

/// A mailmap above this size, in bytes, is cut off.
const LARGEST_MAILMAP: usize = 4 * 1024 * 1024;

const DAY: i64 = 24 * 60 * 60;

pub(super) fn gather(
    repository: &Repository,
    snapshot: &Snapshot,
    options: &FactOptions,
    facts: &mut RepositoryFacts,
    findings: &mut Vec<Finding>,
) {
    let Some(head) = snapshot.commit() else { return };
    let shallow: HashSet<ObjectId> = repository.shallow().into_iter().collect();
    facts.shallow = !shallow.is_empty();
    let lent = repository.objects().lend();
    let mailmap = snapshot.read(".mailmap", LARGEST_MAILMAP).ok().flatten().map(|blob| blob.bytes).unwrap_or_default();
    let mut walk = Walk {
        options,
        now: options.now.div_euclid(1_000),
        mailmap: gix::mailmap::Snapshot::from_bytes(&mailmap),
        known: HashMap::new(),
        by_address: HashMap::new(),
        people: Vec::new(),
        weeks: vec![0; ACTIVITY_WEEKS],
        commits: 0,
        first: None,
        first_by_a_person: None,
        missing: Vec::new(),
        odd: 0,
    };
    let complete = walk.run(head, &shallow, &lent);
    facts.commits = walk.commits;
    facts.last_commit = summary(head, &lent);
    facts.first_commit = walk.first.and_then(|(_, id)| summary(id, &lent));
    facts.activity =
        Activity { last_week: week_start(week_of(walk.now)) * 1_000, weeks: std::mem::take(&mut walk.weeks) };
    if facts.shallow {
        findings.push(note(
            "history.shallow",
            "History is cut off here: first commit, counts and people are of what is there.".to_owned(),
            "Fetch the rest with git fetch --unshallow.",
        ));
    }
    walk.report(complete, findings);
    facts.people = walk.people();
}

struct Person {
    /// Lower-case address, or the login of a forge's `noreply` address.
    address: String,
    bot: bool,
    last_year: u32,
}

struct Walk<'a> {
    options: &'a FactOptions,
    /// Seconds since 1970.
    now: i64,
    mailmap: gix::mailmap::Snapshot,
    /// Index into `people` by name and address as written.
    known: HashMap<Vec<u8>, usize>,
    by_address: HashMap<String, usize>,
    people: Vec<Person>,
    weeks: Vec<u32>,
    commits: u64,
    /// The oldest commit without parents.
    first: Option<(i64, ObjectId)>,
    /// Seconds since 1970.
    first_by_a_person: Option<i64>,
    missing: Vec<ObjectId>,
    /// Commits whose author or time could not be read.
    odd: u64,
}

impl Walk<'_> {
    /// Goes through everything that is reachable from `head`; whether that was all.
    fn run(&mut self, head: ObjectId, shallow: &HashSet<ObjectId>, lent: &Lent<'_>) -> bool {
        let mut seen = gix::hashtable::HashSet::default();
        let mut waiting = vec![head];
        let mut buffer = Vec::new();
        let mut key = Vec::new();
        seen.insert(head);
        while let Some(id) = waiting.pop() {
            if lent.read_as(&id, Kind::Commit, &mut buffer).is_err() {
                self.missing.push(id);
                continue;
            }
            if self.commits as usize >= MOST_COMMITS {
                return false;
            }
            let cut = shallow.contains(&id);
            let mut parents = 0;
            let (mut author, mut at) = (None, None);
            for token in CommitRefIter::from_bytes(&buffer, id.kind()) {
                match token {
                    Ok(Token::Parent { .. }) if cut => {}
                    Ok(Token::Parent { id: parent }) => {
                        parents += 1;
                        if seen.insert(parent) {
                            waiting.push(parent);
                        }
                    }
                    Ok(Token::Author { signature }) => author = Some(signature),
                    Ok(Token::Committer { signature }) => {
                        at = signature.time().ok().map(|time| time.seconds);
                        break;
                    }
                    Ok(_) => {}
                    Err(_) => break,
                }
            }
            self.commits += 1;
            if parents == 0 && self.first.is_none_or(|first| (at.unwrap_or(i64::MAX), id) < first) {
                self.first = Some((at.unwrap_or(i64::MAX), id));
            }
            match (author, at) {
                (Some(author), Some(at)) => self.count(author, at, &mut key),
                _ => self.odd += 1,
            }
        }
        true
    }

    fn count(&mut self, author: gix::actor::SignatureRef<'_>, at: i64, key: &mut Vec<u8>) {
        key.clear();
        key.extend_from_slice(author.name);
        key.push(0);
        key.extend_from_slice(author.email);
        let person = match self.known.get(key.as_slice()) {
            Some(person) => *person,
            None => {
                let person = self.person(author);
                self.known.insert(key.clone(), person);
                person
            }
        };
        let Some(person) = self.people.get_mut(person) else { return };
        if at > self.now - 365 * DAY && at <= self.now {
            person.last_year += 1;
        }
        if !person.bot && self.first_by_a_person.is_none_or(|first| at < first) {
            self.first_by_a_person = Some(at);
        }
        let ago = week_of(self.now) - week_of(at);
        if !person.bot
            && at <= self.now
            && let Ok(ago) = usize::try_from(ago)
            && let Some(week) = self.weeks.iter_mut().rev().nth(ago)
        {
            *week += 1;
        }
    }

    /// The person behind a name and address, as the mailmap has them.
    fn person(&mut self, author: gix::actor::SignatureRef<'_>) -> usize {
        let resolved = self.mailmap.resolve_cow(author);
        let text = |bytes: &BStr| bytes.trim().to_str_lossy().into_owned();
        let name = text(&resolved.name);
        let email = text(&resolved.email).to_lowercase();
        // Some programs write no address at all.
        let address = match bots::login(&email) {
            Some(login) => login.to_owned(),
            None if email.is_empty() => name.to_lowercase(),
            None => email.clone(),
        };
        let bot = self.options.bots.is_bot(&name, &email);
        let key = if bot { format!("{address}\0bot") } else { address.clone() };
        *self.by_address.entry(key).or_insert_with(|| {
            self.people.push(Person { address, bot, last_year: 0 });
            self.people.len() - 1
        })
    }

    fn people(&self) -> People {
        let humans = || self.people.iter().filter(|person| !person.bot);
        let mut active: Vec<&Person> = humans().filter(|person| person.last_year > 0).collect();
        active.sort_by(|a, b| b.last_year.cmp(&a.last_year).then(a.address.cmp(&b.address)));
        let authors = active.iter().take(MOST_AUTHORS);
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        People {
            all_time: count(humans().count()),
            last_year: count(active.len()),
            bots: count(self.people.len() - humans().count()),
            authors: authors
                .map(|person| AuthorCommits { author: hashed(&person.address), commits: person.last_year })
                .collect(),
            first_commit_at: self.first_by_a_person.map(|at| at * 1_000),
        }
    }

    fn report(&self, complete: bool, findings: &mut Vec<Finding>) {
        if let Some(first) = self.missing.first() {
            let message = format!(
                "{} commits are missing or damaged, the first of them {first}; what lies behind them is not counted.",
                self.missing.len()
            );
            findings.push(Finding::new("history.missing", Level::Error, message, crate::snapshot::UNREADABLE_HELP));
        }
        if self.odd > 0 {
            let message =
                format!("{} commits name no author or time that can be read; they count for nobody.", self.odd);
            findings.push(note("history.odd", message, "Look at them with git fsck. Nothing has to be done."));
        }
        if !complete {
            let message = format!("Only {MOST_COMMITS} commits are looked at; counts and people are of those.");
            findings.push(Finding::new("history.too-many", Level::Warning, message, "Nothing has to be done."));
        }
    }
}

/// What [`AuthorCommits::author`] holds.
pub(crate) fn hashed(address: &str) -> String {
    hexadecimal(&Sha256::digest(address.as_bytes())[..8])
}

/// Weeks start on Monday at 00:00 UTC; 1970 began on a Thursday.
fn week_of(seconds: i64) -> i64 {
    (seconds.div_euclid(DAY) + 3).div_euclid(7)
}

/// Seconds since 1970.
fn week_start(week: i64) -> i64 {
    (week * 7 - 3) * DAY
}

const LONGEST_TITLE: usize = 200;

fn summary(id: ObjectId, lent: &Lent<'_>) -> Option<CommitSummary> {
    let mut buffer = Vec::new();
    lent.read_as(&id, Kind::Commit, &mut buffer).ok()?;
    let (mut at, mut title) = (0, String::new());
    for token in CommitRefIter::from_bytes(&buffer, id.kind()).map_while(Result::ok) {
        match token {
            Token::Committer { signature } => {
                at = signature.time().map_or(0, |time| time.seconds.saturating_mul(1_000))
            }
            Token::Message(message) => {
                let line = message.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
                title = line.to_str_lossy().trim().chars().filter(|c| !c.is_control()).take(LONGEST_TITLE).collect();
            }
            _ => {}
        }
    }
    Some(CommitSummary { commit: id.to_string(), at, title })
}
