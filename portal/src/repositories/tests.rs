#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;
use std::process::Command;

use model::Level;
use tempfile::TempDir;

use super::*;
use crate::db::on;
use crate::db_test;

const OPERATOR: Actor = Actor::Operator;
const VISITOR: Actor = Actor::Visitor;

struct Row<'a> {
    slug: &'a str,
    path: &'a Path,
    visibility: Visibility,
    standing: &'a str,
    source: &'a str,
    gone: bool,
}

impl Default for Row<'_> {
    fn default() -> Self {
        Self {
            slug: "shop",
            path: Path::new("/nowhere"),
            visibility: Visibility::Public,
            standing: "catalogued",
            source: "main",
            gone: false,
        }
    }
}

async fn insert(portal: &Portal, row: Row<'_>) {
    let mut tx = portal.db().begin().await.unwrap();
    on!(tx, p => sqlx::query(
        "INSERT INTO sources (name, kind, location, visibility, demo) VALUES ($1, 'folder', '/', 'public', FALSE) \
         ON CONFLICT (name) DO NOTHING"
    ).bind(row.source).execute(p).await.map(drop))
    .unwrap();
    let size = row.slug.len() as i64;
    on!(tx, p => sqlx::query(
        "INSERT INTO repositories (id, source, slug, name, stable_key, path, visibility, standing, archived, fork, \
         created_at, gone_at, findings, description, code, errors, last_commit_at) \
         VALUES ($1, $2, $1, $3, $4, $4, $5, $6, FALSE, FALSE, 0, $7, '[]', $8, $9, $9, $10)"
    )
    .bind(row.slug)
    .bind(row.source)
    .bind(format!("group/{}", row.slug))
    .bind(row.path.to_str().unwrap())
    .bind(row.visibility.as_str())
    .bind(row.standing)
    .bind(row.gone.then_some(1_i64))
    .bind(format!("About {} at 100%", row.slug))
    .bind(size)
    .bind((size % 2 == 0).then_some(size))
    .execute(p)
    .await
    .map(drop))
    .unwrap();
    tx.commit().await.unwrap();
}

fn slugs(page: &RepositoryPage) -> Vec<&str> {
    page.rows.iter().map(|row| row.slug.as_str()).collect()
}

