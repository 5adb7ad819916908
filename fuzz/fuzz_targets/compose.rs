//! Compose files, with the variables of any `.env` put in.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let variables = engine_catalog::manifest::environment(text);
    for mut service in engine_catalog::manifest::compose(text).unwrap_or_default() {
        service.fill(&variables);
    }
});
