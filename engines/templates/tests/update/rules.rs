//! A table of what becomes of a file, in every combination of what both sides did.

use engine_templates::lineage::{CRUFT_FILE, Cruft, FILE, RecordKind, parse};
use engine_templates::tree::{Entry, Tree};
use engine_templates::update::{Action, ConflictStyle, Reason};

use crate::support::{found, run, shown, tree, version, with_lineage};

const TEN: &str = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\n";

fn ten(changes: &[(&str, &str)]) -> String {
    changes.iter().fold(TEN.to_owned(), |text, (from, to)| text.replacen(from, to, 1))
}

type Files<'a> = &'a [(&'a str, &'a str)];

struct Case<'a> {
    name: &'a str,
    base: Files<'a>,
    ours: Files<'a>,
    theirs: Files<'a>,
    result: Files<'a>,
    /// Path, where it was before, and why.
    plan: &'a [(&'a str, Option<&'a str>, Reason)],
}

#[test]
fn every_combination_of_changes() {
    let top = ten(&[("one", "ONE")]);
    let end = ten(&[("ten", "TEN")]);
    let both = ten(&[("one", "ONE"), ("ten", "TEN")]);
    let clash = ten(&[("one", "uno")]);
    let marked =
        format!("<<<<<<< project\nONE\n=======\nuno\n>>>>>>> template v2\n{}", TEN.strip_prefix("one\n").unwrap());
    let added = "<<<<<<< project\nours\n=======\ntheirs\n>>>>>>> template v2\n";
    let cases = [
        Case {
            name: "changed by the template alone",
            base: &[("a", TEN)],
            ours: &[("a", TEN), ("own", "x")],
            theirs: &[("a", &top)],
            result: &[("a", &top), ("own", "x")],
            plan: &[("a", None, Reason::ChangedByTemplate)],
        },
        Case {
            name: "changed by both, in different places",
            base: &[("a", TEN)],
            ours: &[("a", &end)],
            theirs: &[("a", &top)],
            result: &[("a", &both)],
            plan: &[("a", None, Reason::ChangedByBoth)],
        },
        Case {
            name: "changed by both, in the same place",
            base: &[("a", TEN)],
            ours: &[("a", &top)],
            theirs: &[("a", &clash)],
            result: &[("a", &marked)],
            plan: &[("a", None, Reason::SameLines)],
        },
        Case {
            name: "changed by both, to the same",
            base: &[("a", TEN)],
            ours: &[("a", &top)],
            theirs: &[("a", &top)],
            result: &[("a", &top)],
            plan: &[("a", None, Reason::SameInBoth)],
        },
        Case {
            name: "changed by the team alone",
            base: &[("a", TEN)],
            ours: &[("a", &top)],
            theirs: &[("a", TEN)],
            result: &[("a", &top)],
            plan: &[],
        },
        Case {
            name: "deleted by the team, left alone by the template",
            base: &[("a", TEN)],
            ours: &[],
            theirs: &[("a", TEN)],
            result: &[],
            plan: &[],
        },
        Case {
            name: "deleted by the team, changed by the template: it stays deleted",
            base: &[("a", TEN), ("b", "b\n")],
            ours: &[("b", "b\n")],
            theirs: &[("a", &top), ("b", "B\n")],
            result: &[("b", "B\n")],
            plan: &[("a", None, Reason::DeletedByProject), ("b", None, Reason::ChangedByTemplate)],
        },
        Case {
            name: "deleted by the team, renamed by the template: it stays deleted",
            base: &[("a", TEN)],
            ours: &[],
            theirs: &[("b", TEN)],
            result: &[],
            plan: &[("b", Some("a"), Reason::DeletedByProject)],
        },
        Case { name: "deleted by both", base: &[("a", TEN)], ours: &[], theirs: &[], result: &[], plan: &[] },
        Case {
            name: "deleted by the template, untouched",
            base: &[("a", TEN)],
            ours: &[("a", TEN)],
            theirs: &[],
            result: &[],
            plan: &[("a", None, Reason::DeletedByTemplate)],
        },
        Case {
            name: "deleted by the template, changed by the team: the edit is kept",
            base: &[("a", TEN)],
            ours: &[("a", &top)],
            theirs: &[],
            result: &[("a", &top)],
            plan: &[("a", None, Reason::EditedButDeleted)],
        },
        Case {
            name: "deleted by the template, renamed by the team: it is kept",
            base: &[("a", TEN)],
            ours: &[("b", TEN)],
            theirs: &[],
            result: &[("b", TEN)],
            plan: &[("b", None, Reason::EditedButDeleted)],
        },
        Case {
            name: "renamed by the template, untouched",
            base: &[("a", TEN)],
            ours: &[("a", TEN)],
            theirs: &[("b", TEN)],
            result: &[("b", TEN)],
            plan: &[("b", Some("a"), Reason::RenamedByTemplate)],
        },
        Case {
            name: "renamed by the template, changed by the team: the edit follows",
            base: &[("a", TEN)],
            ours: &[("a", &top)],
            theirs: &[("b", TEN)],
            result: &[("b", &top)],
            plan: &[("b", Some("a"), Reason::FollowedRename)],
        },
        Case {
            name: "renamed and changed by the template, changed by the team",
            base: &[("a", TEN)],
            ours: &[("a", &top)],
            theirs: &[("b", &end)],
            result: &[("b", &both)],
            plan: &[("b", Some("a"), Reason::FollowedRename)],
        },
        Case {
            name: "renamed and changed by the template, changed by the team in the same place",
            base: &[("a", TEN)],
            ours: &[("a", &top)],
            theirs: &[("b", &clash)],
            result: &[("b", &marked)],
            plan: &[("b", Some("a"), Reason::SameLines)],
        },
        Case {
            name: "renamed by the team, changed by the template: the change follows",
            base: &[("a", TEN)],
            ours: &[("b", TEN)],
            theirs: &[("a", &top)],
            result: &[("b", &top)],
            plan: &[("b", Some("a"), Reason::FollowedRename)],
        },
        Case {
            name: "renamed by both, apart",
            base: &[("a", TEN)],
            ours: &[("b", TEN)],
            theirs: &[("c", TEN)],
            result: &[("b", TEN), ("c", TEN)],
            plan: &[("b", None, Reason::RenamedApart), ("c", None, Reason::RenamedApart)],
        },
        Case {
            name: "added by the template",
            base: &[],
            ours: &[("own", "x")],
            theirs: &[("a", TEN)],
            result: &[("a", TEN), ("own", "x")],
            plan: &[("a", None, Reason::AddedByTemplate)],
        },
        Case {
            name: "added by both",
            base: &[],
            ours: &[("a", "ours\n")],
            theirs: &[("a", "theirs\n")],
            result: &[("a", added)],
            plan: &[("a", None, Reason::SameLines)],
        },
        Case {
            name: "added by both, alike",
            base: &[],
            ours: &[("a", "x\n")],
            theirs: &[("a", "x\n")],
            result: &[("a", "x\n")],
            plan: &[("a", None, Reason::SameInBoth)],
        },
        Case {
            name: "made executable by the template, changed by the team",
            base: &[("a", TEN)],
            ours: &[("a", &top)],
            theirs: &[("a*", TEN)],
            result: &[("a*", &top)],
            plan: &[("a", None, Reason::ChangedByBoth)],
        },
        Case {
            name: "made executable by the team, changed by the template",
            base: &[("a", TEN)],
            ours: &[("a*", TEN)],
            theirs: &[("a", &top)],
            result: &[("a*", &top)],
            plan: &[("a", None, Reason::ChangedByBoth)],
        },
        Case {
            name: "a binary changed by both: the team's is kept",
            base: &[("a", "\0one")],
            ours: &[("a", "\0two")],
            theirs: &[("a", "\0three")],
            result: &[("a", "\0two")],
            plan: &[("a", None, Reason::NoText)],
        },
        Case {
            name: "a binary changed by the template",
            base: &[("a", "\0one")],
            ours: &[("a", "\0one")],
            theirs: &[("a", "\0three")],
            result: &[("a", "\0three")],
            plan: &[("a", None, Reason::ChangedByTemplate)],
        },
        Case {
            name: "a link changed by the template",
            base: &[("a", "-> b")],
            ours: &[("a", "-> b")],
            theirs: &[("a", "-> c")],
            result: &[("a", "-> c")],
            plan: &[("a", None, Reason::ChangedByTemplate)],
        },
        Case {
            name: "a link changed by both",
            base: &[("a", "-> b")],
            ours: &[("a", "-> ours")],
            theirs: &[("a", "-> theirs")],
            result: &[("a", "-> ours")],
            plan: &[("a", None, Reason::NoText)],
        },
        Case {
            name: "a file and a folder of one name",
            base: &[],
            ours: &[("a", "ours\n")],
            theirs: &[("a/b", "theirs\n")],
            result: &[("a/b", "theirs\n"), ("a~project", "ours\n")],
            plan: &[("a/b", None, Reason::AddedByTemplate), ("a~project", Some("a"), Reason::Shape)],
        },
        Case {
            name: "a folder renamed by the template takes the team's own files along, and says so",
            base: &[("old/a", TEN), ("old/b", &top), ("old/c", &end)],
            ours: &[("old/a", TEN), ("old/b", &top), ("old/c", &end), ("old/own", "own\n")],
            theirs: &[("new/a", TEN), ("new/b", &top), ("new/c", &end)],
            result: &[("new/a", TEN), ("new/b", &top), ("new/c", &end), ("new/own", "own\n")],
            plan: &[
                ("new/a", Some("old/a"), Reason::RenamedByTemplate),
                ("new/b", Some("old/b"), Reason::RenamedByTemplate),
                ("new/c", Some("old/c"), Reason::RenamedByTemplate),
                ("new/own", Some("old/own"), Reason::FolderRenamed),
            ],
        },
        Case {
            name: "a template does not write into Git's own folder",
            base: &[("a", TEN)],
            ours: &[("a", TEN)],
            theirs: &[("a", TEN), (".Git/hooks/post-commit*", "evil")],
            result: &[("a", TEN)],
            plan: &[(".Git/hooks/post-commit", None, Reason::Refused)],
        },
    ];
    for case in &cases {
        let [base, ours, theirs] = [case.base, case.ours, case.theirs].map(tree);
        let outcome = run(&found(&base), &ours, &base, &theirs, ConflictStyle::Inline);
        assert_eq!(shown(&outcome.tree), shown(&tree(case.result)), "{}", case.name);
        let plan: Vec<_> =
            outcome.plan.files.iter().map(|step| (step.path.as_str(), step.from.as_deref(), step.reason)).collect();
        assert_eq!(plan, case.plan, "{}", case.name);
        let conflicts: Vec<_> = outcome.plan.files.iter().filter(|step| step.action == Action::Conflict).collect();
        assert_eq!(outcome.lineage.unresolved.len(), conflicts.len(), "{}", case.name);
    }
}

