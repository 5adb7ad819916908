//! Scripts and content → commits.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::growth::Growth;
use super::plan::{self, Slot};
use super::random::Random;
use super::script::{File, People, Script, Written};
use crate::{Error, Result};

/// One commit, ready to be written. Commits are numbered by their place in the list.
pub struct Commit {
    pub slot: Slot,
    pub by_bot: bool,
    pub message: String,
    /// The first parent comes first; none for the first commit.
    pub parents: Vec<usize>,
    /// What differs from the first parent.
    pub changes: BTreeMap<String, Vec<u8>>,
    /// Whether it lies on the default branch.
    pub on_branch: bool,
}

/// The whole history of one repository, in the order of its dates.
pub fn write(script: &Script, people: &People, files: Vec<File>) -> Result<Vec<Commit>> {
    let begins = script.phases.iter().map(|phase| phase.from).chain(script.commits.iter().map(|commit| commit.at));
    let Some(start) = begins.min() else { return Ok(Vec::new()) };
    let seed = script.description.bytes().fold(7, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
    let mut random = Random::new(seed);
    let named = script.tags.iter().map(|tag| &tag.by).chain(script.commits.iter().map(|commit| &commit.by));
    for key in script.phases.iter().flat_map(|phase| phase.people.keys()).chain(named) {
        if !people.contains_key(key) {
            return Err(Error::internal(format!("demo/people.toml does not know {key}")));
        }
    }
    let slots = plan::slots(script, people, &mut random);
    let mut writer = Writer {
        script,
        growth: Growth::new(script, files, start),
        random,
        commits: Vec::new(),
        tip: None,
        bots: bots(script),
        subject: 0,
        pull_request: 0,
    };
    match script.commits.as_slice() {
        [] => writer.write(&slots),
        written => writer.write_by_hand(written),
    }
    Ok(writer.commits)
}

/// When the bot raises which dependency, in order.
fn bots(script: &Script) -> Vec<(Date, usize)> {
    let mut random = Random::new(script.bumps.len() as u64);
    let mut raises = Vec::new();
    for (index, bump) in script.bumps.iter().enumerate() {
        let mut day = bump.from;
        for _ in 1..bump.versions.len() {
            raises.push((day, index));
            day = day.saturating_add((40 + random.below(50) as i64).days());
        }
    }
    raises.sort();
    raises.reverse();
    raises
}

struct Writer<'a> {
    script: &'a Script,
    growth: Growth<'a>,
    random: Random,
    commits: Vec<Commit>,
    /// The newest commit of the default branch.
    tip: Option<usize>,
    /// What is to come, last first.
    bots: Vec<(Date, usize)>,
    subject: usize,
    pull_request: usize,
}

