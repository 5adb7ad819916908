//! Where things are, and how cargo is called: the one place that composes compiler flags.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use crate::wasm_std::Standard;

pub const WASM: &str = "wasm32-unknown-unknown";

/// Both targets must agree on it: it decides how the renderer nests its types, and it keeps compile times bearable.
const FLAGS: &str = "--cfg erase_components";

/// The root of the repository.
pub fn root() -> PathBuf {
    // Cargo says at run time where the package is: a binary in a shared target folder may come from another clone.
    let xtask =
        env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    xtask.parent().map_or(xtask.clone(), PathBuf::from)
}

/// The folder of cargo's builds for this machine.
pub fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |folder| root().join(folder))
}

/// What the browser gets: beside the binaries, where `server` reads it in debug builds. Release builds embed it.
pub fn site() -> PathBuf {
    target().join("site")
}

/// The `slipway` binary of a profile.
pub fn binary(release: bool) -> PathBuf {
    target().join(if release { "release" } else { "debug" }).join("slipway")
}

/// Cargo for this machine's target.
pub fn cargo(subcommand: &str) -> Command {
    let mut command = plain_cargo(subcommand);
    command.env("RUSTFLAGS", flags(None));
    command
}

/// Cargo for the browser's target, in a folder of its own: flags for one target would rebuild the other.
pub fn wasm_cargo(subcommand: &str, standard: &Standard) -> Command {
    let mut command = plain_cargo(subcommand);
    command
        .env("RUSTFLAGS", flags(Some(standard)))
        .env("CARGO_TARGET_DIR", target().join("wasm"))
        .args(["--target", WASM]);
    command
}

/// Cargo for this program itself, where it was built: as in `.cargo/config.toml`.
pub fn own_cargo(subcommand: &str) -> Command {
    let built = env::current_exe().ok().and_then(|file| Some(file.parent()?.parent()?.to_owned()));
    let mut command = plain_cargo(subcommand);
    command.args(["--package", "xtask", "--profile", "xtask", "--target-dir"]);
    command.arg(built.unwrap_or_else(|| target().join("xtask")));
    command
}

/// Cargo with the flags of whoever called.
pub fn plain_cargo(subcommand: &str) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.arg(subcommand).current_dir(root());
    // What `cargo run` told this process about itself would make build scripts that watch it run again.
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        let own = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"];
        if own.iter().any(|prefix| name.starts_with(prefix)) {
            command.env_remove(name.as_ref());
        }
    }
    command.env_remove("OUT_DIR").env_remove("LD_LIBRARY_PATH");
    command
}

/// The caller's own RUSTFLAGS come first; cargo takes them from one source only, so all are in this variable.
fn flags(standard: Option<&Standard>) -> String {
    let mut flags = env::var("RUSTFLAGS").unwrap_or_default();
    if !flags.contains(FLAGS) {
        flags = format!("{flags} {FLAGS}").trim_start().to_owned();
    }
    if let Some(Standard::Sysroot(folder)) = standard {
        flags = format!("{flags} --sysroot={}", folder.display());
    }
    flags
}
