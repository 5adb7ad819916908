//! What a template would execute, and whether it may.

use std::io::{BufRead, Write};

use engine_templates::{Template, Trust};
use portal::clock::Clock;
use portal::sandbox::{Limits, Sandbox};
use portal::templates::{Fetched, Programs, Trusted};

use super::{Executed, Stop, own_folder};

/// Whether the template's programs are run: where they were trusted before, are now, or a person who can be asked says so.
///
/// # Errors
/// [`Stop::NotTrusted`] with what would be executed.
pub fn admit(template: &Template, fetched: &Fetched, executed: &Executed, may_ask: bool) -> Result<Programs, Stop> {
    let trust = template.trust();
    let nothing_needs_it = trust.extensions.is_empty() && (trust.programs.is_empty() || executed.skip_hooks);
    if nothing_needs_it {
        return Ok(Programs::Skip);
    }
    let (trusted, sandbox) = (decisions()?, sandbox()?);
    if !trusted.holds(fetched)? {
        let report = report(&trust, fetched);
        if !executed.trust {
            let agreed = may_ask && !executed.skip_hooks && agrees(&report)?;
            if !agreed {
                let help = match trust.extensions.is_empty() {
                    true => "--trust executes it behind a fence; --skip-hooks makes the project without it.",
                    false => "--trust executes it behind a fence; without it this template cannot be rendered.",
                };
                return Err(Stop::NotTrusted(format!("error: {report}  help: {help}")));
            }
        }
        trusted.add(fetched, jiff::Timestamp::from_millisecond(Clock::System.now()).unwrap_or_default())?;
    }
    if let Some(lacks) = sandbox.fence().lacks() {
        eprintln!("warning: what the template brings is executed, and {lacks}");
    }
    let programs = Programs::Run(sandbox);
    programs.check(&trust)?;
    Ok(programs)
}

/// Where this person's decisions are kept.
///
/// # Errors
/// Nothing says where a person's settings are.
pub fn decisions() -> Result<Trusted, Stop> {
    Ok(Trusted::new(own_folder("XDG_CONFIG_HOME", ".config", "what is trusted")?.join("trusted.toml")))
}

/// The fence of this executable, with the limits of a person's machine.
///
/// # Errors
/// It cannot find itself.
pub fn sandbox() -> Result<Sandbox, Stop> {
    let executable = std::env::current_exe()
        .map_err(|error| portal::Error::Unavailable(format!("Slipway cannot find itself: {error}")))?;
    Ok(Sandbox::new(executable, Limits::default(), false))
}

fn report(trust: &Trust, fetched: &Fetched) -> String {
    let version = fetched.identity();
    let mut report = format!("{} at {version} would execute on your machine:\n", fetched.source.address);
    for program in &trust.programs {
        let interpreter = if program.interpreter.is_empty() { "nothing known" } else { program.interpreter.as_str() };
        report += &format!("  {} (run by {interpreter})", program.path);
        if !program.calls.is_empty() {
            report += &format!(", which calls {}", program.calls.join(", "));
        }
        report.push('\n');
    }
    for extension in &trust.extensions {
        report += &format!("  the Python extension {}\n", extension.name);
    }
    report
}

fn agrees(report: &str) -> Result<bool, Stop> {
    eprint!("{report}Execute it, behind a fence, and trust this commit from now on? [y/N] ");
    let _ = std::io::stderr().flush();
    let mut typed = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut typed)
        .map_err(|error| Stop::Usage(format!("the answer cannot be read: {error}")))?;
    Ok(matches!(typed.trim().to_lowercase().as_str(), "y" | "yes"))
}
