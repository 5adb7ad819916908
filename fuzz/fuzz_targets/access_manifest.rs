//! An access manifest: every finding stands in the file.
#![no_main]

use engine_access::manifest::FILE_NAME;
use engine_access::validate::validate;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for finding in validate(FILE_NAME, text, Timestamp::UNIX_EPOCH, &TimeZone::UTC).findings {
        assert!(finding.line >= 1 && finding.line as usize <= text.lines().count().max(1), "{finding:?}");
    }
});
