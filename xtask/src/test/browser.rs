//! The tests in `end2end`, against a server of their own.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::command::{is_root, show};
use crate::test::count::Count;
use crate::test::postgres::free_port;
use crate::test::prepare::{BrowserTools, with_node};
use crate::workspace::{binary, root, target};

/// Serves the demo from an empty data folder and runs Playwright; arguments go to it.
pub fn run(tools: &BrowserTools, update_screenshots: bool, arguments: &[String]) -> Result<Count> {
    let server = Server::start()?;
    let folder = root().join("end2end");
    let report = target().join("browser-tests.json");
    let _ = fs::remove_file(&report);
    let mut playwright = with_node(&tools.node, "npx");
    playwright
        .args(["playwright", "test", "--reporter=list,json"])
        .args(arguments)
        .current_dir(&folder)
        .env("SLIPWAY_URL", &server.url)
        // Tests that need a forge start both of their own. Not with the prefix of Slipway's own settings, of which it knows
        // each.
        .env("END2END_SLIPWAY", binary(false))
        .env("END2END_FAKE_FORGE", binary(false).with_file_name("fake-forge"))
        .env("PLAYWRIGHT_JSON_OUTPUT_NAME", &report)
        .env("SLIPWAY_NO_SANDBOX", if is_root() { "1" } else { "" })
        .env("SLIPWAY_SCREENSHOTS", if update_screenshots { "1" } else { "" })
        .env("SLIPWAY_BROWSER", tools.browser.as_deref().unwrap_or(Path::new("")));
    let status = playwright.status().with_context(|| format!("{} could not be started", show(&playwright)))?;
    let text =
        fs::read_to_string(&report).with_context(|| format!("Playwright ended with {status} and wrote no report"))?;
    let count = Count::from_playwright(&text)?;
    if !status.success() && count.failed == 0 {
        bail!("Playwright ended with {status}");
    }
    Ok(count)
}

fn log_file() -> PathBuf {
    target().join("browser-tests.log")
}

/// Ends with this value.
struct Server {
    url: String,
    data: PathBuf,
    child: Child,
}

impl Server {
    fn start() -> Result<Self> {
        let data = target().join("browser-tests-data");
        let _ = fs::remove_dir_all(&data);
        let address = format!("127.0.0.1:{}", free_port()?);
        let log = fs::File::create(log_file())?;
        let mut command = Command::new(binary(false));
        command.args(["serve", "--demo", "--listen", &address, "--data"]).arg(&data).current_dir(root());
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().with_context(|| format!("{} could not be started", show(&command)))?;
        eprintln!("   {} (its log: {})", show(&command), log_file().display());
        let mut server = Self { url: format!("http://{address}"), data, child };
        // The tests wait until it is ready; one that has ended already never will be.
        while TcpStream::connect(&address).is_err() {
            if let Some(status) = server.child.try_wait()? {
                bail!("slipway ended with {status}\n{}", fs::read_to_string(log_file())?.trim());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.data);
    }
}
