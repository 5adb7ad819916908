#![allow(clippy::unwrap_used, clippy::expect_used)]

mod interrupted;
mod logins;
mod network;

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use engine_repo::Repository;
use tempfile::TempDir;

use super::testing::{GitHost, git};
use super::*;

/// A folder of mirrors, and whoever keeps them.
struct Keeper {
    folder: TempDir,
    said: Arc<Mutex<Vec<String>>>,
    halted: CancellationToken,
}

impl Keeper {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), said: Arc::default(), halted: CancellationToken::new() }
    }

    fn mirrors(&self) -> PathBuf {
        self.folder.path().join("mirrors")
    }

    fn watch(&self) -> Watch<'static> {
        let said = Arc::clone(&self.said);
        Watch::new(self.halted.clone(), move |step: &str| said.lock().unwrap().push(step.to_owned()))
    }

    async fn update(&self, remote: &Remote) -> Result<Updated, Failure> {
        update(&self.mirrors(), remote, &self.watch()).await
    }

    fn mirror(&self, remote: &Remote) -> PathBuf {
        self.mirrors().join(remote.url.folder_name())
    }

    /// Branch and commit that would be read, and all references.
    fn state(&self, remote: &Remote) -> (String, Vec<String>) {
        let mirror = self.mirror(remote);
        let head = Repository::open(&mirror).unwrap().head().unwrap().unwrap();
        let references = git(&mirror, &["for-each-ref", "--format=%(refname)"]);
        (head.branch.unwrap(), references.lines().map(str::to_owned).collect())
    }

    fn commit(&self, remote: &Remote) -> String {
        Repository::open(&self.mirror(remote)).unwrap().head().unwrap().unwrap().commit
    }
}

fn anonymous() -> Arc<dyn Credentials> {
    Arc::new(|| Ok(None))
}

fn remote(host: &GitHost, name: &str) -> Remote {
    Remote {
        url: host.remote(name).url,
        credentials: anonymous(),
        connection: Connection::default(),
        time_limit: Duration::from_secs(60),
    }
}

#[test]
fn addresses_are_taken_apart_and_odd_ones_refused() {
    let parsed = |text: &str| {
        Address::parse(text).map(|address| {
            let password = address.password.map(|password| password.expose().to_owned());
            (address.url.to_string(), address.url.name(), address.username, password)
        })
    };
    let plain = |url: &str, name: &str| Ok((url.to_owned(), name.to_owned(), None, None));
    assert_eq!(parsed("https://git.example.com/team/a.git"), plain("https://git.example.com/team/a.git", "team/a"));
    assert_eq!(parsed("HTTPS://Git.Example.com:443/team/a/"), plain("https://git.example.com/team/a", "team/a"));
    assert_eq!(parsed("ssh://git@host:2222/a.git"), plain("ssh://git@host:2222/a.git", "a"));
    assert_eq!(parsed("git@Host:team/a.git"), plain("git@host:team/a.git", "team/a"));
    assert_eq!(parsed("file:///srv/git/a.git"), plain("file:///srv/git/a.git", "a"));
    let (url, _, username, password) = parsed("https://ada:s%40cret@host/a").unwrap();
    assert_eq!(
        (url.as_str(), username.as_deref(), password.as_deref()),
        ("https://host/a", Some("ada"), Some("s@cret"))
    );
    for refused in [
        "-uhttps://host/a",
        "--upload-pack=touch",
        "ext::sh -c touch",
        "ext::sh",
        "https://host",
        "https://host/",
        "host/a",
        "https://host/a?token=x",
        "https://host/a#x",
        "ssh://-oProxyCommand=x/a",
        "ssh://git:pw@host/a",
        "ftp://host/a",
        "-oProxyCommand=x@host:a",
        "git@host:-a",
        "git@-host:a",
        "https://host/a b",
        "https://host/a\n",
        "",
        "file://host/a",
        "https://a:b%0Ac@host/x",
        "ssh://-l@host/a",
        "a@b:c::d",
    ] {
        let error = parsed(refused).expect_err(refused);
        assert!(error.contains("Git address"), "{refused}: {error}");
    }
}

