//! Names and passwords: who gets them, and where they do not stand.

use super::*;

const SECRET: &str = "correct-horse-battery";

fn remote_with(host: &GitHost, name: &str, secret: &str) -> Remote {
    let login = Login { username: "ada".to_owned(), secret: Secret::new(secret) };
    Remote { credentials: Arc::new(move || Ok(Some(login.clone()))), ..remote(host, name) }
}

/// Whether a text stands in any file below a folder.
pub fn holds(folder: &Path, text: &str) -> bool {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).any(|path| match path.is_dir() {
        true => holds(&path, text),
        false => fs::read(&path).unwrap().windows(text.len()).any(|window| window == text.as_bytes()),
    })
}

#[tokio::test]
async fn a_password_is_given_where_it_is_asked_for_and_kept_nowhere() {
    let (host, keeper) = (GitHost::with(&["a"]), Keeper::new());
    host.require("ada", SECRET);
    let remote = remote_with(&host, "a", SECRET);
    assert_eq!(keeper.update(&remote).await, Ok(Updated::Cloned));
    host.commit("a", "a.py", "a = 1\n");
    assert_eq!(keeper.update(&remote).await, Ok(Updated::Fetched));
    assert!(!holds(keeper.folder.path(), SECRET));
    assert!(!holds(keeper.folder.path(), "ada:"));
}

#[tokio::test]
async fn refusals_say_what_to_do_and_not_the_password() {
    let (host, keeper) = (GitHost::with(&["a"]), Keeper::new());
    host.require("ada", SECRET);
    for remote in [remote_with(&host, "a", "wrong-password"), remote(&host, "a")] {
        let failure = keeper.update(&remote).await.unwrap_err();
        assert_eq!(failure.kind, Kind::Refused, "{failure:?}");
        assert!(failure.reason.contains(&host.url("a")) && failure.help.contains("password-file"), "{failure:?}");
        assert!(!format!("{failure:?}").contains("wrong-password"));
    }
    // Revoked midway: what was there stays, and it goes on with a new one.
    let secret = Arc::new(Mutex::new(SECRET.to_owned()));
    let shared = Arc::clone(&secret);
    let credentials = move || {
        let secret = Secret::new(shared.lock().unwrap().clone());
        Ok(Some(Login { username: "ada".to_owned(), secret }))
    };
    let remote = Remote { credentials: Arc::new(credentials), ..remote(&host, "a") };
    keeper.update(&remote).await.unwrap();
    host.require("ada", "next-password");
    assert_eq!(keeper.update(&remote).await.unwrap_err().kind, Kind::Refused);
    assert_eq!(keeper.state(&remote).0, "main");
    "next-password".clone_into(&mut secret.lock().unwrap());
    assert_eq!(keeper.update(&remote).await, Ok(Updated::Unchanged));
    let gone = Remote { credentials: Arc::new(|| Err("/run/token cannot be read".to_owned())), ..remote.clone() };
    assert!(keeper.update(&gone).await.unwrap_err().reason.ends_with("/run/token cannot be read"));
}

#[tokio::test]
async fn another_host_gets_no_password() {
    let (host, other, keeper) = (GitHost::with(&["a"]), GitHost::with(&["a"]), Keeper::new());
    other.require("eve", "x");
    let elsewhere = other.url("a").replace("/a.git", "");
    host.set(|state| state.redirect = Some(elsewhere));
    let failure = keeper.update(&remote_with(&host, "a", SECRET)).await.unwrap_err();
    assert_eq!(failure.kind, Kind::Refused, "{failure:?}");
    let requests = other.requests();
    assert!(!requests.is_empty() && requests.iter().all(|(_, authorization)| authorization.is_none()), "{requests:?}");
}

#[tokio::test]
async fn no_argument_of_git_holds_the_password() {
    let (host, keeper) = (GitHost::with(&["a"]), Keeper::new());
    host.require("ada", SECRET);
    host.set(|state| state.stalls = true);
    let remote = remote_with(&host, "a", SECRET);
    let seen = tokio::select! {
        result = keeper.update(&remote) => panic!("{result:?}"),
        seen = interrupted::arguments_of_git(&host, "a") => seen,
    };
    assert!(seen.len() >= 2, "git and its helper: {seen:?}");
    assert!(seen.iter().all(|(_, arguments)| !arguments.contains(SECRET)), "{seen:?}");
}

#[tokio::test]
async fn helpers_do_not_get_to_keep_a_configured_password() {
    let (host, keeper) = (GitHost::with(&["a"]), Keeper::new());
    host.require("ada", SECRET);
    // As a configuration that stores what it is given: within the mirror, since that of the user is not ours.
    let remote = remote_with(&host, "a", SECRET);
    keeper.update(&remote).await.unwrap();
    let store = keeper.folder.path().join("stored");
    let helper = format!("store --file={}", store.display());
    git(&keeper.mirror(&remote), &["config", "credential.helper", &helper]);
    host.commit("a", "a.py", "a = 1\n");
    assert_eq!(keeper.update(&remote).await, Ok(Updated::Fetched));
    assert!(!store.exists());
}
