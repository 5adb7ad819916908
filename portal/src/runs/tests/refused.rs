//! What cannot be, what is somebody else's, and what is wanted no more.

use model::run::EffectState;

use super::github::Acme;
use super::*;
use crate::db_test;
use crate::git::Secret;
use crate::git::testing::{commit_files, git};

db_test! {
    async fn a_name_that_is_taken_is_left_alone(settings: Settings) {
        let world = World::new(&settings).await;
        let others = world.bare("tides");
        commit_files(&others, &[("mine", "x")]);
        let detail = world.launch(world.wish("tides")).await;
        assert_eq!(detail.run.state, RunState::Failed, "{detail:#?}");
        assert!(detail.run.reason.as_deref().is_some_and(|why| why.contains("somebody else's")), "{detail:#?}");
        clean(&world.portal, &Actor::Operator, &detail.run.id).await.unwrap();
        assert_eq!(world.settled(&detail.run.id).await.run.state, RunState::Cleaned);
        assert!(others.join("mine").exists());
        // As it is made meanwhile, at whatever moment.
        for at in 1..20 {
            let name = format!("meanwhile-{at}");
            let id = world.queue(world.wish(&name)).await;
            let died = world.die(&id, at).await;
            if !died || world.bare(&name).exists() {
                break;
            }
            commit_files(&world.bare(&name), &[("mine", "x")]);
            let detail = world.settled(&id).await;
            assert_eq!(detail.run.state, RunState::Failed, "{at}: {detail:#?}");
            assert!(detail.effects.iter().all(|effect| effect.state == EffectState::Void), "{at}: {detail:#?}");
            clean(&world.portal, &Actor::Operator, &id).await.unwrap();
            assert_eq!(world.settled(&id).await.run.state, RunState::Cleaned);
            assert!(world.bare(&name).join("mine").exists(), "{at}");
        }
        assert!(world.all().iter().all(|name| !name.starts_with('.')), "{:?}", world.all());
        world.portal.stop().await;
    }

    async fn what_somebody_else_made_at_github_is_left_alone(settings: Settings) {
        let acme = Acme::new(&settings).await;
        for at in 1..20 {
            let name = format!("tides-{at}");
            let id = acme.world.queue(acme.wish(&name)).await;
            let died = acme.world.die(&id, at).await;
            if !died || acme.all().iter().any(|(made, _)| *made == name) {
                assert!(at > 4, "{at}");
                break;
            }
            let theirs = acme.fake.state().add_repository("acme", &name);
            acme.fake.state().add_git(theirs, &[("mine", "x")]).unwrap();
            let detail = acme.world.settled(&id).await;
            assert_eq!(detail.run.state, RunState::Failed, "{at}: {detail:#?}");
            clean(&acme.world.portal, &Actor::Operator, &id).await.unwrap();
            assert_eq!(acme.world.settled(&id).await.run.state, RunState::Cleaned);
            assert_eq!(git(&acme.bare(&name), &["show", "main:mine"]), "x", "{at}");
        }
        acme.world.portal.stop().await;
    }

    async fn what_somebody_has_pushed_to_stays_and_is_listed(settings: Settings) {
        let acme = Acme::new(&settings).await;
        let wishes = [acme.world.wish("here"), acme.wish("there")];
        for wish in wishes {
            let (name, is_here) = (wish.name.clone().unwrap(), wish.destination == "projects");
            let id = acme.world.queue(wish).await;
            for at in 5.. {
                assert!(acme.world.die(&id, at).await, "it is killed once it is there");
                if acme.world.get(&id).await.effects.iter().any(|effect| effect.state == EffectState::Made) {
                    break;
                }
            }
            let bare = if is_here { acme.world.bare(&name) } else { acme.bare(&name) };
            let work = settings.data.join(format!("clone-{name}"));
            if git(&bare, &["for-each-ref"]).is_empty() {
                commit_files(&work, &[("mine", "x")]);
            } else {
                git(&settings.data, &["clone", "-q", bare.to_str().unwrap(), work.to_str().unwrap()]);
                commit_files(&work, &[("mine", "x")]);
            }
            git(&work, &["push", "-q", bare.to_str().unwrap(), "HEAD:refs/heads/main"]);
            cancel(&acme.world.portal, &Actor::Operator, &id).await.unwrap();
            let detail = acme.world.settled(&id).await;
            assert_eq!(detail.run.state, RunState::Cancelled, "{detail:#?}");
            assert_eq!(detail.effects[0].state, EffectState::Kept, "{detail:#?}");
            let command = detail.effects[0].command.clone().unwrap();
            assert!(command == format!("rm -r '{}'", bare.display()) || command == "gh repo delete acme/there", "{command}");
            assert!(detail.run.reason.as_deref().is_some_and(|why| why.contains(&command)), "{detail:#?}");
            assert_eq!(git(&bare, &["show", "main:mine"]), "x");
        }
        acme.world.portal.stop().await;
    }

    async fn what_is_cancelled_while_it_is_being_made_is_not_left_behind(settings: Settings) {
        let acme = Acme::new(&settings).await;
        let slow = fake_forge::Fault::Silence { milliseconds: 1_500 };
        acme.fake.break_next("POST /orgs/acme/repos", slow, 1);
        let id = acme.world.queue(acme.wish("tides")).await;
        let cancelled = async {
            while !acme.fake.requests().iter().any(|request| request.starts_with("POST /orgs/acme/repos")) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            cancel(&acme.world.portal, &Actor::Operator, &id).await.unwrap();
        };
        let (detail, ()) = tokio::join!(acme.world.settled(&id), cancelled);
        let detail = if detail.run.state == RunState::Cancelled { detail } else { acme.world.settled(&id).await };
        assert_eq!(detail.run.state, RunState::Cancelled, "{detail:#?}");
        assert_eq!(acme.all(), []);
        acme.world.portal.stop().await;
    }

    async fn two_clicks_are_one_run_and_a_run_has_the_commit_of_its_form(settings: Settings) {
        let world = World::new(&settings).await;
        let old = git(&world.templates.join("service"), &["rev-parse", "HEAD"]);
        commit_files(&world.templates.join("service"), &[("{{cookiecutter.slug}}/README.md", "new\n")]);
        let wish = Launch { commit: Some(old.clone()), ..world.wish("tides") };
        let clicks = futures::future::join_all((0..5).map(|_| launch(&world.portal, &Actor::Operator, wish.clone()))).await;
        let ids: std::collections::BTreeSet<String> = clicks.into_iter().map(|id| id.unwrap()).collect();
        assert_eq!(ids.len(), 1);
        let other = Launch { name: Some("other".to_owned()), ..wish.clone() };
        assert!(matches!(launch(&world.portal, &Actor::Operator, other).await, Err(Error::Conflict(_))));
        let detail = world.settled(ids.first().unwrap()).await;
        assert_eq!((detail.run.state, detail.run.commit.as_str()), (RunState::Done, old.as_str()), "{detail:#?}");
        assert_eq!(world.file("tides", "README.md"), "# Tides\n\nUnder MIT.");
        assert_eq!(world.all(), ["tides.git"]);
        git(&world.templates.join("service"), &["checkout", "-q", "-b", "draft"]);
        let draft = commit_files(&world.templates.join("service"), &[("{{cookiecutter.slug}}/README.md", "evil\n")]);
        git(&world.templates.join("service"), &["checkout", "-q", "main"]);
        let wish = Launch { commit: Some(draft), ..world.wish("other") };
        assert!(matches!(launch(&world.portal, &Actor::Operator, wish).await, Err(Error::NotFound(_))));
        for name in ["", "../x", ".x", "a/b", "x.git", "-x", "a b"] {
            let wish = Launch { name: Some(name.to_owned()), ..world.wish("other") };
            assert!(matches!(launch(&world.portal, &Actor::Operator, wish).await, Err(Error::Invalid(_))), "{name}");
        }
        let wish = Launch { answers: form(&[("licence", "GPL"), ("_extensions", "os")]), ..world.wish("other") };
        match launch(&world.portal, &Actor::Operator, wish).await {
            Err(Error::Invalid(findings)) => assert_eq!(findings.findings.len(), 2, "{findings:?}"),
            other => panic!("{other:?}"),
        }
        let wish = Launch { name: None, ..world.wish("named by the template") };
        assert_eq!(world.launch(wish).await.run.name, "tides");
        world.portal.stop().await;
    }

    async fn a_token_acts_for_its_person_and_is_gone_afterwards(settings: Settings) {
        let acme = Acme::new(&settings).await;
        acme.fake.state().add_token("ghp_jane_secret", "jane", &["repo"]);
        let wish = Launch { token: Some(Secret::new("ghp_jane_secret")), ..acme.wish("tides") };
        let id = acme.world.queue(wish).await;
        let kept = store::row(acme.world.portal.db(), &id).await.unwrap().unwrap();
        assert!(kept.secrets.as_ref().is_some_and(|sealed| !sealed.contains("jane")) && !kept.input.contains("jane_secret"));
        acme.fake.break_next("POST /orgs/acme/repos", fake_forge::Fault::ServerError, 1);
        assert_eq!(acme.world.settled(&id).await.run.state, RunState::Waiting);
        retry(&acme.world.portal, &Actor::Operator, &id).await.unwrap();
        let detail = acme.world.settled(&id).await;
        assert_eq!(detail.run.state, RunState::Done, "{detail:#?}");
        let row = store::row(acme.world.portal.db(), &id).await.unwrap().unwrap();
        assert_eq!(row.secrets, None);
        let lines = log(&acme.world.portal, &Actor::Operator, &id, 0).await.unwrap();
        assert!(!format!("{lines:?} {detail:?} {row:?}").contains("jane_secret"));
        assert!(detail.steps[1].does.contains("in your name"), "{detail:#?}");
        // One that may too little, one that nobody knows, and one that cannot be any.
        acme.fake.state().add_token("ghp_reader", "jane", &["read:org"]);
        for (token, said) in [("ghp_reader", "not the scope repo (it has read:org)"), ("ghp_nobody", "does not know your token")] {
            let wish = Launch { token: Some(Secret::new(token)), ..acme.wish(token) };
            match launch(&acme.world.portal, &Actor::Operator, Launch { name: Some("locks".to_owned()), ..wish }).await {
                Err(Error::Invalid(found)) => assert!(found.findings[0].message.contains(said), "{token}: {found:?}"),
                other => panic!("{other:?}"),
            }
        }
        // One that tells no scopes, or that nobody could ask, shows in the run; as does one that is revoked, or cut, midway.
        for (token, change, said) in [("ghp_fine", None, ""), ("ghp_late", Some(true), "does not know your token"), ("ghp_cut", Some(false), "Your token needs")] {
            acme.fake.state().add_token(token, "jane", &["repo"]);
            if change.is_none() {
                acme.fake.state().tokens.get_mut(token).unwrap().scopes = None;
                acme.fake.break_next("GET /user", fake_forge::Fault::ServerError, 1);
            }
            let wish = Launch { token: Some(Secret::new(token)), ..acme.wish(token) };
            let id = acme.world.queue(Launch { name: Some(token.replace('_', "-")), ..wish }).await;
            match change {
                Some(true) => drop(acme.fake.state().tokens.remove(token)),
                Some(false) => acme.fake.state().add_token(token, "jane", &["read:org"]),
                None => {}
            }
            let detail = acme.world.settled(&id).await;
            let reason = detail.run.reason.unwrap_or_default();
            assert!(reason.contains(said) && !reason.contains(token), "{token}: {reason}");
            assert_eq!(detail.run.state, if change.is_none() { RunState::Done } else { RunState::Failed }, "{token}: {reason}");
        }
        let wish = Launch { token: Some(Secret::new("ghp with spaces")), ..acme.wish("locks") };
        assert!(matches!(launch(&acme.world.portal, &Actor::Operator, wish).await, Err(Error::Invalid(_))));
        let acts: Vec<String> = destinations(&acme.world.portal).into_iter().map(|one| one.acts).collect();
        assert_eq!(acts, ["Slipway", "the token of the source acme"]);
        acme.world.portal.stop().await;
    }
}
