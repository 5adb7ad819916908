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
            assert!(matches!(import(portal, actor, csv(CSV), false).await, Err(Error::Forbidden(_))));
        }
        let before = feed(portal, &Actor::Operator, 0).await.unwrap();
        let tried = import(portal, &Actor::Operator, csv(CSV), true).await.unwrap();
        assert_eq!((tried.dry_run, tried.imported, tried.unchanged), (true, 2, 1), "{tried:#?}");
        assert_eq!(feed(portal, &Actor::Operator, 0).await.unwrap(), before);
        let done = import(portal, &Actor::Operator, csv(CSV), false).await.unwrap();
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
        let again = import(portal, &Actor::Operator, csv(CSV), false).await.unwrap();
        assert_eq!((again.imported, again.unchanged), (0, 3), "{again:#?}");
        act(portal, &world.pat, std::slice::from_ref(&atoms[0].id), Deed::Revoke, "It leaked").await.unwrap();
        let after = import(portal, &Actor::Operator, csv(CSV), false).await.unwrap();
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
        let found = wrong(import(portal, &Actor::Operator, csv(&text), false).await);
        assert_eq!(found, expected.map(|(rule, line)| (rule.to_owned(), line)));
        assert_eq!(world.audited("access.import").await, 0);
        // What has expired is left out, and said.
        let text = format!("{head}\n{}\n{}\n", rows[0], "checkout,payments,payments.charge.write,staging,Ann,2020-03-01,,2021-01-01");
        let done = import(portal, &Actor::Operator, csv(&text), false).await.unwrap();
        assert_eq!((done.imported, done.findings.len(), done.findings[0].line), (1, 1, 3), "{done:#?}");
        // A mapping that says nothing is wrong by itself; another form is taken as well.
        let yaml = "service: checkout\naccess:\n  payments:\n    permissions: [payments.charge.write]\n    stages: [stage]\n    approval: {by: Ann, on: 2024-03-01}\n";
        let mapping = "each: access.*\nfields:\n  consumer: /service\n  api: '@key'\n  scope: permissions\n  environment: stages\n  approved_by: approval.by\n  approved_at: approval.on\nvalues:\n  environment: {stage: staging}\n";
        let given = |mapping: &str| Given {
            file: "old.yaml".to_owned(),
            text: yaml.to_owned(),
            format: GivenFormat::Yaml { file: "mapping.yaml".to_owned(), mapping: mapping.to_owned() },
        };
        assert!(!wrong(import(portal, &Actor::Operator, given("each: x\n"), false).await).is_empty());
        let done = import(portal, &Actor::Operator, given(mapping), false).await.unwrap();
        assert_eq!((done.imported, done.findings.as_slice()), (1, [].as_slice()), "{done:#?}");
        let json = r#"{"grants": [{"consumer": "checkout", "api": "payments", "scope": "payments.charge.read", "environment": "staging", "approved_by": "Ann", "approved_at": "2024-03-01"}]}"#;
        let given = Given { file: "g.json".to_owned(), text: json.to_owned(), format: GivenFormat::Json };
        let done = import(portal, &Actor::Operator, given, false).await.unwrap();
        assert_eq!((done.imported, done.unchanged), (0, 1), "{done:#?}");
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
