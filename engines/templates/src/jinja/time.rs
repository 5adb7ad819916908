//! The time as arrow 1.4 tells it to cookiecutter's tag `now`, in the words of Python's `strftime`.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Span, Timestamp, ZonedDateTime};
use minijinja::{Error, ErrorKind};

/// What is written where no format is given.
pub const FORMAT: &str = "%Y-%m-%d";

/// The clock of a render.
#[derive(Clone, Debug)]
pub struct Clock {
    pub time: Timestamp,
    /// What `local` means.
    pub zone: TimeZone,
}

impl Clock {
    /// The time in a zone, as text.
    ///
    /// # Errors
    /// An unknown zone.
    pub fn now(&self, zone: &str, format: &str) -> Result<String, Error> {
        Ok(strftime(&self.time.to_zoned_datetime(self.zone_of(zone)?), format))
    }

    /// The time in a zone, shifted as in `hours=2,days=1`, as text.
    ///
    /// # Errors
    /// An unknown zone, unit or number.
    pub fn shifted(&self, zone: &str, sign: &str, offset: &str, format: &str) -> Result<String, Error> {
        let now = self.time.to_zoned_datetime(self.zone_of(zone)?);
        let moved = shift(now.datetime(), sign, offset)?;
        let zoned = now.time_zone().to_ambiguous_zoned_datetime(moved).compatible().map_err(invalid)?;
        Ok(strftime(&zoned, format))
    }

    /// A zone by name (`utc`, `local`, `Europe/Berlin`) or by offset (`+02:00`).
    fn zone_of(&self, name: &str) -> Result<TimeZone, Error> {
        match name {
            "local" => return Ok(self.zone.clone()),
            "utc" | "UTC" => return Ok(TimeZone::UTC),
            _ => {}
        }
        if let Some(offset) = offset_of(name) {
            return Ok(offset);
        }
        TimeZoneDatabase::bundled()
            .get(name)
            .map_err(|_| Error::new(ErrorKind::InvalidOperation, format!("{name:?} is no time zone that is known")))
    }
}

/// `+02:00`, `-0230` or `+02`; without a sign it is one to the east.
fn offset_of(name: &str) -> Option<TimeZone> {
    let (negative, digits) = match name.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, name.strip_prefix('+').unwrap_or(name)),
    };
    let digits = digits.replacen(':', "", 1);
    if !matches!(digits.len(), 2 | 4) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let hours: i32 = digits[..2].parse().ok()?;
    let minutes: i32 = digits.get(2..4).map_or(Some(0), |text| text.parse().ok())?;
    let seconds = (hours * 60 + minutes) * 60 * if negative { -1 } else { 1 };
    Offset::from_seconds(seconds).ok().map(TimeZone::fixed)
}

fn shift(time: DateTime, sign: &str, offset: &str) -> Result<DateTime, Error> {
    let mut months = 0_f64;
    let mut seconds = 0_f64;
    for part in offset.split(',') {
        let wrong = || Error::new(ErrorKind::InvalidOperation, format!("{part:?} is no shift of the time: `days=1`"));
        let (unit, count) = part.split_once('=').ok_or_else(wrong)?;
        let count: f64 = format!("{sign}{}", count.trim()).parse().map_err(|_| wrong())?;
        match unit.trim() {
            "years" => months += count * 12.0,
            "quarters" => months += count * 3.0,
            "months" => months += count,
            "weeks" => seconds += count * 604_800.0,
            "days" => seconds += count * 86_400.0,
            "hours" => seconds += count * 3_600.0,
            "minutes" => seconds += count * 60.0,
            "seconds" => seconds += count,
            "microseconds" => seconds += count / 1e6,
            _ => return Err(wrong()),
        }
    }
    if months.fract() != 0.0 {
        return Err(Error::new(ErrorKind::InvalidOperation, "a part of a month or year is no shift of the time"));
    }
    let span = Span::new().try_months(months as i64).map_err(invalid)?;
    let duration = SignedDuration::try_from_secs_f64(seconds).map_err(invalid)?;
    time.checked_add(span).and_then(|time| time.checked_add(duration)).map_err(invalid)
}

fn invalid(error: jiff::Error) -> Error {
    Error::new(ErrorKind::InvalidOperation, format!("the time cannot be shifted so far: {error}"))
}

/// `strftime` of Python on Linux (glibc) in the locale `C`; what is no directive stays as it is.
pub fn strftime(time: &ZonedDateTime, format: &str) -> String {
    let mut written = String::new();
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        written.push_str(&rest[..at]);
        let directive = &rest[at..];
        let flags =
            directive[1..].find(|character: char| !"-_0^#".contains(character)).map_or(directive.len(), |n| n + 1);
        let width = directive[flags..]
            .find(|character: char| !character.is_ascii_digit())
            .map_or(directive.len(), |count| flags + count);
        let modified = usize::from(directive[width..].starts_with(['E', 'O']));
        let Some(letter) = directive[width + modified..].chars().next() else {
            written.push_str(directive);
            return written;
        };
        let end = width + modified + letter.len_utf8();
        match directive_text(time, &directive[1..width], letter) {
            Some(text) => written.push_str(&text),
            None => written.push_str(&directive[..end]),
        }
        rest = &directive[end..];
    }
    written + rest
}

fn directive_text(time: &ZonedDateTime, flags: &str, letter: char) -> Option<String> {
    let format = match letter {
        'c' => "%a %b %e %H:%M:%S %Y".to_owned(),
        'x' | 'D' => "%m/%d/%y".to_owned(),
        'X' | 'T' => "%H:%M:%S".to_owned(),
        'r' => "%I:%M:%S %p".to_owned(),
        'R' => "%H:%M".to_owned(),
        'F' => "%Y-%m-%d".to_owned(),
        'h' => format!("%{flags}b"),
        'f' => return Some(format!("{:06}", time.subsec_nanosecond() / 1_000)),
        'Z' if time.time_zone().to_fixed_offset().is_ok() && *time.time_zone() != TimeZone::UTC => {
            return Some(String::new());
        }
        'n' => return Some("\n".to_owned()),
        't' => return Some("\t".to_owned()),
        '%' => return Some("%".to_owned()),
        'a' | 'A' | 'b' | 'B' | 'C' | 'd' | 'e' | 'g' | 'G' | 'H' | 'I' | 'j' | 'k' | 'l' | 'm' | 'M' | 'p' | 'P'
        | 's' | 'S' | 'u' | 'U' | 'V' | 'w' | 'W' | 'y' | 'Y' | 'z' | 'Z' => format!("%{flags}{letter}"),
        _ => return None,
    };
    jiff::fmt::strtime::format(&format, time).ok()
}
