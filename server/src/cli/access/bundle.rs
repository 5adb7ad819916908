//! `slipway access bundle`, and what makes a bundle believable.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use engine_access::bundle::{AUDIENCE, Bundle, Expected, Keys, Refused, verify};
use engine_access::standing::Standing;
use jiff::Timestamp;
use model::EntityRef;
use model::reference::DEFAULT_NAMESPACE;
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::time::timeout;

use super::read_at_most;
use crate::api::access::hand_over::AccessEpoch;
use crate::cli::UNREADABLE;
use crate::cli::remote::{At, Stopped, refused, stop};
use crate::cli::report::print_json;
use crate::cli::run::Format;

/// How long the portal may take to say which bundles are still good; without it the bundle has to do.
const PATIENCE: Duration = Duration::from_secs(5);
/// A bundle of more was not made by a portal.
const LARGEST_BUNDLE: u64 = 16 << 20;

#[derive(Subcommand)]
pub enum BundleCommand {
    /// Bring the bundle of a component here, while the portal can be reached.
    #[command(
        after_help = "Exit codes: 0 it is there, 2 there is no such component, 3 the portal cannot be reached.\n\nExample:\n  \
                      slipway access bundle fetch component:default/checkout --output access.jws --keys-output jwks.json"
    )]
    Fetch {
        /// As the catalog calls it
        #[arg(value_parser = component)]
        component: EntityRef,
        #[arg(long, value_name = "FILE", default_value = "access.jws")]
        output: PathBuf,
        /// Keep the portal's keys too, for machines that never reach it
        #[arg(long, value_name = "FILE")]
        keys_output: Option<PathBuf>,
        #[command(flatten)]
        at: At,
    },
    /// Say whether a bundle can be believed, and what is in it.
    #[command(
        after_help = "Exit codes: 0 it can be believed, 3 it cannot.\n\nWhere --portal or SLIPWAY_PORTAL names the portal, it is asked \
                      whether something was revoked since; where it cannot be reached, the bundle is believed until it ends.\n\n\
                      Example:\n  slipway access bundle verify access.jws --component component:default/checkout --keys jwks.json \
                      --issuer https://portal.example"
    )]
    Verify {
        #[arg(default_value = "access.jws")]
        file: PathBuf,
        #[arg(long, value_parser = component)]
        component: EntityRef,
        #[command(flatten)]
        trusted: Trusted,
        #[arg(long, value_enum, default_value = "text")]
        format: Format,
        #[command(flatten)]
        at: At,
    },
}

/// Whose bundles are believed.
#[derive(Args)]
pub struct Trusted {
    /// The portal's keys, a JSON Web Key Set [default: fetched from the portal, and kept in your cache folder]
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// The address that the portal calls itself by [default: that of --portal]
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
}

fn component(text: &str) -> Result<EntityRef, String> {
    let reference = EntityRef::parse(text, Some("component"), DEFAULT_NAMESPACE).ok();
    let reference = reference.filter(|reference| reference.kind == "component");
    reference.ok_or_else(|| "write a component, such as component:default/checkout".to_owned())
}

pub async fn run(command: BundleCommand, now: Timestamp) -> ExitCode {
    let done = match command {
        BundleCommand::Fetch { component, output, keys_output, at } => {
            fetch(&component, &output, keys_output.as_deref(), &at).await
        }
        BundleCommand::Verify { file, component, trusted, format, at } => {
            believed(&file, &component, &trusted, &at, now).await.map(|bundle| show(&bundle, format))
        }
    };
    done.map_or_else(|code| code, |()| ExitCode::SUCCESS)
}

async fn fetch(component: &EntityRef, output: &Path, keys_output: Option<&Path>, at: &At) -> Stopped<()> {
    let path = format!("/api/v1/access/bundles/{}/{}", component.namespace, component.name);
    let answer = at.remote()?.get(&path).await.map_err(|why| stop(UNREADABLE, &why))?;
    if answer.status >= 300 {
        return Err(refused(&answer));
    }
    // Before anything is replaced.
    let keys = fetched_keys(at).await?;
    write(output, &answer.text)?;
    if let Some(file) = keys_output {
        write(file, &keys)?;
    }
    println!("{}", output.display());
    Ok(())
}

