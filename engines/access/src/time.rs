//! Spans of time as manifests write them, and the instants at which access ends.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A span in whole hours: `90d`, `12h`, `2w`. A day has 24 hours, whatever the clocks of a zone do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    hours: u32,
}

/// Nothing lasts longer: a hundred years.
const MOST_HOURS: u32 = 24 * 36_525;

impl Span {
    pub const fn hours(hours: u32) -> Self {
        Self { hours }
    }

    pub const fn days(days: u32) -> Self {
        Self { hours: days.saturating_mul(24) }
    }

    /// `instant` and this span, or the last instant that there is.
    pub fn after(self, instant: Timestamp) -> Timestamp {
        instant.checked_add(SignedDuration::from_hours(i64::from(self.hours))).unwrap_or(Timestamp::MAX)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.hours % 24 {
            0 => write!(f, "{}d", self.hours / 24),
            _ => write!(f, "{}h", self.hours),
        }
    }
}

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        let unit = text.chars().last().ok_or(SpanError)?;
        let hours = match unit {
            'h' => 1,
            'd' => 24,
            'w' => 168,
            _ => return Err(SpanError),
        };
        let digits = &text[..text.len() - 1];
        if digits.is_empty() || digits.len() > 7 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(SpanError);
        }
        let count: u32 = digits.parse().map_err(|_| SpanError)?;
        let hours = count.checked_mul(hours).filter(|hours| (1..=MOST_HOURS).contains(hours)).ok_or(SpanError)?;
        Ok(Self { hours })
    }
}

/// A text is no span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no span of time: write a whole number and h, d or w, such as 90d")]
pub struct SpanError;

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Until when access is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expiry {
    /// To the end of that day, in the zone of the organisation.
    Day(Date),
    /// So long after it was granted.
    After(Span),
}

/// [`Expiry`], where the zone no longer matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ends {
    At(Timestamp),
    After(Span),
}

impl Ends {
    pub fn instant(self, granted: Timestamp) -> Timestamp {
        match self {
            Self::At(instant) => instant,
            Self::After(span) => span.after(granted),
        }
    }
}

impl FromStr for Expiry {
    type Err = ExpiryError;

    /// A day, `2027-06-30`, or a span, `180d`.
    fn from_str(text: &str) -> Result<Self, ExpiryError> {
        let text = text.trim();
        match (text.parse::<Date>(), text.parse::<Span>()) {
            (Ok(day), _) if text.len() == "2027-06-30".len() => Ok(Self::Day(day)),
            (_, Ok(span)) => Ok(Self::After(span)),
            _ => Err(ExpiryError),
        }
    }
}

/// A text is neither a day nor a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither a day nor a span: write one such as 2027-06-30 or 180d")]
pub struct ExpiryError;

impl Expiry {
    /// What a request stores: the day's end in the organisation's zone as it is when it is asked for.
    pub fn ends(self, zone: &TimeZone) -> Ends {
        match self {
            Self::Day(day) => Ends::At(end_of(day, zone)),
            Self::After(span) => Ends::After(span),
        }
    }

    /// The first instant at which access that is granted at `granted` is no more.
    pub fn instant(self, granted: Timestamp, zone: &TimeZone) -> Timestamp {
        self.ends(zone).instant(granted)
    }
}

/// The instant at which `day` is over in `zone`: the start of the next day, which is not always midnight, since clocks
/// are put forward at midnight in some zones.
pub fn end_of(day: Date, zone: &TimeZone) -> Timestamp {
    let next =
        day.tomorrow().and_then(|next| next.to_zoned_datetime(zone.clone())).and_then(|next| next.start_of_day());
    next.map_or(Timestamp::MAX, |next| next.timestamp())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn spans_are_whole_hours() {
        let table = [
            ("90d", Some("90d")),
            ("48h", Some("2d")),
            ("4h", Some("4h")),
            ("2w", Some("14d")),
            ("0d", None),
            ("d", None),
            ("", None),
            ("1.5d", None),
            ("-1d", None),
            ("90", None),
            ("90D", None),
            ("90 d", None),
            ("9999999w", None),
            ("٣d", None),
            ("1é", None),
        ];
        for (text, expected) in table {
            let span = text.parse::<Span>().ok().map(|span| span.to_string());
            assert_eq!(span.as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn a_day_ends_where_the_next_begins_in_that_zone() {
        let table = [
            ("2027-06-30", "UTC", "2027-07-01T00:00:00Z"),
            ("2027-06-30", "Europe/Berlin", "2027-06-30T22:00:00Z"),
            ("2027-06-30", "Pacific/Kiritimati", "2027-06-30T10:00:00Z"),
            ("2027-06-30", "America/Los_Angeles", "2027-07-01T07:00:00Z"),
            // 2024-04-26 began at one o'clock in Cairo, and 2018-11-04 in São Paulo.
            ("2024-04-25", "Africa/Cairo", "2024-04-25T22:00:00Z"),
            ("2018-11-03", "America/Sao_Paulo", "2018-11-04T03:00:00Z"),
            // Samoa had no 30 December 2011.
            ("2011-12-29", "Pacific/Apia", "2011-12-30T10:00:00Z"),
        ];
        for (day, zone, expected) in table {
            let ends = end_of(day.parse().unwrap(), &TimeZone::get(zone).unwrap());
            assert_eq!(ends.to_string(), expected, "{day} in {zone}");
        }
        assert_eq!(end_of(Date::MAX, &TimeZone::UTC), Timestamp::MAX);
    }
}
