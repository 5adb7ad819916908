//! What the browser gets: `target/site/manifest.json` and `target/site/assets/*`.
//!
//! The manifest maps the names that pages use (`slipway.js`, `slipway_bg.wasm`, `slipway.css`, and every file of
//! `public/` by its path there) to where they are: names with a hash of their content, which a browser may keep for
//! ever. Beside each file that compresses lie a `.br` and a `.gz`.

mod bundle;
mod store;
mod styles;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

pub use store::Manifest;

use crate::command::{run, step};
use crate::wasm_std;
use crate::workspace::{WASM, root, site, target, wasm_cargo};
use store::Store;

/// What JavaScript, wasm and CSS of a page may weigh together, compressed with brotli.
pub const BUDGET: u64 = 150 * 1024;

/// Builds the site if anything that goes into it has changed.
pub fn build() -> Result<Manifest> {
    let wasm = step("Building the islands for the browser", || {
        let standard = wasm_std::prepare()?;
        run(wasm_cargo("build", &standard).args(["--package", "frontend", "--profile", "wasm-release"]))?;
        let file = target().join("wasm").join(WASM).join("wasm-release/frontend.wasm");
        fs::read(&file).with_context(|| format!("{} was not built", file.display()))
    })?;
    let inputs = fingerprint(&wasm)?;
    let stamp = site().join("built-from");
    if fs::read_to_string(&stamp).is_ok_and(|built_from| built_from == inputs) {
        return store::read_manifest(&site());
    }
    step("Bundling scripts, styles and static files", || {
        let fresh = site().with_extension("new");
        let _ = fs::remove_dir_all(&fresh);
        let manifest = assemble(wasm, &fresh)?;
        fs::write(fresh.join("built-from"), inputs)?;
        // A running debug server reads this folder: it sees the old one or the new one.
        let old = site().with_extension("old");
        let _ = fs::remove_dir_all(&old);
        if site().exists() {
            fs::rename(site(), &old)?;
        }
        fs::rename(&fresh, site())?;
        let _ = fs::remove_dir_all(&old);
        Ok(manifest)
    })
}

/// Fails when a page has become too heavy. Returns the weight in bytes.
pub fn check_budget(manifest: &Manifest) -> Result<u64> {
    let weight: u64 =
        manifest.iter().filter(|(name, _)| store::loaded_by_every_page(name)).map(|(_, asset)| asset.br).sum();
    for (name, asset) in manifest.iter().filter(|(name, _)| store::loaded_by_every_page(name)) {
        eprintln!("   {name}: {} bytes, {} with brotli", asset.size, asset.br);
    }
    eprintln!("   together {weight} of at most {BUDGET} bytes");
    if weight > BUDGET {
        bail!("JavaScript, wasm and CSS weigh {weight} bytes with brotli; at most {BUDGET} are allowed");
    }
    Ok(weight)
}

/// Bytes of JavaScript, wasm and CSS, with brotli.
pub fn weight(manifest: &Manifest) -> u64 {
    manifest.iter().filter(|(name, _)| store::loaded_by_every_page(name)).map(|(_, asset)| asset.br).sum()
}

fn assemble(wasm: Vec<u8>, folder: &Path) -> Result<Manifest> {
    let mut store = Store::new(folder)?;
    let public = root().join("public");
    for file in files_below(&public)? {
        store.add(&name_below(&public, &file), &fs::read(&file)?)?;
    }
    let styles = styles::bundle(&root().join("style/main.css"), &public, &store)?;
    store.add("slipway.css", styles.as_bytes())?;
    bundle::scripts(wasm, &mut store)?;
    store.finish()
}

/// A hash over everything that [`assemble`] reads, and over what it is made of.
fn fingerprint(wasm: &[u8]) -> Result<String> {
    let mut hash = Sha256::new();
    hash.update(wasm);
    hash.update(fs::read(root().join("Cargo.lock"))?);
    for folder in ["style", "public", "xtask/src/site"].map(|name| root().join(name)) {
        for file in files_below(&folder)? {
            hash.update(name_below(&root(), &file).as_bytes());
            hash.update(fs::read(&file)?);
        }
    }
    Ok(store::hexadecimal(&hash.finalize()))
}

/// Every file below the folder, sorted.
fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("{} could not be read", folder.display()))? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}

fn name_below(folder: &Path, file: &Path) -> String {
    file.strip_prefix(folder).unwrap_or(file).to_string_lossy().into_owned()
}
