//! A project's lineage; what was read is written and read again without a finding, as the same.
#![no_main]

use engine_templates::lineage::{FILE, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok((lineage, _)) = parse(FILE, text) {
        let (again, findings) = parse(FILE, &lineage.to_text()).expect("what was written is read");
        assert!(findings.is_empty() && again == lineage, "{findings:?}");
    }
});