fn git(folder: &Path, arguments: &[&str]) {
    let status = Command::new("git")
        .args(["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "init.defaultBranch=main"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .output()
        .expect("git runs");
    assert!(status.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&status.stderr));
}

/// A repository with these files at its head.
fn repository(files: &[(&str, &[u8])]) -> TempDir {
    let folder = TempDir::new().unwrap();
    git(folder.path(), &["init", "--quiet"]);
    for (path, bytes) in files {
        let file = folder.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    }
    git(folder.path(), &["add", "--all", "--force"]);
    git(folder.path(), &["commit", "--quiet", "--message", "First"]);
    folder
}

fn markdown(view: &FileView) -> &str {
    match &view.content {
        FileContent::Markdown(rendered) => &rendered.html,
        other => panic!("{} is not Markdown: {other:?}", view.path),
    }
}

fn message(view: &FileView) -> &Finding {
    match &view.content {
        FileContent::Message(finding) => finding,
        other => panic!("{} is no message: {other:?}", view.path),
    }
}

db_test! {
    async fn lists_are_narrowed_counted_and_paged(portal: Portal) {
        for (slug, standing, source) in [("alpha", "catalogued", "main"), ("Beta", "empty", "main"), ("gamma-x", "failed", "other"), ("delta", "catalogued", "other")] {
            insert(&portal, Row { slug, standing, source, ..Row::default() }).await;
        }
        insert(&portal, Row { slug: "secret", visibility: Visibility::Readers, ..Row::default() }).await;
        insert(&portal, Row { slug: "gone", gone: true, ..Row::default() }).await;

        let all = list(&portal, &VISITOR, &RepositoryFilter::default()).await.unwrap();
        assert_eq!(slugs(&all), ["alpha", "Beta", "delta", "gamma-x"]);
        assert_eq!(all.standings, [(Standing::Catalogued, 2), (Standing::Empty, 1), (Standing::Failed, 1)]);
        assert_eq!(all.sources, [("main".to_owned(), 2), ("other".to_owned(), 2)]);
        assert_eq!(list(&portal, &OPERATOR, &RepositoryFilter::default()).await.unwrap().total, 5);

        let filter = RepositoryFilter { standings: vec![Standing::Catalogued], source: Some("other".into()), ..Default::default() };
        let page = list(&portal, &VISITOR, &filter).await.unwrap();
        assert_eq!((slugs(&page), page.total), (vec!["delta"], 1));
        assert_eq!(page.standings, [(Standing::Catalogued, 1), (Standing::Failed, 1)]);
        assert_eq!(page.sources, [("main".to_owned(), 1), ("other".to_owned(), 1)]);

        for (text, expected) in [("BET", vec!["Beta"]), ("group 100%", vec!["alpha", "Beta", "delta", "gamma-x"]), ("a%a", vec![]), ("a_x", vec![]), ("secret", vec![])] {
            let filter = RepositoryFilter { text: text.into(), ..Default::default() };
            let page = list(&portal, &VISITOR, &filter).await.unwrap();
            assert_eq!((slugs(&page), page.total), (expected.clone(), expected.len()), "{text}");
        }

        let paged = |page| RepositoryFilter { page, per_page: 3, sort: RepositorySort::Size, descending: true, ..Default::default() };
        assert_eq!(slugs(&list(&portal, &VISITOR, &paged(1)).await.unwrap()), ["gamma-x", "alpha", "delta"]);
        assert_eq!(slugs(&list(&portal, &VISITOR, &paged(2)).await.unwrap()), ["Beta"]);
        assert_eq!(slugs(&list(&portal, &VISITOR, &paged(usize::MAX)).await.unwrap()), Vec::<&str>::new());
        for descending in [false, true] {
            let filter = RepositoryFilter { sort: RepositorySort::Activity, descending, ..Default::default() };
            let page = list(&portal, &VISITOR, &filter).await.unwrap();
            assert_eq!(page.rows.iter().map(|row| row.last_commit_at.is_some()).collect::<Vec<_>>(), [true, false, false, false]);
        }
    }

    async fn rows_are_read_one_by_one(portal: Portal) {
        insert(&portal, Row { slug: "shop", standing: "empty", ..Row::default() }).await;
        let (db, readable) = (portal.db(), VISITOR.readable());
        let row = store::by_slug(db, readable, "shop").await.unwrap().unwrap();
        assert_eq!((row.id.as_str(), row.standing.as_str()), ("shop", "empty"));
        assert!(store::by_slug(db, readable, "SHOP").await.unwrap().is_none());
        let detail = store::detail(db, "shop").await.unwrap();
        assert_eq!((detail.findings.as_str(), detail.facts, detail.read_at), ("[]", None, None));
        let (standings, sources) = store::counts(db, readable, &RepositoryFilter::default()).await.unwrap();
        assert_eq!((standings, sources), (vec![("empty".to_owned(), 1)], vec![("main".to_owned(), 1)]));
        assert_eq!(store::out_of_sight(db, readable, &RepositoryFilter::default()).await.unwrap(), 0);
        assert_eq!(store::path(db, readable, "shop").await.unwrap().as_deref(), Some("/nowhere"));
    }

    async fn one_that_may_not_be_read_does_not_exist(portal: Portal) {
        let folder = repository(&[("README.md", b"# Secret\n")]);
        insert(&portal, Row { slug: "secret", path: folder.path(), visibility: Visibility::Readers, ..Row::default() }).await;
        insert(&portal, Row { slug: "gone", path: folder.path(), gone: true, ..Row::default() }).await;
        for (actor, slug) in [(VISITOR, "secret"), (OPERATOR, "gone"), (OPERATOR, "never")] {
            assert!(matches!(get(&portal, &actor, slug).await, Err(Error::NotFound(_))), "{slug}");
            assert!(matches!(file(&portal, &actor, slug, "README.md").await, Err(Error::NotFound(_))), "{slug}");
            assert!(matches!(readme(&portal, &actor, slug, "").await, Err(Error::NotFound(_))), "{slug}");
        }
        assert_eq!(get(&portal, &OPERATOR, "secret").await.unwrap().row.name, "group/secret");
    }

    async fn documents_are_read_at_the_head_with_working_links(portal: Portal) {
        let folder = repository(&[
            ("README.md", b"# Shop\n\n[guide](docs/guide.md) ![logo](logo.png) [out](../../etc/passwd)\n<script>alert(1)</script>\n"),
            ("docs/guide.md", b"# Guide\n\n[back](../README.md)\n"),
            ("docs/readme.MD", b"# All documents\n"),
            ("src/main.rs", b"fn main() {}\n"),
            ("logo.png", b"\x89PNG..."),
            ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"),
        ]);
        // What is not committed is not there.
        std::fs::write(folder.path().join("README.md"), "# Changed\n").unwrap();
        insert(&portal, Row { path: folder.path(), ..Row::default() }).await;

        for _ in 0..2 {
            let view = readme(&portal, &VISITOR, "shop", "").await.unwrap().unwrap();
            assert_eq!(view.path, "README.md");
            let html = markdown(&view);
            assert!(html.contains("Shop") && !html.contains("Changed"), "{html}");
            assert!(html.contains("href=\"/repositories/shop/files/docs/guide.md\""), "{html}");
            assert!(html.contains("src=\"/repositories/shop/raw/logo.png\""), "{html}");
            assert!(!html.contains("passwd\"") && !html.contains("<script"), "{html}");
        }
        let guide = file(&portal, &VISITOR, "shop", "docs/guide.md").await.unwrap();
        assert!(markdown(&guide).contains("href=\"/repositories/shop/files/README.md\""));
        assert_eq!(readme(&portal, &VISITOR, "shop", "docs").await.unwrap().unwrap().path, "docs/readme.MD");
        assert_eq!(file(&portal, &VISITOR, "shop", "docs/").await.unwrap().path, "docs/readme.MD");
        assert_eq!(readme(&portal, &VISITOR, "shop", "src").await.unwrap(), None);
        assert!(markdown(&file(&portal, &VISITOR, "shop", "src").await.unwrap()).contains("href=\"/repositories/shop/files/src/main.rs\""));
        assert_eq!(
            file(&portal, &VISITOR, "shop", "src/main.rs").await.unwrap().content,
            FileContent::Text("fn main() {}\n".to_owned())
        );
        for (path, mime, sandbox) in [("logo.png", "image/png", false), ("drawing.svg", "image/svg+xml", true)] {
            match file(&portal, &VISITOR, "shop", path).await.unwrap().content {
                FileContent::Image { mime: given, sandbox: given_sandbox, .. } => assert_eq!((given, given_sandbox), (mime, sandbox)),
                other => panic!("{other:?}"),
            }
        }
        for path in ["nothing.md", "../shop/README.md", ".git/config", "README.md/x", "docs/../../x"] {
            assert!(matches!(file(&portal, &VISITOR, "shop", path).await, Err(Error::NotFound(_))), "{path}");
        }
    }

    async fn what_cannot_be_shown_says_so(portal: Portal) {
        let large = vec![b'a'; 20 << 20];
        let folder = repository(&[
            ("README.md", &large),
            ("binary/README.md", b"# \0\x01\x02"),
            ("large.txt", &large[..1 << 20]),
            ("large.png", &large[..6 << 20]),
            ("lfs.png", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"),
            ("latin.txt", b"caf\xe9\n"),
            ("page.png", b"<html><script>alert(1)</script></html>"),
            ("page.svg", b"<html><script>alert(1)</script></html>"),
            ("page.webp", b"RIFF"),
        ]);
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link.md")).unwrap();
        git(folder.path(), &["add", "link.md"]);
        git(folder.path(), &["commit", "--quiet", "--message", "Link"]);
        insert(&portal, Row { path: folder.path(), ..Row::default() }).await;
        let readme = readme(&portal, &VISITOR, "shop", "").await.unwrap().unwrap();
        assert_eq!((message(&readme).rule.as_str(), message(&readme).file.as_str()), ("file.size", "README.md"));
        let table = [
            ("binary/README.md", "file.binary"),
            ("large.txt", "file.size"),
            ("large.png", "file.size"),
            ("lfs.png", "file.lfs"),
            ("page.png", "file.image"),
            ("page.svg", "file.image"),
            ("page.webp", "file.image"),
            ("link.md", "file.link"),
        ];
        for (path, rule) in table {
            let view = file(&portal, &VISITOR, "shop", path).await.unwrap();
            let finding = message(&view);
            assert_eq!((finding.rule.as_str(), finding.file.as_str(), finding.level), (rule, path, Level::Note));
            assert!(!finding.message.contains("root:"), "{}", finding.message);
        }
        let latin = file(&portal, &VISITOR, "shop", "latin.txt").await.unwrap();
        assert_eq!(latin.content, FileContent::Text("caf\u{fffd}\n".to_owned()));
    }

    async fn a_folder_that_is_gone_says_what_to_do(portal: Portal) {
        insert(&portal, Row::default()).await;
        let error = readme(&portal, &VISITOR, "shop", "").await.unwrap_err();
        assert!(matches!(&error, Error::Unavailable(text) if text.contains("shop") && text.contains("sync")), "{error}");
    }
}
