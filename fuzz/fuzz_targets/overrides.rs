//! The overrides file; what was read is written and read again without a finding.
#![no_main]

use engine_catalog::overrides::{FILE_NAME, parse, to_yaml};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (overrides, _) = parse(FILE_NAME, text);
    let (_, findings) = parse(FILE_NAME, &to_yaml(&overrides));
    assert!(findings.iter().all(|finding| finding.level < model::Level::Error), "{findings:?}");
});
