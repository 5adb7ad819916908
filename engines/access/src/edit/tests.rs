#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

const HEAD: &str = "apiVersion: slipway.dev/v1 # ours\nkind: AccessManifest\nmetadata: {component: checkout}\n";
const WHOLE: &str = include_str!("../../../../fuzz/corpus/access_manifest/whole.yaml");
const NEW: &str = "  - api: api:default/carts\n    scopes: [cart.read]\n    environments: [production]\n    justification: To show it.\n";

fn api(name: &str) -> EntityRef {
    EntityRef::new("api", "default", name)
}

fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(|name| (*name).to_owned()).collect()
}

fn required(text: &str) -> Result<String, Findings> {
    require(text, &api("carts"), &names(&["cart.read"]), &names(&["production"]), "To show it.")
}

#[test]
fn an_entry_is_added_and_nothing_else_changes() {
    let item = "  - {api: b, scopes: [x], environments: [e]} # b\n";
    let flow = r#"{"api": "api:default/carts", "scopes": ["cart.read"], "environments": ["production"], "justification": "To show it."}"#;
    let exposes = "# what we offer\nexposes: []\n";
    let table = [
        (HEAD.to_owned(), format!("{HEAD}requires:\n{NEW}")),
        (format!("{HEAD}{exposes}"), format!("{HEAD}requires:\n{NEW}{exposes}")),
        (format!("{HEAD}requires: []\n{exposes}"), format!("{HEAD}requires: \n{NEW}{exposes}")),
        (format!("{HEAD}requires: [] # none\n"), format!("{HEAD}requires: # none\n{NEW}")),
        (format!("{HEAD}requires:\n{item}\n# end\n"), format!("{HEAD}requires:\n{item}{NEW}\n# end\n")),
        (format!("{HEAD}requires:\n{item}{exposes}"), format!("{HEAD}requires:\n{item}{NEW}{exposes}")),
        (
            format!("{HEAD}requires:\n{}", item.trim_end().replace("  - ", "- ")),
            format!(
                "{HEAD}requires:\n{}\n{}",
                item.trim_end().replace("  - ", "- "),
                NEW.replace("\n  ", "\n").trim_start()
            ),
        ),
        (
            format!("{HEAD}requires: [{{api: b, scopes: [x], environments: [e]}}]\n"),
            format!("{HEAD}requires: [{flow}, {{api: b, scopes: [x], environments: [e]}}]\n"),
        ),
        (
            format!(
                "{HEAD}requires:\n  - api: b\n    scopes: [x]\n    environments: [e]\n    justification: |\n      one\n\n      - two\n{exposes}"
            ),
            format!(
                "{HEAD}requires:\n  - api: b\n    scopes: [x]\n    environments: [e]\n    justification: |\n      one\n\n      - two\n{NEW}{exposes}"
            ),
        ),
    ];
    for (before, after) in &table {
        assert_eq!(required(before).unwrap(), *after, "{before}");
        if before.ends_with('\n') {
            let windows = |text: &str| text.replace('\n', "\r\n");
            assert_eq!(required(&windows(before)).unwrap(), windows(after), "{before} with \\r\\n");
        }
    }
    let json = r#"{"apiVersion": "slipway.dev/v1", "kind": "AccessManifest", "metadata": {"component": "a"}}"#;
    let added = json.replacen('{', &format!("{{\"requires\": [{flow}], "), 1);
    assert_eq!(required(json).unwrap(), added);
    let whole = required(WHOLE).unwrap();
    assert!(WHOLE.lines().all(|line| whole.contains(line)) && whole.len() == WHOLE.len() + NEW.len());
}

#[test]
fn what_cannot_be_added_is_refused() {
    let duplicate = required(&required(HEAD).unwrap()).unwrap_err();
    assert_eq!((duplicate.findings[0].rule.as_str(), duplicate.findings[0].line), ("ACC008", 6));
    let anchors = format!("{HEAD}requires: &r []\nexposes: *r\n");
    let refused = required(&anchors).unwrap_err();
    assert!(refused.findings[0].help.contains("Add the entry by hand:\n  - api: api:default/carts\n"), "{refused:?}");
    assert!(required("kind: x\n").is_err());
    let bad = require(HEAD, &api("carts"), &names(&["no scope"]), &names(&["production"]), "x");
    assert!(bad.is_err());
}

