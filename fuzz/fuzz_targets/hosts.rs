//! Hosts in any value of any key.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (key, value) = text.split_once('=').unwrap_or(("", text));
    let found = engine_catalog::manifest::hosts(key, value);
    assert!(found.len() <= 10 && found.iter().all(|host| !host.is_empty()));
});