#[test]
fn folders_are_told_apart_and_safe() {
    let name = |text: &str| Address::parse(text).unwrap().url.folder_name();
    assert_eq!(name("https://ada:x@host/team/a.git"), name("https://host/team/a.git"));
    assert_ne!(name("https://host/team/a.git"), name("https://other/team/a.git"));
    assert!(name("https://host/team/a.git").starts_with("team-a-"));
    for odd in ["https://host/..", "https://host/%2e%2e%2fa", "https://host/é/ü", "git@host:../../a"] {
        let Ok(address) = Address::parse(odd) else { continue };
        let name = address.url.folder_name();
        assert!(
            name.len() < 70 && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_mirror_follows_its_host_and_costs_one_question_when_nothing_is_new() {
    let (host, keeper) = (GitHost::with(&["team/a"]), Keeper::new());
    let remote = remote(&host, "team/a");
    assert_eq!(keeper.update(&remote).await, Ok(Updated::Cloned));
    assert!(keeper.said.lock().unwrap().iter().any(|step| step.starts_with("Receiving objects:")));
    host.requests();
    assert_eq!(keeper.update(&remote).await, Ok(Updated::Unchanged));
    assert!(host.requests().len() <= 2, "one question, of which the second part lists");

    // A commit, another branch, a tag, and references that are nobody's business.
    host.commit("team/a", "a.py", "a = 1\n");
    host.git("team/a", &["push", "-q", "origin", "HEAD:refs/heads/next", "HEAD:refs/tags/v1", "HEAD:refs/pull/1/head"]);
    assert_eq!(keeper.update(&remote).await, Ok(Updated::Fetched));
    let references = ["refs/heads/main", "refs/heads/next", "refs/tags/v1"].map(str::to_owned).to_vec();
    assert_eq!(keeper.state(&remote), ("main".to_owned(), references));
    assert_eq!(keeper.commit(&remote), git(&host.bare("team/a"), &["rev-parse", "main"]));
    host.git("team/a", &["push", "-q", "origin", "HEAD:refs/pull/2/head"]);
    assert_eq!(keeper.update(&remote).await, Ok(Updated::Unchanged));

    // History is written anew, a tag moved, a branch deleted whose name becomes a folder.
    host.git("team/a", &["commit", "-q", "--amend", "-m", "Other"]);
    host.git("team/a", &["push", "-q", "--force", "origin", "HEAD:main", "HEAD:refs/tags/v1", ":next"]);
    host.git("team/a", &["push", "-q", "origin", "HEAD:refs/heads/next/one"]);
    assert_eq!(keeper.update(&remote).await, Ok(Updated::Fetched));
    assert_eq!(keeper.commit(&remote), git(&host.bare("team/a"), &["rev-parse", "main"]));
    let references = ["refs/heads/main", "refs/heads/next/one", "refs/tags/v1"].map(str::to_owned).to_vec();
    assert_eq!(keeper.state(&remote).1, references);
    let tag = git(&keeper.mirror(&remote), &["rev-parse", "v1"]);
    assert_eq!(tag, keeper.commit(&remote));
}

#[tokio::test]
async fn the_default_branch_is_followed() {
    let (host, keeper) = (GitHost::with(&["a"]), Keeper::new());
    let remote = remote(&host, "a");
    keeper.update(&remote).await.unwrap();
    // Renamed.
    host.at_host("a", &["branch", "-m", "main", "trunk"]);
    assert_eq!(keeper.update(&remote).await, Ok(Updated::Fetched));
    assert_eq!(keeper.state(&remote), ("trunk".to_owned(), vec!["refs/heads/trunk".to_owned()]));
    // Another one chosen, and nothing else.
    host.git("a", &["push", "-q", "origin", "HEAD:refs/heads/next", "HEAD:refs/heads/last"]);
    keeper.update(&remote).await.unwrap();
    host.at_host("a", &["symbolic-ref", "HEAD", "refs/heads/next"]);
    assert_eq!(keeper.update(&remote).await, Ok(Updated::Fetched));
    assert_eq!(keeper.state(&remote).0, "next");
    // Deleted: nobody can tell which of the two others it is, and what was there stays.
    host.at_host("a", &["update-ref", "-d", "refs/heads/next"]);
    let failure = keeper.update(&remote).await.unwrap_err();
    assert_eq!(failure.kind, Kind::Branch);
    assert!(failure.reason.contains("there are others: last, trunk"), "{failure:?}");
    assert_eq!(keeper.state(&remote).0, "next");
    // Only one is left.
    host.at_host("a", &["update-ref", "-d", "refs/heads/last"]);
    assert_eq!(keeper.update(&remote).await, Ok(Updated::Fetched));
    assert_eq!(keeper.state(&remote), ("trunk".to_owned(), vec!["refs/heads/trunk".to_owned()]));
    // HEAD names a commit.
    host.at_host("a", &["update-ref", "--no-deref", "HEAD", "trunk"]);
    keeper.update(&remote).await.unwrap();
    assert_eq!(keeper.state(&remote).0, "trunk");
}

#[tokio::test]
async fn an_empty_repository_is_mirrored_and_one_that_is_made_anew_followed() {
    let (host, keeper) = (GitHost::with(&["a"]), Keeper::new());
    let remote = remote(&host, "a");
    let empty = host.bare("empty");
    fs::create_dir_all(&empty).unwrap();
    git(&empty, &["init", "-q", "--bare", "-b", "main", "."]);
    let nothing = self::remote(&host, "empty");
    assert_eq!(keeper.update(&nothing).await, Ok(Updated::Cloned));
    assert_eq!(Repository::open(&keeper.mirror(&nothing)).unwrap().head().unwrap(), None);
    assert_eq!(keeper.update(&nothing).await, Ok(Updated::Unchanged));

    keeper.update(&remote).await.unwrap();
    fs::remove_dir_all(host.bare("a")).unwrap();
    let failure = keeper.update(&remote).await.unwrap_err();
    assert_eq!(failure.kind, Kind::NotFound, "{failure:?}");
    assert!(failure.reason.contains(&host.url("a")) && failure.help.contains("take the address out"), "{failure:?}");
    assert_eq!(keeper.state(&remote).0, "main");
    fs::create_dir_all(host.bare("a")).unwrap();
    git(&host.bare("a"), &["init", "-q", "--bare", "-b", "main", "."]);
    host.git("a", &["commit", "-q", "--amend", "-m", "Another beginning"]);
    host.git("a", &["push", "-q", "origin", "HEAD:main"]);
    assert_eq!(keeper.update(&remote).await, Ok(Updated::Fetched));
    assert_eq!(keeper.commit(&remote), git(&host.bare("a"), &["rev-parse", "main"]));
}

#[tokio::test]
async fn a_damaged_mirror_is_made_anew() {
    let (host, keeper) = (GitHost::with(&["a"]), Keeper::new());
    let remote = remote(&host, "a");
    keeper.update(&remote).await.unwrap();
    assert_eq!(mend(&keeper.mirrors(), &remote, &keeper.watch()).await, Ok(false));
    let packs = || keeper.mirror(&remote).join("objects/pack");
    // Nothing is new at the host: only whoever reads it notices.
    fs::remove_dir_all(packs()).unwrap();
    assert_eq!(mend(&keeper.mirrors(), &remote, &keeper.watch()).await, Ok(true));
    git(&keeper.mirror(&remote), &["fsck"]);
    // Something is new, and cannot be put on top.
    for damage in ["objects", "refs", "HEAD"] {
        let path = keeper.mirror(&remote).join(damage);
        if path.is_dir() {
            fs::remove_dir_all(&path).unwrap()
        } else {
            fs::remove_file(&path).unwrap()
        };
        host.commit("a", "b.py", &format!("b = '{damage}'\n"));
        assert_eq!(keeper.update(&remote).await, Ok(Updated::Cloned), "{damage}");
        assert_eq!(keeper.commit(&remote), git(&host.bare("a"), &["rev-parse", "main"]));
    }
    for left in fs::read_dir(keeper.mirrors()).unwrap() {
        let name = left.unwrap().file_name().into_string().unwrap();
        assert!(!name.ends_with(".new") && !name.ends_with(".old"), "{name}");
    }
}

#[tokio::test]
async fn many_small_packs_become_one() {
    let (host, keeper) = (GitHost::with(&["a"]), Keeper::new());
    let remote = remote(&host, "a");
    keeper.update(&remote).await.unwrap();
    let packs = keeper.mirror(&remote).join("objects/pack");
    let count = || fs::read_dir(&packs).unwrap().flatten().filter(|f| f.path().extension().unwrap() == "pack").count();
    // As a pack for each of many fetches.
    let packing = "for n in $(seq 51); do id=$(echo $n | git hash-object -w --stdin); \
                   echo $id | git pack-objects -q objects/pack/pack > /dev/null; done";
    let done = Command::new("sh").args(["-c", packing]).current_dir(keeper.mirror(&remote)).status().unwrap();
    assert!(done.success() && count() > 50);
    host.commit("a", "a.py", "a = 1\n");
    assert_eq!(keeper.update(&remote).await, Ok(Updated::Fetched));
    // What nobody refers to is put aside in one of its own.
    assert!(count() <= 2, "{}", count());
}

#[tokio::test]
async fn what_is_in_use_stays_and_nothing_else_is_touched() {
    let (host, keeper) = (GitHost::with(&["a", "b"]), Keeper::new());
    let (a, b) = (remote(&host, "a"), remote(&host, "b"));
    keeper.update(&a).await.unwrap();
    keeper.update(&b).await.unwrap();
    let foreign = keeper.mirrors().join("notes");
    fs::create_dir(&foreign).unwrap();
    fs::create_dir(keeper.mirrors().join(format!("{}.new", b.url.folder_name()))).unwrap();
    let in_use = HashSet::from([a.url.folder_name()]);
    assert_eq!(clean(&keeper.mirrors(), &in_use).unwrap(), 1);
    assert_eq!(clean(&keeper.mirrors(), &in_use).unwrap(), 0);
    assert!(keeper.mirror(&a).is_dir() && foreign.is_dir());
    let left: Vec<_> = fs::read_dir(keeper.mirrors()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with(&b.url.folder_name())), "{left:?}");
    assert_eq!(clean(Path::new("/no/such/folder"), &in_use).unwrap(), 0);
}

#[tokio::test]
async fn a_repository_of_this_machine_is_cloned_only_where_it_says_so() {
    let (host, keeper) = (GitHost::with(&["a"]), Keeper::new());
    let url = Address::parse(&format!("file://{}", host.bare("a").display())).unwrap().url;
    let remote = Remote { url, ..remote(&host, "a") };
    assert_eq!(keeper.update(&remote).await, Ok(Updated::Cloned));
    // A host cannot send us to a file, nor elsewhere than over the web.
    host.set(|state| state.redirect = Some("file:///etc".to_owned()));
    let failure = keeper.update(&self::remote(&host, "a")).await.unwrap_err();
    assert_eq!(failure.kind, Kind::Other, "{failure:?}");
}
