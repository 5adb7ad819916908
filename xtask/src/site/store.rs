//! The folder of assets with hashed names, and its manifest.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub type Manifest = BTreeMap<String, Asset>;

/// One file as the server offers it. Sizes are bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asset {
    /// Where the browser asks for it: `/assets/slipway.0123456789abcdef.css`.
    pub path: String,
    pub size: u64,
    /// With brotli; equal to `size` where there is no `.br` beside it.
    pub br: u64,
    /// With gzip; equal to `size` where there is no `.gz` beside it.
    pub gz: u64,
}

pub struct Store {
    folder: PathBuf,
    manifest: Manifest,
}

impl Store {
    /// A store in an empty folder.
    pub fn new(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder.join("assets"))?;
        Ok(Self { folder: folder.to_owned(), manifest: Manifest::new() })
    }

    /// Writes the file under a name with the hash of its content, compressed beside it; returns its address.
    pub fn add(&mut self, name: &str, content: &[u8]) -> Result<String> {
        let file = hashed_name(name, content);
        let path = self.folder.join("assets").join(&file);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, content)?;
        let size = content.len() as u64;
        let (mut br, mut gz) = (size, size);
        if compresses(name) {
            let (brotli, gzip) = (with_brotli(content)?, with_gzip(content)?);
            br = brotli.len() as u64;
            gz = gzip.len() as u64;
            fs::write(with_suffix(&path, "br"), brotli)?;
            fs::write(with_suffix(&path, "gz"), gzip)?;
        }
        let path = format!("/assets/{file}");
        self.manifest.insert(name.to_owned(), Asset { path: path.clone(), size, br, gz });
        Ok(path)
    }

    /// The address of a file that was added.
    pub fn path(&self, name: &str) -> Option<&str> {
        self.manifest.get(name).map(|asset| asset.path.as_str())
    }

    /// Writes the manifest.
    pub fn finish(self) -> Result<Manifest> {
        fs::write(self.folder.join("manifest.json"), serde_json::to_string_pretty(&self.manifest)?)?;
        Ok(self.manifest)
    }
}

pub fn read_manifest(folder: &Path) -> Result<Manifest> {
    let file = folder.join("manifest.json");
    let text = fs::read_to_string(&file).with_context(|| format!("{} could not be read", file.display()))?;
    Ok(serde_json::from_str(&text)?)
}

/// What the budget counts.
pub fn loaded_by_every_page(name: &str) -> bool {
    [".js", ".wasm", ".css"].iter().any(|end| name.ends_with(end))
}

pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `fonts/inter.woff2` becomes `fonts/inter.0123456789abcdef.woff2`.
fn hashed_name(name: &str, content: &[u8]) -> String {
    let hash = &hexadecimal(&Sha256::digest(content))[..16];
    let (folder, file) = name.rsplit_once('/').map_or(("", name), |(folder, file)| (folder, file));
    let slash = if folder.is_empty() { "" } else { "/" };
    match file.rsplit_once('.') {
        Some((stem, extension)) => format!("{folder}{slash}{stem}.{hash}.{extension}"),
        None => format!("{folder}{slash}{file}.{hash}"),
    }
}

/// Fonts and pictures are compressed already.
fn compresses(name: &str) -> bool {
    [".js", ".wasm", ".css", ".svg", ".json", ".txt", ".webmanifest"].iter().any(|end| name.ends_with(end))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}

fn with_brotli(content: &[u8]) -> Result<Vec<u8>> {
    let parameters = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, ..Default::default() };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &content[..], &mut compressed, &parameters)?;
    Ok(compressed)
}

fn with_gzip(content: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content)?;
    Ok(encoder.finish()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_stands_before_the_extension() {
        assert_eq!(hashed_name("a.css", b""), "a.e3b0c44298fc1c14.css");
        assert_eq!(hashed_name("fonts/a-b.woff2", b""), "fonts/a-b.e3b0c44298fc1c14.woff2");
        assert_eq!(hashed_name("LICENSE", b""), "LICENSE.e3b0c44298fc1c14");
    }
}
