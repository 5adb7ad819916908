//! What people ask for in the portal, and what they do with it.

use super::*;

fn asks(scopes: &[&str], environments: &[&str], justification: &str) -> Ask {
    Ask {
        consumer: Some(checkout()),
        api: Some(payments()),
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        environments: environments.iter().map(|environment| (*environment).to_owned()).collect(),
        justification: justification.to_owned(),
        ..Ask::default()
    }
}

fn fields(result: crate::Result<String>) -> Vec<String> {
    match result {
        Err(Error::Invalid(findings)) => findings.findings.iter().map(|finding| finding.file.clone()).collect(),
        other => panic!("{other:?}"),
    }
}

db_test! {
    async fn one_asks_here_and_manifests_leave_it_alone(settings: Settings) {
        let world = World::new(&settings).await;
        let portal = &world.portal;
        let wish = asks(&["payments.charge.read"], &["staging"], "A rehearsal");
        assert!(matches!(ask(portal, &world.pat, &wish).await, Err(Error::Forbidden(_))), "who does not own the consumer");
        assert_eq!(fields(ask(portal, &world.sam, &asks(&[], &[], "")).await), ["scopes", "environments"]);
        assert_eq!(fields(ask(portal, &world.sam, &asks(&["payments.charge.write"], &["moon", "staging"], "")).await), ["environments", "justification"]);
        assert_eq!(fields(ask(portal, &world.sam, &asks(&["nothing"], &["staging"], "")).await), ["scopes"]);
        let late = Ask { expires: "900d".to_owned(), ..wish.clone() };
        assert_eq!(fields(ask(portal, &world.sam, &late).await), ["expires"]);
        assert_eq!(fields(ask(portal, &world.sam, &Ask { expires: "soon".to_owned(), ..wish.clone() }).await), ["expires"]);
        let id = ask(portal, &world.sam, &wish).await.unwrap();
        assert!(matches!(ask(portal, &world.sam, &wish).await, Err(Error::Conflict(_))), "it waits already");
        let many = [&world.sam, &world.sam].map(|actor| ask(portal, actor, &wish));
        assert!(futures::future::join_all(many).await.iter().all(Result::is_err));
        world.push("checkout", &[("README.md", "# Checkout\n")]).await;
        let found = request(portal, &world.pat, &id).await.unwrap();
        assert!(found.may_decide && !found.may_withdraw && found.atoms[0].state == Standing::Pending, "{found:#?}");
        let own = request(portal, &world.sam, &id).await.unwrap();
        assert!(!own.may_decide && own.may_withdraw, "{own:#?}");
        world.decide(&world.pat, &id, false, "Use the sandbox").await.unwrap();
        assert!(matches!(ask(portal, &world.sam, &wish).await, Err(Error::Conflict(_))), "the same words, at once");
        assert_eq!(world.titles(&world.sam).await.len(), 1);
        let again = ask(portal, &world.sam, &asks(&["payments.charge.read"], &["staging"], "The sandbox has no data")).await.unwrap();
        let atom = request(portal, &world.sam, &again).await.unwrap().atoms[0].id.clone();
        act(portal, &world.sam, &[atom], Deed::Withdraw, "").await.unwrap();
        assert!(matches!(world.decide(&world.pat, &again, true, "").await, Err(Error::Conflict(_))));
        world.portal.stop().await;
    }

    async fn what_is_taken_without_asking_is_told_and_ratified(settings: Settings) {
        let world = World::new(&settings).await;
        let portal = &world.portal;
        let wish = asks(&["payments.charge.write"], &["production"], "");
        assert!(matches!(break_glass(portal, &world.sam, &wish, " ").await, Err(Error::Invalid(_))));
        break_glass(portal, &world.sam, &wish, "INC-7: refunds fail").await.unwrap();
        let (atoms, _) = list(portal, &Actor::Operator, &AccessFilter { scope: Some("payments.charge.write".to_owned()), ..Default::default() }, 1, 10).await.unwrap();
        let atom = &atoms[0];
        assert!(atom.state == Standing::Active && atom.flags.break_glass && atom.flags.unratified, "{atom:#?}");
        assert!(atom.expires.unwrap() - atom.since.unwrap() <= 72 * 60 * 60 * 1_000, "{atom:#?}");
        assert!(world.titles(&world.pat).await.iter().any(|title| title.contains("without asking")));
        assert_eq!(history(portal, &world.sam, &atom.id).await.unwrap().may, ["withdraw"]);
        let may = history(portal, &world.pat, &atom.id).await.unwrap().may;
        assert_eq!(may, ["revoke", "suspend", "recertify", "ratify"]);
        assert!(matches!(act(portal, &world.sam, std::slice::from_ref(&atom.id), Deed::Ratify, "").await, Err(Error::Forbidden(_))));
        let after = act(portal, &world.pat, std::slice::from_ref(&atom.id), Deed::Ratify, "It was right").await.unwrap();
        assert!(!after[0].flags.unratified, "{after:#?}");
        let suspended = act(portal, &world.pat, std::slice::from_ref(&atom.id), Deed::Suspend, "Enough").await.unwrap();
        assert_eq!(suspended[0].state, Standing::Suspended);
        let resumed = act(portal, &world.pat, std::slice::from_ref(&atom.id), Deed::Resume, "Not yet").await.unwrap();
        assert_eq!(resumed[0].state, Standing::Active);
        assert_eq!(world.audited("access.break-glass").await, 1);
        world.portal.stop().await;
    }

    async fn pipelines_and_gateways_get_what_they_need(settings: Settings) {
        let world = World::new(&Settings { public_url: Some("https://slipway.example".to_owned()), ..settings }).await;
        let portal = &world.portal;
        let (signed, ends) = bundle(portal, &Actor::Operator, &checkout()).await.unwrap();
        let known = keys(portal).await.unwrap();
        let expected = engine_access::bundle::Expected {
            issuer: "https://slipway.example",
            audience: engine_access::bundle::AUDIENCE,
            component: &checkout(),
            revocation_epoch: 0,
            now: project::instant(portal.clock().now()),
        };
        let bundle = engine_access::bundle::verify(&signed, &known, &expected).unwrap();
        assert!(bundle.grants.len() == 2 && ends > portal.clock().now(), "{bundle:#?}");
        assert!(!format!("{bundle:?}").contains("user:default/"), "a bundle lies in caches: {bundle:#?}");
        assert_eq!((bundle.revocation_epoch, epoch(portal, &Actor::Visitor, &checkout()).await.unwrap()), (0, 0));
        assert!(matches!(epoch(portal, &Actor::Operator, &payments_service("nobody")).await, Err(Error::NotFound(_))));
        assert_eq!(keys(portal).await.unwrap(), known, "the same key goes on signing");
        assert!(matches!(super::bundle(portal, &Actor::Operator, &payments_service("nobody")).await, Err(Error::NotFound(_))));

        assert!(matches!(export(portal, &world.sam, &Format::Json).await, Err(Error::Forbidden(_))));
        let Exported::Text(text) = export(portal, &Actor::Operator, &Format::Json).await.unwrap() else { panic!() };
        assert!(text.body.contains("payments.charge.read") && !text.body.contains("\"production\""), "{}", text.body);
        let again = export(portal, &Actor::Operator, &Format::Json).await.unwrap();
        assert_eq!(again.etag(), text.etag);
        let Exported::Files(files) = export(portal, &Actor::Operator, &Format::Opa).await.unwrap() else { panic!() };
        assert!(files.files.iter().any(|(name, text)| *name == "data.json" && text.contains("POST /charges")), "{files:#?}");
        let feed = feed(portal, &Actor::Operator, 0).await.unwrap();
        assert_eq!((feed.len(), super::feed(portal, &Actor::Operator, feed[1].1).await.unwrap().len()), (2, 0));
        let now = portal.clock().now();
        let (held, total) = report(portal, &Actor::Operator, now, 10).await.unwrap();
        assert_eq!((held.len(), total, report(portal, &Actor::Operator, 0, 10).await.unwrap().1), (1, 1, 0), "nothing was granted then");
        let csv = report_csv(portal, &Actor::Operator, now).await.unwrap();
        assert!(csv.lines().count() == 2 && csv.contains("component:default/checkout,api:default/payments,payments.charge.read,development,"), "{csv}");
        let json: serde_json::Value = serde_json::from_str(&report_json(portal, &Actor::Operator, now).await.unwrap()).unwrap();
        assert_eq!(json["grants"][0]["scope"], "payments.charge.read", "{json}");
        assert!(matches!(report_csv(portal, &world.sam, now).await, Err(Error::Forbidden(_))));
        let (cells, more) = matrix(portal, &Actor::Operator, &AccessFilter::default(), "").await.unwrap();
        assert_eq!((cells.len(), cells[0].active, cells[0].waiting, more), (1, 1, 1, None));
        assert_eq!(count_waiting(portal, &Actor::Operator).await.unwrap(), 1);
        assert_eq!(waiting_for(portal, &world.pat).await.unwrap(), 1);
        assert_eq!((waiting_for(portal, &world.sam).await.unwrap(), waiting_for(portal, &Actor::Operator).await.unwrap()), (0, 0));
        world.portal.stop().await;
    }

    async fn what_opens_little_is_approved_with_others(settings: Settings) {
        let world = World::new(&settings).await;
        let portal = &world.portal;
        let staging = ask(portal, &world.sam, &asks(&["payments.charge.read"], &["staging"], "A rehearsal")).await.unwrap();
        let restricted = ask(portal, &world.sam, &asks(&["payments.charge.write"], &["staging"], "A rehearsal")).await.unwrap();
        let waiting = waiting(portal, &world.pat).await.unwrap();
        let manifest = waiting.iter().map(|one| &one.id).find(|id| **id != staging && **id != restricted).unwrap().clone();
        let all = [manifest, staging.clone(), restricted.clone(), "nothing".to_owned()];
        let own = approve_all(portal, &world.sam, &all).await.unwrap();
        assert_eq!((own.requests, own.refused.len()), (0, 4), "{own:?}");
        let done = approve_all(portal, &world.pat, &all).await.unwrap();
        assert_eq!((done.requests, done.refused.len()), (2, 2), "{done:?}");
        assert_eq!(done.refused[0].0, "checkout asks for payments");
        assert!(done.refused[0].1.contains("restricted") && done.refused[1].1.contains("not there"), "{done:?}");
        assert!(request(portal, &world.pat, &restricted).await.unwrap().atoms[0].waiting.is_some());
        assert_eq!(request(portal, &world.pat, &staging).await.unwrap().atoms[0].state, Standing::Active);
        let again = approve_all(portal, &world.pat, &[staging]).await.unwrap();
        assert_eq!((again.requests, again.refused.len()), (0, 1), "it waits no more");
        assert!(matches!(approve_all(portal, &world.pat, &[]).await, Err(Error::Conflict(_))));
        world.portal.stop().await;
    }

    async fn lists_are_narrowed_to_what_somebody_owns(settings: Settings) {
        let world = World::new(&settings).await;
        let portal = &world.portal;
        for (owner, count) in [("payments-team", 2), ("shop", 2), ("security", 0), ("nobody", 0)] {
            let owner = Some(EntityRef::new("group", "default", owner));
            let filter = AccessFilter { owner, ..AccessFilter::default() };
            assert_eq!(list(portal, &Actor::Operator, &filter, 1, 10).await.unwrap().1, count, "{filter:?}");
            let (cells, _) = matrix(portal, &Actor::Operator, &filter, "").await.unwrap();
            assert_eq!(cells.len(), usize::from(count > 0), "{filter:?}");
        }
        let apis: Vec<(String, usize)> =
            offering(portal, &Actor::Visitor).await.unwrap().into_iter().map(|(row, scopes)| (row.reference.name, scopes)).collect();
        assert_eq!(apis, [("payments".to_owned(), 2)]);
        world.portal.stop().await;
    }

    async fn what_cannot_be_read_only_reports_where_its_repository_does(settings: Settings) {
        let access = crate::settings::AccessSettings { report_only: vec!["checkout".to_owned()], ..settings.access.clone() };
        let world = World::new(&Settings { access, ..settings }).await;
        let portal = &world.portal;
        let broken = "metadata: {component: checkout}\nrequires: [\n";
        let answer = |actor: Actor, text: &'static str, repository: Option<&'static str>| async move {
            only_reports(portal, &actor, text, repository).await.unwrap()
        };
        assert!(matches!(check(portal, &Actor::Visitor, "access.yaml", broken, None).await, Err(Error::Invalid(_))));
        assert!(answer(Actor::Visitor, broken, None).await);
        assert!(answer(Actor::Visitor, "nothing", Some("checkout")).await);
        assert!(!answer(Actor::Visitor, "nothing", None).await);
        assert!(!answer(Actor::Visitor, "nothing", Some("payments")).await, "its checks are no reports");
        assert!(!answer(Actor::Visitor, "nothing", Some("checkout2")).await, "there is none");
        // The repository of the component goes before the one that is named.
        assert!(!answer(Actor::Visitor, "metadata: {component: payments-service}", Some("checkout")).await);
        let mut tx = portal.db().begin().await.unwrap();
        for sql in [
            r#"UPDATE entities SET visibility = 'readers', body = REPLACE(body, '"visibility":"public"', '"visibility":"readers"')"#,
            "UPDATE repositories SET visibility = 'readers'",
        ] {
            crate::db::on!(tx, p => sqlx::query(sql).execute(p).await.map(drop)).unwrap();
        }
        tx.commit().await.unwrap();
        for (actor, expected) in [(Actor::Visitor, false), (Actor::Operator, true)] {
            assert_eq!(answer(actor.clone(), broken, None).await, expected);
            assert_eq!(answer(actor, "nothing", Some("checkout")).await, expected);
        }
        world.portal.stop().await;
    }

    async fn who_may_read_neither_end_sees_nothing(settings: Settings) {
        let world = World::new(&settings).await;
        let portal = &world.portal;
        let hide = |name: &'static str| async move {
            let mut tx = portal.db().begin().await.unwrap();
            let sql = "UPDATE entities SET visibility = 'readers' WHERE reference = $1";
            crate::db::on!(tx, p => sqlx::query(sql).bind(name).execute(p).await.map(drop)).unwrap();
            tx.commit().await.unwrap();
        };
        assert_eq!(list(portal, &Actor::Visitor, &AccessFilter::default(), 1, 10).await.unwrap().1, 2);
        hide("component:default/checkout").await;
        assert_eq!(list(portal, &Actor::Visitor, &AccessFilter::default(), 1, 10).await.unwrap().1, 0);
        assert_eq!(list(portal, &Actor::Operator, &AccessFilter::default(), 1, 10).await.unwrap().1, 2);
        assert!(waiting(portal, &Actor::Visitor).await.unwrap().is_empty());
        assert!(matrix(portal, &Actor::Visitor, &AccessFilter::default(), "").await.unwrap().0.is_empty());
        let (atoms, _) = list(portal, &Actor::Operator, &AccessFilter::default(), 1, 10).await.unwrap();
        assert!(matches!(history(portal, &Actor::Visitor, &atoms[0].id).await, Err(Error::NotFound(_))));
        assert!(matches!(request(portal, &Actor::Visitor, &atoms[0].request).await, Err(Error::NotFound(_))));
        world.portal.stop().await;
    }
}

fn payments_service(name: &str) -> EntityRef {
    EntityRef::new("component", "default", name)
}
