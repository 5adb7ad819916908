//! From the module that rustc wrote to the one that a browser loads.

use std::fs;

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::site::store::Store;
use crate::site::{files_below, name_below};
use crate::workspace::target;

/// Adds `slipway_bg.wasm`, `slipway.js` and the snippets that it imports.
///
/// Also without an argument `init()` of `slipway.js` finds the module beside it, under its hashed name.
pub fn scripts(wasm: Vec<u8>, store: &mut Store) -> Result<()> {
    let folder = target().join("wasm/bindgen");
    let _ = fs::remove_dir_all(&folder);
    let mut bindgen = Bindgen::new();
    bindgen
        .input_bytes("slipway", wasm)
        .web(true)?
        .typescript(false)
        .omit_default_module_path(false)
        .keep_debug(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(&folder)
        .context("wasm-bindgen refused the module")?;

    let module = store.add("slipway_bg.wasm", &fs::read(folder.join("slipway_bg.wasm"))?)?;
    let mut script = fs::read_to_string(folder.join("slipway.js"))?.replace("slipway_bg.wasm", file_name(&module));
    for snippet in files_below(&folder)?.iter().filter(|file| file.starts_with(folder.join("snippets"))) {
        let name = name_below(&folder, snippet);
        let address = store.add(&name, &fs::read(snippet)?)?;
        script = script.replace(&format!("./{name}"), &address);
    }
    store.add("slipway.js", script.as_bytes())?;
    Ok(())
}

fn file_name(address: &str) -> &str {
    address.rsplit('/').next().unwrap_or(address)
}
