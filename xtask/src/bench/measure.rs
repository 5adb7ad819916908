//! The figures, in the order of the issue.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::Result;

use crate::bench::http::{Connection, latencies, throughput};
use crate::bench::identity;
use crate::bench::organisation::{ENTITIES, REPOSITORIES, add_component, reset};
use crate::bench::report::Figure;
use crate::bench::server::{Server, wait};
use crate::bench::templates;
use crate::bench::{access, launches};
use crate::command::step;
use crate::site::{self, Manifest};

const LIMIT: Duration = Duration::from_secs(600);
/// The list that is asked for: its default page of 20 rows.
pub const LIST: &str = "/catalog";

pub fn all(binary: &Path, organisation: &Path, data: &Path, manifest: &Manifest) -> Result<Vec<Figure>> {
    let _ = fs::remove_dir_all(data);
    let mut figures = Vec::new();
    step("Start", || start(binary, data, &mut figures))?;
    step("First sync of 500 repositories", || first_sync(binary, organisation, data, &mut figures))?;
    step("Start with what was read before", || restart(binary, organisation, data, &mut figures))?;
    step("5 000 entities from descriptor files", || descriptors(binary, organisation, data, &mut figures))?;
    step("Who asks", || identity::authorised_page(binary, organisation, data, &mut figures))?;
    step("Templates", || templates::all(binary, data, &mut figures))?;
    step("Launches", || launches::all(binary, data, &mut figures))?;
    step("Access", || access::all(binary, data, &mut figures))?;
    let weight = site::weight(manifest) as f64 / 1024.0;
    figures.push(Figure::new("JavaScript, wasm and CSS of a page", weight, "KB brotli", "≤ 150").at_most(150.0));
    let size = fs::metadata(binary)?.len() as f64 / 1_048_576.0;
    figures.push(Figure::new("size of the binary", size, "MB", "≤ 60").at_most(60.0));
    fs::remove_dir_all(data)?;
    Ok(figures)
}

fn start(binary: &Path, data: &Path, figures: &mut Vec<Figure>) -> Result<()> {
    // The first start makes the database; the second is what an operator sees.
    let folder = data.join("empty");
    Server::start(binary, &folder, None)?.first_answer()?;
    let mut server = Server::start(binary, &folder, None)?;
    let answer = milliseconds(server.first_answer()?);
    thread::sleep(Duration::from_secs(1));
    figures.push(Figure::new("start to first answer", answer, "ms", "≤ 300").at_most(300.0).beside("2 600–4 700"));
    figures.push(Figure::new("resident after start", server.memory()?.0, "MB", "≤ 50").at_most(50.0).beside("350"));
    Ok(())
}

fn first_sync(binary: &Path, organisation: &Path, data: &Path, figures: &mut Vec<Figure>) -> Result<()> {
    let source = organisation.join("repositories");
    let mut server = Server::start(binary, &data.join("organisation"), Some(&source))?;
    server.first_answer()?;
    let mut connection = Connection::open(server.address)?;
    wait(LIMIT, || {
        Ok(connection.json("/api/v1/repositories?per_page=1")?["total"].as_u64() == Some(REPOSITORIES as u64))
    })?;
    let names = server.started.elapsed();
    wait(LIMIT, || synced(&mut connection))?;
    let complete = server.started.elapsed();
    let peak = server.memory()?.1;
    thread::sleep(Duration::from_secs(2));
    let after = server.memory()?.0;
    figures
        .push(Figure::new("all names visible, from the start of the process", seconds(names), "s", "≤ 2").at_most(2.0));
    figures.push(
        Figure::new("first sync complete, from the start of the process", seconds(complete), "s", "≤ 15").at_most(15.0),
    );
    figures.push(Figure::new("peak memory of the first sync", peak, "MB", "≤ 300").at_most(300.0));
    figures.push(
        Figure::new("resident after the sync", after, "MB", "≤ 80").at_most(80.0).beside("680 at 5 000 entities"),
    );

    // The middle of five.
    let mut unchanged = (0..5).map(|_| server.sync(&mut connection)).collect::<Result<Vec<_>>>()?;
    unchanged.sort();
    figures.push(Figure::new("sync with nothing new", seconds(unchanged[2]), "s", "≤ 0.5").at_most(0.5));
    let visible = commit_to_visible(&server, &mut connection, &source.join("payments/ledger-service-1.git"))?;
    figures.push(Figure::new("commit in one repository → visible", seconds(visible), "s", "≤ 1").at_most(1.0));
    Ok(())
}