fn write(file: &Path, text: &str) -> Stopped<()> {
    std::fs::write(file, text).map_err(|error| stop(UNREADABLE, &format!("{}: {error}", file.display())))
}

fn show(bundle: &Bundle, format: Format) {
    match format {
        Format::Json => print_json(&json!(bundle)),
        Format::Text => {
            let active = bundle.grants.iter().filter(|grant| grant.known.state == Standing::Active).count();
            println!("{}: {active} granted, valid until {}", bundle.sub, bundle.exp);
        }
    }
}

/// A bundle that can be believed. A key that is not known is looked for once at the portal, since keys change.
pub async fn believed(
    file: &Path,
    component: &EntityRef,
    trusted: &Trusted,
    at: &At,
    now: Timestamp,
) -> Stopped<Bundle> {
    let token = read_at_most(file, LARGEST_BUNDLE)?;
    let token = String::from_utf8_lossy(&token);
    let issuer = trusted.issuer.clone().unwrap_or_else(|| at.address());
    let revocation_epoch = current_epoch(component, at).await?;
    let expected = Expected { issuer: &issuer, audience: AUDIENCE, component, revocation_epoch, now };
    let verified = match &trusted.keys {
        Some(keys) => {
            let text = read_at_most(keys, LARGEST_BUNDLE)?;
            verify(&token, &parsed(&String::from_utf8_lossy(&text), &keys.display().to_string())?, &expected)
        }
        None => {
            let kept = kept_keys(at).and_then(|file| std::fs::read_to_string(file).ok());
            let kept = kept.and_then(|text| Keys::from_json(&text).ok()).unwrap_or_default();
            match verify(&token, &kept, &expected) {
                Err(Refused::UnknownKey(_)) => {
                    let keys = fetched_keys(at).await?;
                    verify(&token, &parsed(&keys, "the portal's keys")?, &expected)
                }
                verified => verified,
            }
        }
    };
    verified.map_err(|error| {
        let code = stop(UNREADABLE, &format!("{}: {error}", file.display()));
        if matches!(error, Refused::Outdated | Refused::Expired(_)) {
            eprintln!("  help: slipway access bundle fetch {component} --output {}", file.display());
        }
        code
    })
}

/// The lowest epoch that is still good: only the portal knows that something was revoked since a bundle was made. Where nobody
/// named a portal, or it does not say, all are.
async fn current_epoch(component: &EntityRef, at: &At) -> Stopped<u64> {
    let Some(address) = at.named() else { return Ok(0) };
    let path = format!("/api/v1/access/bundles/{}/{}/epoch", component.namespace, component.name);
    let answer = timeout(PATIENCE, at.remote()?.get(&path)).await;
    let why = match answer {
        Ok(Ok(answer)) => match serde_json::from_value::<AccessEpoch>(answer.body) {
            Ok(epoch) if answer.status == 200 => return Ok(epoch.revocation_epoch),
            _ => format!("{address} answered with status {}", answer.status),
        },
        Ok(Err(why)) => why,
        Err(_) => format!("{address} did not answer within {} seconds", PATIENCE.as_secs()),
    };
    eprintln!("note: {why}: whether something was revoked since the bundle was made is not known");
    Ok(0)
}

fn parsed(text: &str, whose: &str) -> Stopped<Keys> {
    Keys::from_json(text).map_err(|error| stop(UNREADABLE, &format!("{whose}: {error}")))
}

/// The portal's keys, which are then kept.
async fn fetched_keys(at: &At) -> Stopped<String> {
    let answer = at.remote()?.get("/.well-known/jwks.json").await.map_err(|why| stop(UNREADABLE, &why))?;
    if answer.status >= 300 {
        return Err(refused(&answer));
    }
    parsed(&answer.text, "the portal's keys")?;
    if let Some(file) = kept_keys(at) {
        // A cache that cannot be written is none.
        let _ = file.parent().map(std::fs::create_dir_all);
        let _ = std::fs::write(&file, &answer.text);
    }
    Ok(answer.text)
}

/// Where the keys of a portal are kept, if there is a cache folder.
fn kept_keys(at: &At) -> Option<PathBuf> {
    let folder = crate::cli::templates::own_folder("XDG_CACHE_HOME", ".cache", "keys").ok()?;
    let name: String = Sha256::digest(at.address()).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    Some(folder.join("access").join(format!("{name}.json")))
}
