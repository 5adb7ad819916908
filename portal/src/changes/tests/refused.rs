//! What the forge, or we ourselves, do not allow.

use super::*;

db_test! {
    async fn each_refusal_says_what_to_do(settings: Settings) {
        let world = World::new(&settings).await;
        let failing = async |number: u32| {
            let wish = Proposal { key: format!("try:{number}"), ..world.wish(&format!("a: {number}\n")) };
            let detail = world.propose(wish).await;
            assert_eq!(detail.change.state, ChangeState::Failed, "{detail:?}");
            (detail.change.id.clone(), reason(&detail).to_owned())
        };
        world.fake.state().add_token("ghp_full", "slipway-bot", &["read:org"]);
        let (id, told) = failing(1).await;
        assert!(told.contains("write access to contents and to pull requests"), "{told}");
        world.fake.state().add_token("ghp_full", "slipway-bot", &["repo", "read:org"]);
        assert_eq!(world.retried(&id).await.change.state, ChangeState::Open);
        let set = |change: fn(&mut fake_forge::Repository)| {
            change(world.fake.state().repositories.get_mut(&world.id).unwrap());
        };
        set(|repository| repository.archived = true);
        let (id, told) = failing(2).await;
        assert!(told.contains("archived"), "{told}");
        set(|repository| repository.archived = false);
        set(|repository| repository.forbidden_branches = Some("slipway/".to_owned()));
        let told = world.retried(&id).await;
        assert!(reason(&told).contains("a rule of acme/shop forbids it (Repository rule violations found)"), "{told:?}");
        set(|repository| repository.forbidden_branches = None);
        set(|repository| repository.default_branch = "gone".to_owned());
        let (_, told) = failing(3).await;
        assert!(told.contains("The default branch gone of acme/shop does not exist"), "{told}");
        world.portal.stop().await;
    }

    async fn nothing_is_offered_that_the_set_up_page_knows_to_be_off(settings: Settings) {
        let world = World::new(&settings).await;
        let looked = async || {
            let job = sources::doctor::check(&world.portal, &Actor::Operator, Some("acme")).await.unwrap();
            ended(&world.portal, &job).await;
        };
        let way = async || way(&world.portal, &Actor::Operator, "shop").await.unwrap();
        world.fake.state().add_token("ghp_full", "slipway-bot", &["read:org"]);
        assert_eq!(way().await, Way::PullRequest, "nobody has looked yet");
        looked().await;
        let Way::Patch(why) = way().await else { panic!("it is offered") };
        assert!(why.contains("source acme") && why.contains("repo") && why.contains("is not given"), "{why}");
        let refused = propose(&world.portal, &Actor::Operator, world.wish("a: 1\n")).await;
        assert!(matches!(&refused, Err(Error::Conflict(text)) if text.contains("git apply")), "{refused:?}");
        world.fake.state().add_token("ghp_full", "slipway-bot", &["repo", "read:org"]);
        looked().await;
        assert_eq!(way().await, Way::PullRequest);
        world.portal.stop().await;
    }

    async fn an_empty_repository_needs_a_first_commit(settings: Settings) {
        let world = World::new(&settings).await;
        let empty = world.fake.state().add_repository("acme", "empty");
        world.fake.state().add_git(empty, &[]).unwrap();
        synced(&world.portal).await;
        let detail = world.propose(wish(&repository(&world.portal, "empty").await, "a: 1\n")).await;
        assert_eq!(detail.change.state, ChangeState::Failed);
        assert!(reason(&detail).contains("no commit yet"), "{}", reason(&detail));
        world.portal.stop().await;
    }

    async fn only_what_can_be_meant_is_proposed_and_only_by_those_who_may(settings: Settings) {
        let world = World::new(&settings).await;
        let visitor = propose(&world.portal, &Actor::Visitor, world.wish("a: 1\n")).await;
        assert!(matches!(visitor, Err(Error::Forbidden(_))), "{visitor:?}");
        for path in ["", "/etc/passwd", "../x", "a//b", ".git/config", "a/.GIT/hooks/x", "a\nb", "a\\b"] {
            let mut wish = world.wish("a: 1\n");
            wish.edits[0].path = path.to_owned();
            let refused = propose(&world.portal, &Actor::Operator, wish).await;
            assert!(matches!(refused, Err(Error::Invalid(_))), "{path:?}: {refused:?}");
        }
        let all = Proposal { title: "two\nlines".to_owned(), key: ":".to_owned(), edits: vec![], ..world.wish("") };
        match propose(&world.portal, &Actor::Operator, all).await {
            Err(Error::Invalid(findings)) => assert_eq!(findings.findings.len(), 3, "{findings:?}"),
            other => panic!("{other:?}"),
        }
        assert!(matches!(propose(&world.portal, &Actor::Operator, wish("nowhere", "a: 1\n")).await, Err(Error::NotFound(_))));
        // A secret repository's change is nobody's business.
        world.fake.state().repositories.get_mut(&world.id).unwrap().visibility = fake_forge::Visibility::Private;
        synced(&world.portal).await;
        let made = world.propose(world.wish("a: 1\n")).await;
        assert_eq!(list(&world.portal, &Actor::Operator, &ChangeFilter::default()).await.unwrap().total, 1);
        assert_eq!(list(&world.portal, &Actor::Visitor, &ChangeFilter::default()).await.unwrap().total, 0);
        assert!(matches!(get(&world.portal, &Actor::Visitor, &made.change.id).await, Err(Error::NotFound(_))));
        world.portal.stop().await;
    }
}
