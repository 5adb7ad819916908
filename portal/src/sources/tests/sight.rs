//! What goes out of sight and what goes, and what a person says of it.

use fake_forge::{Fake, Fault};

use super::github::{acme, add, change, id, phase, source};
use super::*;
use crate::audit;
use crate::clock::Clock;
use crate::repositories::{self, RepositoryFilter};

const NOW: i64 = 1_767_225_600_000;
const DAY: i64 = 24 * 60 * 60 * 1000;

/// In a time that moves only when told to.
async fn at(settings: &Settings, source: SourceSettings) -> Portal {
    open(&Settings { clock: Clock::fixed(NOW), ..settings.clone() }, vec![source]).await
}

fn fine_grained(fake: &Fake, selected: Option<Vec<u64>>) {
    let mut state = fake.state();
    let token = state.tokens.get_mut("ghp_full").unwrap();
    token.scopes = None;
    token.selected = selected.map(|ids| ids.into_iter().collect());
}

async fn unlisted(portal: &Portal) -> model::source::Unlisted {
    list(portal, &Actor::Operator).await.unwrap()[0].unlisted.clone()
}

async fn numbers(fake: &Fake) -> Vec<u64> {
    fake.state().repositories.keys().copied().collect()
}

async fn actions(portal: &Portal) -> Vec<String> {
    let entries = audit::list(portal, &Actor::Operator, &audit::AuditFilter::default(), None, 20).await.unwrap();
    entries.into_iter().map(|entry| format!("{} {} {}", entry.actor, entry.action, entry.target)).collect()
}

