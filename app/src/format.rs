//! Numbers, times and words as a person reads them.

// `..10 => …, ..60 => …` reads as the ladder that it is.
#![allow(clippy::match_overlapping_arm)]

use std::future::Future;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::html::Html;
pub use crate::number::{THIN, count, number};

/// `62 %`; never 0 or 100 % unless it is exactly that.
pub fn percent(part: u64, whole: u64) -> String {
    let share = if whole == 0 { 0 } else { (part * 200 + whole) / (whole * 2) };
    let share = match share {
        0 if part > 0 => 1,
        100 if part < whole => 99,
        share => share,
    };
    format!("{share}{THIN}%")
}

/// `3 minutes ago`, `yesterday`, `14 months ago`.
pub fn ago(now: i64, at: i64) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    const AHEAD: i64 = -MINUTE;
    let seconds = (now - at) / 1000;
    let several = |unit: i64, one: &str, many: &str| match seconds / unit {
        1 => format!("1 {one} ago"),
        n => format!("{n} {many} ago"),
    };
    match seconds {
        ..AHEAD => ahead(-seconds),
        ..10 => "just now".to_owned(),
        ..MINUTE => format!("{seconds} seconds ago"),
        ..HOUR => several(MINUTE, "minute", "minutes"),
        ..DAY => several(HOUR, "hour", "hours"),
        _ if seconds < 2 * DAY => "yesterday".to_owned(),
        _ if seconds < 14 * DAY => several(DAY, "day", "days"),
        _ if seconds < 60 * DAY => several(7 * DAY, "week", "weeks"),
        _ if seconds < 730 * DAY => several(DAY * 3044 / 100, "month", "months"),
        _ => several(DAY * 36525 / 100, "year", "years"),
    }
}

/// `in 3 days`
fn ahead(seconds: i64) -> String {
    const UNITS: [(i64, &str); 6] = [
        (31_557_600, "year"),
        (2_630_016, "month"),
        (604_800, "week"),
        (86_400, "day"),
        (3_600, "hour"),
        (60, "minute"),
    ];
    // Two of the next larger unit read better than one and a rest.
    let (unit, name) = UNITS.into_iter().find(|(unit, _)| seconds >= 2 * unit).unwrap_or((60, "minute"));
    match seconds / unit {
        1 => format!("in 1 {name}"),
        n => format!("in {n} {name}s"),
    }
}

tokio::task_local! {
    /// Of whoever reads the page that is being made.
    static ZONE: TimeZone;
}

/// Makes a page for somebody whose times are in this zone; outside of it, and for those who have chosen none, it is UTC.
pub async fn in_zone<T>(zone: TimeZone, making: impl Future<Output = T>) -> T {
    ZONE.scope(zone, making).await
}

/// `2 November 2026, 09:00 UTC`
pub fn exact(at: i64) -> String {
    format_time(at, "%-d %B %Y, %H:%M %Z")
}

/// `09:00 CET`
pub fn clock(at: i64, zone: &TimeZone) -> String {
    format_in(at, "%H:%M %Z", zone.clone())
}

/// `2 Nov 2026`
pub fn day(at: i64) -> String {
    format_time(at, "%-d %b %Y")
}

/// `09:00:07`
pub fn clock_time(at: i64) -> String {
    format_time(at, "%H:%M:%S")
}

fn format_time(at: i64, format: &str) -> String {
    format_in(at, format, ZONE.try_with(Clone::clone).unwrap_or(TimeZone::UTC))
}

fn format_in(at: i64, format: &str, zone: TimeZone) -> String {
    let at = Timestamp::from_millisecond(at).map(|at| at.to_zoned_datetime(zone).strftime(format).to_string());
    at.unwrap_or_else(|_| "unknown".to_owned())
}

/// A time element: relative, with the exact one on hover.
pub fn time(out: &mut Html, now: i64, at: i64) {
    time_with(out, at, &ago(now, at));
}

/// A time element with a text of its own.
pub fn time_with(out: &mut Html, at: i64, text: &str) {
    let machine = Timestamp::from_millisecond(at).map(|at| at.to_string()).unwrap_or_default();
    out.raw("<time").attribute("datetime", &machine).attribute("title", &exact(at)).raw(">").text(text).raw("</time>");
}

/// `340 ms`, `4.2 s`, `3 min 20 s`.
pub fn duration(milliseconds: i64) -> String {
    match milliseconds {
        ..1_000 => format!("{} ms", milliseconds.max(0)),
        ..10_000 => format!("{}.{} s", milliseconds / 1000, milliseconds % 1000 / 100),
        ..60_000 => format!("{} s", milliseconds / 1000),
        ..3_600_000 => format!("{} min {} s", milliseconds / 60_000, milliseconds / 1000 % 60),
        _ => format!("{} h {} min", milliseconds / 3_600_000, milliseconds / 60_000 % 60),
    }
}

/// `812 bytes`, `4.2 MB`.
pub fn size(bytes: u64) -> String {
    match bytes {
        ..1_000 => count(bytes, "byte", "bytes"),
        ..1_000_000 => format!("{} kB", bytes / 1_000),
        ..1_000_000_000 => format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10),
        _ => format!("{}.{} GB", bytes / 1_000_000_000, bytes / 100_000_000 % 10),
    }
}

/// The first letter upper case: a value at the beginning of a label.
pub fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_never_rounded_to_all_or_nothing() {
        let table = [(0, 10, 0), (1, 1_000, 1), (999, 1_000, 99), (10, 10, 100), (1, 3, 33), (2, 3, 67), (0, 0, 0)];
        for (part, whole, share) in table {
            assert_eq!(percent(part, whole), format!("{share}\u{202f}%"), "{part} of {whole}");
        }
    }

    #[test]
    fn times_are_relative() {
        const NOW: i64 = 1_793_610_000_000;
        let table = [
            (0, "just now"),
            (59, "59 seconds ago"),
            (60, "1 minute ago"),
            (7_300, "2 hours ago"),
            (90_000, "yesterday"),
            (5 * 86_400, "5 days ago"),
            (21 * 86_400, "3 weeks ago"),
            (100 * 86_400, "3 months ago"),
            (800 * 86_400, "2 years ago"),
            (-3_600, "in 60 minutes"),
            (-3 * 86_400, "in 3 days"),
        ];
        for (seconds, text) in table {
            assert_eq!(ago(NOW, NOW - seconds * 1000), text);
        }
        assert_eq!(exact(NOW), "2 November 2026, 09:00 UTC");
        assert_eq!(exact(i64::MAX), "unknown");
    }

    #[tokio::test]
    async fn times_are_those_of_whoever_reads() {
        const NOW: i64 = 1_793_610_000_000;
        let zone = TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC);
        let (there, day) = in_zone(zone, async { (exact(NOW), day(NOW + 14 * 3_600_000)) }).await;
        assert_eq!((there.as_str(), day.as_str()), ("2 November 2026, 10:00 CET", "3 Nov 2026"));
        assert_eq!(exact(NOW), "2 November 2026, 09:00 UTC");
    }

    #[test]
    fn durations_and_sizes_are_short() {
        let table =
            [(340, "340 ms"), (4_250, "4.2 s"), (42_000, "42 s"), (200_000, "3 min 20 s"), (7_500_000, "2 h 5 min")];
        for (milliseconds, text) in table {
            assert_eq!(duration(milliseconds), text);
        }
        assert_eq!(size(812), "812 bytes");
        assert_eq!(size(4_250_000), "4.2 MB");
    }
}
