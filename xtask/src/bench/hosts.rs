//! Figures of sources at Git hosts: a large organisation at GitHub, mirrors over HTTP, and webhooks.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::bench::forge::{Forge, OWNER, TOKEN, on_disk};
use crate::bench::http::Connection;
use crate::bench::organisation::{add_component, reset, small_name};
use crate::bench::report::Figure;
use crate::bench::server::{Server, wait};
use crate::command::step;

const LIMIT: Duration = Duration::from_secs(3_600);
const SECRET: &str = "measured-webhook-secret";

/// How much is measured.
#[derive(Clone, Copy)]
pub struct Size {
    /// At GitHub.
    pub repositories: usize,
    /// Mirrored by their addresses.
    pub mirrors: usize,
    /// Pushes that are followed one by one, and at once.
    pub pushes: usize,
    pub burst: usize,
}

impl Size {
    pub const ASKED: Self = Self { repositories: 5_000, mirrors: 500, pushes: 200, burst: 1_000 };
    /// For trying it out.
    pub const SMALL: Self = Self { repositories: 60, mirrors: 20, pushes: 10, burst: 50 };
}

pub fn all(binary: &Path, fake: &Path, organisation: &Path, data: &Path, size: Size) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    // One that was interrupted has left what it had read.
    if data.exists() {
        fs::remove_dir_all(data)?;
    }
    let mut forge = Forge::start(fake, organisation, size.repositories)?;
    step("Mirrors over HTTP", || mirrors(binary, &forge, data, size, &mut figures))?;
    let server = step("A large organisation at GitHub", || github(binary, &mut forge, data, size, &mut figures))?;
    step("From a push to the page, by webhook", || webhooks(&server, &mut forge, size, &mut figures))?;
    drop(server);
    fs::remove_dir_all(data)?;
    Ok(figures)
}

fn mirrors(binary: &Path, forge: &Forge, data: &Path, size: Size, figures: &mut Vec<Figure>) -> Result<()> {
    let urls: Vec<String> = (0..size.mirrors).map(|number| forge.clone_url(number)).collect();
    let text = format!("[[source]]\nname = \"mirrors\"\nkind = \"git\"\nurls = {}\n", serde_json::to_string(&urls)?);
    let data = data.join("mirrors");
    let mut server = Server::start_with(binary, &data, &[], &text)?;
    server.first_answer()?;
    let mut connection = Connection::open(server.address)?;
    wait(LIMIT, || synced(&mut connection))?;
    let cold = server.started.elapsed();
    expect_all(&mut connection, size.mirrors)?;
    let unchanged = server.sync(&mut connection)?;
    let mut before = Vec::new();
    for number in 0..size.mirrors {
        before.push(add_component(&forge.bare(number), &format!("moved-{number}"))?);
    }
    let moved = server.sync(&mut connection)?;
    for (number, commit) in before.iter().enumerate() {
        reset(&forge.bare(number), commit)?;
    }
    let figure = |what: &str, time: Duration| {
        Figure::new(&format!("{} mirrors over HTTP, {what}", size.mirrors), time.as_secs_f64(), "s", "≤ 60")
    };
    figures.push(figure("cloned and read", cold).at_most(60.0));
    figures.push(figure("nothing new", unchanged).at_most(60.0));
    figures.push(figure("all moved", moved).at_most(60.0));
    drop(server);
    fs::remove_dir_all(data)?;
    Ok(())
}

fn github(binary: &Path, forge: &mut Forge, data: &Path, size: Size, figures: &mut Vec<Figure>) -> Result<Server> {
    let text = format!(
        "[[source]]\nname = \"{OWNER}\"\nkind = \"github\"\norganisation = \"{OWNER}\"\nurl = \"{}\"\n\
         token-env = \"BENCH_TOKEN\"\nwebhook-secret-env = \"BENCH_SECRET\"\n",
        forge.origin
    );
    let data = data.join("github");
    let before = forge.requests()?;
    let secrets = [("BENCH_TOKEN", TOKEN), ("BENCH_SECRET", SECRET)];
    let mut server = Server::start_with(binary, &data, &secrets, &text)?;
    server.first_answer()?;
    let mut connection = Connection::open(server.address)?;
    wait(LIMIT, || synced(&mut connection))?;
    let cold = server.started.elapsed().as_secs_f64();
    expect_all(&mut connection, size.repositories)?;
    let calls = forge.requests()? - before;
    let (name, count) = (format!("{} repositories at GitHub", size.repositories), size.repositories as f64);
    figures.push(Figure::new(&format!("{name}, first round"), cold, "s", ""));
    figures.push(Figure::new(
        &format!("{name}, API calls of the first round, each"),
        calls as f64 / count,
        "calls",
        "",
    ));
    // The middle of five rounds by itself, and the most calls that one of them took.
    let (mut took, mut most) = (Vec::new(), 0);
    for _ in 0..5 {
        let before = forge.requests()?;
        took.push(server.sync(&mut connection)?);
        most = most.max(forge.requests()? - before);
    }
    took.sort();
    figures.push(Figure::new(&format!("{name}, nothing new"), took[2].as_secs_f64(), "s", "≤ 3").at_most(3.0));
    figures
        .push(Figure::new(&format!("{name}, API calls with nothing new"), most as f64, "calls", "≤ 10").at_most(10.0));
    let disk = on_disk(&data)? as f64 / 1024.0 / count;
    figures.push(Figure::new(&format!("{name}, disk for each"), disk, "KB", ""));
    let content = on_disk(&forge.bare(0))? as f64 / 1024.0;
    figures.push(Figure::new("a small repository at its host", content, "KB", ""));
    Ok(server)
}

