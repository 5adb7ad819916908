//! What was granted elsewhere, and what nobody granted.

use super::*;

const CSV: &str = "\
consumer,api,scope,environment,approved_by,approved_at,justification,expires
checkout,payments,payments.charge.write,production,Ann Example,2024-03-01,Charges customers,2099-06-30
checkout,payments,payments.charge.read,staging,Ann Example,2024-03-01,,
checkout,payments,payments.charge.read,development,Ann Example,2024-03-01,,
";

fn csv(text: &str) -> Given {
    Given { file: "grants.csv".to_owned(), text: text.to_owned(), format: GivenFormat::Csv }
}

/// What became of it, once the job has ended.
async fn taken(portal: &Portal, given: Given, taking: Taking) -> model::access::AccessImport {
    let mut import = import(portal, &Actor::Operator, given, taking).await.unwrap();
    let job = import.job.clone().unwrap();
    // On a busy machine other jobs go first.
    for _ in 0..3_000 {
        if import.state.unwrap().is_over() {
            return import;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
        import = imported(portal, &Actor::Operator, &job).await.unwrap();
    }
    panic!("it does not end: {import:#?}");
}

fn wrong(result: crate::Result<model::access::AccessImport>) -> Vec<(String, u32)> {
    match result {
        Err(Error::Invalid(findings)) => {
            findings.findings.into_iter().map(|finding| (finding.rule, finding.line)).collect()
        }
        other => panic!("{other:?}"),
    }
}

db_test! {
    async fn grants_are_taken_over_once_and_what_is_here_goes_before(settings: Settings) {
        let world = World::new(&settings).await;
        let portal = &world.portal;
        for actor in [&world.pat, &world.sam, &Actor::Visitor] {
            assert!(matches!(import(portal, actor, csv(CSV), Taking::default()).await, Err(Error::Forbidden(_))));
        }
        let before = feed(portal, &Actor::Operator, 0).await.unwrap();
        let tried = import(portal, &Actor::Operator, csv(CSV), Taking { dry_run: true, partial: false }).await.unwrap();
        assert_eq!((tried.dry_run, tried.imported, tried.unchanged), (true, 2, 1), "{tried:#?}");
        assert_eq!(feed(portal, &Actor::Operator, 0).await.unwrap(), before);
        let done = taken(portal, csv(CSV), Taking::default()).await;
        assert_eq!((done.imported, done.unchanged, done.findings.len()), (2, 1, 1), "{done:#?}");
        assert!(done.findings[0].line == 4 && done.findings[0].message.contains("granted here already"), "{done:#?}");
        assert_eq!(world.audited("access.import").await, 2);
        let filter = AccessFilter { scope: Some("payments.charge.write".to_owned()), ..Default::default() };
        let (atoms, _) = list(portal, &Actor::Operator, &filter, 1, 10).await.unwrap();
        assert!(atoms[0].state == Standing::Active && atoms[0].flags.imported, "{atoms:#?}");
        assert_eq!((atoms[0].approved_by.as_slice(), atoms[0].justification.as_str()), (["Ann Example".to_owned()].as_slice(), "Charges customers"));
        // At most what the policy allows, from now on.
        assert!(atoms[0].expires.unwrap() <= portal.clock().now() + 91 * DAY, "{atoms:#?}");

        // The same again changes nothing, and what was decided here since is not undone.
        let again = taken(portal, csv(CSV), Taking::default()).await;
        assert_eq!((again.imported, again.unchanged), (0, 3), "{again:#?}");
        act(portal, &world.pat, std::slice::from_ref(&atoms[0].id), Deed::Revoke, "It leaked").await.unwrap();
        let after = taken(portal, csv(CSV), Taking::default()).await;
        assert_eq!((after.imported, after.unchanged), (0, 3));
        assert!(after.findings.iter().any(|finding| finding.line == 2 && finding.message.contains("was revoked here")), "{after:#?}");
        world.portal.stop().await;
    }

    async fn nothing_is_taken_while_anything_is_wrong(settings: Settings) {
        let world = World::new(&settings).await;
        let portal = &world.portal;
        let head = CSV.lines().next().unwrap();
        let rows = [
            "checkout,payments,payments.charge.read,staging,Ann,2024-03-01,,",
            "nobody,payments,payments.charge.read,staging,Ann,2024-03-01,,",
            "checkout,nothing,payments.charge.read,staging,Ann,2024-03-01,,",
            "checkout,payments,payments.charge.rea,staging,Ann,2024-03-01,,",
            "checkout,payments,payments.charge.read,moon,Ann,2024-03-01,,",
            "checkout,payments,payments.charge.read,*,Ann,2024-03-01,,",
        ];
        let text = format!("{head}\n{}\n", rows.join("\n"));
        let expected = [("ACC003", 3), ("ACC004", 4), ("ACC005", 5), ("ACC007", 6), ("ACC007", 7)];
        let found = wrong(import(portal, &Actor::Operator, csv(&text), Taking::default()).await);
        assert_eq!(found, expected.map(|(rule, line)| (rule.to_owned(), line)));
        assert_eq!(world.audited("access.import").await, 0);
        // What has expired is left out, and said.
        let text = format!("{head}\n{}\n{}\n", rows[0], "checkout,payments,payments.charge.write,staging,Ann,2020-03-01,,2021-01-01");
        let done = taken(portal, csv(&text), Taking::default()).await;
        assert_eq!((done.imported, done.findings.len(), done.findings[0].line), (1, 1, 3), "{done:#?}");
        // A mapping that says nothing is wrong by itself; another form is taken as well.
        let yaml = "service: checkout\naccess:\n  payments:\n    permissions: [payments.charge.write]\n    stages: [stage]\n    approval: {by: Ann, on: 2024-03-01}\n";
        let mapping = "each: access.*\nfields:\n  consumer: /service\n  api: '@key'\n  scope: permissions\n  environment: stages\n  approved_by: approval.by\n  approved_at: approval.on\nvalues:\n  environment: {stage: staging}\n";
        let given = |mapping: &str| Given {
            file: "old.yaml".to_owned(),
            text: yaml.to_owned(),
            format: GivenFormat::Yaml { file: "mapping.yaml".to_owned(), mapping: mapping.to_owned() },
        };
        assert!(!wrong(import(portal, &Actor::Operator, given("each: x\n"), Taking::default()).await).is_empty());
        let done = taken(portal, given(mapping), Taking::default()).await;
        assert_eq!((done.imported, done.findings.as_slice()), (1, [].as_slice()), "{done:#?}");
        let json = r#"{"grants": [{"consumer": "checkout", "api": "payments", "scope": "payments.charge.read", "environment": "staging", "approved_by": "Ann", "approved_at": "2024-03-01"}]}"#;
        let given = Given { file: "g.json".to_owned(), text: json.to_owned(), format: GivenFormat::Json };
        let done = taken(portal, given, Taking::default()).await;
        assert_eq!((done.imported, done.unchanged), (0, 1), "{done:#?}");
        world.portal.stop().await;
    }

    async fn a_part_is_taken_where_that_is_enough(settings: Settings) {
        let world = World::new(&settings).await;
        let portal = &world.portal;
        let head = CSV.lines().next().unwrap();
        let rows = [
            "checkout,payments,payments.charge.read,staging,Ann,2024-03-01,,",
            "nobody,payments,payments.charge.read,staging,Ann,2024-03-01,,",
            "checkout,payments,payments.charge.write,staging,Ann,yesterday,,",
            "checkout,payments,payments.charge.write,production,Ann,2024-03-01,,",
        ];
        let text = format!("{head}\n{}\n", rows.join("\n"));
        let partial = Taking { partial: true, dry_run: false };
        let tried = import(portal, &Actor::Operator, csv(&text), Taking { dry_run: true, ..partial }).await.unwrap();
        assert_eq!((tried.total, tried.imported, tried.findings.len(), tried.job), (2, 2, 2, None));
        let done = taken(portal, csv(&text), partial).await;
        assert_eq!((done.state.unwrap().as_str(), done.total, done.imported, done.unchanged), ("succeeded", 2, 2, 0), "{done:#?}");
        let found: Vec<(&str, u32)> = done.findings.iter().map(|finding| (finding.rule.as_str(), finding.line)).collect();
        assert_eq!(found, [("ACC003", 3), ("ACC001", 4)]);
        let nothing = format!("{head}\n{}\n", rows[1]);
        assert_eq!(wrong(import(portal, &Actor::Operator, csv(&nothing), partial).await), [("ACC003".to_owned(), 2)]);
        assert!(matches!(imported(portal, &world.pat, done.job.as_deref().unwrap()).await, Err(Error::Forbidden(_))));
        assert!(matches!(imported(portal, &Actor::Operator, "none").await, Err(Error::NotFound(_))));
        // Nothing waits any more.
        assert_eq!(import::store::next_piece(portal.db(), done.job.as_deref().unwrap()).await.unwrap(), None);
        world.portal.stop().await;
    }

    async fn many_are_written_as_one_is(settings: Settings) {
        let clock = crate::clock::Clock::fixed(1_790_000_000_000);
        let world = World::new(&Settings { clock: clock.clone(), ..settings }).await;
        let portal = &world.portal;
        let row = |scope: &str, environment: &str, until: &str| format!("checkout,payments,{scope},{environment},Ann,2024-03-01,Needed,{until}\n");
        let head = CSV.lines().next().unwrap();
        let (read, write) = ("payments.charge.read", "payments.charge.write");
        // One that was imported before and has ended since: it is taken over anew, with another end.
        let soon = crate::access::project::instant(portal.clock().now() + 2 * DAY).to_string();
        let first = format!("{head}\n{}", row(write, "staging", &soon[..10]));
        assert_eq!(taken(portal, csv(&first), Taking::default()).await.imported, 1);
        clock.advance(5 * DAY);
        let text = format!("{head}\n{}{}{}", row(read, "staging", ""), row(write, "production", ""), row(write, "staging", "2099-01-01"));
        let done = taken(portal, csv(&text), Taking::default()).await;
        assert_eq!((done.imported, done.unchanged), (3, 0), "{done:#?}");
        let filter = AccessFilter { state: Some(Standing::Active), ..Default::default() };
        let (atoms, _) = list(portal, &Actor::Operator, &filter, 1, 10).await.unwrap();
        let atoms: Vec<_> = atoms.into_iter().filter(|atom| atom.flags.imported).collect();
        assert_eq!(atoms.len(), 3, "{atoms:#?}");
        assert!(atoms.iter().all(|atom| atom.request == atoms[0].request), "one request for all of an API: {atoms:#?}");
        // What the rows say follows from the events alone.
        for atom in &atoms {
            let mut tx = portal.db().begin().await.unwrap();
            let told = record::told(&mut tx, &atom.id, portal.clock().now()).await.unwrap();
            let view = project::view(&project::atom(atom), &told.history, project::instant(portal.clock().now()), |_| None);
            assert_eq!(view.as_ref(), Some(atom));
            let held = record::held(&project::atom(atom), &told.events).unwrap();
            assert_eq!(held.len(), told.events.len(), "each was held");
            let at = portal.clock().now();
            let bodies = store::held_at(portal.db(), at).await.unwrap();
            assert!(bodies.contains(&held.last().unwrap().body), "{bodies:#?}");
        }
        let entries = crate::audit::list(portal, &Actor::Operator, &crate::audit::AuditFilter { action: "access.import".to_owned(), ..Default::default() }, None, 9).await.unwrap();
        assert_eq!(entries.len(), 4);
        assert!(entries.iter().all(|entry| entry.actor == "operator" && entry.after.as_ref().unwrap().ends_with(": Needed")), "{entries:#?}");
        let feed = feed(portal, &Actor::Operator, 0).await.unwrap();
        let mut sequences: Vec<i64> = feed.iter().map(|row| row.1).collect();
        sequences.dedup();
        assert_eq!(sequences.len(), feed.len());
        world.portal.stop().await;
    }

    async fn calls_that_nobody_granted_are_counted(settings: Settings) {
        let world = World::new(&settings).await;
        let portal = &world.portal;
        let files = [("catalog-info.yaml", "\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: fraud}
spec: {type: service, lifecycle: production, owner: shop, consumesApis: [payments]}
")];
        world.push("fraud", &files).await;
        let found = coverage(portal, &Actor::Visitor).await.unwrap();
        assert_eq!((found.calls, found.granted, found.uncovered.len()), (2, 1, 1), "{found:#?}");
        let call = &found.uncovered[0];
        assert_eq!((call.consumer.name.as_str(), &call.api, call.waiting, call.offered), ("fraud", &payments(), false, true));
        let bodies = store::callers(portal.db(), Actor::Visitor.readable()).await.unwrap();
        assert_eq!(bodies.len(), 2);
        let standing = store::standing_calls(portal.db()).await.unwrap();
        assert_eq!(standing, [(checkout().to_string(), payments().to_string(), 1, 1)]);
        world.portal.stop().await;
    }
}