impl Writer<'_> {
    fn write(&mut self, slots: &[Slot]) {
        let mut at = 0;
        while at < slots.len() {
            let left = slots.len() - at;
            let next = slots.get(at + 1);
            self.bots_until(slots[at].at);
            // Four in ten commits come in a pull request of one to three.
            let is_request = self.script.merges && at > 4 && left > 4 && self.random.below(10) < 4;
            if is_request {
                let size = 1 + self.random.below(3).min(left - 4);
                self.request(&slots[at..at + size], left);
                at += size;
            } else {
                self.direct(&slots[at], left, next.is_none());
                at += 1;
            }
        }
        self.bots_until(super::ANCHOR / 1000);
    }

    fn write_by_hand(&mut self, commits: &[Written]) {
        for commit in commits {
            let slot = plan::written(commit);
            self.bots_until(slot.at);
            let changes = self.changes(&slot, 1, false);
            self.push(slot, false, commit.message.clone(), changes, self.tip, None);
        }
        self.bots_until(super::ANCHOR / 1000);
    }

    fn direct(&mut self, slot: &Slot, left: usize, is_last: bool) {
        let changes = self.changes(slot, left, is_last);
        let message = if self.tip.is_none() { "Start the repository".to_owned() } else { self.subject() };
        self.push(slot.clone(), false, message, changes, self.tip, None);
    }

    /// Some commits on a branch of their own, and the merge by a colleague.
    fn request(&mut self, slots: &[Slot], left: usize) {
        let base = self.tip;
        let author = slots[0].author.clone();
        let mut all = BTreeMap::new();
        let mut side = base;
        let mut first = String::new();
        for (index, slot) in slots.iter().enumerate() {
            let changes = self.changes(slot, left - index, false);
            all.extend(changes.clone());
            let message = self.subject();
            if index == 0 {
                first.clone_from(&message);
            }
            let slot = Slot { author: author.clone(), ..slot.clone() };
            side = Some(self.push(slot, false, message, changes, side, None));
            self.commits[side.unwrap_or_default()].on_branch = false;
        }
        self.pull_request += 1;
        let last = &slots[slots.len() - 1];
        let at = last.at + 30;
        let colleagues: Vec<_> = slots.iter().map(|slot| &slot.author).filter(|other| **other != author).collect();
        let by = colleagues.first().map_or(author.clone(), |colleague| (*colleague).clone());
        let words: String = first.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
        let message = format!("Merge pull request #{} from harbourline/{words}\n\n{first}", self.pull_request);
        self.push(Slot { at, author: by, ..last.clone() }, false, message, all, base, side);
    }

    fn changes(&mut self, slot: &Slot, left: usize, is_last: bool) -> BTreeMap<String, Vec<u8>> {
        let mut paths = self.growth.begin(day(slot.at));
        if self.tip.is_some() && paths.is_empty() {
            paths.extend(self.growth.work(left, &mut self.random));
            if self.random.once_in(3) {
                paths.extend(self.growth.work(left, &mut self.random));
            }
        }
        if is_last {
            paths.extend(self.growth.complete());
        }
        paths
            .into_iter()
            .map(|path| {
                let content = self.growth.content(&path);
                (path, content)
            })
            .collect()
    }

    fn bots_until(&mut self, at: i64) {
        while let Some((day, bump)) = self.bots.last().copied() {
            let slot = plan::bot_moment(day, &mut self.random);
            if slot.at >= at || self.tip.is_none() {
                return;
            }
            self.bots.pop();
            let newest = self.commits.last().map_or(0, |commit| commit.slot.at);
            if let Some((file, version)) = self.growth.raise(bump) {
                let name = &self.script.bumps[bump].name;
                let message = format!("Update dependency {name} to v{version}");
                let changes = BTreeMap::from([(file.clone(), self.growth.content(&file))]);
                self.push(Slot { at: slot.at.max(newest + 20), ..slot }, true, message, changes, self.tip, None);
            }
        }
    }

    /// The first lines that the script has, then verbs and topics.
    fn subject(&mut self) -> String {
        const VERBS: [&str; 12] = [
            "Fix", "Test", "Simplify", "Document", "Log", "Tidy", "Validate", "Rework", "Measure", "Speed up", "Guard",
            "Review",
        ];
        self.subject += 1;
        // Handwritten ones are spread over the first half.
        if self.subject % 2 == 1
            && let Some(subject) = self.script.subjects.get(self.subject / 2)
        {
            return subject.clone();
        }
        let topic = match self.script.topics.get(self.random.below(self.script.topics.len())) {
            Some(topic) => topic,
            None => "the documentation",
        };
        format!("{} {topic}", VERBS[self.random.below(VERBS.len())])
    }

    fn push(
        &mut self,
        slot: Slot,
        by_bot: bool,
        message: String,
        changes: BTreeMap<String, Vec<u8>>,
        parent: Option<usize>,
        merged: Option<usize>,
    ) -> usize {
        let parents = parent.into_iter().chain(merged).collect();
        let number = self.commits.len();
        self.commits.push(Commit { slot, by_bot, message, parents, changes, on_branch: true });
        self.tip = Some(number);
        number
    }
}

/// The day of a moment, in UTC.
pub fn day(at: i64) -> Date {
    Timestamp::from_second(at).map_or(Date::ZERO, |time| time.to_zoned_datetime(TimeZone::UTC).date())
}
