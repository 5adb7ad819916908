//! How often one address may try to sign in: a bucket of steps for each, which fills again.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use lru::LruCache;
use portal::identity::Client;

use super::Problem;

/// Steps that one address may take at once …
const FULL: f64 = 30.0;
/// … and how many come back each second.
const EACH_SECOND: f64 = 0.5;
/// What a step on the way to a provider and back costs.
pub const STEP: f64 = 1.0;
/// What a try of a password costs: ten at once, and then ten a minute.
pub const TRY: f64 = 3.0;
/// Addresses that are remembered; more push out the ones that tried longest ago.
const REMEMBERED: NonZeroUsize = NonZeroUsize::MIN.saturating_add(16_383);

struct Bucket {
    steps: f64,
    at: Instant,
}

/// The buckets of this process.
pub struct Limits(Mutex<LruCache<IpAddr, Bucket>>);

impl Default for Limits {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(REMEMBERED)))
    }
}

impl Limits {
    /// Takes what it costs, or gives the answer for whoever tries too often.
    pub fn refuse(&self, client: &Client, cost: f64) -> Option<Response> {
        let wait = self.take(client.address.parse().ok()?, cost, Instant::now()).err()?;
        let seconds = wait.as_secs() + 1;
        tracing::info!(address = client.address, seconds, "somebody tries to sign in too often");
        let why = format!("Too many attempts to sign in from your address. Try again in {seconds} s.");
        let mut response = Problem::new(StatusCode::TOO_MANY_REQUESTS, "urn:slipway:too-often", why).into_response();
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        Some(response)
    }

    /// # Errors
    /// How long to wait.
    fn take(&self, address: IpAddr, cost: f64, now: Instant) -> Result<(), Duration> {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.get_or_insert_mut(network(address), || Bucket { steps: FULL, at: now });
        let filled = now.saturating_duration_since(bucket.at).as_secs_f64() * EACH_SECOND;
        *bucket = Bucket { steps: (bucket.steps + filled).min(FULL), at: now };
        if bucket.steps < cost {
            return Err(Duration::from_secs_f64((cost - bucket.steps) / EACH_SECOND));
        }
        bucket.steps -= cost;
        Ok(())
    }
}

/// Of IPv6 one person has a whole network: RFC 6177.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => {
            let [a, b, c, d, ..] = six.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        four => four,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_password_is_tried_ten_times_and_then_ten_times_a_minute() {
        let (limits, start) = (Limits::default(), Instant::now());
        let take = |address: &str, seconds| {
            limits
                .take(address.parse().unwrap(), TRY, start + Duration::from_secs(seconds))
                .map_err(|wait| wait.as_secs())
        };
        for _ in 0..10 {
            take("192.0.2.1", 0).unwrap();
        }
        assert_eq!(take("192.0.2.1", 0), Err(6));
        take("192.0.2.2", 0).unwrap();
        take("192.0.2.1", 6).unwrap();
        assert_eq!(take("::ffff:192.0.2.1", 6), Err(6));
        for host in 0..10 {
            take(&format!("2001:db8::{host}"), 0).unwrap();
        }
        assert_eq!(take("2001:db8::ffff", 0), Err(6));
        take("2001:db8:0:1::1", 0).unwrap();
    }
}