#[test]
fn rejects_stand_beside_a_file_that_is_as_the_team_left_it() {
    let base = tree(&[("a", TEN)]);
    let ours = tree(&[("a", &ten(&[("one", "ONE")]))]);
    let theirs = tree(&[("a", &ten(&[("one", "uno"), ("ten", "TEN")]))]);
    let outcome = run(&found(&base), &ours, &base, &theirs, ConflictStyle::Rejects);
    let rejected = "--- a/a\n+++ b/a\n@@ -1,4 +1,4 @@\n-ONE\n+uno\n two\n three\n four\n";
    let merged = ten(&[("one", "ONE"), ("ten", "TEN")]);
    assert_eq!(shown(&outcome.tree), shown(&tree(&[("a", &merged), ("a.rej", rejected)])));
}

#[test]
fn skipped_paths_are_left_alone() {
    let base = tree(&[("docs/a.md", TEN), ("b", TEN), ("c.lock", "1")]);
    let ours = tree(&[("docs/a.md", "mine\n"), ("b", TEN)]);
    let theirs = tree(&[("docs/a.md", "new\n"), ("docs/new.md", "new\n"), ("c.lock", "2")]);
    let mut found = found(&base);
    found.lineage.skip = vec!["docs".to_owned(), "*.lock".to_owned()];
    found.skip = vec!["b".to_owned()];
    let outcome = run(&found, &ours, &base, &theirs, ConflictStyle::Inline);
    assert_eq!(shown(&outcome.tree), shown(&ours));
    assert!(outcome.plan.files.iter().all(|step| step.reason == Reason::Skipped), "{:?}", outcome.plan);
    assert_eq!(outcome.plan.files.len(), 4);
    assert_eq!(outcome.lineage.skip, found.lineage.skip);
}

