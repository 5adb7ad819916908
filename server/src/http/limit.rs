//! How often somebody may come through the doors at which guessing or asking too much would pay: a bucket of steps for each,
//! which fills again.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use lru::LruCache;
use portal::identity::Client;

use super::{Asking, Problem};

/// What is counted, each by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Door {
    /// Attempts to sign in.
    SignIn,
    /// Tokens that are none.
    Token,
    /// Deliveries that nobody known has signed.
    Webhook,
    /// Questions to the index. A whole company may come from one address.
    Search,
}

impl Door {
    /// Steps that may be taken at once, and how many come back each second.
    fn room(self) -> (f64, f64) {
        match self {
            Self::SignIn | Self::Token | Self::Webhook => (30.0, 0.5),
            Self::Search => (300.0, 50.0),
        }
    }

    fn sentence(self) -> &'static str {
        match self {
            Self::SignIn => "Too many attempts to sign in from your address.",
            Self::Token => "Too many requests with a token that is none came from your address.",
            Self::Webhook => "Too many deliveries that were not signed came from your address.",
            Self::Search => "Too many searches.",
        }
    }
}

/// What a step on the way to a provider and back costs, and everything else that is counted one by one.
pub const STEP: f64 = 1.0;
/// What a try of a password costs: ten at once, and then ten a minute.
pub const TRY: f64 = 3.0;
/// Buckets that are remembered; more push out the ones that were used longest ago.
const REMEMBERED: NonZeroUsize = NonZeroUsize::MIN.saturating_add(16_383);

struct Bucket {
    steps: f64,
    at: Instant,
}

/// Whose bucket it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Whose {
    Network(IpAddr),
    Account(String),
}

/// The buckets of this process.
pub struct Limits(Mutex<LruCache<(Door, Whose), Bucket>>);

impl Default for Limits {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(REMEMBERED)))
    }
}

impl Limits {
    /// Takes what it costs, or gives the answer for whoever comes too often; by address.
    pub fn refuse(&self, door: Door, client: &Client, cost: f64) -> Option<Response> {
        let whose = Whose::Network(network(client.address.parse().ok()?));
        self.answer(door, whose, cost)
    }

    /// The same, where whoever has signed in is counted by themselves.
    pub fn refuse_person(&self, door: Door, asking: &Asking, cost: f64) -> Option<Response> {
        match asking.actor.account() {
            Some(account) => self.answer(door, Whose::Account(account.to_owned()), cost),
            None => self.refuse(door, &asking.client, cost),
        }
    }

    fn answer(&self, door: Door, whose: Whose, cost: f64) -> Option<Response> {
        let wait = self.take(door, whose.clone(), cost, Instant::now()).err()?;
        let seconds = wait.as_secs() + 1;
        tracing::info!(?door, ?whose, seconds, "somebody comes too often");
        let why = format!("{} Try again in {seconds} s.", door.sentence());
        let mut response = Problem::new(StatusCode::TOO_MANY_REQUESTS, "urn:slipway:too-often", why).into_response();
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        Some(response)
    }

    /// # Errors
    /// How long to wait.
    fn take(&self, door: Door, whose: Whose, cost: f64, now: Instant) -> Result<(), Duration> {
        let (full, each_second) = door.room();
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.get_or_insert_mut((door, whose), || Bucket { steps: full, at: now });
        let filled = now.saturating_duration_since(bucket.at).as_secs_f64() * each_second;
        *bucket = Bucket { steps: (bucket.steps + filled).min(full), at: now };
        if bucket.steps < cost {
            return Err(Duration::from_secs_f64((cost - bucket.steps) / each_second));
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
            let whose = Whose::Network(network(address.parse().unwrap()));
            limits.take(Door::SignIn, whose, TRY, start + Duration::from_secs(seconds)).map_err(|wait| wait.as_secs())
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

    #[test]
    fn doors_and_people_have_buckets_of_their_own() {
        let (limits, now) = (Limits::default(), Instant::now());
        let whose = |name: &str| Whose::Account(name.to_owned());
        for _ in 0..300 {
            limits.take(Door::Search, whose("ada"), STEP, now).unwrap();
        }
        assert!(limits.take(Door::Search, whose("ada"), STEP, now).is_err());
        limits.take(Door::Search, whose("grace"), STEP, now).unwrap();
        limits.take(Door::Webhook, whose("ada"), STEP, now).unwrap();
        limits.take(Door::Search, whose("ada"), STEP, now + Duration::from_secs(1)).unwrap();
    }
}
