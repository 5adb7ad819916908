//! The site's files: hashed, pre-compressed, embedded in a release and read from disk otherwise.

use std::borrow::Cow;
use std::collections::BTreeMap;
#[cfg(not(feature = "embed-site"))]
use std::path::PathBuf;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::Server;

/// What `cargo xtask build` wrote to `target/site`.
#[derive(Debug)]
pub struct Site {
    #[cfg(not(feature = "embed-site"))]
    folder: PathBuf,
}

#[cfg(feature = "embed-site")]
#[derive(rust_embed::RustEmbed)]
#[folder = "$SLIPWAY_SITE"]
struct Embedded;

/// The part of an entry of `manifest.json` that pages need.
#[derive(Deserialize)]
struct Entry {
    path: String,
}

impl Site {
    /// The embedded site, or the folder that `SLIPWAY_SITE` names, or the one beside the build's executable.
    pub fn open() -> Self {
        #[cfg(feature = "embed-site")]
        return Self {};
        #[cfg(not(feature = "embed-site"))]
        {
            let beside = || {
                let executable = std::env::current_exe().ok()?;
                executable.ancestors().skip(1).map(|folder| folder.join("site")).find(|site| site.is_dir())
            };
            let folder = std::env::var_os("SLIPWAY_SITE").map(PathBuf::from).or_else(beside).unwrap_or_default();
            Self { folder }
        }
    }

    /// Where each file of the site is served, by the name that pages know.
    ///
    /// # Errors
    /// A sentence for a person: the site was not built.
    pub fn manifest(&self) -> Result<BTreeMap<String, String>, String> {
        let missing = "the site is not built: run `cargo xtask build` first, or start with `cargo xtask run`";
        let bytes = self.read("manifest.json").ok_or(missing)?;
        let files: BTreeMap<String, Entry> =
            serde_json::from_slice(&bytes).map_err(|error| format!("the site's manifest.json is broken: {error}"))?;
        Ok(files.into_iter().map(|(name, entry)| (name, entry.path)).collect())
    }

    #[cfg(feature = "embed-site")]
    fn read(&self, path: &str) -> Option<Cow<'static, [u8]>> {
        Embedded::get(path).map(|file| file.data)
    }

    #[cfg(not(feature = "embed-site"))]
    fn read(&self, path: &str) -> Option<Cow<'static, [u8]>> {
        let plain = path.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
        plain.then(|| std::fs::read(self.folder.join(path)).ok().map(Cow::Owned)).flatten()
    }
}

/// Serves one file; its name changes with its content, so that it may be kept for ever.
pub async fn serve(State(server): State<Server>, Path(path): Path<String>, headers: HeaderMap) -> Response {
    let file = format!("assets/{path}");
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let encodings = [("br", ".br"), ("gzip", ".gz")].into_iter().filter(|(name, _)| accepts(accepted, name));
    let compressed = encodings
        .filter_map(|(name, extension)| Some((Some(name), server.site.read(&format!("{file}{extension}"))?)))
        .next();
    let Some((encoding, bytes)) = compressed.or_else(|| Some((None, server.site.read(&file)?))) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let bytes = match bytes {
        Cow::Borrowed(bytes) => bytes::Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes::Bytes::from(bytes),
    };
    let mut response = axum::body::Body::from(bytes).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(&path)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

fn accepts(header: &str, encoding: &str) -> bool {
    header.split(',').any(|item| {
        let mut parts = item.split(';').map(str::trim);
        parts.next() == Some(encoding) && parts.all(|part| part != "q=0")
    })
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml; charset=utf-8",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::accepts;

    #[test]
    fn an_encoding_counts_unless_it_is_refused() {
        assert!(accepts("gzip, br;q=0.9", "br"));
        assert!(!accepts("gzip, br;q=0", "br"));
        assert!(!accepts("", "gzip"));
    }
}