db_test! {
    async fn a_lost_team_takes_nothing_away_and_closes_what_is_out_of_sight(settings: Settings) {
        let (fake, _host) = acme(&["a", "b", "c"]).await;
        // Ada is no owner any more, from the beginning.
        fake.state().organisations.get_mut("acme").unwrap().members[0].admin = false;
        let portal = at(&settings, source(&fake)).await;
        round(&portal).await;
        let ids = numbers(&fake).await;
        fake.state().tokens.get_mut("ghp_full").unwrap().selected = Some([ids[0], ids[2]].into());
        let job = round(&portal).await;
        assert_eq!((names(&portal).await.len(), job.progress.phase.as_str()), (3, "2 repositories, 0 read"));
        let b = row(&portal, "b").await;
        assert_eq!((b.visibility.as_str(), b.unseen_since, b.unseen_as.as_deref()), ("signed-in", Some(NOW), Some("hidden")));
        assert!(lines(&portal, &job).await.iter().any(|line| line.contains("b is out of sight")));
        // It says so where it is shown, and can be found by it.
        let seen = repositories::get(&portal, &Actor::Operator, "b").await.unwrap().row.out_of_sight.unwrap();
        assert!(seen.since == NOW && !seen.waits && seen.why.contains("not listed any more"), "{seen:?}");
        let filter = RepositoryFilter { out_of_sight: true, ..RepositoryFilter::default() };
        let page = repositories::list(&portal, &Actor::Operator, &filter).await.unwrap();
        assert_eq!((page.total, page.out_of_sight, page.rows[0].name.as_str()), (1, 1, "b"));
        assert!(repositories::get(&portal, &Actor::Visitor, "b").await.is_err());
        // Nor does it go with the next round, though our standing is then the same.
        round(&portal).await;
        assert_eq!(row(&portal, "b").await, b);
        // It comes back by itself.
        fake.state().tokens.get_mut("ghp_full").unwrap().selected = None;
        round(&portal).await;
        let back = row(&portal, "b").await;
        assert_eq!((back.visibility.as_str(), back.unseen_since, back.seen_under), ("public", None, None));
        portal.stop().await;
    }

    async fn after_thirty_days_out_of_sight_it_is_removed_by_the_system(settings: Settings) {
        let (fake, _host) = acme(&["a", "b"]).await;
        let portal = at(&settings, source(&fake)).await;
        round(&portal).await;
        let a = id(&fake, "a");
        fine_grained(&fake, Some(vec![a]));
        round(&portal).await;
        portal.clock().advance(30 * DAY - 1);
        round(&portal).await;
        assert_eq!(names(&portal).await, ["a", "b"]);
        portal.clock().advance(1);
        // Not while nothing can be listed: then it could not come back either.
        fake.break_next("/orgs/acme/repos", Fault::BadCredentials, 2);
        round(&portal).await;
        assert_eq!(names(&portal).await, ["a", "b"]);
        fake.state().clear_faults();
        assert_eq!(phase(&portal).await, "1 repositories, 0 read, 1 gone");
        assert_eq!(names(&portal).await, ["a"]);
        assert!(actions(&portal).await.contains(&"system repository.remove b".to_owned()));
        portal.stop().await;
    }

    async fn a_fine_grained_token_proves_nothing(settings: Settings) {
        let (fake, _host) = acme(&["a", "b"]).await;
        fine_grained(&fake, None);
        let portal = at(&settings, source(&fake)).await;
        round(&portal).await;
        let deleted = id(&fake, "b");
        fake.state().repositories.remove(&deleted);
        round(&portal).await;
        let b = row(&portal, "b").await;
        assert_eq!(b.unseen_as.as_deref(), Some("hidden"));
        assert!(b.unseen_why.unwrap().contains("classic token"));
        portal.stop().await;
    }

    async fn many_at_once_wait_and_go_when_a_person_says_so(settings: Settings) {
        let all: Vec<String> = (0..8).map(|number| format!("r{number}")).collect();
        let (fake, _host) = acme(&all.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let portal = at(&settings, source(&fake)).await;
        round(&portal).await;
        for id in &numbers(&fake).await[..6] {
            fake.state().repositories.remove(id);
        }
        round(&portal).await;
        assert_eq!(names(&portal).await, all);
        let asked = unlisted(&portal).await;
        assert_eq!((asked.waiting, asked.out_of_sight, asked.until, asked.repositories.len()), (6, 6, NOW, 6));
        assert!(asked.repositories[0].why.contains("does not exist any more"));
        // Neither by itself, nor by somebody who may not, nor on others than were shown.
        portal.clock().advance(40 * DAY);
        round(&portal).await;
        assert_eq!(names(&portal).await, all);
        let refused = decide(&portal, &Actor::Visitor, "acme", Word::Gone, asked.until).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))));
        assert!(matches!(decide(&portal, &Actor::Operator, "other", Word::Gone, 0).await, Err(Error::NotFound(_))));
        assert_eq!(decide(&portal, &Actor::Operator, "acme", Word::Gone, asked.until - 1).await.unwrap(), 0);
        assert_eq!(decide(&portal, &Actor::Operator, "acme", Word::Gone, asked.until).await.unwrap(), 6);
        assert_eq!(names(&portal).await, ["r6", "r7"]);
        assert_eq!(unlisted(&portal).await, model::source::Unlisted::default());
        assert!(actions(&portal).await.contains(&"operator source.unlisted-gone acme".to_owned()));
        portal.stop().await;
    }

    async fn what_a_person_keeps_is_not_asked_for_again_also_after_a_restart(settings: Settings) {
        let all: Vec<String> = (0..8).map(|number| format!("r{number}")).collect();
        let (fake, _host) = acme(&all.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let portal = at(&settings, source(&fake)).await;
        round(&portal).await;
        let ids = numbers(&fake).await;
        fine_grained(&fake, Some(ids[6..].to_vec()));
        round(&portal).await;
        let asked = unlisted(&portal).await;
        assert_eq!(decide(&portal, &Actor::Operator, "acme", Word::Keep, asked.until).await.unwrap(), 6);
        portal.stop().await;
        drop(portal);
        let portal = at(&settings, source(&fake)).await;
        portal.clock().advance(40 * DAY);
        round(&portal).await;
        assert_eq!(names(&portal).await, all);
        let now = unlisted(&portal).await;
        assert_eq!((now.waiting, now.out_of_sight), (0, 6));
        // Seen again, and gone for good: that is another case.
        fine_grained(&fake, None);
        round(&portal).await;
        assert_eq!(unlisted(&portal).await.out_of_sight, 0);
        portal.stop().await;
    }

    async fn what_vanished_while_nobody_looked_is_told_apart(settings: Settings) {
        let (fake, _host) = acme(&["a", "b", "c"]).await;
        let portal = at(&settings, source(&fake)).await;
        round(&portal).await;
        portal.stop().await;
        drop(portal);
        let (gone, hidden) = (id(&fake, "a"), id(&fake, "b"));
        fake.state().repositories.remove(&gone);
        let portal = at(&settings, source(&fake)).await;
        round(&portal).await;
        assert_eq!(names(&portal).await, ["b", "c"], "our standing is what it was, so its 404 means that it is gone");
        portal.stop().await;
        drop(portal);
        // Another person's token, which sees less.
        fake.state().repositories.remove(&hidden);
        fake.state().add_token("ghp_full", "ben", &["repo", "read:org"]);
        let portal = at(&settings, source(&fake)).await;
        round(&portal).await;
        assert_eq!(names(&portal).await, ["b", "c"]);
        assert_eq!(row(&portal, "b").await.unseen_as.as_deref(), Some("hidden"));
        portal.stop().await;
    }

    async fn a_missing_page_says_nothing_of_what_would_be_on_it(settings: Settings) {
        let (fake, host) = acme(&["a"]).await;
        for number in 0..100 {
            let id = fake.state().add_repository("acme", &format!("r{number}"));
            // One mirror for all is enough here.
            change(&fake, id, |repository| repository.clone_url = Some(host.url("a")));
        }
        let portal = at(&settings, source(&fake)).await;
        round(&portal).await;
        fake.break_next("page=2", Fault::MissingPage, 1);
        let job = round(&portal).await;
        assert_eq!(job.state, JobState::Failed);
        assert_eq!((names(&portal).await.len(), unlisted(&portal).await.out_of_sight), (101, 0));
        portal.stop().await;
    }

    async fn one_that_is_made_again_under_its_name_is_another(settings: Settings) {
        let (fake, host) = acme(&["a"]).await;
        fine_grained(&fake, None);
        let portal = at(&settings, source(&fake)).await;
        round(&portal).await;
        let before = row(&portal, "a").await;
        let deleted = id(&fake, "a");
        fake.state().repositories.remove(&deleted);
        // Numbers rise for ever.
        fake.state().add_repository("elsewhere", "b");
        add(&fake, &host, "a");
        let job = round(&portal).await;
        assert_eq!(job.progress.phase, "1 repositories, 1 read, 1 new, 1 gone");
        let after = row(&portal, "a").await;
        assert_ne!((&after.id, &after.slug), (&before.id, &before.slug));
        portal.stop().await;
    }

    async fn what_turns_private_is_for_its_readers_at_once(settings: Settings) {
        let (fake, _host) = acme(&["a"]).await;
        let portal = at(&settings, source(&fake)).await;
        round(&portal).await;
        let number = id(&fake, "a");
        for (visibility, expected) in [(fake_forge::Visibility::Private, "readers"), (fake_forge::Visibility::Internal, "signed-in"), (fake_forge::Visibility::Public, "public")] {
            change(&fake, number, |repository| repository.visibility = visibility);
            round(&portal).await;
            assert_eq!(row(&portal, "a").await.visibility, expected);
        }
        portal.stop().await;
    }

    async fn what_the_filters_leave_out_goes_without_being_asked_for(settings: Settings) {
        let all: Vec<String> = (0..8).map(|number| format!("r{number}")).collect();
        let (fake, _host) = acme(&all.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let portal = at(&settings, source(&fake)).await;
        round(&portal).await;
        portal.stop().await;
        drop(portal);
        let mut narrower = source(&fake);
        let SourceKind::GitHub(github) = &mut narrower.kind else { panic!("{narrower:?}") };
        github.filter.names = vec!["r7".to_owned()];
        let portal = at(&settings, narrower).await;
        let before = fake.requests().len();
        round(&portal).await;
        assert_eq!(names(&portal).await, ["r7"]);
        assert!(!fake.requests()[before..].iter().any(|request| request.contains("/repositories/")));
        portal.stop().await;
    }

    async fn facts_of_the_forge_are_kept_and_shown(settings: Settings) {
        let (fake, _host) = acme(&["a"]).await;
        let number = id(&fake, "a");
        change(&fake, number, |repository| {
            repository.topics = vec!["ledger".to_owned()];
            repository.description = Some("Keeps the books.".to_owned());
            repository.homepage = Some("javascript:alert(1)".to_owned());
            repository.properties.insert("tier".to_owned(), "1".into());
        });
        let portal = at(&settings, source(&fake)).await;
        round(&portal).await;
        let forge = repositories::get(&portal, &Actor::Operator, "a").await.unwrap().forge.unwrap();
        assert_eq!((forge.topics.as_slice(), forge.description.as_deref()), (&["ledger".to_owned()][..], Some("Keeps the books.")));
        assert_eq!((forge.homepage.as_deref(), forge.custom_properties["tier"][0].as_str()), (None, "1"));
        assert_eq!(forge.pushed_at, Some(1_507_651_200_000));
        // A push alone is no news for the catalog.
        change(&fake, number, |repository| repository.pushed_at += 1);
        round(&portal).await;
        assert_eq!(row(&portal, "a").await.pushed_at, Some(1_507_651_201_000));
        portal.stop().await;
    }
}
