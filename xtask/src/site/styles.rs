//! `style/main.css` with everything that it imports, as one small file.

use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use lightningcss::bundler::{Bundler, FileProvider};
use lightningcss::dependencies::{Dependency, DependencyOptions};
use lightningcss::printer::PrinterOptions;
use lightningcss::stylesheet::{MinifyOptions, ParserOptions};
use lightningcss::targets::{Browsers, Targets};

use crate::site::store::Store;
use crate::site::{name_below, root};

/// Bundles and minifies; `url()`s that point into `public/` get their hashed addresses.
pub fn bundle(entry: &Path, public: &Path, store: &Store) -> Result<String> {
    let files = FileProvider::new();
    let mut bundler = Bundler::new(&files, None, ParserOptions::default());
    let mut sheet = bundler
        .bundle(entry)
        .map_err(|error| anyhow!("{}", error.to_string().replace(&*root().to_string_lossy(), "")))?;
    let targets = Targets::from(browsers());
    sheet.minify(MinifyOptions { targets, ..Default::default() }).map_err(|error| anyhow!("{error}"))?;
    let options = PrinterOptions {
        minify: true,
        targets,
        analyze_dependencies: Some(DependencyOptions { remove_imports: false }),
        ..Default::default()
    };
    let printed = sheet.to_css(options).map_err(|error| anyhow!("{error}"))?;
    let mut css = printed.code;
    for dependency in printed.dependencies.unwrap_or_default() {
        let Dependency::Url(url) = dependency else { continue };
        let address = address(&url.url, Path::new(&url.loc.file_path), public, store)
            .with_context(|| format!("{}:{}: url({})", url.loc.file_path, url.loc.start.line, url.url))?;
        css = css.replace(&url.placeholder, &address);
    }
    Ok(css)
}

/// `light-dark()`, nesting and `oklch()` are in all of them, and stay as they are written.
fn browsers() -> Browsers {
    let version = |major: u32, minor: u32| Some(major << 16 | minor << 8);
    Browsers {
        chrome: version(123, 0),
        edge: version(123, 0),
        firefox: version(128, 0),
        safari: version(17, 5),
        ios_saf: version(17, 5),
        ..Default::default()
    }
}

/// `/fonts/inter.woff2` is the file of `public/`, and so is `../public/fonts/inter.woff2`.
fn address(url: &str, sheet: &Path, public: &Path, store: &Store) -> Result<String> {
    if url.starts_with("data:") || url.starts_with('#') {
        return Ok(url.to_owned());
    }
    let (path, fragment) = url.split_once('#').map_or((url, String::new()), |(path, rest)| (path, format!("#{rest}")));
    let name = match path.strip_prefix('/') {
        Some(name) => name.to_owned(),
        None => name_below(public, &normal(&sheet.parent().unwrap_or(sheet).join(path))),
    };
    let found = store.path(&name).with_context(|| format!("there is no public/{name}"))?;
    Ok(format!("{found}{fragment}"))
}

fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        if component == Component::ParentDir {
            normal.pop();
        } else {
            normal.push(component);
        }
    }
    normal
}
