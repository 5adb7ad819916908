//! Who signed a certificate, and until when it is valid: rustls checks both and says neither. Read by hand (RFC 5280,
//! section 4.1, in DER), since a crate that does it brings eight others for two fields.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// What is shown of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Who signed it, by name.
    pub issuer: String,
    /// Milliseconds since 1970 in UTC.
    pub until: i64,
}

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OBJECT: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// The version, which stands before the serial number in all but the oldest.
const VERSION: u8 = 0xa0;

/// `id-at-organizationName` and `id-at-commonName`.
const ORGANISATION: &[u8] = &[0x55, 0x04, 0x0a];
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];

/// `None` for what is no certificate.
pub(super) fn read(der: &[u8]) -> Option<Certificate> {
    let mut fields = expect(&mut expect(&mut { der }, SEQUENCE)?, SEQUENCE)?;
    if fields.first() == Some(&VERSION) {
        take(&mut fields)?;
    }
    // The serial number and the algorithm.
    take(&mut fields)?;
    take(&mut fields)?;
    let issuer = name(expect(&mut fields, SEQUENCE)?);
    let mut validity = expect(&mut fields, SEQUENCE)?;
    take(&mut validity)?;
    Some(Certificate { issuer, until: time(take(&mut validity)?)? })
}

/// The next element: its tag, and what is in it.
fn take<'a>(rest: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let (tag, after) = rest.split_first()?;
    let (first, after) = after.split_first()?;
    let (length, after) = match first {
        0..=0x7f => (usize::from(*first), after),
        0x81..=0x84 => {
            let (bytes, after) = after.split_at_checked(usize::from(first & 0x7f))?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), after)
        }
        _ => return None,
    };
    let (inside, after) = after.split_at_checked(length)?;
    *rest = after;
    Some((*tag, inside))
}

fn expect<'a>(rest: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    take(rest).and_then(|(found, inside)| (found == tag).then_some(inside))
}

/// As people call it: the organisation and the common name.
fn name(mut sets: &[u8]) -> String {
    let (mut organisation, mut common) = (None, None);
    while let Some(mut set) = expect(&mut sets, SET) {
        while let Some(mut pair) = expect(&mut set, SEQUENCE) {
            let (Some(kind), Some((_, value))) = (expect(&mut pair, OBJECT), take(&mut pair)) else { break };
            let text: String = String::from_utf8_lossy(value).chars().filter(|c| !c.is_control()).take(80).collect();
            match kind {
                ORGANISATION => organisation = Some(text),
                COMMON_NAME => common = Some(text),
                _ => {}
            }
        }
    }
    match (organisation, common) {
        (Some(organisation), Some(common)) => format!("{organisation}, {common}"),
        (one, other) => one.or(other).unwrap_or_else(|| "somebody without a name".to_owned()),
    }
}

/// `YYMMDDHHMMSSZ` until 2049, `YYYYMMDDHHMMSSZ` after it.
fn time((tag, text): (u8, &[u8])) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let text = match tag {
        UTC_TIME => format!("{}{text}", if text.get(..2)? < "50" { "20" } else { "19" }),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let at = DateTime::strptime("%Y%m%d%H%M%SZ", text).ok()?;
    Some(TimeZone::UTC.to_timestamp(at).ok()?.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            read(&bytes);
            let framed = |bytes: &[u8]| [&[SEQUENCE, 0x82, (bytes.len() >> 8) as u8, bytes.len() as u8], bytes].concat();
            read(&framed(&framed(&bytes)));
        }
    }

    #[test]
    fn times_are_of_both_centuries() {
        assert_eq!(time((UTC_TIME, b"491231235959Z")), Some(2_524_607_999_000));
        assert_eq!(time((UTC_TIME, b"500101000000Z")), Some(-631_152_000_000));
        assert_eq!(time((GENERALIZED_TIME, b"20500101000000Z")), Some(2_524_608_000_000));
        assert_eq!(time((GENERALIZED_TIME, b"20501301000000Z")), None);
        assert_eq!(time((0x02, b"1")), None);
    }
}
