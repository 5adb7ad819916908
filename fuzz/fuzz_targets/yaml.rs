//! YAML: what was read is written and reads back the same.
#![no_main]

use engine_catalog::yaml::{Limits, emit, parse, parse_all};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for document in parse_all(text, &Limits::default()).0 {
        let json = document.root.to_json();
        let again = parse(&emit(&json), &Limits::default());
        assert!(again.is_ok_and(|again| again.len() == 1 && again[0].root.to_json() == json), "{json}");
    }
});
