//! At GitHub: made, brought up to date, never twice.

use fake_forge::Fault;

use super::*;

db_test! {
    async fn a_change_becomes_a_branch_a_commit_and_a_pull_request(settings: Settings) {
        let world = World::new(&settings).await;
        let made = world.propose(world.wish("kind: Component\n")).await;
        assert_eq!((made.change.state, made.change.number), (ChangeState::Open, Some(1)), "{made:?}");
        assert_eq!((made.change.base.as_deref(), made.change.by.as_str()), (Some("main"), "operator"));
        assert!(made.change.branch.starts_with("slipway/catalog-info-"), "{}", made.change.branch);
        assert_eq!(made.change.url.as_deref(), Some(format!("{}/acme/shop/pull/1", world.fake.origin()).as_str()));
        assert_eq!(world.file(&made.change.branch, FILE), "kind: Component");
        assert_eq!(world.file(&made.change.branch, "README.md"), README.trim());
        let pull = &world.pulls()[0];
        assert_eq!((pull.title.as_str(), pull.body.as_deref()), ("Describe the shop", Some("So that **everybody** finds it.")));
        assert_eq!((pull.base.as_str(), pull.by.as_str()), ("main", "slipway-bot"));
        let states: Vec<ChangeState> = made.events.iter().map(|event| event.state).collect();
        assert_eq!(states, [ChangeState::Waiting, ChangeState::Proposing, ChangeState::Open]);
        let audit = audit::list(&world.portal, &Actor::Operator, &audit::AuditFilter::default(), None, 10).await.unwrap();
        assert!(audit.iter().any(|entry| entry.action == "changes.propose"), "{audit:?}");
        world.portal.stop().await;
    }

    async fn the_same_wish_does_nothing_and_another_changes_the_same_pull_request(settings: Settings) {
        let world = World::new(&settings).await;
        let made = world.propose(world.wish("a: 1\n")).await;
        let requests = world.fake.requests().len();
        let same = world.propose(world.wish("a: 1\n")).await;
        assert_eq!((&same.change, world.fake.requests().len()), (&made.change, requests));
        // The default branch moves meanwhile, elsewhere: the change moves along.
        world.fake.state().commit(world.id, "main", &[("main.py", "print(1)\n")]).unwrap();
        let other = world.propose(Proposal { title: "Describe it better".to_owned(), ..world.wish("a: 2\n") }).await;
        assert_eq!((other.change.id, other.change.number), (made.change.id, Some(1)));
        assert_eq!((other.change.state, other.change.branch), (ChangeState::Open, made.change.branch.clone()));
        assert_eq!(world.file(&made.change.branch, FILE), "a: 2");
        assert_eq!(world.file(&made.change.branch, "main.py"), "print(1)");
        let pulls = world.pulls();
        assert_eq!((pulls.len(), pulls[0].title.as_str()), (1, "Describe it better"));
        assert_eq!(world.branches(), ["main", &made.change.branch]);
        // Merged, and nobody has looked yet: what is wanted now becomes another pull request.
        world.fake.state().merge_pull(world.id, 1).unwrap();
        let mut next = world.wish("a: 3\n");
        next.edits[0].before = Some("a: 2\n".to_owned());
        let third = world.propose(next).await;
        assert_eq!((third.change.state, third.change.number), (ChangeState::Open, Some(2)), "{third:?}");
        world.portal.stop().await;
    }

    async fn whatever_breaks_between_two_steps_nothing_is_made_twice(settings: Settings) {
        let world = World::new(&settings).await;
        // Each of these is refused, or is done and its answer is lost.
        let steps = ["/git/trees", "/git/commits", "/git/refs", "/pulls"];
        let mut wishes = 0;
        for step in steps {
            for fault in [Fault::ServerError, Fault::Reset] {
                wishes += 1;
                let wish = Proposal { key: format!("try:{wishes}"), ..world.wish(&format!("a: {wishes}\n")) };
                let change = propose(&world.portal, &Actor::Operator, wish).await.unwrap();
                // Only what is written, not what is read: that is tried again at once.
                world.fake.break_next(&format!("POST /repos/acme/shop{step}"), fault, 1);
                let mut detail = settled(&world.portal, &change.id).await;
                if detail.change.state == ChangeState::Waiting {
                    detail = world.retried(&change.id).await;
                }
                assert_eq!(detail.change.state, ChangeState::Open, "{step}: {detail:?}");
            }
        }
        let pulls = world.pulls();
        assert_eq!((pulls.len(), world.branches().len()), (wishes, wishes + 1));
        world.portal.stop().await;
    }

    async fn what_was_changed_there_meanwhile_is_a_conflict(settings: Settings) {
        let world = World::new(&settings).await;
        world.fake.state().commit(world.id, "main", &[(FILE, "somebody: else\n")]).unwrap();
        let detail = world.propose(world.wish("a: 1\n")).await;
        assert_eq!(detail.change.state, ChangeState::Conflict);
        assert!(reason(&detail).contains("catalog-info.yaml was added in main"), "{}", reason(&detail));
        let mut wish = world.wish("a: 1\n");
        wish.edits[0].before = Some("somebody: else\n".to_owned());
        let detail = world.propose(wish).await;
        assert_eq!((detail.change.state, world.file(&detail.change.branch, FILE).as_str()), (ChangeState::Open, "a: 1"));
        // What is there already needs no pull request.
        let there = Proposal { key: "there:1".to_owned(), ..world.wish("somebody: else\n") };
        let detail = world.propose(there).await;
        assert_eq!((detail.change.state, detail.change.number), (ChangeState::Merged, None));
        world.portal.stop().await;
    }

    async fn a_branch_on_which_somebody_else_pushed_is_left_alone(settings: Settings) {
        let world = World::new(&settings).await;
        let made = world.propose(world.wish("a: 1\n")).await;
        let branch = made.change.branch.clone();
        world.fake.state().commit(world.id, &branch, &[("more.txt", "mine\n")]).unwrap();
        let detail = world.propose(world.wish("a: 2\n")).await;
        assert_eq!(detail.change.state, ChangeState::Conflict, "{detail:?}");
        assert!(reason(&detail).contains("Somebody else pushed"), "{}", reason(&detail));
        assert_eq!((world.file(&branch, FILE).as_str(), world.file(&branch, "more.txt").as_str()), ("a: 1", "mine"));
        let again = world.retried(&detail.change.id).await;
        assert_eq!((again.change.state, again.change.number), (ChangeState::Open, Some(2)), "{again:?}");
        assert_eq!(again.change.branch, format!("{branch}.2"));
        assert_eq!(world.file(&again.change.branch, FILE), "a: 2");
        world.portal.stop().await;
    }

    async fn what_others_decide_is_followed(settings: Settings) {
        let world = World::new(&settings).await;
        let made = world.propose(world.wish("a: 1\n")).await;
        let id = made.change.id.clone();
        world.followed(&id).await;
        let calls = world.fake.state().unchanged;
        assert_eq!(world.followed(&id).await.change.state, ChangeState::Open);
        assert_eq!(world.fake.state().unchanged, calls + 1, "a look at what has not changed costs nothing");
        world.fake.state().merge_pull(world.id, 1).unwrap();
        let merged = world.followed(&id).await;
        assert_eq!((merged.change.state, reason(&merged)), (ChangeState::Merged, "Pull request #1 was merged."));
        // Another one, which somebody closes; a webhook tells of it, and of its being opened again.
        let mut wish = world.wish("a: 2\n");
        wish.edits[0].before = Some("a: 1\n".to_owned());
        let second = world.propose(wish).await;
        assert_eq!((second.change.state, second.change.number), (ChangeState::Open, Some(2)), "{second:?}");
        for (closed_at, state) in [(Some(1), ChangeState::Closed), (None, ChangeState::Open)] {
            world.fake.state().pulls.get_mut(&world.id).unwrap()[1].closed_at = closed_at;
            let key = format!("github:{}:{}", world.fake.origin().split("://").last().unwrap(), world.id);
            told(&world.portal, &key, &second.change.branch).await.unwrap();
            wait(&world.portal, async || get(&world.portal, &Actor::Operator, &id).await.unwrap().change.state == state).await;
        }
        told(&world.portal, "github:elsewhere:1", "slipway/nothing").await.unwrap();
        world.portal.stop().await;
    }

    async fn a_change_is_closed_with_its_branch_and_proposed_again(settings: Settings) {
        let world = World::new(&settings).await;
        let made = world.propose(world.wish("a: 1\n")).await;
        close(&world.portal, &Actor::Operator, &made.change.id).await.unwrap();
        let closed = settled(&world.portal, &made.change.id).await;
        assert_eq!((closed.change.state, closed.change.closing), (ChangeState::Closed, false), "{closed:?}");
        assert!(world.pulls()[0].closed_at.is_some());
        assert_eq!(world.branches(), ["main"]);
        assert!(matches!(close(&world.portal, &Actor::Operator, &made.change.id).await, Err(Error::Conflict(_))));
        let again = world.retried(&made.change.id).await;
        assert_eq!((again.change.state, again.change.number), (ChangeState::Open, Some(2)), "{again:?}");
        // Somebody closes it by hand at GitHub; an update says so instead of opening another.
        world.fake.state().pulls.get_mut(&world.id).unwrap()[1].closed_at = Some(1);
        let told = world.propose(world.wish("a: 3\n")).await;
        assert_eq!(told.change.state, ChangeState::Closed, "{told:?}");
        assert!(reason(&told).contains("Somebody closed pull request #2"));
        world.portal.stop().await;
    }
}
