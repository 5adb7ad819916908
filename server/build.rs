//! Builds the binary anew when the site that it embeds has changed: names of its files change with their content, and
//! the compiler knows only of those that it has seen.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=SLIPWAY_SITE");
    if std::env::var_os("CARGO_FEATURE_EMBED_SITE").is_some()
        && let Ok(site) = std::env::var("SLIPWAY_SITE")
    {
        println!("cargo::rerun-if-changed={site}/manifest.json");
    }
}
