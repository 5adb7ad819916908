//! Templates of the catalog: forms, previews and versions.

use model::template::{Form, PreviewKind, QuestionKind};
use serde_json::{Value, json};

use crate::db_test;
use crate::git::testing::{commit_files, git};
use crate::identity::Actor;
use crate::runs::tests::{World, form as given, template};
use crate::settings::Settings;
use crate::templates::{Given, Packing, answers_of, archive, distrust, form, get, preview, projects, trust};
use crate::{Error, Portal, Result};

async fn filled(portal: &Portal, answers: &Given) -> Result<Form> {
    form(portal, &Actor::Operator, &template(), None, answers).await
}

fn shown(form: &Form) -> Vec<(&str, &str, Option<&str>)> {
    form.questions().map(|asked| (asked.name.as_str(), asked.value.as_str(), asked.error.as_deref())).collect()
}

db_test! {
    async fn a_form_asks_validates_and_follows_earlier_answers(settings: Settings) {
        let world = World::new(&settings).await;
        let portal = &world.portal;
        let fresh = filled(portal, &Given::new()).await.unwrap();
        let expected = [("name", "Berths", None), ("slug", "berths", None), ("licence", "MIT", None), ("docker", "yes", None)];
        assert_eq!(shown(&fresh), expected);
        assert!(fresh.is_valid() && fresh.questions().all(|asked| !asked.answered));
        let kinds: Vec<&QuestionKind> = fresh.questions().map(|asked| &asked.kind).collect();
        assert!(matches!(kinds[2], QuestionKind::Choice { choices } if choices.len() == 2) && *kinds[3] == QuestionKind::YesNo);
        let answered = filled(portal, &given(&[("name", "Tides"), ("docker", "no"), ("licence", "2")])).await.unwrap();
        assert_eq!(shown(&answered)[..2], [("name", "Tides", None), ("slug", "tides", None)]);
        assert!(answered.is_valid());
        // The value itself, as a program gives it.
        let exact: Given = [("docker".to_owned(), json!(false)), ("licence".to_owned(), json!("none"))].into();
        assert!(filled(portal, &exact).await.unwrap().is_valid());
        let wrong = filled(portal, &given(&[("name", "Tides"), ("docker", "perhaps"), ("licence", "GPL")])).await.unwrap();
        let errors: Vec<&str> = wrong.questions().filter_map(|asked| asked.error.as_deref()).collect();
        assert!(errors.len() == 2 && errors[0].contains("choose one of MIT, none"), "{errors:?}");
        assert_eq!(shown(&wrong)[1].1, "tides", "what is right is taken");
        assert_eq!(shown(&wrong)[2].1, "GPL", "nothing that was typed is lost");
        let wrong: Given = [("docker".to_owned(), json!(3)), ("name".to_owned(), json!(["x"]))].into();
        assert_eq!(filled(portal, &wrong).await.unwrap().questions().filter(|asked| asked.error.is_some()).count(), 2);
        let forged = filled(portal, &given(&[("_extensions", "os"), ("__proto__", "x")])).await.unwrap();
        assert!(!forged.is_valid() && forged.problems.len() == 2, "{forged:?}");
        let huge: Given = [("name".to_owned(), Value::from("x".repeat(5 << 20)))].into();
        match filled(portal, &huge).await {
            Err(Error::Invalid(findings)) => {
                assert_eq!(findings.findings[0].message, "The answer to name has 5242880 bytes; at most 65536 can be taken");
            }
            other => panic!("{other:?}"),
        }
        world.portal.stop().await;
    }

    async fn a_preview_is_what_comes(settings: Settings) {
        let world = World::new(&settings).await;
        let service = world.templates.join("service");
        let files = [
            ("{{cookiecutter.slug}}/run.sh", "#!/bin/sh\n"),
            ("{{cookiecutter.slug}}/logo.png", "\u{0}png"),
            ("{{cookiecutter.slug}}/key", "{{ random_ascii_string(20) }}\n"),
        ];
        commit_files(&service, &files);
        git(&service, &["update-index", "--chmod=+x", "{{cookiecutter.slug}}/run.sh"]);
        git(&service, &["commit", "-q", "-m", "Run"]);
        let answers = given(&[("name", "Tides")]);
        let seen = preview(&world.portal, &Actor::Operator, &template(), None, &answers, "tides").await.unwrap();
        assert_eq!(seen.folder.as_deref(), Some("tides"));
        let kinds: Vec<(&str, PreviewKind)> = seen.files.iter().map(|file| (file.path.as_str(), file.kind)).collect();
        use PreviewKind::{Binary, Program, Text};
        let expected = [("Dockerfile", Text), ("README.md", Text), ("key", Text), ("logo.png", Binary), ("pyproject.toml", Text), ("run.sh", Program)];
        assert_eq!(kinds, expected);
        world.launch(world.wish("tides")).await;
        for file in &seen.files {
            if let Some(text) = &file.text {
                assert_eq!(world.file("tides", &file.path), text.trim(), "{}", file.path);
            }
        }
        let pack = async |packing| {
            archive(&world.portal, &Actor::Operator, &template(), None, &answers, "tides", packing).await.unwrap()
        };
        let packed = pack(Packing::TarGz).await;
        assert_eq!(packed.name, "tides.tar.gz");
        let mut unpacked = tar::Archive::new(flate2::read::GzDecoder::new(packed.bytes.as_slice()));
        let paths = unpacked.entries().unwrap().map(|entry| entry.unwrap().path().unwrap().display().to_string());
        let mut files: Vec<String> = seen.files.iter().map(|file| format!("tides/{}", file.path)).collect();
        files.push("tides/.slipway/lineage.yml".to_owned());
        files.sort();
        assert_eq!(paths.collect::<Vec<_>>(), files);
        let zipped = pack(Packing::Zip).await;
        assert_eq!(zipped.name, "tides.zip");
        let mut unpacked = zip::ZipArchive::new(std::io::Cursor::new(zipped.bytes)).unwrap();
        let mut names: Vec<String> = unpacked.file_names().map(|name| name.unwrap().into_owned()).collect();
        names.sort();
        assert_eq!(names, files);
        let run = unpacked.by_name("tides/run.sh").unwrap();
        assert_eq!(run.unix_mode().map(|mode| mode & 0o777), Some(0o755));
        assert_eq!(std::io::read_to_string(run).unwrap(), "#!/bin/sh\n");
        let copied = answers_of(&world.portal, &Actor::Operator, "tides").await.unwrap();
        assert_eq!((copied["name"].as_str(), copied["docker"].as_bool()), (Some("Tides"), Some(true)));
        assert!(filled(&world.portal, &copied).await.unwrap().is_valid());
        commit_files(&service, &[("hooks/post_gen_project.py", "import os\n")]);
        let refused = preview(&world.portal, &Actor::Operator, &template(), None, &answers, "tides").await;
        assert!(matches!(refused, Err(Error::Forbidden(why)) if why.contains("hooks/post_gen_project.py")));
        let refused = crate::runs::launch(&world.portal, &Actor::Operator, world.wish("hooked")).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))));
        let known = get(&world.portal, &Actor::Operator, &template(), None).await.unwrap();
        assert_eq!(known.executes, ["the script hooks/post_gen_project.py"]);
        world.portal.stop().await;
    }

    async fn what_executes_needs_trust_at_its_commit(settings: Settings) {
        let world = World::new(&settings).await;
        let (portal, service) = (&world.portal, world.templates.join("service"));
        let plain = git(&service, &["rev-parse", "HEAD"]);
        let first = commit_files(&service, &[("hooks/post_gen_project.py", "print('first')\n")]);
        let second = commit_files(&service, &[("hooks/post_gen_project.py", "print('second')\n")]);
        let jane = crate::identity::tests::signed_in(portal, &crate::identity::tests::claims("jane")).await;
        let (operator, of) = (&Actor::Operator, template());
        assert!(matches!(trust(portal, &jane, &of, &first).await, Err(Error::Forbidden(why)) if why.contains("administrator")));
        assert!(matches!(trust(portal, operator, &of, "main").await, Err(Error::NotFound(_))));
        assert!(matches!(trust(portal, operator, &of, &plain).await, Err(Error::Conflict(_))), "there is nothing to trust");
        trust(portal, operator, &of, &first).await.unwrap();
        trust(portal, operator, &of, &first).await.unwrap();
        let answers = given(&[("name", "Tides")]);
        let seen = async |commit: &str| preview(portal, &jane, &of, Some(commit), &answers, "tides").await;
        // Without its own executable, the portal has no fence: it gets so far, and no further.
        assert!(matches!(seen(&first).await, Err(Error::Conflict(why)) if why.contains("fence")));
        assert!(matches!(seen(&second).await, Err(Error::Forbidden(why)) if why.contains("administrator")));
        assert_eq!(seen(&plain).await.unwrap().executes, Vec::<String>::new());
        let asked = form(portal, &jane, &of, Some(&second), &answers).await;
        assert!(matches!(asked, Err(Error::Forbidden(_))), "a form may be what scripts say");
        let report = get(portal, &jane, &of, None).await.unwrap().trust;
        assert_eq!(report.scripts[0].text.as_deref(), Some("print('second')\n"));
        assert!(report.at(&second).is_none() && report.at(&first).is_some_and(|one| one.by == "operator"), "{report:?}");
        distrust(portal, operator, &of, &first).await.unwrap();
        assert!(matches!(distrust(portal, operator, &of, &first).await, Err(Error::NotFound(_))));
        assert!(matches!(seen(&first).await, Err(Error::Forbidden(_))));
        assert_eq!((world.audited("template.trust").await, world.audited("template.distrust").await), (1, 1));
        world.portal.stop().await;
    }

    async fn versions_come_from_tags_with_what_they_brought(settings: Settings) {
        let world = World::new(&settings).await;
        let service = world.templates.join("service");
        git(&service, &["tag", "v1.9.0"]);
        commit_files(&service, &[("a", "1")]);
        let second = commit_files(&service, &[("a", "2")]);
        git(&service, &["tag", "-a", "v1.10.0", "-m", "Better"]);
        let detail = world.launch(world.wish("tides")).await;
        assert_eq!((detail.run.commit.as_str(), detail.run.tag.as_deref()), (second.as_str(), Some("v1.10.0")));
        commit_files(&service, &[("a", "3")]);
        let known = get(&world.portal, &Actor::Operator, &template(), None).await.unwrap();
        let versions: Vec<(Option<&str>, usize, u64)> =
            known.versions.iter().map(|version| (version.tag.as_deref(), version.changes.len(), version.projects)).collect();
        assert_eq!(versions, [(None, 1, 0), (Some("v1.10.0"), 2, 1), (Some("v1.9.0"), 1, 0)]);
        assert_eq!(known.projects[0].tag.as_deref(), Some("v1.10.0"));
        assert_eq!((known.template.projects, known.tag), (1, None));
        assert_eq!(projects(&world.portal, &Actor::Operator, &template()).await.unwrap(), known.projects);
        let old = get(&world.portal, &Actor::Operator, &template(), Some(&second)).await.unwrap();
        assert_eq!((old.tag.as_deref(), old.versions.len()), (Some("v1.10.0"), 2));
        for wrong in ["main", "0000", &"0".repeat(40), "../.."] {
            assert!(matches!(get(&world.portal, &Actor::Operator, &template(), Some(wrong)).await, Err(Error::NotFound(_))), "{wrong}");
        }
        world.portal.stop().await;
    }
}
