//! `settings`: any text can be read, in each of the formats.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for name in ["application.yml", "application.properties", "appsettings.json"] {
        let _ = engine_catalog::manifest::settings(name, text);
    }
});
