//! When somebody worked: the weeks of a script as commits with a date and an author.

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;

use super::ANCHOR;
use super::random::Random;
use super::script::{People, Person, Phase, Script, Written};

/// A moment at which somebody committed.
#[derive(Debug, Clone)]
pub struct Slot {
    /// Seconds since 1970.
    pub at: i64,
    /// Minutes east of Greenwich.
    pub offset: i64,
    /// Key of the person.
    pub author: String,
}

/// All human commits, in order.
pub fn slots(script: &Script, people: &People, random: &mut Random) -> Vec<Slot> {
    let mut slots = Vec::new();
    for phase in &script.phases {
        let mut monday = monday_of(phase.from);
        while monday <= phase.to {
            week(phase, monday, people, random, &mut slots);
            monday = monday.saturating_add(7.days());
        }
    }
    slots.retain(|slot| slot.at < ANCHOR / 1000);
    slots.sort_by_key(|slot| slot.at);
    // No two commits in one second, so that the order is that of the dates.
    for index in 1..slots.len() {
        slots[index].at = slots[index].at.max(slots[index - 1].at + 40);
    }
    slots
}

fn week(phase: &Phase, monday: Date, people: &People, random: &mut Random, slots: &mut Vec<Slot>) {
    // Some weeks are busy, some are spent elsewhere.
    let busy = [0, 1, 1, 2, 2, 2, 3, 4][random.below(8)];
    let count = (phase.weekly * busy).div_ceil(2);
    for _ in 0..count {
        let day = monday.saturating_add((random.below(5) as i64).days());
        let minute =
            [9, 9, 10, 10, 11, 11, 12, 13, 14, 14, 15, 15, 16, 16, 17, 18][random.below(16)] * 60 + random.below(60);
        let second = random.below(60);
        let keys: Vec<_> = phase.people.keys().collect();
        let weights: Vec<_> = phase.people.values().copied().collect();
        let author = keys[random.weighted(&weights)];
        let is_there = people.get(author).is_some_and(|person| !is_away(person, day));
        if day < phase.from || day > phase.to || is_holiday(day) || !is_there {
            continue;
        }
        let local = day.at((minute / 60) as i8, (minute % 60) as i8, second as i8, 0);
        let offset = offset(local);
        slots.push(Slot { at: seconds(local) - offset * 60, offset, author: author.clone() });
    }
}

/// In the morning of its day.
pub fn written(commit: &Written) -> Slot {
    let minute = (commit.message.len() % 60) as i8;
    let local = commit.at.at(10, minute, 7, 0);
    let offset = offset(local);
    Slot { at: seconds(local) - offset * 60, offset, author: commit.by.clone() }
}

/// The bot works at night, on every day but Sunday.
pub fn bot_moment(day: Date, random: &mut Random) -> Slot {
    let local = day.at(3, random.below(60) as i8, random.below(60) as i8, 0);
    Slot { at: seconds(local), offset: 0, author: String::new() }
}

/// Between the years nobody works, nor on the first of May.
fn is_holiday(day: Date) -> bool {
    matches!((day.month(), day.day()), (12, 22..) | (1, 1..=2) | (5, 1))
}

fn is_away(person: &Person, day: Date) -> bool {
    let today = format!("{:02}-{:02}", day.month(), day.day());
    person.away.as_ref().is_some_and(|[from, to]| *from <= today && today <= *to)
}

/// Central European time without asking the machine: summer from the last Sunday of March to that of October.
fn offset(local: DateTime) -> i64 {
    let last_sunday = |month: i8| {
        let last = Date::constant(local.year(), month, 31);
        last.saturating_sub((last.weekday().since(Weekday::Sunday) as i64).days())
    };
    if last_sunday(3) <= local.date() && local.date() < last_sunday(10) { 120 } else { 60 }
}

/// As if it were UTC.
fn seconds(local: DateTime) -> i64 {
    local.to_zoned_datetime(TimeZone::UTC).map_or(0, |zoned| zoned.timestamp().as_second())
}

/// The Monday of a day's week.
fn monday_of(day: Date) -> Date {
    day.saturating_sub((day.weekday().since(Weekday::Monday) as i64).days())
}
