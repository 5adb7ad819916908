//! At a plain Git host, and where nothing may be written.

use std::fs;
use std::process::Command;

use super::*;
use crate::git::testing::{GitHost, git};
use crate::settings::GitSettings;

/// A Git host with `shop`, which takes pushes, and a portal that has read it.
async fn world(settings: &Settings) -> (GitHost, Portal) {
    let host = GitHost::with(&["shop"]);
    host.at_host("shop", &["config", "http.receivepack", "true"]);
    let kind = SourceKind::Git(GitSettings::new(vec![host.remote("shop")]));
    let source = SourceSettings::new("host", kind, Visibility::Public);
    let portal = open(settings, vec![source]).await;
    (host, portal)
}

db_test! {
    async fn a_branch_is_pushed_brought_up_to_date_and_followed(settings: Settings) {
        let (host, portal) = world(&settings).await;
        let shop = repository(&portal, "shop").await;
        assert_eq!(way(&portal, &Actor::Operator, "shop").await.unwrap(), Way::Branch);
        let made = propose_and_wait(&portal, wish(&shop, "a: 1\n")).await;
        assert_eq!((made.change.state, made.change.number, made.change.url.as_deref()), (ChangeState::Open, None, None), "{made:?}");
        let branch = made.change.branch.clone();
        let show = |file: &str| git(&host.bare("shop"), &["show", &format!("{branch}:{file}")]);
        assert_eq!((show(FILE).as_str(), show("README.md").as_str()), ("a: 1", "# shop"));
        assert_eq!(git(&host.bare("shop"), &["log", "-1", "--format=%an %s", &branch]), "Slipway Describe the shop");
        host.commit("shop", "main.py", "print(1)\n");
        let other = propose_and_wait(&portal, wish(&shop, "a: 2\n")).await;
        assert_eq!((other.change.state, show(FILE).as_str(), show("main.py").as_str()), (ChangeState::Open, "a: 2", "print(1)"), "{other:?}");

        let look = async || {
            synced(&portal).await;
            let job = refresh(&portal, &Actor::Operator).await.unwrap();
            ended(&portal, &job).await;
            get(&portal, &Actor::Operator, &made.change.id).await.unwrap()
        };
        assert_eq!(look().await.change.state, ChangeState::Open);
        host.git("shop", &["pull", "-q", "--no-rebase", "origin", &branch]);
        host.git("shop", &["push", "-q", "origin", "HEAD"]);
        assert_eq!(look().await.change.state, ChangeState::Merged);
        portal.stop().await;
    }

    async fn a_branch_of_somebody_else_a_removed_one_and_a_host_that_says_no(settings: Settings) {
        let (host, portal) = world(&settings).await;
        let shop = repository(&portal, "shop").await;
        let made = propose_and_wait(&portal, wish(&shop, "a: 1\n")).await;
        let branch = made.change.branch.clone();
        host.git("shop", &["fetch", "-q", "origin", &branch]);
        host.git("shop", &["checkout", "-q", "-b", "work", "FETCH_HEAD"]);
        host.git("shop", &["commit", "-q", "--allow-empty", "-m", "Mine"]);
        host.git("shop", &["push", "-q", "origin", &format!("HEAD:{branch}")]);
        let taken = propose_and_wait(&portal, wish(&shop, "a: 2\n")).await;
        assert_eq!(taken.change.state, ChangeState::Conflict, "{taken:?}");
        retry(&portal, &Actor::Operator, &taken.change.id).await.unwrap();
        let again = settled(&portal, &taken.change.id).await;
        assert_eq!((again.change.state, again.change.branch), (ChangeState::Open, format!("{branch}.2")));

        close(&portal, &Actor::Operator, &taken.change.id).await.unwrap();
        let closed = settled(&portal, &taken.change.id).await;
        assert_eq!(closed.change.state, ChangeState::Closed, "{closed:?}");
        let refs = git(&host.bare("shop"), &["for-each-ref", "--format=%(refname:short)", "refs/heads/slipway"]);
        assert_eq!(refs, branch);

        let hook = host.bare("shop").join("hooks/pre-receive");
        fs::create_dir_all(hook.parent().unwrap()).unwrap();
        fs::write(&hook, "#!/bin/sh\necho no robots here >&2\nexit 1\n").unwrap();
        fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let refused = propose_and_wait(&portal, Proposal { key: "other:1".to_owned(), ..wish(&shop, "a: 3\n") }).await;
        assert_eq!(refused.change.state, ChangeState::Failed);
        assert!(reason(&refused).contains("no robots here"), "{}", reason(&refused));
        portal.stop().await;
    }

    async fn into_a_folder_nothing_is_written_and_the_patch_applies(settings: Settings) {
        let folder = tempfile::tempdir().unwrap();
        let shop = folder.path().join("shop");
        fs::create_dir_all(&shop).unwrap();
        git(&shop, &["init", "-q", "-b", "main", "."]);
        fs::write(shop.join("README.md"), "one\ntwo\nthree").unwrap();
        fs::write(shop.join("old file.txt"), "old\n").unwrap();
        git(&shop, &["add", "-A"]);
        git(&shop, &["commit", "-q", "-m", "Begin"]);
        let portal = open(&settings, vec![SourceSettings::folder("work", folder.path(), Visibility::Public)]).await;
        let id = repository(&portal, "shop").await;
        assert!(matches!(way(&portal, &Actor::Operator, "shop").await.unwrap(), Way::Patch(why) if why.contains("never writes")));
        let refused = propose(&portal, &Actor::Operator, wish(&id, "a: 1\n")).await;
        assert!(matches!(&refused, Err(Error::Conflict(why)) if why.contains("git apply")), "{refused:?}");
        let edit = |path: &str, before: Option<&str>, after: Option<&str>| FileEdit {
            path: path.to_owned(),
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
        };
        let edits = [
            edit("README.md", Some("one\ntwo\nthree"), Some("one\n2\nthree\n")),
            edit("old file.txt", Some("old\n"), None),
            edit("new folder/a.yaml", None, Some("a: 1\r\nb: 2\n")),
        ];
        let file = folder.path().join("change.patch");
        fs::write(&file, patch(&edits)).unwrap();
        let applied = Command::new("git").current_dir(&shop).args(["apply", file.to_str().unwrap()]).output().unwrap();
        assert!(applied.status.success(), "{}\n{}", String::from_utf8_lossy(&applied.stderr), patch(&edits));
        assert_eq!(fs::read_to_string(shop.join("README.md")).unwrap(), "one\n2\nthree\n");
        assert_eq!(fs::read_to_string(shop.join("new folder/a.yaml")).unwrap(), "a: 1\r\nb: 2\n");
        assert!(!shop.join("old file.txt").exists());
        portal.stop().await;
    }
}