/// From the request for a sync to the page of what the commit added.
fn commit_to_visible(server: &Server, connection: &mut Connection, repository: &Path) -> Result<Duration> {
    let mut took = Vec::new();
    for number in 0..3 {
        let name = format!("added-while-measuring-{number}");
        let before = add_component(repository, &name)?;
        let start = std::time::Instant::now();
        let seen = connection.post("/api/v1/sync").and_then(|_| {
            wait(
                Duration::from_secs(60),
                || Ok(connection.get(&format!("/catalog/default/component/{name}"))?.0 == 200),
            )
        });
        took.push(start.elapsed());
        reset(repository, &before)?;
        seen?;
        server.sync(connection)?;
    }
    took.sort();
    Ok(took[1])
}

fn restart(binary: &Path, organisation: &Path, data: &Path, figures: &mut Vec<Figure>) -> Result<()> {
    let mut server = Server::start(binary, &data.join("organisation"), Some(&organisation.join("repositories")))?;
    let answer = milliseconds(server.first_answer()?);
    figures.push(Figure::new("start to first answer, 500 repositories known", answer, "ms", "≤ 300").at_most(300.0));
    Ok(())
}

fn descriptors(binary: &Path, organisation: &Path, data: &Path, figures: &mut Vec<Figure>) -> Result<()> {
    let mut server = Server::start(binary, &data.join("descriptors"), Some(&organisation.join("descriptors")))?;
    server.first_answer()?;
    let mut connection = Connection::open(server.address)?;
    wait(LIMIT, || {
        let page = connection.json("/api/v1/catalog?kind=component&per_page=20")?;
        Ok(page["total"].as_u64() >= Some(ENTITIES as u64) && synced(&mut connection)?)
    })?;
    let ingested = seconds(server.started.elapsed());
    thread::sleep(Duration::from_secs(2));
    let resident = server.memory()?.0;
    figures.push(
        Figure::new("5 000 entities ingested, from the start of the process", ingested, "s", "≤ 2")
            .at_most(2.0)
            .beside("58–83"),
    );
    figures.push(Figure::new("resident with 5 000 entities", resident, "MB", "").beside("680"));

    let (_, size) = connection.get(LIST)?;
    eprintln!("   {LIST} has {size} bytes, not compressed");
    let took = latencies(server.address, LIST, 2_000)?;
    let at = |at: f64| milliseconds(share(&took, at));
    figures
        .push(Figure::new("first catalog page, one connection, p50", at(0.5), "ms", "≤ 1").at_most(1.0).beside("27"));
    figures.push(Figure::new("first catalog page, one connection, p99", at(0.99), "ms", "≤ 5").at_most(5.0));
    let rate = throughput(server.address, LIST, 8, Duration::from_secs(8))?;
    figures.push(
        Figure::new("first catalog page, eight connections", rate, "requests/s", "≥ 3 000")
            .at_least(3_000.0)
            .beside("56"),
    );
    Ok(())
}

/// Every source has been read to its end.
pub fn synced(connection: &mut Connection) -> Result<bool> {
    let sources = connection.json("/api/v1/sources")?;
    let sources = sources.as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(!sources.is_empty() && sources.iter().all(|source| source["synced_at"].is_number()))
}

/// What this share of sorted times is below.
pub fn share(sorted: &[Duration], share: f64) -> Duration {
    sorted[((sorted.len() as f64 * share) as usize).min(sorted.len() - 1)]
}

pub fn seconds(time: Duration) -> f64 {
    time.as_secs_f64()
}

pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
