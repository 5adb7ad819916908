//! The standard library for wasm32: the installed one, rustup's, or one built from source.

use std::env;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::command::{find, output, run, step, succeeds};
use crate::workspace::{WASM, plain_cargo, target};

/// `SLIPWAY_WASM_STD=source` leaves out the installed library and rustup, so that CI keeps the other path true.
const FORCE: &str = "SLIPWAY_WASM_STD";
/// Folder or archive with the sources of the toolchain's own standard library (`library/…`).
const SOURCE: &str = "SLIPWAY_RUST_SRC";
/// How long rustup may take to answer before the library is built instead.
const RUSTUP_LIMIT: Duration = Duration::from_secs(90);

/// Where rustc finds it.
#[derive(Debug, PartialEq, Eq)]
pub enum Standard {
    /// Beside the toolchain's own.
    Installed,
    /// In this folder, as `--sysroot`.
    Sysroot(PathBuf),
}

impl fmt::Display for Standard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Installed => write!(f, "the toolchain has the standard library for {WASM}"),
            Self::Sysroot(folder) => write!(f, "the standard library for {WASM} is in {}", folder.display()),
        }
    }
}

/// Finds the standard library for wasm32, or brings it.
pub fn prepare() -> Result<Standard> {
    let forced = env::var_os(FORCE).is_some_and(|value| value == "source");
    if !forced && installed()? {
        return Ok(Standard::Installed);
    }
    let version = output(Command::new("rustc").arg("-vV"))?;
    let sysroot = target().join("wasm-sysroot");
    if fs::read_to_string(sysroot.join("built-for")).is_ok_and(|built_for| built_for == version) {
        return Ok(Standard::Sysroot(sysroot));
    }
    if !forced && find(&["rustup"]).is_some() {
        eprintln!("== Asking rustup for {WASM} (at most {} s)", RUSTUP_LIMIT.as_secs());
        if succeeds(Command::new("rustup").args(["target", "add", WASM]), RUSTUP_LIMIT) && installed()? {
            return Ok(Standard::Installed);
        }
        eprintln!("== rustup did not bring it");
    }
    let library = sources(&version)?;
    step("Building the standard library for wasm32 (once, about half a minute)", || build(&library, &sysroot))?;
    fs::write(sysroot.join("built-for"), version)?;
    Ok(Standard::Sysroot(sysroot))
}

fn installed() -> Result<bool> {
    let folder = output(Command::new("rustc").args(["--print", "target-libdir", "--target", WASM]))?;
    Ok(fs::read_dir(folder.trim())
        .is_ok_and(|entries| entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))))
}

/// The folder `library` of the compiler's own version.
fn sources(version: &str) -> Result<PathBuf> {
    if let Some(given) = env::var_os(SOURCE).map(PathBuf::from) {
        let folder = if given.is_file() { unpack(&given)? } else { given.clone() };
        return library_in(&folder).with_context(|| {
            format!("{SOURCE} is {}, and there is no library/sysroot/Cargo.toml in it", given.display())
        });
    }
    let toolchain = output(Command::new("rustc").args(["--print", "sysroot"]))?;
    let release = version.lines().find_map(|line| line.strip_prefix("release: ")).unwrap_or_default();
    let places = [
        Path::new(toolchain.trim()).join("lib/rustlib/src/rust"),
        PathBuf::from(format!("/usr/src/rustc-{release}")),
        PathBuf::from(format!("/usr/lib/rust-{release}/lib/rustlib/src/rust")),
    ];
    if let Some(library) = places.iter().find_map(|place| library_in(place)) {
        return Ok(library);
    }
    bail!(
        "the standard library for {WASM} is missing and could not be brought. One of these helps:\n\
         \x20 rustup target add {WASM}\n\
         \x20 rustup component add rust-src        (then it is built here)\n\
         \x20 {SOURCE}=<folder or .tar.xz with the library/ folder of rustc {release}>"
    )
}

fn library_in(folder: &Path) -> Option<PathBuf> {
    let inside = [folder.join("library"), folder.to_owned()];
    inside.into_iter().find(|library| library.join("sysroot/Cargo.toml").is_file())
}

fn unpack(archive: &Path) -> Result<PathBuf> {
    let folder = target().join("wasm-std-source");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    run(Command::new("tar").arg("-xf").arg(archive).arg("-C").arg(&folder).arg("--no-same-owner"))
        .context("unpacking needs tar, and xz for .xz archives (Debian and Ubuntu: apt-get install tar xz-utils)")?;
    Ok(folder)
}

/// As the toolchain's own build does it; cargo calls the crates stable because of the metadata that it is given.
fn build(library: &Path, sysroot: &Path) -> Result<()> {
    let built = target().join("wasm-std");
    // Libraries of another compiler would be copied along.
    let _ = fs::remove_dir_all(&built);
    let mut cargo = plain_cargo("build");
    cargo
        .args(["--release", "--target", WASM, "--features", "panic-unwind"])
        .arg("--manifest-path")
        .arg(library.join("sysroot/Cargo.toml"))
        .arg("--target-dir")
        .arg(&built)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", "-Zforce-unstable-if-unmarked -Cembed-bitcode=yes")
        .env("__CARGO_DEFAULT_LIB_METADATA", "stablestd")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "0");
    run(&mut cargo)?;

    let destination = sysroot.join("lib/rustlib").join(WASM).join("lib");
    let _ = fs::remove_dir_all(sysroot);
    fs::create_dir_all(&destination)?;
    for entry in fs::read_dir(built.join(WASM).join("release/deps"))? {
        let file = entry?.path();
        if file.extension().is_some_and(|extension| extension == "rlib") {
            fs::copy(&file, destination.join(file.file_name().unwrap_or_default()))?;
        }
    }
    Ok(())
}
