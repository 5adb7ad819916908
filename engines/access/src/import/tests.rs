#![allow(clippy::unwrap_used)]

use super::*;
use crate::history::{Event, State, now};
use crate::review::Actor;
use crate::terms::Terms;

const MAPPING: &str = include_str!("../../../../fuzz/corpus/access_import/mapping.yaml");
const HEADER: &str = "consumer,api,scope,environment,approved_by,approved_at";
const ROW: &str = "checkout,payments,charge.write,production,Ann,2024-03-01";

fn mapping() -> Mapping {
    Mapping::parse("mapping.yaml", MAPPING).unwrap()
}

fn import(text: &str, format: Format<'_>) -> Import {
    let environments = ["staging".to_owned(), "production".to_owned()].into();
    let now = "2026-11-26T12:00:00Z".parse().unwrap();
    read("grants", text, format, &World { environments: &environments, now, zone: &TimeZone::UTC })
}

fn found(import: &Import) -> String {
    let findings = import.findings.findings.iter();
    findings
        .map(|one| format!("{} {}:{} {} {}", one.rule, one.line, one.column, one.message, one.help))
        .collect::<Vec<_>>()
        .join("\n")
}

fn table(rows: &str) -> Import {
    import(&format!("{HEADER},expires\n{rows}\n"), Format::Csv)
}

fn said(import: &Import) -> String {
    let record = |record: &Record| {
        let Original { approved_by, approved_at, source } = &record.original;
        let Record { atom, place, justification, ticket, expires, .. } = record;
        format!(
            "{}: {atom}, by {approved_by} at {approved_at} ({source}); {justification:?} {ticket:?} {expires:?}",
            place.line
        )
    };
    import.records.iter().map(record).collect::<Vec<_>>().join("\n")
}

#[test]
fn each_format_says_the_same() {
    let csv = import(include_str!("../../../../fuzz/corpus/access_import/table.csv"), Format::Csv);
    let json = import(include_str!("../../../../fuzz/corpus/access_import/list.json"), Format::Json);
    let mapping = mapping();
    let yaml = import(include_str!("../../../../fuzz/corpus/access_import/company.yaml"), Format::Yaml(&mapping));
    for import in [&csv, &json, &yaml] {
        assert_eq!(found(import), "");
    }
    insta::assert_snapshot!(format!("{}\n\n{}\n\n{}", said(&csv), said(&json), said(&yaml)));
}

#[test]
fn every_mistake_of_a_table_has_its_place() {
    let table_of = [
        ("", "ACC001 1:1 The file holds no grants. Write one, or name another file."),
        (
            "checkout,payments",
            "ACC001 2:1 The row has 2 cells, and the header 7. Put quotes around cells that hold the separator.",
        ),
        (
            ",payments,charge.write,production,,2024-03-01,",
            "ACC001 2:1 `consumer` is missing. Say it of every grant.\nACC001 2:1 `approved_by` is missing. Say it of every grant.",
        ),
        (
            "group:x,a b,charge write,prodution,Ann,2024-13-01,",
            "ACC001 2:1 `consumer` is of kind group, not component. Write it as component:<namespace>/<name>.\n\
             ACC001 2:9 `api` is \"a b\", no reference. Write it as api:<namespace>/<name>.\n\
             ACC001 2:13 `scope` is \"charge write\", which it cannot be. Write for example `orders.order.read`: printable ASCII, no space, `\"` or `\\`, at most 200 characters.\n\
             ACC007 2:26 There is no environment \"prodution\". Did you mean `production`?\n\
             ACC001 2:40 `approved_at` is \"2024-13-01\", no day and no instant. Write a day such as 2024-03-01, or 2024-03-01T12:00:00Z.",
        ),
        (
            "checkout,payments,charge.write,production,Ann,2026-11-27,",
            "ACC001 2:47 `approved_at` is still to come. Write the day on which it was approved.",
        ),
        (
            "checkout,payments,charge.write,production,Ann,2024-03-01,2024-02-01",
            "ACC010 2:58 It expires before it was approved. Mend one of the two days.",
        ),
        (
            "checkout,payments,charge.write,production,Ann,2024-03-01,2026-11-25",
            "ACC010 2:58 It has expired, and is left out. Remove it, or write a later day if it still holds.",
        ),
        (
            "checkout,payments,charge.write,production,Ann,2024-03-01,soon",
            "ACC010 2:58 `expires` is \"soon\", no day of the calendar. Write a day such as 2027-06-30.",
        ),
        (
            "checkout,payments,charge.write,production,\"Ann\" E,2024-03-01,",
            "ACC001 2:48 Something stands after a closing quote; nothing from here on was read. Write a quote within quotes twice.",
        ),
        (
            "checkout,payments,charge.write,production,\"Ann,2024-03-01,",
            "ACC001 2:43 The quote that begins here is never closed; nothing from here on was read. Close it, or write a quote within quotes twice.",
        ),
    ];
    for (rows, expected) in table_of {
        let import = table(rows);
        assert_eq!((found(&import).as_str(), import.records.len()), (expected, 0), "{rows}");
    }
    let twice = table(&format!("{ROW},\n{ROW},\ncheckout,payments,charge.write,staging,Ann,2024-03-01,"));
    assert_eq!(twice.records.len(), 2);
    assert_eq!(
        found(&twice),
        "ACC008 3:1 component:default/checkout → charge.write of api:default/payments in production stands in line 2 already. Keep one of the two."
    );
    let header = import("consumer,apis,consumer,thing\n", Format::Csv);
    assert_eq!(
        found(&header),
        "ACC002 1:10 There is no column \"apis\". Did you mean `api`?\nACC001 1:15 There are two columns `consumer`. Keep one of the two.\nACC002 1:24 There is no column \"thing\". Known are consumer, api, scope, environment, approved_by, approved_at, justification, ticket, expires, source."
    );
}

