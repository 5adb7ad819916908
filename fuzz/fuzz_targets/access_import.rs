//! Grants from elsewhere, in each format, and mappings: every finding stands in the text.
#![no_main]

use engine_access::import::{Format, Mapping, World, read};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use libfuzzer_sys::fuzz_target;

const MAPPING: &str = include_str!("../corpus/access_import/mapping.yaml");

fuzz_target!(|text: &str| {
    let environments = ["staging".to_owned(), "production".to_owned()].into();
    let world = World { environments: &environments, now: Timestamp::UNIX_EPOCH, zone: &TimeZone::UTC };
    let _ = Mapping::parse("mapping.yaml", text);
    let Ok(mapping) = Mapping::parse("mapping.yaml", MAPPING) else { return };
    for format in [Format::Csv, Format::Json, Format::Yaml(&mapping)] {
        for finding in read("grants", text, format, &world).findings.findings {
            assert!(finding.line as usize <= text.lines().count().max(1), "{finding:?}");
        }
    }
});
