//! Access between services: pages over many grants, a report of a past day, and what a pipeline waits for.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::bench::http::{Connection, latencies};
use crate::bench::measure::{milliseconds, share};
use crate::bench::report::Figure;
use crate::bench::server::{Server, wait};
use crate::bench::templates::commit;

const CONSUMERS: usize = 100;
const APIS: usize = 50;
const SCOPES: usize = 20;
/// Consumers whose manifest asks for something that waits.
const ASKING: usize = 20;
/// Runs of one command, of which the middle one counts.
const RUNS: usize = 21;
const LIMIT: Duration = Duration::from_secs(120);
const PEOPLE: &str = "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: harbour}\nspec: {type: team, children: []}\n---\n\
                      apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: ann}\nspec: {profile: {email: ann@example.com}, memberOf: [harbour]}\n";

pub fn all(binary: &Path, data: &Path, figures: &mut Vec<Figure>) -> Result<()> {
    let folder = data.join("access");
    let _ = fs::remove_dir_all(&folder);
    organisation(&folder.join("repositories"))?;
    let configuration = format!(
        "[[source]]\nname = \"all\"\nkind = \"folder\"\npath = \"{}/repositories\"\ntrusted = true\n",
        folder.display()
    );
    let mut server = Server::start_with(binary, &folder.join("data"), &[], &configuration)?;
    server.first_answer()?;
    let mut connection = Connection::open(server.address)?;
    let offer = format!("/api/v1/access/apis/default/api-{}", APIS - 1);
    wait(LIMIT, || Ok(connection.get(&offer)?.0 == 200))?;
    let count = import(&mut connection, figures)?;
    // The one before has been open for longer than a connection may be.
    let mut connection = Connection::open(server.address)?;

    let grants = format!("{count} grants");
    for (what, page) in [
        ("the inbox of access", "/access"),
        ("the matrix of access", "/access/matrix"),
        ("the matrix of one environment", "/access/matrix?environment=production"),
        ("the list of access, narrowed", "/access/grants?environment=production&state=active&page=7"),
    ] {
        ensure!(connection.text(page)?.contains("consumer-0"), "{page} shows nothing");
        let took = latencies(server.address, page, 300)?;
        let what = format!("{what} with {grants}, p99");
        figures.push(Figure::new(&what, milliseconds(share(&took, 0.99)), "ms", "≤ 20").at_most(20.0));
    }
    let today = connection.text("/access/report")?;
    let day = today.split("max=\"").nth(1).and_then(|rest| rest.get(..10)).unwrap_or_default().to_owned();
    let report = format!("/api/v1/access/report?at={day}&format=csv");
    ensure!(connection.text(&report)?.lines().count() > count, "{report} lacks grants");
    let took = latencies(server.address, &report, 9)?;
    let what = format!("report of a day with {grants} as CSV, the middle one");
    figures.push(Figure::new(&what, milliseconds(share(&took, 0.5)), "ms", "≤ 500").at_most(500.0));
    pipeline(binary, &folder, &server, figures)
}

/// An API and its terms in each repository, all consumers in one, and those that ask in theirs.
fn organisation(folder: &Path) -> Result<()> {
    let write = |name: &str, files: &[(&str, String)]| -> Result<()> {
        let repository = folder.join(name);
        fs::create_dir_all(&repository)?;
        for (file, text) in files {
            fs::write(repository.join(file), text)?;
        }
        commit(&repository, "Begin")
    };
    write("people", &[("catalog-info.yaml", PEOPLE.to_owned())])?;
    for api in 0..APIS {
        let described = format!(
            "{}---\napiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: {{name: api-{api}}}\nspec: {{type: openapi, lifecycle: \
             production, owner: harbour, definition: \"openapi: 3.1.0\"}}\n",
            component(&format!("provider-{api}"), &format!(", providesApis: [api-{api}]"))
        );
        let mut terms = manifest(&format!("provider-{api}"));
        let _ = writeln!(terms, "exposes:\n  - api: api:default/api-{api}\n    scopes:");
        for scope in 0..SCOPES {
            let _ = writeln!(terms, "      - {{name: api-{api}.thing-{scope}.read, sensitivity: internal}}");
        }
        terms += "    policies:\n      - {match: {}, approvals: [{from: owner, count: 1}], max_ttl: 365d}\n";
        write(&format!("provider-{api}"), &[("catalog-info.yaml", described), ("access.yaml", terms)])?;
    }
    let all: Vec<String> = (ASKING..CONSUMERS).map(|consumer| component(&format!("consumer-{consumer}"), "")).collect();
    write("consumers", &[("catalog-info.yaml", all.join("---\n"))])?;
    for consumer in 0..ASKING {
        let name = format!("consumer-{consumer}");
        let asks = asking(&name, "staging", 10, 1);
        write(&name, &[("catalog-info.yaml", component(&name, "")), ("access.yaml", asks)])?;
    }
    Ok(())
}