#[test]
fn tables_of_all_editors_are_read() {
    let expected = said(&import(&format!("{HEADER}\n{ROW}\n"), Format::Csv));
    assert!(expected.starts_with("2: component:default/checkout → charge.write"));
    let same = [
        format!("\u{feff}{HEADER}\r\n{ROW}\r\n"),
        format!("{HEADER}\n{ROW}"),
        format!("{HEADER}\n{ROW}\n\n\n"),
        format!("{HEADER}\n{ROW}\n").replace(',', ";"),
        format!("{HEADER}\n{ROW}\n").replace(',', "\t"),
        format!("{HEADER}\n\"{}\"\n", ROW.replace(',', "\",\"")),
        format!("{}\n{}\n", HEADER.to_uppercase(), ROW.replace(',', " , ")),
    ];
    for text in same {
        let import = import(&text, Format::Csv);
        assert_eq!((said(&import), found(&import)), (expected.clone(), String::new()), "{text:?}");
    }
    // A line break within quotes is a part of the cell, and moves the next line.
    let broken = import(&format!("{HEADER}\n{}\nx\n", ROW.replace("Ann", "\"Ann\nExample\"")), Format::Csv);
    assert_eq!(broken.records[0].original.approved_by, "Ann\nExample");
    assert_eq!(broken.findings.findings[0].line, 4);
}

#[test]
fn what_json_cannot_say_is_found() {
    let table = [
        (
            "{}",
            "ACC001 1:1 `grants` is a mapping, not a list. Write each item on its own line after `- `, or all in `[…]`.",
        ),
        ("[3]", "ACC001 1:2 `grant` is the number 3, not a mapping. Write `key: value` lines."),
        ("[{\"scop\": \"a\"}]", "ACC002 1:3 \"scop\" is no key of `grant`. Did you mean `scope`?"),
        ("[{\"consumer\": {}}]", "ACC001 1:15 `consumer` is neither a text nor a list of texts. Write a text."),
        ("[{\"scope\": [[\"a\"]]}]", "ACC001 1:13 `scope` is neither a text nor a list of texts. Write a text."),
        ("[{\"source\": [\"a\", \"b\"]}]", "ACC001 1:19 `source` has more than one value. Keep one of them."),
        ("[", "ACC001 1:2 "),
    ];
    for (text, expected) in table {
        let import = import(text, Format::Json);
        assert!(found(&import).contains(expected), "{text}: {}", found(&import));
        assert_eq!(import.records.len(), 0, "{text}");
    }
}

#[test]
fn a_mapping_that_leads_nowhere_is_said() {
    let table = [
        ("", "ACC001 1:1 `the mapping` is empty, not a mapping."),
        ("{fields: {}, eech: a}", "ACC002 1:14 \"eech\" is no key of `the mapping`. Did you mean `each`?"),
        ("fields: {consumer: a..b}", "ACC001 1:20 \"a..b\" is no path."),
        ("fields: {consumer: a}", "ACC001 1:9 `fields` does not say where `api` stands."),
        ("fields: {consumr: a}", "ACC002 1:10 \"consumr\" is no key of `fields`. Did you mean `consumer`?"),
    ];
    for (text, expected) in table {
        let findings = Mapping::parse("mapping.yaml", text).unwrap_err();
        assert!(
            found(&Import { records: Vec::new(), findings: findings.clone() }).contains(expected),
            "{text}: {findings:?}"
        );
    }
    let mapping = mapping();
    let nothing = import("service: checkout\n---\nother: x\n", Format::Yaml(&mapping));
    assert_eq!(
        found(&nothing),
        "ACC001 1:1 Nothing stands at `access.*` in this document. Mend `each` of the mapping, or remove the document.\nACC001 3:1 Nothing stands at `access.*` in this document. Mend `each` of the mapping, or remove the document."
    );
    // A name that the mapping does not know is the company's own, and wrong here.
    let text =
        include_str!("../../../../fuzz/corpus/access_import/company.yaml").replace("stages: prod\n", "stages: qa\n");
    let import = import(&text, Format::Yaml(&mapping));
    assert_eq!(found(&import), "ACC007 9:13 There is no environment \"qa\". Known are production, staging.");
    assert_eq!(import.records.len(), 4);
}

