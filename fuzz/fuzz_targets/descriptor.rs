//! Descriptors, from bytes that may be no text, through everything that is done with what they say.
#![no_main]

use engine_catalog::descriptor::{parse_bytes, relations, resolve_placeholders, to_yaml};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for mut declared in parse_bytes("catalog-info.yaml", bytes).entities {
        resolve_placeholders(&mut declared, &|_| Ok(Some(bytes.to_vec())));
        relations(&declared.entity);
        to_yaml(&declared.entity);
    }
});