fn component(name: &str, more: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {{name: {name}}}\nspec: {{type: service, lifecycle: production, \
         owner: harbour{more}}}\n"
    )
}

fn manifest(component: &str) -> String {
    format!(
        "apiVersion: slipway.dev/v1\nkind: AccessManifest\nmetadata: {{component: component:default/{component}}}\n"
    )
}

/// A manifest that asks so many APIs for so many scopes.
fn asking(component: &str, environment: &str, apis: usize, scopes: usize) -> String {
    let mut text = manifest(component) + "requires:\n";
    for api in 0..apis {
        let names: Vec<String> = (0..scopes).map(|scope| format!("api-{api}.thing-{scope}.read")).collect();
        let names = names.join(", ");
        let _ =
            writeln!(text, "  - {{api: \"api:default/api-{api}\", scopes: [{names}], environments: [{environment}]}}");
    }
    text
}

/// Every scope of every API for every consumer, as they were granted elsewhere; gives how many.
fn import(connection: &mut Connection, figures: &mut Vec<Figure>) -> Result<usize> {
    let header = "consumer,api,scope,environment,approved_by,approved_at,source\n";
    let mut rows = Vec::with_capacity(CONSUMERS * APIS * SCOPES);
    for consumer in 0..CONSUMERS {
        for api in 0..APIS {
            rows.extend((0..SCOPES).map(|scope| {
                format!(
                    "component:default/consumer-{consumer},api:default/api-{api},api-{api}.thing-{scope}.read,production,ann,2026-10-01,wiki\n"
                )
            }));
        }
    }
    let text = format!("{header}{}", rows.concat());
    let began = Instant::now();
    let wish = json!({"file": "grants.csv", "text": text, "format": "csv"});
    let import = connection.tell_json("/api/v1/access/imports", &wish)?;
    let job = import["job"].as_str().context("it is no job")?;
    let path = format!("/api/v1/access/imports/{job}");
    wait(
        LIMIT,
        || Ok(!["queued", "running"].contains(&connection.json(&path)?["state"].as_str().unwrap_or_default())),
    )?;
    let import = connection.json(&path)?;
    ensure!(import["imported"] == rows.len(), "{import}");
    figures.push(Figure::new(&format!("import of {} grants", rows.len()), began.elapsed().as_secs_f64(), "s", "–"));
    Ok(rows.len())
}

/// What a pipeline waits for, with a manifest of 200 atoms.
fn pipeline(binary: &Path, folder: &Path, server: &Server, figures: &mut Vec<Figure>) -> Result<()> {
    let file = folder.join("access.yaml");
    fs::write(&file, asking(&format!("consumer-{}", CONSUMERS - 1), "production", 10, 20))?;
    let validate = command(binary, &["access", "validate"], &file);
    figures.push(figure("access validate of 200 atoms, the whole command", middle(validate)?, 20.0, "≤ 20"));
    let portal = format!("http://{}", server.address);
    let mut check = command(binary, &["access", "check"], &file);
    check.args(["--portal", &portal, "--environment", "production"]);
    figures.push(figure("access check of 200 atoms at a portal, the whole command", middle(check)?, 50.0, "≤ 50"));
    Ok(())
}

fn command(binary: &Path, arguments: &[&str], file: &Path) -> Command {
    let mut command = Command::new(binary);
    command.args(arguments).arg(file);
    command
}

fn figure(what: &str, took: Duration, limit: f64, target: &'static str) -> Figure {
    Figure::new(what, milliseconds(took), "ms", target).at_most(limit)
}

fn middle(mut command: Command) -> Result<Duration> {
    let mut took = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let start = Instant::now();
        let ended = command.output()?;
        took.push(start.elapsed());
        ensure!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    }
    took.sort();
    Ok(took[RUNS / 2])
}