#[test]
fn bombs_and_masses_are_bounded() {
    let mapping = mapping();
    let bomb = (1..10).fold("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, at| {
        let before = at - 1;
        text + &format!("a{at}: &a{at} [*a{before}, *a{before}, *a{before}, *a{before}, *a{before}, *a{before}, *a{before}, *a{before}]\n")
    });
    let import_of = import(&bomb, Format::Yaml(&mapping));
    assert!(import_of.records.is_empty() && import_of.findings.summary.errors == 1, "{}", found(&import_of));
    // Lists multiply.
    let names = |what: &str| (0..400).map(|at| format!("{what}{at}")).collect::<Vec<_>>().join(", ");
    let text = format!(
        "[{{consumer: [{}], api: [{}], scope: [a], environment: [production], approved_by: Ann, approved_at: 2024-03-01}}]",
        names("c"),
        names("a")
    );
    let masses = import(&text, Format::Json);
    assert_eq!(masses.records.len(), MOST_RECORDS);
    assert_eq!(
        found(&masses),
        "ACC001 1:2 There are more than 100000 grants. Split the file: nothing from here on was read."
    );

    let row = |at: usize| format!("c{at},payments,charge.write,production,Ann,2024-03-01,\n");
    let many: String = (0..10_000).map(row).collect();
    assert_eq!(table(&many).records.len(), 10_000);
    let wrong: String = (0..10_000).map(|at| row(at).replace("payments", "a b")).collect();
    let wrong = table(&wrong);
    assert_eq!((wrong.records.len(), wrong.findings.findings.len()), (0, MOST_FINDINGS + 1));
    assert_eq!(wrong.findings.findings[MOST_FINDINGS].message, "9000 more findings are not shown.");
}

#[test]
fn an_imported_grant_is_active_and_remembers_who_approved_it() {
    let text = format!("{HEADER},expires\n{ROW},2027-06-30\n");
    let import = import(&text, Format::Csv);
    let record = &import.records[0];
    let policy: Policy = serde_json::from_value(serde_json::json!({
        "decision": { "approvals": [{ "from": "owner", "count": 1 }] }, "max_ttl": "365d", "pending_ttl": "14d",
    }))
    .unwrap();
    let at = "2026-11-26T12:00:00Z".parse().unwrap();
    let event = Event {
        id: "e".to_owned(),
        sequence: 1,
        at,
        actor: Actor::Slipway,
        request: "r".to_owned(),
        action: record.action(Sensitivity::Internal, policy, None, &TimeZone::UTC),
        commit: None,
    };
    let history = now(&[event], at);
    let case = history.current().unwrap();
    assert_eq!((case.state, case.ends), (State::Active, Some("2027-07-01T00:00:00Z".parse().unwrap())));
    assert_eq!(case.original.as_ref(), Some(&record.original));
    assert_eq!(record.original.source, "grants:2");
    assert!(case.flags(at).imported);
    // It ends as any other does, when the provider withdraws the scope.
    let histories = [(record.atom.clone(), history.clone())].into();
    let planned = crate::plan::for_provider(&record.atom.api, &Terms::default(), &histories, &case.opening.policy);
    assert_eq!(planned.len(), 1);
}

#[test]
fn the_corpus_is_read_in_every_format() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/access_import");
    let mapping = mapping();
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let _ = Mapping::parse("mapping.yaml", &text);
        for format in [Format::Csv, Format::Json, Format::Yaml(&mapping)] {
            let findings = import(&text, format).findings.findings;
            assert!(findings.iter().all(|one| one.line as usize <= text.lines().count()), "{findings:?}");
            count += 1;
        }
    }
    assert_eq!(count, 12);
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "[ a-c,;\"\\n\\r\t{}\\[\\]:*&-]{0,60}") {
        let mapping = mapping();
        for format in [Format::Csv, Format::Json, Format::Yaml(&mapping)] {
            let import = import(&text, format);
            proptest::prop_assert!(import.records.is_empty() && import.findings.summary.errors > 0, "{text:?}");
        }
        let _ = Mapping::parse("mapping.yaml", &text);
    }
}
