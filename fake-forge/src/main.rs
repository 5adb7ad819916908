//! `fake-forge [github|enterprise] [PORT]`: the fake as a process, for browser tests. Prints the API's address, and is told
//! what to be through `/_fake/` (see `control.rs`).

use fake_forge::{Fake, Profile};

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let wrong = || std::io::Error::other("usage: fake-forge [github|enterprise] [PORT]");
    let mut arguments = std::env::args().skip(1);
    let profile = match arguments.next().as_deref() {
        None | Some("github") => Profile::GitHub,
        Some("enterprise") => Profile::Enterprise,
        Some(_) => return Err(wrong()),
    };
    let port = arguments.next().map_or(Ok(0), |port| port.parse()).map_err(|_| wrong())?;
    let fake = Fake::start_on(profile, port).await?;
    println!("{}", fake.api());
    std::future::pending().await
}
