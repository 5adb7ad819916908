//! The client against a local server with GitHub's shapes and GitHub's misbehaviour.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod app;
mod existence;
mod faults;
mod listing;
mod network;
mod people;
mod permissions;
mod pushes;
mod recorded;
mod webhook;

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use fake_forge::{Fake, Profile};

use super::*;
use crate::clock::Clock;

/// 2026-01-01T00:00:00Z in milliseconds.
const NOW: i64 = 1_767_225_600_000;

/// A fake with the organisation `acme` of so many repositories, and a client with a token of full rights. Both live in a
/// time that moves only when the client waits.
async fn acme(profile: Profile, repositories: usize) -> (Fake, Forge) {
    let (fake, settings) = acme_settings(profile, repositories).await;
    (fake, Forge::new(&settings).unwrap())
}

async fn acme_settings(profile: Profile, repositories: usize) -> (Fake, ForgeSettings) {
    let fake = Fake::start(profile).await.unwrap();
    let time = Arc::new(AtomicI64::new(NOW));
    fake.follow(time.clone());
    fake.state().add_token("ghp_full", "ada", &["repo", "read:org"]);
    for number in 0..repositories {
        fake.state().add_repository("acme", &format!("service-{number:03}"));
    }
    let mut settings =
        ForgeSettings::enterprise(fake.origin(), Authentication::Token(Secret::new("ghp_full"))).unwrap();
    settings.api = fake.api().parse().unwrap();
    settings.clock = Clock::Fixed(time);
    settings.request_timeout = Duration::from_millis(500);
    settings.connect_timeout = Duration::from_millis(300);
    (fake, settings)
}

fn organisation() -> Scope {
    Scope::Organisation("acme".to_owned())
}

async fn list(forge: &Forge) -> Result<Listing<ForgeRepository>> {
    forge.repositories(&organisation(), &Filter::default(), &mut Cache::default()).await
}

fn names(listing: &Listing<ForgeRepository>) -> Vec<&str> {
    listing.entries.iter().map(|repository| repository.name.as_str()).collect()
}