fn webhooks(server: &Server, forge: &mut Forge, size: Size, figures: &mut Vec<Figure>) -> Result<()> {
    let mut connection = Connection::open(server.address)?;
    let mut took = Vec::new();
    for push in 0..size.pushes {
        let number = push % size.repositories;
        let name = format!("pushed-{push}");
        let before = add_component(&forge.bare(number), &name)?;
        let body = event(forge, number)?;
        let start = Instant::now();
        deliver(&mut connection, push, &body)?;
        wait(Duration::from_secs(60), || seen(&mut connection, &name))?;
        took.push(start.elapsed());
        reset(&forge.bare(number), &before)?;
    }
    took.sort();
    let at = |share: f64| took[((took.len() as f64 * share) as usize).min(took.len() - 1)].as_secs_f64();
    let name = format!("push by webhook → visible, {} pushes", size.pushes);
    figures.push(Figure::new(&format!("{name}, p50"), at(0.5), "s", ""));
    figures.push(Figure::new(&format!("{name}, p99"), at(0.99), "s", "≤ 1").at_most(1.0));

    let (mut bodies, mut before) = (Vec::new(), Vec::new());
    for number in 0..size.burst.min(size.repositories) {
        before.push(add_component(&forge.bare(number), &format!("burst-{number}"))?);
        bodies.push(event(forge, number)?);
    }
    let start = Instant::now();
    for push in 0..size.burst {
        deliver(&mut connection, size.pushes + push, &bodies[push % bodies.len()])?;
    }
    let accepted = start.elapsed().as_secs_f64();
    for number in (0..bodies.len()).rev() {
        wait(Duration::from_secs(300), || seen(&mut connection, &format!("burst-{number}")))?;
    }
    let visible = start.elapsed().as_secs_f64();
    for (number, commit) in before.iter().enumerate() {
        reset(&forge.bare(number), commit)?;
    }
    let name = format!("{} deliveries at once", size.burst);
    figures.push(Figure::new(&format!("{name}, accepted"), accepted, "s", "≤ 1").at_most(1.0));
    figures.push(Figure::new(&format!("{name}, all visible"), visible, "s", ""));
    Ok(())
}

/// A push event as GitHub sends it, as far as anybody reads it.
fn event(forge: &mut Forge, number: usize) -> Result<Vec<u8>> {
    let id = forge.pushed(number)?;
    let name = small_name(number);
    let body = json!({
        "ref": "refs/heads/main",
        "before": "0".repeat(40),
        "after": "1".repeat(40),
        "commits": [],
        "repository": {
            "id": id, "name": name, "full_name": format!("{OWNER}/{name}"), "private": false,
            "default_branch": "main", "owner": {"login": OWNER, "id": 100},
        },
        "organization": {"login": OWNER, "id": 100},
        "sender": {"login": "ada", "id": 1},
    });
    Ok(body.to_string().into_bytes())
}

fn deliver(connection: &mut Connection, number: usize, body: &[u8]) -> Result<()> {
    let signature = format!("sha256={}", hexadecimal(&hmac(SECRET.as_bytes(), body)));
    let id = format!("00000000-0000-4000-8000-{number:012}");
    let headers = [
        ("Content-Type", "application/json"),
        ("X-GitHub-Event", "push"),
        ("X-GitHub-Delivery", id.as_str()),
        ("X-Hub-Signature-256", signature.as_str()),
    ];
    connection.send(&format!("/webhooks/github/{OWNER}"), &headers, body)
}

fn seen(connection: &mut Connection, component: &str) -> Result<bool> {
    Ok(connection.get(&format!("/api/v1/catalog/default/component/{component}"))?.0 == 200)
}

/// Every source has been read to its end.
fn synced(connection: &mut Connection) -> Result<bool> {
    let sources = connection.json("/api/v1/sources")?;
    let sources = sources.as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(!sources.is_empty() && sources.iter().all(|source| source["synced_at"].is_number()))
}

/// A figure of less than all would be a lie.
fn expect_all(connection: &mut Connection, count: usize) -> Result<()> {
    for (query, wanted) in [("", count), ("&standing=failed", 0), ("&standing=listed", 0)] {
        let total = connection.json(&format!("/api/v1/repositories?per_page=1{query}"))?["total"].as_u64();
        let total = total.context("the list of repositories names no total")?;
        if total != wanted as u64 {
            bail!("{total} repositories{query}, not {wanted}");
        }
    }
    Ok(())
}

/// RFC 2104 with SHA-256.
fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(key);
    let padded = |pad: u8| block.map(|byte| byte ^ pad);
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize().into()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{hexadecimal, hmac};

    /// The example of "Validating webhook deliveries" in GitHub's documentation.
    #[test]
    fn signatures_are_githubs() {
        let signature = hexadecimal(&hmac(b"It's a Secret to Everybody", b"Hello, World!"));
        assert_eq!(signature, "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17");
    }
}
