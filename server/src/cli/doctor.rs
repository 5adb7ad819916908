//! `slipway doctor`: what is needed, whether it is there, and what is off without it.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;
use portal::sources::doctor::{Check, Group, Limits, Report, State, Verdict, examine};
use serde_json::{Value, json};

use super::{INVALID, UNREADABLE, print_findings};
use crate::config;

#[derive(clap::Args)]
#[command(
    after_help = "Exit codes: 0 all that is needed is there, 1 something that was asked for is missing, 2 the configuration is \
                  wrong, 3 something could not be told.\n\nExamples:\n  slipway doctor\n  slipway doctor --config \
                  /etc/slipway.toml --source acme\n  slipway doctor --format json | jq '.reports[].checks[] | \
                  select(.state == \"missing\")'"
)]
pub struct Doctor {
    /// The configuration [default: ./slipway.toml, if it is there]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where Slipway keeps its database and index
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Look at this source alone
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

pub async fn run(arguments: Doctor) -> ExitCode {
    let mut config = match config::load(arguments.config.as_deref(), std::env::vars()) {
        Ok(config) => config,
        Err(findings) => {
            print_findings(&findings);
            return ExitCode::from(INVALID);
        }
    };
    if let Some(data) = arguments.data {
        config.data = data;
    }
    let settings = config.settings();
    let reports = match examine(&settings, arguments.source.as_deref(), None, &Limits::default()).await {
        Ok(reports) => reports,
        Err(error) => {
            let names: Vec<&str> = settings.sources.iter().map(|source| source.name.as_str()).collect();
            eprintln!("error: {error}");
            eprintln!(
                "  help: the configuration has these: {}",
                if names.is_empty() { "none".to_owned() } else { names.join(", ") }
            );
            return ExitCode::from(INVALID);
        }
    };
    match arguments.format {
        Format::Json => println!("{:#}", in_json(&reports)),
        Format::Text => print!("{}", in_text(&reports, std::io::stdout().is_terminal())),
    }
    match Verdict::of(&reports) {
        Verdict::Yes => ExitCode::SUCCESS,
        Verdict::No => ExitCode::from(1),
        Verdict::Undecided => ExitCode::from(UNREADABLE),
    }
}

fn in_json(reports: &[Report]) -> Value {
    let count = |state: State| reports.iter().map(|report| report.count(state)).sum::<usize>();
    let summary: serde_json::Map<String, Value> =
        State::ALL.iter().map(|state| (state.as_str().to_owned(), count(*state).into())).collect();
    json!({"reports": reports, "summary": summary})
}

/// One line a feature; below it, where something is to be done, what.
fn in_text(reports: &[Report], colours: bool) -> String {
    let mut out = String::new();
    for report in reports {
        let name = report.source.as_deref().unwrap_or("Slipway");
        out.push_str(&format!("{}  {}\n", painted(name, BOLD, colours), report.location));
        for group in Group::ALL {
            let checks: Vec<&Check> = report.checks.iter().filter(|check| check.group == group).collect();
            if !checks.is_empty() {
                out.push_str(&format!("  {}\n", painted(group.title(), FAINT, colours)));
            }
            for check in checks {
                write(&mut out, check, colours);
            }
        }
        out.push('\n');
    }
    out.push_str(&summary(reports));
    out
}

const BOLD: &str = "1";
const FAINT: &str = "2";

fn write(out: &mut String, check: &Check, colours: bool) {
    let (mark, colour) = match check.state {
        State::Ok => ("✓", "32"),
        State::Missing => ("✗", "31"),
        State::Off => ("○", "33"),
        State::Unknown => ("?", "33"),
        State::NotApplicable => ("–", FAINT),
    };
    out.push_str(&format!("  {} {:<24} {}\n", painted(mark, colour, colours), check.title, check.found));
    if !matches!(check.state, State::Missing | State::Off) {
        return;
    }
    let mut line = |word: &str, text: &str| {
        for (at, text) in text.lines().enumerate() {
            out.push_str(&format!("      {:<9} {text}\n", if at == 0 { word } else { "" }));
        }
    };
    line("needs:", &check.needs);
    line("without:", &check.without);
    if let Some(help) = &check.help {
        line("do:", &help.text);
        help.link.iter().for_each(|link| line("at:", &where_to(link)));
        help.command.iter().for_each(|command| line("copy:", command));
    }
}

/// A page of the portal has no host yet.
fn where_to(link: &str) -> String {
    if link.starts_with('/') { format!("{link} in the portal (slipway serve)") } else { link.to_owned() }
}

fn painted(text: &str, colour: &str, colours: bool) -> String {
    if colours { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
}

fn summary(reports: &[Report]) -> String {
    let count = |state: State| reports.iter().map(|report| report.count(state)).sum::<usize>();
    format!(
        "{} there, {} missing, {} off, {} unknown\n",
        count(State::Ok),
        count(State::Missing),
        count(State::Off),
        count(State::Unknown)
    )
}

#[cfg(test)]
mod tests {
    use portal::sources::doctor::Help;

    use super::*;

    fn check(title: &str, group: Group, state: State, help: Option<Help>) -> Check {
        Check {
            feature: title.to_lowercase(),
            title: title.to_owned(),
            group,
            needs: "read:org, or members: read".to_owned(),
            state,
            found: "It is so.".to_owned(),
            without: "Teams do not become groups.".to_owned(),
            help,
            asked_for: true,
        }
    }

    const EXPECTED: &[&str] = &[
        "acme  https://github.com/acme",
        "  Connection",
        "  ✓ API                      It is so.",
        "  – Proxy                    It is so.",
        "  Reading",
        "  ✗ Teams                    It is so.",
        "      needs:    read:org, or members: read",
        "      without:  Teams do not become groups.",
        "      do:       Tick read:org.",
        "      at:       https://github.com/settings/tokens",
        "      copy:     a",
        "                b",
        "  Live",
        "  ○ Webhook                  It is so.",
        "      needs:    read:org, or members: read",
        "      without:  Teams do not become groups.",
        "      do:       Make an App.",
        "      at:       /sources/github-app in the portal (slipway serve)",
        "",
        "1 there, 1 missing, 1 off, 0 unknown",
    ];

    #[test]
    fn a_report_reads_as_a_list_and_paints_only_where_it_is_told_to() {
        let help = Help::new("Tick read:org.").at("https://github.com/settings/tokens").copy("a\nb");
        let report = Report {
            source: Some("acme".to_owned()),
            kind: "github".to_owned(),
            location: "https://github.com/acme".to_owned(),
            checked_at: 0,
            took: 0,
            checks: vec![
                check("API", Group::Connection, State::Ok, None),
                check("Proxy", Group::Connection, State::NotApplicable, None),
                check("Teams", Group::Reading, State::Missing, Some(help)),
                check("Webhook", Group::Live, State::Off, Some(Help::new("Make an App.").at("/sources/github-app"))),
            ],
            is_old: false,
        };
        let text = in_text(std::slice::from_ref(&report), false);
        assert_eq!(text.lines().collect::<Vec<_>>(), EXPECTED);
        assert!(in_text(std::slice::from_ref(&report), true).contains("\x1b[31m✗\x1b[0m Teams"));
        let json = in_json(std::slice::from_ref(&report));
        assert_eq!(json["reports"][0]["checks"][2]["state"], "missing");
        assert_eq!(json["summary"]["off"], 1);
    }
}
