//! Launches: what a person waits for, from the form to the entity, and many at once.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::bench::http::{Connection, latencies};
use crate::bench::measure::{milliseconds, seconds, share};
use crate::bench::report::Figure;
use crate::bench::server::{Server, wait};
use crate::bench::templates::{commit, template};

const FILES: usize = 200;
/// Launches one after another, of which the middle one counts.
const ALONE: usize = 15;
/// Launches at once.
const TOGETHER: usize = 50;
const LIMIT: Duration = Duration::from_secs(120);
const DESCRIPTOR: &str = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {{ cookiecutter.slug }}\nspec:\n  \
                          type: service\n  lifecycle: production\n  owner: harbour\n";
const TEMPLATE: &str = "/api/v1/templates/default/boat";

pub fn all(binary: &Path, data: &Path, figures: &mut Vec<Figure>) -> Result<()> {
    let folder = data.join("launches");
    let _ = fs::remove_dir_all(&folder);
    let boat = template(&folder.join("templates/boat"), FILES)?;
    fs::write(boat.join("{{ cookiecutter.slug }}/catalog-info.yaml"), DESCRIPTOR)?;
    commit(&boat, "Say what it is")?;
    let configuration = format!(
        "[[source]]\nname = \"templates\"\nkind = \"folder\"\npath = \"{0}/templates\"\n\n\
         [[source]]\nname = \"made\"\nkind = \"folder\"\npath = \"{0}/made\"\nlaunch = true\n",
        folder.display()
    );
    let mut server = Server::start_with(binary, &folder.join("data"), &[], &configuration)?;
    server.first_answer()?;
    let mut connection = Connection::open(server.address)?;
    wait(LIMIT, || Ok(connection.get(TEMPLATE)?.0 == 200))?;

    let form = latencies(server.address, "/templates/default/boat/launch", 500)?;
    figures.push(Figure::new("form of a template, p99", milliseconds(share(&form, 0.99)), "ms", "≤ 10").at_most(10.0));
    let page = "/templates/default/boat/launch?a.name=Tides&destination=made&key=bench&preview=on";
    let shown = connection.text(page)?;
    ensure!(shown.contains(&format!("file_{}.txt", FILES - 1)), "{page} shows no preview");
    let preview = latencies(server.address, page, 50)?;
    let what = format!("page of a preview of {FILES} files, the middle one");
    figures.push(Figure::new(&what, milliseconds(share(&preview, 0.5)), "ms", "≤ 100").at_most(100.0));

    let mut took = Vec::new();
    for number in 0..ALONE {
        took.push(click_to_entity(&mut connection, &format!("alone-{number}"))?);
    }
    took.sort();
    let what = format!("a launch of {FILES} files, from the click to the page of the entity");
    figures.push(Figure::new(&what, seconds(share(&took, 0.5)), "s", "≤ 1").at_most(1.0));
    let line = log_to_reader(server.address, &mut connection)?;
    figures.push(
        Figure::new("a log line, until whoever follows has read it, the slowest", line, "ms", "≤ 100").at_most(100.0),
    );

    let start = Instant::now();
    let runs: Vec<String> =
        (0..TOGETHER).map(|number| launch(&mut connection, &format!("together-{number}"))).collect::<Result<_>>()?;
    for run in &runs {
        done(&mut connection, run)?;
    }
    let what = format!("{TOGETHER} launches at once, all of them done");
    figures.push(Figure::new(&what, seconds(start.elapsed()), "s", "no error"));
    figures.push(Figure::new("peak memory of that", server.memory()?.1, "MB", "≤ 200").at_most(200.0));
    Ok(())
}

fn launch(connection: &mut Connection, name: &str) -> Result<String> {
    let wish = json!({"template": "template:default/boat", "answers": {"name": name}, "name": name});
    let run = connection.tell_json("/api/v1/runs", &wish)?;
    Ok(run["run"]["id"].as_str().with_context(|| format!("no run: {run}"))?.to_owned())
}

/// Waits for the end, which must be a good one.
fn done(connection: &mut Connection, run: &str) -> Result<Value> {
    let mut detail = Value::Null;
    wait(LIMIT, || {
        detail = connection.json(&format!("/api/v1/runs/{run}"))?;
        Ok(!matches!(detail["run"]["state"].as_str(), Some("queued" | "running" | "waiting")))
    })?;
    ensure!(detail["run"]["state"] == "done", "{detail:#}");
    Ok(detail)
}

fn click_to_entity(connection: &mut Connection, name: &str) -> Result<Duration> {
    let start = Instant::now();
    let run = launch(connection, name)?;
    let detail = done(connection, &run)?;
    let entity = detail["run"]["entity"].as_str().with_context(|| format!("no entity: {detail:#}"))?;
    let (kind, name) = entity.split_once(':').context("an entity has a kind")?;
    let (namespace, name) = name.split_once('/').unwrap_or(("default", name));
    let page = format!("/catalog/{namespace}/{kind}/{name}");
    ensure!(connection.get(&page)?.0 == 200, "{page} is not there");
    Ok(start.elapsed())
}

/// Follows a run as its page does: told that something has changed, it reads the new lines. The longest that one took, in
/// milliseconds from when it was written.
#[expect(clippy::disallowed_methods, reason = "compared with what another process wrote down")]
fn log_to_reader(address: SocketAddr, connection: &mut Connection) -> Result<f64> {
    let run = launch(connection, "followed")?;
    let mut stream = BufReader::new(TcpStream::connect(address)?);
    stream.get_ref().set_read_timeout(Some(LIMIT))?;
    write!(stream.get_mut(), "GET /api/v1/runs/{run}/events HTTP/1.1\r\nHost: {address}\r\n\r\n")?;
    let (mut seen, mut slowest, mut line) = (0, 0, String::new());
    while {
        line.clear();
        stream.read_line(&mut line)? > 0
    } {
        if !line.starts_with("event: changed") && !line.starts_with("event:changed") {
            continue;
        }
        let lines = connection.json(&format!("/api/v1/runs/{run}/log?after={seen}"))?;
        let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
        for line in lines.as_array().context("a log is a list")? {
            seen = line["sequence"].as_i64().unwrap_or(seen);
            slowest = slowest.max(now - line["at"].as_i64().context("a line has its time")?);
        }
        let state = connection.json(&format!("/api/v1/runs/{run}"))?;
        if state["run"]["state"] == "done" {
            break;
        }
    }
    ensure!(seen > 0, "no line was read");
    Ok(slowest as f64)
}
