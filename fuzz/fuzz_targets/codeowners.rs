//! CODEOWNERS: any text can be read, and any path asked for.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (codeowners, findings) = engine_repo::codeowners::parse("CODEOWNERS", text);
    // The paths come from the input too, so that the fuzzer finds those that are hard to match.
    for path in text.lines().take(16) {
        let _ = codeowners.owners_of(path);
    }
    assert!(findings.iter().all(|finding| finding.line >= 1 || finding.rule == "codeowners.size"));
});
