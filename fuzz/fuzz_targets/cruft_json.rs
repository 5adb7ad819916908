//! `.cruft.json`; what was read is written and read again as the same.
#![no_main]

use engine_templates::lineage::{CRUFT_FILE, Cruft};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(cruft) = Cruft::parse(CRUFT_FILE, text) {
        let _ = cruft.lineage();
        assert!(Cruft::parse(CRUFT_FILE, &cruft.to_text()) == Ok(cruft));
    }
});
