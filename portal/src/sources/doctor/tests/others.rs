//! Git addresses, folders, and Slipway itself.

use super::*;
use crate::git::Address;
use crate::settings::{DatabaseSettings, GitSettings};

async fn look_at(kind: SourceKind) -> Report {
    let data = tempfile::tempdir().unwrap();
    let settings = settings(data.path(), vec![source("hosted", kind)]);
    let report = examine(&settings, Some("hosted"), None, &LIMITS).await.unwrap().remove(0);
    assert!(!format!("{report:?}").contains("s3cret"), "{report:?}");
    report
}

#[tokio::test]
async fn a_git_host_is_asked_with_the_credentials_of_the_source() {
    let host = GitHost::with(&["a"]);
    host.require("ada", "s3cret");
    let git = |password: Option<&str>| {
        let password = password.map(|password| Password::Known(Secret::new(password)));
        let settings = GitSettings::new(vec![host.remote("a"), host.remote("b")]);
        SourceKind::Git(GitSettings { username: Some("ada".to_owned()), password, ..settings })
    };
    let report = look_at(git(Some("s3cret"))).await;
    assert_eq!(features(&report, State::Ok), ["connection", "certificate", "credentials", "clone"]);
    for wrong in [Some("other-s3cret"), None] {
        let report = look_at(git(wrong)).await;
        assert_eq!((features(&report, State::Missing), report.verdict()), (vec!["credentials"], Verdict::No));
        assert!(of(&report, "credentials").help.as_ref().unwrap().text.contains("password-file"), "{report:#?}");
    }
    let nobody = Address::parse("http://127.0.0.1:1/a.git").unwrap();
    let report = look_at(SourceKind::Git(GitSettings::new(vec![nobody]))).await;
    assert_eq!(features(&report, State::Missing), ["connection"]);
    assert_eq!(features(&report, State::Unknown), ["certificate", "credentials", "clone"]);
    let absent = GitSettings::new(vec![host.remote("b")]);
    host.set(|state| state.authorization = None);
    assert_eq!(features(&look_at(SourceKind::Git(absent)).await, State::Missing), ["clone"]);
}

#[tokio::test]
async fn a_folder_is_read_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let at = |path: &Path| SourceKind::Folder(path.to_owned());
    assert_eq!(features(&look_at(at(folder.path())).await, State::Missing), ["list-repositories"]);
    std::fs::create_dir(folder.path().join("a")).unwrap();
    crate::git::testing::git(&folder.path().join("a"), &["init", "-q", "."]);
    let report = look_at(at(folder.path())).await;
    assert_eq!((report.verdict(), of(&report, "list-repositories").found.as_str()), (Verdict::Yes, "1 are there."));
    let report = look_at(at(&folder.path().join("absent"))).await;
    assert_eq!(features(&report, State::Missing), ["folder"]);
}

#[tokio::test]
async fn slipway_itself_is_looked_at_without_opening_its_database() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("not/yet");
    let of_itself = async |settings: &Settings| examine(settings, None, None, &LIMITS).await.unwrap().remove(0);
    let report = of_itself(&settings(&data, Vec::new())).await;
    assert_eq!((report.verdict(), report.source.as_ref()), (Verdict::Yes, None), "{report:#?}");
    assert!(of(&report, "data").found.contains("is made at the first start"), "{report:#?}");
    assert!(of(&report, "git").found.starts_with("Git version 2."), "{report:#?}");
    assert_eq!(of(&report, "public-address").state, State::Off);
    assert!(!data.exists(), "a look makes nothing");

    std::fs::create_dir_all(&data).unwrap();
    std::fs::write(data.join("slipway.db"), "something else entirely").unwrap();
    let report = of_itself(&settings(&data, Vec::new())).await;
    assert_eq!(features(&report, State::Missing), ["database"]);
    let postgres = DatabaseSettings::Postgres("postgres://ada:s3cret@127.0.0.1:1/slipway".to_owned());
    let report = of_itself(&Settings { database: postgres, ..settings(&data, Vec::new()) }).await;
    assert_eq!(features(&report, State::Missing), ["database"]);
    assert!(!format!("{report:?}").contains("s3cret"), "{report:?}");
    assert!(examine(&settings(&data, Vec::new()), Some("absent"), None, &LIMITS).await.is_err());
}
