//! `conanfile_txt`: any text can be read.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = engine_catalog::manifest::conanfile_txt(text);
});
