//! Rate limits, as GitHub documents them in "Rate limits for the REST API", "Exceeding the rate limit", and
//! "Best practices for using the REST API", "Handle rate limit errors appropriately".

use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderName, StatusCode};

use super::Waiting;
use crate::forge::error::Limit;
use crate::forge::settings::Pace;

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// GitHub counts whole seconds: one more, so that the limit has certainly ended.
const MARGIN: i64 = 1_000;

/// If the answer is a refusal for a rate limit: until when to wait. In this order: `Retry-After`; the reset, if nothing
/// remains; else a minute, which doubles with each refusal before (`refused`). Absent headers are no limit: an
/// Enterprise Server has rate limits off by default.
pub(super) fn refusal(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    refused: u32,
    now: i64,
    pace: &Pace,
) -> Option<Waiting> {
    if !matches!(status, StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        return None;
    }
    let secondary =
        |milliseconds: i64| Waiting { until: now.saturating_add(milliseconds), why: Limit::Secondary, calls: None };
    if let Some(seconds) = number(headers, &RETRY_AFTER) {
        return Some(secondary(seconds.saturating_mul(1_000)));
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        return None;
    }
    if let Some(waiting) = used_up(headers) {
        return Some(Waiting { until: waiting.until.max(now), ..waiting });
    }
    if status == StatusCode::TOO_MANY_REQUESTS || speaks_of_limit(body) {
        let wait = pace.secondary_limit.saturating_mul(2_u32.saturating_pow(refused));
        return Some(secondary(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)));
    }
    None
}

/// Until when requests are held back, if this answer was the last possible one.
pub(super) fn used_up(headers: &HeaderMap) -> Option<Waiting> {
    match (number(headers, &REMAINING), number(headers, &RESET)) {
        (Some(0), Some(reset)) => Some(Waiting {
            until: reset.saturating_mul(1_000).saturating_add(MARGIN),
            why: Limit::Primary,
            calls: number(headers, &LIMIT).and_then(|calls| u32::try_from(calls).ok()),
        }),
        _ => None,
    }
}

fn number(headers: &HeaderMap, name: &HeaderName) -> Option<i64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok().filter(|number| *number >= 0)
}

/// A 403 for a secondary limit may carry nothing but its message.
fn speaks_of_limit(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body.get(..2_048).unwrap_or(body)).to_lowercase();
    text.contains("rate limit") || text.contains("abuse detection")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;

    const NOW: i64 = 1_000_000;

    fn answer(status: u16, headers: &[(&'static str, &str)], body: &str, refused: u32) -> Option<(i64, Limit)> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        let status = StatusCode::from_u16(status).unwrap();
        refusal(status, &map, body.as_bytes(), refused, NOW, &Pace::default()).map(|wait| (wait.until - NOW, wait.why))
    }

    #[test]
    fn the_wait_follows_the_documentation() {
        let secondary = r#"{"message":"You have exceeded a secondary rate limit. Please wait a few minutes."}"#;
        let table: [(u16, &[(&str, &str)], &str, u32, Option<(i64, Limit)>); 12] = [
            (200, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1060")], "", 0, None),
            (403, &[], r#"{"message":"Resource not accessible by integration"}"#, 0, None),
            (403, &[("x-ratelimit-remaining", "12"), ("x-ratelimit-reset", "1060")], "{}", 0, None),
            (
                403,
                &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1060")],
                "{}",
                0,
                Some((61_000, Limit::Primary)),
            ),
            (429, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "900")], "{}", 0, Some((0, Limit::Primary))),
            (403, &[("retry-after", "30")], secondary, 3, Some((30_000, Limit::Secondary))),
            (429, &[("retry-after", "7"), ("x-ratelimit-remaining", "0")], "", 0, Some((7_000, Limit::Secondary))),
            (403, &[], secondary, 0, Some((60_000, Limit::Secondary))),
            (403, &[("x-ratelimit-remaining", "4000")], secondary, 2, Some((240_000, Limit::Secondary))),
            (429, &[("retry-after", "soon")], "", 0, Some((60_000, Limit::Secondary))),
            (503, &[("retry-after", "2")], "", 0, Some((2_000, Limit::Secondary))),
            (503, &[], secondary, 0, None),
        ];
        for (status, headers, body, refused, expected) in table {
            assert_eq!(answer(status, headers, body, refused), expected, "{status} {headers:?} {body}");
        }
    }

    #[test]
    fn absurd_numbers_do_not_overflow() {
        assert_eq!(answer(429, &[("retry-after", "9223372036854775807")], "", 0).unwrap().0, i64::MAX - NOW);
        assert!(
            answer(429, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "9223372036854775807")], "", 0)
                .is_some()
        );
        assert!(answer(429, &[], "", u32::MAX).is_some());
    }
}