#[test]
fn what_was_recorded_is_believed_before_what_is_rendered_today() {
    // A hook made `stamp` once, and today it makes another.
    let made = tree(&[("stamp", "then\n"), ("a", TEN)]);
    let today = tree(&[("stamp", "today\n"), ("a", TEN)]);
    let found = found(&made);
    let outcome = run(&found, &made, &today, &today, ConflictStyle::Inline);
    assert_eq!(shown(&outcome.tree), shown(&today));
    assert!(outcome.findings.is_empty());
    let edited = tree(&[("stamp", "edited\n"), ("a", TEN)]);
    let outcome = run(&found, &edited, &today, &today, ConflictStyle::Inline);
    assert_eq!(shown(&outcome.tree), shown(&edited));
    assert_eq!(outcome.findings.len(), 1);
    assert!(outcome.findings[0].message.contains("stamp"), "{:?}", outcome.findings);
}

#[test]
fn the_lineage_tells_of_the_new_version() {
    let base = tree(&[("a", TEN)]);
    let theirs = tree(&[("a", "new\n"), ("run*", "#!/bin/sh\n")]);
    let found = found(&base);
    let project = with_lineage(&base, &found);
    let outcome = run(&found, &project, &base, &theirs, ConflictStyle::Inline);
    let Some(Entry::File { content, .. }) = outcome.tree.get(FILE) else { panic!() };
    let (read, findings) = parse(FILE, std::str::from_utf8(content).unwrap()).unwrap();
    assert!(findings.is_empty());
    assert_eq!(read, outcome.lineage);
    assert_eq!(read.version, version('2'));
    assert_eq!(read.files["run"].kind, RecordKind::File { mode: 0o755 });
    assert_eq!(read.render, found.lineage.render);
}

