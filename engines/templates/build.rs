//! Packs the tables of the crate `unidecode` into bytes. As the crate has them, they are 60 000 pointers, each of which the
//! loader writes whenever a process starts: a millisecond of every command, used by almost none.

use std::collections::HashMap;
use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let (mut letters, mut places, mut known) = (String::new(), Vec::new(), HashMap::new());
    for code in 0..=0xffff_u32 {
        let found = char::from_u32(code).map_or("", unidecode::unidecode_char);
        let at = *known.entry(found).or_insert_with(|| {
            letters.push_str(found);
            letters.len() - found.len()
        });
        // Where the letters begin, in three bytes, and how many there are, in one.
        assert!(found.len() < 256, "{found}");
        let place = u32::try_from(at << 8 | found.len())?;
        places.extend_from_slice(&place.to_le_bytes());
    }
    let folder = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo does not say where to write")?);
    fs::write(folder.join("letters.txt"), letters)?;
    fs::write(folder.join("letters.places"), places)?;
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}
