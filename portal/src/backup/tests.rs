//! Backups between both databases; what is damaged, newer, or in the way.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::clock::Clock;
use crate::db::on;
use crate::db::tests::upgrade::{version_1, with_its_source};
use crate::identity::service::{self, Reads, Scope, Wish};
use crate::identity::{Claims, Client, LOCAL, find_by_token};
use crate::{Portal, db_test};

/// Later than any run of these tests: what the database itself writes into the log has its own time.
const NOW: i64 = 4_000_000_000_000;

/// A portal in SQLite, in which something happened; the token of a service.
async fn filled(data: &Path) -> (Settings, crate::secret::Secret) {
    let settings = with_its_source(Settings { clock: Clock::fixed(NOW), ..Settings::new(data) });
    fs::create_dir_all(data).unwrap();
    version_1(&settings).await.close().await;
    let portal = Portal::open(settings.clone()).await.unwrap();
    let claims = Claims {
        issuer: LOCAL.to_owned(),
        subject: "jane".to_owned(),
        name: "Jane “\\\"\u{1b}\u{7f}\n".to_owned(),
        ..Claims::default()
    };
    let opened = crate::identity::open(&portal, &claims, &Client::default(), None).await.unwrap();
    let wish = Wish { name: "ci", owner: "x", scopes: &[Scope::Read], reads: Reads::Public, days: 9 };
    let (_, token) = service::make(portal.db(), NOW, &Actor::Operator, &wish).await.unwrap();
    let mut tx = portal.db().begin().await.unwrap();
    on!(tx, p => sqlx::query("UPDATE audit_floor SET floor_at = 7").execute(p).await.map(drop)).unwrap();
    on!(tx, p => sqlx::query("INSERT INTO registered_apps (key, app_id, name, html_url, owner, organisation, webhook, registered_at)
        VALUES ('github.com-1', '1', 'App', 'https://github.com/apps/a', 'acme', TRUE, FALSE, 9)").execute(p).await.map(drop)).unwrap();
    tx.commit().await.unwrap();
    assert!(crate::identity::find(&portal, opened.cookie.expose()).await.unwrap().is_some());
    portal.stop().await;
    fs::create_dir_all(data.join("apps/github.com-1")).unwrap();
    fs::create_dir_all(data.join("apps/.new-x")).unwrap();
    fs::write(data.join("apps/github.com-1/key.pem"), "private").unwrap();
    (settings, token)
}

/// What each table has, but for the two in which a backup itself leaves something.
fn sums(manifest: &Manifest) -> Vec<(&str, Option<u64>, &str)> {
    let members =
        manifest.members.iter().filter(|member| !["tables/audit.jsonl", "tables/meta.jsonl"].contains(&&*member.path));
    members.map(|member| (member.path.as_str(), member.rows, member.sha256.as_str())).collect()
}

fn finding(result: Result<Done>) -> String {
    match result {
        Err(Error::Invalid(findings)) => findings.findings[0].message.clone(),
        other => panic!("{other:?}"),
    }
}

db_test! {
    async fn a_portal_moves_from_one_database_to_another_and_back(settings: Settings) {
        let folder = TempDir::new().unwrap();
        let (from, token) = filled(&folder.path().join("from")).await;
        let file = folder.path().join("all.tar.gz");
        let made = backup(&from, &file, true).await.unwrap();
        assert!(matches!(backup(&from, &file, true).await, Err(Error::Conflict(_))), "nothing is written over");
        let (manifest, checks) = verify_file(&from, &file).await.unwrap();
        assert_eq!(manifest, made.manifest);
        assert!(checks.iter().all(|check| check.ok), "{checks:?}");
        assert!(!folder.path().join("from/.slipway").exists() && fs::read_dir(folder.path()).unwrap().count() == 2);

        // A database in use is not written over by mistake.
        Db::open(&settings.database, &settings.data).await.unwrap().close().await;
        let settings = Settings { clock: Clock::fixed(NOW + 1), ..settings };
        assert!(matches!(restore(&settings, &file, false).await, Err(Error::Conflict(_))));
        let done = restore(&settings, &file, true).await.unwrap();
        assert_eq!(done.before.is_some(), matches!(settings.database, DatabaseSettings::Sqlite));
        assert_eq!(fs::read_to_string(settings.data.join("apps/github.com-1/key.pem")).unwrap(), "private");
        let checks = verify(&settings).await.unwrap();
        assert!(checks.iter().all(|check| check.ok) && checks.len() == 5, "{checks:?}");
        let back = backup(&settings, &folder.path().join("back.tar.gz"), true).await.unwrap();
        assert_eq!(sums(&back.manifest), sums(&made.manifest), "one text on both");

        let portal = Portal::open(with_its_source(settings.clone())).await.unwrap();
        assert_eq!(find_by_token(&portal, token.expose()).await.unwrap().unwrap().name(), "service:ci");
        let berths = "component:default/berths".parse().unwrap();
        assert!(crate::catalog::entity(&portal, &Actor::Operator, &berths).await.is_ok());
        let log = audit::list(&portal, &Actor::Operator, &audit::AuditFilter::default(), None, 99).await.unwrap();
        let count = |action: &str| log.iter().filter(|entry| entry.action == action).count();
        assert_eq!((count("portal.restore"), count("audit.floor"), count("catalog.correct")), (1, 1, 1), "{log:?}");
        let mut tx = portal.db().begin().await.unwrap();
        let changed = on!(tx, p => sqlx::query("UPDATE audit SET actor = 'nobody'").execute(p).await.map(drop));
        assert!(changed.unwrap_err().to_string().contains("append-only"), "the rules are back");
        drop(tx);
        portal.stop().await;
    }

    async fn an_older_one_is_brought_up_to_date(settings: Settings) {
        let folder = TempDir::new().unwrap();
        let old = Settings::new(folder.path().join("old"));
        fs::create_dir_all(&old.data).unwrap();
        version_1(&old).await.close().await;
        let file = folder.path().join("old.tar.gz");
        assert_eq!(backup(&old, &file, false).await.unwrap().manifest.schema, 1, "its schema is left alone");
        assert!(verify(&old).await.unwrap()[0].found.starts_with("step 1; the next start"));
        restore(&settings, &file, true).await.unwrap();
        assert!(verify(&settings).await.unwrap().iter().all(|check| check.ok));
        let portal = Portal::open(with_its_source(settings)).await.unwrap();
        assert_eq!(crate::catalog::corrections(&portal, &Actor::Operator).await.unwrap().len(), 1);
        portal.stop().await;
    }

    async fn what_is_damaged_changes_nothing(settings: Settings) {
        let folder = TempDir::new().unwrap();
        let (from, _) = filled(&folder.path().join("from")).await;
        let file = folder.path().join("all.tar.gz");
        backup(&from, &file, false).await.unwrap();
        let whole = fs::read(&file).unwrap();
        let before = { let db = Db::open(&settings.database, &settings.data).await.unwrap(); let rows = count(&db).await; db.close().await; rows };
        let bad = folder.path().join("bad.tar.gz");
        for at in [10, whole.len() / 3, whole.len() / 2, whole.len() - 9] {
            let mut bytes = whole.clone();
            bytes[at] ^= 0xff;
            fs::write(&bad, &bytes).unwrap();
            assert!(restore(&settings, &bad, true).await.is_err(), "flipped at {at}");
            fs::write(&bad, &whole[..at]).unwrap();
            assert!(finding(restore(&settings, &bad, true).await).contains("no backup"), "cut at {at}");
        }
        fs::write(&bad, "hello").unwrap();
        assert!(finding(restore(&settings, &bad, true).await).contains("no archive"));
        assert!(matches!(restore(&settings, &folder.path().join("absent"), true).await, Err(Error::Unavailable(_))));

        // Rows that were changed by hand, with a checksum to match.
        let unpacked = folder.path().join("unpacked");
        let rewrite = |change: &dyn Fn(&mut Manifest)| {
            let _ = fs::remove_dir_all(&unpacked);
            let mut manifest = archive::read(&file, &unpacked).unwrap();
            change(&mut manifest);
            let _ = fs::remove_file(&bad);
            archive::write(&manifest, &unpacked, &bad).unwrap();
        };
        let replace = |manifest: &mut Manifest, path: &str, text: &str| {
            fs::write(unpacked.join(path), text).unwrap();
            let member = manifest.members.iter_mut().find(|member| member.path == path).unwrap();
            (member.bytes, member.sha256) = (text.len() as u64, crate::secret::digest(text));
        };
        let table: [(&dyn Fn(&mut Manifest), &str); 7] = [
            (&|manifest| manifest.schema = 9_999, "newer Slipway"),
            (&|manifest| manifest.format = 2, "newer Slipway"),
            (&|manifest| drop(manifest.members.pop()), ""),
            (&|manifest| replace(manifest, "tables/tokens.jsonl", "{}x\n"), "is not JSON"),
            (&|manifest| replace(manifest, "tables/counters.jsonl", "{\"name\": 7}\n"), "another kind of value"),
            (&|manifest| replace(manifest, "tables/counters.jsonl", "{\"nme\": \"x\"}\n"), "has a column nme"),
            (&|manifest| replace(manifest, "tables/sources.jsonl", ""), ""),
        ];
        for (change, expected) in table {
            rewrite(change);
            if expected.is_empty() && fs::metadata(&bad).unwrap().len() > 0 && verify_file(&from, &bad).await.is_ok() {
                // Without its last table it is a smaller backup, and whole.
                continue;
            }
            let found = finding(restore(&settings, &bad, true).await);
            assert!(found.contains(expected), "{found}");
        }
        let db = Db::open(&settings.database, &settings.data).await.unwrap();
        assert_eq!(count(&db).await, before);
    }

    async fn rows(db: Db) {
        let mut tx = db.begin().await.unwrap();
        assert_eq!(store::schema(&mut tx).await.unwrap(), Some(whole::newest()));
        assert_eq!(store::columns(&mut tx, "nothing").await.unwrap(), []);
        let columns = store::columns(&mut tx, "meta").await.unwrap();
        assert_eq!(columns[0], store::Column { name: "key".to_owned(), kind: store::Kind::Text });
        assert!(columns[0].kind.has(None) && !columns[0].kind.has(Some(&7.into())));
        let row = serde_json::json!({"key": "instance", "value": "x"}).as_object().unwrap().clone();
        store::clear(&mut tx, "meta").await.unwrap();
        store::add(&mut tx, "meta", &columns, &[row]).await.unwrap();
        let mut seen = Vec::new();
        store::read(&mut tx, "meta", &columns, |row| { seen.push(row.to_owned()); Ok(()) }).await.unwrap();
        assert_eq!(seen, ["{\"key\":\"instance\",\"value\":\"x\"}"]);
        store::forget_instance(&mut tx).await.unwrap();
        store::clear(&mut tx, "meta").await.unwrap();
        assert_eq!(store::audit(&mut tx, NOW).await.unwrap(), (0, 0));
        assert_eq!(store::apps(&mut tx).await.unwrap(), Vec::<String>::new());
        assert!(store::sealed(&mut tx).await.unwrap().is_empty());
    }

    async fn every_table_is_kept_or_left_out(db: Db) {
        let mut tx = db.begin().await.unwrap();
        let mut present = whole::tables(&mut tx).await.unwrap();
        present.retain(|table| table != tables::STEPS);
        present.sort();
        let mut known: Vec<String> = tables::KEPT.iter().chain(tables::LEFT_OUT).map(|table| (*table).to_owned()).collect();
        known.sort();
        assert_eq!(present, known, "say in portal/src/backup/tables.rs whether a backup has the table");
    }
}

async fn count(db: &Db) -> i64 {
    on!(db, p => sqlx::query_scalar("SELECT COUNT(*) FROM audit").fetch_one(p).await).unwrap()
}

#[tokio::test]
async fn damage_in_use_is_found() {
    let folder = TempDir::new().unwrap();
    let (settings, _) = filled(folder.path()).await;
    let spoil = async |sql: &'static str| {
        let db = Db::open_as_it_is(&settings.database, &settings.data).await.unwrap();
        let Db::Sqlite { writer, .. } = &db else { panic!() };
        let mut connection = writer.acquire().await.unwrap();
        sqlx::query("PRAGMA foreign_keys = OFF").execute(&mut *connection).await.unwrap();
        sqlx::query(sql).execute(&mut *connection).await.unwrap();
        drop(connection);
        db.close().await;
        let checks = verify(&settings).await.unwrap();
        checks.into_iter().find(|check| !check.ok).unwrap()
    };
    assert_eq!(spoil("DELETE FROM sources").await.title, "Integrity");
    spoil("DROP TRIGGER audit_is_kept").await;
    let checks = verify(&settings).await.unwrap();
    assert!(
        checks.iter().any(|check| check.title == "Audit log" && check.found.contains("audit_is_kept")),
        "{checks:?}"
    );
    let sealed = spoil(
        "INSERT INTO sealed (account, kind, body, kept_at, due_at) SELECT id, 'refresh', 'AAAA', 1, 1 FROM accounts",
    )
    .await;
    assert!(sealed.title == "Integrity", "the first that is bad: {sealed:?}");
    let checks = verify(&settings).await.unwrap();
    assert!(checks.iter().any(|check| check.found.starts_with("1 of 1 sealed secrets do not open")), "{checks:?}");
    fs::remove_dir_all(folder.path().join("apps")).unwrap();
    let checks = verify(&settings).await.unwrap();
    assert!(checks.iter().any(|check| check.title == "Keys" && !check.ok), "{checks:?}");
}