#[test]
fn a_file_of_cruft_is_kept_exact() {
    let text = "{\n  \"template\": \"https://git.example/template\",\n  \"commit\": \"1111111111111111111111111111111111111111\",\n  \
        \"checkout\": null,\n  \"context\": {\n    \"cookiecutter\": {\n      \"name\": \"dé\",\n      \"_copy_without_render\": [],\n      \
        \"_template\": \"https://git.example/template\",\n      \"_commit\": \"1111111111111111111111111111111111111111\"\n    }\n  },\n  \
        \"directory\": null,\n  \"skip\": [\n    \"docs\"\n  ]\n}\n";
    let base = tree(&[("a", TEN)]);
    let theirs = tree(&[("a", "new\n")]);
    let mut project = base.clone();
    project.insert(CRUFT_FILE, Entry::file(text.as_bytes(), 0o644)).unwrap();
    let found = engine_templates::lineage::find(&project).unwrap().unwrap();
    assert!(!found.recorded);
    assert_eq!(found.lineage.skip, ["docs"]);
    let outcome = run(&found, &project, &base, &theirs, ConflictStyle::Inline);
    let Some(Entry::File { content, .. }) = outcome.tree.get(CRUFT_FILE) else { panic!() };
    assert_eq!(std::str::from_utf8(content).unwrap(), text.replace(&"1".repeat(40), &"2".repeat(40)));
    assert!(outcome.tree.get(FILE).is_some());
    assert_eq!(Cruft::parse(CRUFT_FILE, text).unwrap().to_text(), text);
}

#[test]
fn secrets_are_neither_stored_nor_hashed() {
    let base = tree(&[("a", "token: slipway-secret\none\ntwo\nthree\n")]);
    let ours = tree(&[("a", "token: s3cr3t\none\ntwo\nthree\n")]);
    let theirs = tree(&[("a", "token: slipway-secret\none\ntwo\nthree\nfour\n")]);
    let mut found = found(&base);
    found.lineage.secrets = vec!["token".to_owned()];
    assert_eq!(found.lineage.answers_to_render().get("token").unwrap(), "slipway-secret");
    let outcome = run(&found, &ours, &base, &theirs, ConflictStyle::Inline);
    assert_eq!(shown(&outcome.tree), shown(&tree(&[("a", "token: s3cr3t\none\ntwo\nthree\nfour\n")])));
    assert!(!outcome.lineage.to_text().contains("s3cr3t"));
}

#[test]
fn an_empty_folder_that_the_template_has_new_is_made() {
    let base = Tree::default();
    let mut theirs = Tree::default();
    theirs.insert("data", Entry::Folder).unwrap();
    let outcome = run(&found(&base), &base, &base, &theirs, ConflictStyle::Inline);
    assert_eq!(outcome.tree.get("data"), Some(&Entry::Folder));
    let again = run(&found(&theirs), &base, &theirs, &theirs, ConflictStyle::Inline);
    assert_eq!(again.tree.get("data"), None, "Git keeps none, so that it is missing is no news");
}

#[test]
fn a_plan_reads_well() {
    let base = tree(&[("a", TEN), ("b", TEN)]);
    let ours = tree(&[("a", &ten(&[("one", "ONE")])), ("b", TEN)]);
    let theirs = tree(&[("a", &ten(&[("one", "uno")])), ("c", TEN)]);
    let outcome = run(&found(&base), &ours, &base, &theirs, ConflictStyle::Inline);
    let expected = "v1 → v2\n\
        conflict  a      Both changed the same lines: choose, and remove the marks.\n\
        rename    b → c  The template renamed it, the project did not change it.\n\
        1 rename, 1 conflict\n";
    assert_eq!(outcome.plan.to_text(), expected);
    let json = serde_json::to_value(&outcome.plan).unwrap();
    assert_eq!(json["files"][1]["from"], "b");
    assert_eq!(json["files"][0]["reason"], "same-lines");
    assert_eq!(json["summary"]["conflict"], 1);
}
