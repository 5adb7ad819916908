//! Fetches that do not come to their end.

use std::process::Stdio;
use std::time::Instant;

use super::*;

/// Waits until git has received a part of a pack, and gives its processes with their arguments.
pub async fn arguments_of_git(host: &GitHost, name: &str) -> Vec<(i32, String)> {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let fetching = processes(&host.url(name));
        if fetching.iter().any(|(_, arguments)| arguments.starts_with("git fetch"))
            && fetching.iter().any(|(_, arguments)| arguments.contains("remote-http"))
        {
            // It asks twice before the pack begins.
            tokio::time::sleep(Duration::from_millis(300)).await;
            return processes(&host.url(name));
        }
        assert!(Instant::now() < deadline, "git does not fetch");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn processes(url: &str) -> Vec<(i32, String)> {
    let ids = fs::read_dir("/proc").unwrap().flatten();
    let ids = ids.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let arguments = |id: i32| fs::read(format!("/proc/{id}/cmdline")).ok();
    ids.filter_map(|id| Some((id, String::from_utf8_lossy(&arguments(id)?).replace('\0', " "))))
        .filter(|(_, arguments)| arguments.contains(url) && arguments.contains("git"))
        .collect()
}

async fn until_none_is_left(url: &str) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !processes(url).is_empty() {
        assert!(Instant::now() < deadline, "{:?}", processes(url));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_killed_fetch_is_mended_by_the_next() {
    let (host, keeper) = (GitHost::with(&["a"]), Keeper::new());
    let remote = remote(&host, "a");
    // First while there is no mirror, then in one.
    for expected in [Updated::Cloned, Updated::Fetched] {
        host.set(|state| state.stalls = true);
        let failure = {
            let update = keeper.update(&remote);
            tokio::pin!(update);
            let running = tokio::select! {
                result = &mut update => panic!("{result:?}"),
                running = arguments_of_git(&host, "a") => running,
            };
            for (id, _) in running {
                let _ = Command::new("kill").args(["-9", &id.to_string()]).stderr(Stdio::null()).status().unwrap();
            }
            update.await.unwrap_err()
        };
        assert_eq!(failure.kind, Kind::Other, "{failure:?}");
        if keeper.mirror(&remote).is_dir() {
            for left in ["HEAD.lock", "packed-refs.lock", "refs/heads/main.lock", "objects/pack/tmp_pack_x1"] {
                fs::write(keeper.mirror(&remote).join(left), "").unwrap();
            }
        }
        host.set(|state| state.stalls = false);
        assert_eq!(keeper.update(&remote).await, Ok(expected));
        assert_eq!(keeper.commit(&remote), git(&host.bare("a"), &["rev-parse", "main"]));
        git(&keeper.mirror(&remote), &["fsck", "--strict"]);
        assert!(!keeper.mirror(&remote).join("objects/pack/tmp_pack_x1").exists());
        host.commit("a", "a.py", &format!("a = '{expected:?}'\n"));
    }
}

#[tokio::test]
async fn whoever_stops_takes_git_along() {
    let (host, keeper) = (GitHost::with(&["a"]), Keeper::new());
    let remote = remote(&host, "a");
    host.set(|state| state.stalls = true);
    // Halted.
    let halt = async {
        arguments_of_git(&host, "a").await;
        keeper.halted.cancel();
    };
    let (result, ()) = tokio::join!(keeper.update(&remote), halt);
    assert_eq!(result.unwrap_err().kind, Kind::Halted);
    until_none_is_left(&host.url("a")).await;
    // Dropped, as when the runtime ends.
    let keeper = Keeper { halted: CancellationToken::new(), ..keeper };
    tokio::select! {
        result = keeper.update(&remote) => panic!("{result:?}"),
        _ = arguments_of_git(&host, "a") => {}
    }
    until_none_is_left(&host.url("a")).await;
    // Too slow.
    let hasty = Remote { time_limit: Duration::from_millis(1500), ..remote.clone() };
    let failure = keeper.update(&hasty).await.unwrap_err();
    assert_eq!(failure.kind, Kind::TimedOut);
    assert!(failure.reason.contains(&host.url("a")) && failure.help.contains("time-limit"), "{failure:?}");
    until_none_is_left(&host.url("a")).await;
    host.set(|state| state.stalls = false);
    assert_eq!(keeper.update(&remote).await, Ok(Updated::Cloned));
}

#[tokio::test]
async fn a_git_that_outlives_us_is_waited_for() {
    let (host, keeper) = (GitHost::with(&["a"]), Keeper::new());
    let remote = remote(&host, "a");
    keeper.update(&remote).await.unwrap();
    host.commit("a", "a.py", "a = 1\n");
    let lock = fs::File::open(keeper.mirrors().join(format!("{}.lock", remote.url.folder_name()))).unwrap();
    lock.lock().unwrap();
    let mut orphan = Command::new("sleep").arg("1").stdin(lock).spawn().unwrap();
    let start = Instant::now();
    assert_eq!(keeper.update(&remote).await, Ok(Updated::Fetched));
    assert!(start.elapsed() > Duration::from_millis(800));
    orphan.wait().unwrap();
}

#[tokio::test]
async fn a_host_that_is_gone_is_told_from_a_disk_that_is_full() {
    let keeper = Keeper::new();
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let host = GitHost::start();
    let url = Address::parse(&format!("http://{address}/a.git")).unwrap().url;
    let gone = Remote { url, ..remote(&host, "a") };
    let failure = keeper.update(&gone).await.unwrap_err();
    assert_eq!(failure.kind, Kind::Unreachable, "{failure:?}");

    let remote = remote(&host, "a");
    for (message, kind) in [
        ("fatal: write error: No space left on device\nfatal: fetch-pack: invalid index-pack output", Kind::DiskFull),
        ("fatal: Authentication failed for 'http://h/a.git/'", Kind::Refused),
        ("git@h: Permission denied (publickey).\nfatal: Could not read from remote repository.", Kind::Refused),
        ("Host key verification failed.\nfatal: Could not read from remote repository.", Kind::Certificate),
        ("fatal: unable to access 'https://h/a/': SSL certificate problem: self-signed certificate", Kind::Certificate),
        ("fatal: repository 'http://h/a.git/' not found", Kind::NotFound),
        ("fatal: unable to access 'https://h/a/': The requested URL returned error: 503", Kind::Unreachable),
        ("fatal: unable to access 'https://h/a/': Could not resolve proxy: p", Kind::Unreachable),
        ("fatal: mismatched algorithms: client sha1; server sha256", Kind::Other),
    ] {
        let failure = Failure::of_message(message, &remote, Some("h/a"));
        assert_eq!(failure.kind, kind, "{message}");
        assert!(!failure.reason.contains("h/a") && !failure.help.is_empty(), "{failure:?}");
    }
}