#[test]
fn what_is_withdrawn_is_taken_out_and_nothing_else() {
    let entry = |api: &str, scopes: &str, environments: &str| {
        format!("  - api: {api} # {api}\n    scopes: {scopes}\n    environments: {environments}\n    ticket: T-1\n")
    };
    let of = |entries: &[String]| format!("{HEAD}requires:\n{}# end\nexposes: []\n", entries.concat());
    let other = || entry("c", "[x]", "[e]");
    let table = [
        // Its only scope: the whole entry.
        (of(&[entry("b", "[x]", "[e]"), other()]), None, of(&[other()])),
        (of(&[other(), entry("b", "[x]", "[e, f]")]), None, of(&[other()])),
        (of(&[entry("b", "[x]", "[e]")]), Some("e"), of(&[]).replace("requires:", "requires: []")),
        // One of several, wherever it stands.
        (of(&[entry("b", "[x, y, z]", "[e]")]), None, of(&[entry("b", "[y, z]", "[e]")])),
        (of(&[entry("b", "[y, x, z]", "[e]")]), None, of(&[entry("b", "[y, z]", "[e]")])),
        (of(&[entry("b", "[y, z, \"x\"]", "[e]")]), Some("e"), of(&[entry("b", "[y, z]", "[e]")])),
        (of(&[entry("b", "\n      - x # why\n      - y", "[e]")]), None, of(&[entry("b", "\n      - y", "[e]")])),
        // In one of several environments.
        (of(&[entry("b", "[x]", "[e, f]")]), Some("e"), of(&[entry("b", "[x]", "[f]")])),
        (
            of(&[entry("b", "[x, y]", "[e, f]")]),
            Some("e"),
            of(&[entry("b", "[y]", "[e, f]"), entry("b", "[x]", "[f]").replace("b # b", "api:default/b")]),
        ),
        // Wherever it is required.
        (of(&[entry("b", "[x]", "[e]"), entry("b", "[x, y]", "[f]")]), None, of(&[entry("b", "[y]", "[f]")])),
        (
            format!(
                "{HEAD}requires: [{{api: c, scopes: [x], environments: [e]}}, {{api: b, scopes: [x], environments: [e]}}]\n"
            ),
            None,
            format!("{HEAD}requires: [{{api: c, scopes: [x], environments: [e]}}]\n"),
        ),
        (
            format!("{HEAD}requires: [{{api: b, scopes: [x], environments: [e]}}]\n"),
            None,
            format!("{HEAD}requires: []\n"),
        ),
    ];
    for (before, environment, after) in &table {
        assert_eq!(drop_scope(before, &api("b"), "x", *environment).unwrap(), *after, "{before}");
    }
    let absent = drop_scope(HEAD, &api("b"), "x", None).unwrap_err();
    assert_eq!(absent.findings[0].message, "x of api:default/b is not required here.");
}

proptest! {
    #[test]
    fn it_reads_back_as_the_old_manifest_and_the_requirement(
        scopes in prop::collection::hash_set("[!#-\\[\\]-~]{1,12}", 1..4),
        environments in prop::collection::hash_set("[A-Za-z0-9._-]{1,8}", 1..3),
        justification in "\\PC{0,20}(\n\\PC{1,10}){0,2}",
        which in 0usize..4,
    ) {
        let start = match which {
            0 => HEAD.to_owned(),
            1 => WHOLE.to_owned(),
            2 => format!("{HEAD}requires: [{{api: b, scopes: [x], environments: [e]}}]\n"),
            _ => WHOLE.replace('\n', "\r\n"),
        };
        let (scopes, environments): (Vec<_>, Vec<_>) = (scopes.into_iter().collect(), environments.into_iter().collect());
        let added = require(&start, &api("carts"), &scopes, &environments, &justification).unwrap();
        let (before, after) = (parse(FILE_NAME, &start).unwrap(), parse(FILE_NAME, &added).unwrap());
        prop_assert_eq!(after.requires.len(), before.requires.len() + 1);
        prop_assert_eq!(&after.exposes, &before.exposes);
        // What was added is withdrawn again, and the text is what it was.
        let mut text = added;
        for scope in &scopes {
            text = drop_scope(&text, &api("carts"), scope, None).unwrap();
        }
        prop_assert_eq!(parse(FILE_NAME, &text).unwrap(), before);
        if which == 1 || which == 3 {
            prop_assert_eq!(text, start);
        }
    }
}
