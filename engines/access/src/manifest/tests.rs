#![allow(clippy::unwrap_used, clippy::panic)]

use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::validate::validate;

const WHOLE: &str = include_str!("../../../../fuzz/corpus/access_manifest/whole.yaml");
const WRONG: &str = include_str!("../../../../fuzz/corpus/access_manifest/wrong.yaml");
const ANCHORS: &str = include_str!("../../../../fuzz/corpus/access_manifest/anchors.yaml");

fn now() -> Timestamp {
    "2026-11-26T12:00:00Z".parse().unwrap()
}

fn found(text: &str) -> Vec<Finding> {
    validate(FILE_NAME, text, now(), &TimeZone::UTC).findings
}

fn report(findings: &[Finding]) -> String {
    let line =
        |f: &Finding| format!("{} {} {}\n  {}\n  → {}\n", f.location(), f.level.as_str(), f.rule, f.message, f.help);
    findings.iter().map(line).collect()
}

#[test]
fn the_component_is_found_as_far_as_it_can_be_read() {
    let found = |text: &str| component(text).map(|component| component.to_string());
    let checkout = Some("component:default/checkout".to_owned());
    for text in [
        "metadata: {component: checkout}\n",
        "kind: Else\nmetadata:\n  component: checkout\n  colour: red\nrequires: x\n",
        // No YAML, above and below.
        "apiVersion: {\nmetadata:\n\n  # ours\n  component: checkout\nrequires: [\n",
        "metadata: {component: component:default/checkout}\nrequires: \"never closed\n",
    ] {
        assert_eq!(found(text), checkout, "{text}");
    }
    for text in
        ["", "metadata:\n", "metadata: {component: api:payments}\n", "metadata: {component: [a]}\n", "metadata: {\n"]
    {
        assert_eq!(found(text), None, "{text}");
    }
}

#[test]
fn the_whole_manifest_is_read() {
    assert_eq!(report(&found(WHOLE)), "");
    let manifest = parse(FILE_NAME, WHOLE).unwrap();
    let atoms: Vec<_> = manifest.atoms().map(|required| (required.atom.to_string(), required.place.line)).collect();
    assert_eq!(atoms.len(), 5);
    let first = "component:default/checkout → payments.charge.write of api:default/payments in staging";
    assert_eq!(atoms[0], (first.to_owned(), 9));
    assert!(manifest.requires[1].optional);
    let terms = &manifest.exposes[0].terms;
    assert_eq!((terms.scopes.len(), terms.policies.len(), terms.consumers.len()), (3, 3, 2));
    assert_eq!(terms.policies[1].place.line, 38);
    insta::assert_json_snapshot!(terms);
    let again: crate::terms::Terms = serde_json::from_value(serde_json::to_value(terms).unwrap()).unwrap();
    assert_eq!(&again, terms);
}

#[test]
fn everything_wrong_is_found_at_once() {
    insta::assert_snapshot!(report(&found(WRONG)));
    assert!(parse(FILE_NAME, WRONG).is_err());
}

#[test]
fn what_is_no_manifest_is_said_once() {
    let table = [
        ("", 1),
        ("a: [", 1),
        ("- a", 1),
        ("kind: AccessManifest", 1),
        ("apiVersion: backstage.io/v1alpha1\nkind: Component", 1),
        ("apiVersion: slipway.dev/v2\nkind: AccessManifest\nunknown: 1", 1),
        ("apiVersion: slipway.dev/v1\nkind: Access", 1),
        ("apiVersion: slipway.dev/v1\nkind: AccessManifest", 1),
    ];
    for (text, count) in table {
        let findings = found(text);
        assert_eq!(findings.len(), count, "{text:?}: {}", report(&findings));
        assert_eq!(findings[0].rule, "ACC001", "{text:?}");
    }
}

#[test]
fn the_file_alone_shows_what_contradicts_itself() {
    let text = "\
apiVersion: slipway.dev/v1
kind: AccessManifest
metadata: {component: checkout}
requires:
  - {api: payments, scopes: [a, b, a], environments: [staging]}
  - {api: payments, scopes: [b], environments: [production, staging], expires: 2026-11-25}
  - {api: payments, scopes: [c], environments: [staging], expires: 2026-11-26}
  - {api: payments, scopes: [d], environments: [staging], expires: 2027-11-26}
  - {api: checkout, scopes: [read], environments: [staging]}
exposes:
  - api: checkout
    scopes:
      - {name: read, sensitivity: internal}
      - {name: write, sensitivity: internal, deprecated: {since: 2026-01-01, use: raed}}
    policies:
      - {match: {sensitivity: [internal]}, decision: auto_approve, max_ttl: 1d}
      - {match: {sensitivity: [internal], environments: [staging]}, decision: auto_approve, max_ttl: 1d}
      - {match: {sensitivity: [internal], environments: ['*']}, decision: auto_approve, max_ttl: 1d}
      - {match: {}, decision: auto_approve, max_ttl: 1d}
      - {match: {sensitivity: [public]}, decision: auto_approve, max_ttl: 1d}
    consumers:
      - {component: a, scopes: [read, delete]}
";
    insta::assert_snapshot!(report(&found(text)));
}

#[test]
fn a_day_is_past_when_it_is_over_where_the_organisation_is() {
    let text = "apiVersion: slipway.dev/v1\nkind: AccessManifest\nmetadata: {component: a}\nrequires:\n  - {api: b, scopes: [c], environments: [d], expires: 2026-11-26}\n";
    let at = |instant: &str, zone| {
        let zone = TimeZone::get(zone).unwrap();
        validate(FILE_NAME, text, instant.parse().unwrap(), &zone).findings[0].rule.clone()
    };
    assert_eq!(at("2026-11-26T23:59:59.999Z", "UTC"), "ACC014");
    assert_eq!(at("2026-11-27T00:00:00Z", "UTC"), "ACC010");
    assert_eq!(at("2026-11-26T23:00:00Z", "Europe/Berlin"), "ACC010");
    assert_eq!(at("2026-11-27T07:59:59Z", "America/Los_Angeles"), "ACC014");
}

#[test]
fn ten_thousand_atoms_are_read_and_no_more() {
    let file = |scopes: usize, environments: usize| {
        let scopes: Vec<String> = (0..scopes).map(|number| format!("s{number}")).collect();
        let environments: Vec<String> = (0..environments).map(|number| format!("e{number}")).collect();
        format!(
            "apiVersion: slipway.dev/v1\nkind: AccessManifest\nmetadata: {{component: a}}\nrequires:\n  - {{api: b, scopes: [{}], environments: [{}]}}\n",
            scopes.join(", "),
            environments.join(", ")
        )
    };
    assert_eq!(report(&found(&file(100, 100))), "");
    assert_eq!(parse(FILE_NAME, &file(100, 100)).unwrap().atoms().count(), 10_000);
    let more = found(&file(10_001, 10_000));
    assert!(more.len() == 1 && more[0].rule == "ACC001", "{}", report(&more));
    // Aliases multiply lists: the values they make are counted.
    let mut bomb = "apiVersion: slipway.dev/v1\nkind: AccessManifest\nmetadata: {component: a}\nx0: &x0 [a, a, a, a, a, a, a, a, a, a]\n".to_owned();
    for level in 1..9 {
        let before = format!("*x{}", level - 1);
        bomb += &format!("x{level}: &x{level} [{}]\n", vec![before; 10].join(", "));
    }
    let bomb = found(&bomb);
    assert!(bomb.len() == 1 && bomb[0].rule == "ACC001", "{}", report(&bomb));
    assert!(found(ANCHORS).iter().any(|finding| finding.rule == "ACC008"));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_in_its_place(which in 0..3usize, cut in any::<prop::sample::Index>(), with in "[a-z\\[\\]{}:*&?\"| \n'-]{0,8}", skip in 0..40usize) {
        let text = [WHOLE, WRONG, ANCHORS][which];
        let cut = cut.index(text.len());
        let end = (cut + skip).min(text.len());
        prop_assume!(text.is_char_boundary(cut) && text.is_char_boundary(end));
        let text = format!("{}{with}{}", &text[..cut], &text[end..]);
        for finding in found(&text) {
            prop_assert!(finding.line >= 1 && finding.line as usize <= text.lines().count().max(1), "{:?}", finding);
            prop_assert!(!finding.message.is_empty() && !finding.help.is_empty(), "{:?}", finding);
        }
    }
}

/// What only several values say together, or only a calendar and a compiler of patterns know: a schema cannot.
const BEYOND_A_SCHEMA: [&str; 5] =
    ["already.", "is no day of the calendar", "no pattern that can be used", "which it cannot be", "no span of time"];

#[test]
fn schema_and_reader_agree() {
    let schema = schema();
    let mut refused = 0;
    for text in variants() {
        let Ok(documents) = engine_yaml::parse(&text, &engine_yaml::Limits::default()) else { continue };
        let problem = problem(&schema, &schema, &documents[0].root.to_json(), "");
        let findings = match parse(FILE_NAME, &text) {
            Ok(_) => Vec::new(),
            Err(findings) => findings.findings,
        };
        let beyond = |finding: &Finding| BEYOND_A_SCHEMA.iter().any(|part| finding.message.contains(part));
        match &problem {
            Some(problem) => {
                assert!(!findings.is_empty(), "only the schema refuses it, {problem}:\n{text}");
                refused += 1;
            }
            None => assert!(findings.iter().all(beyond), "only the reader refuses it:\n{}\n{text}", report(&findings)),
        }
    }
    assert!(refused > 150, "{refused}");
}

/// The whole manifest with one line left out, or with one value replaced by another.
fn variants() -> Vec<String> {
    let lines: Vec<&str> = WHOLE.lines().collect();
    let mut variants = vec![WHOLE.to_owned(), WRONG.split("---").next().unwrap().to_owned()];
    for index in 0..lines.len() {
        let mut fewer = lines.clone();
        fewer.remove(index);
        variants.push(fewer.join("\n"));
        let Some((key, _)) = lines[index].rsplit_once(": ") else { continue };
        for value in ["", "7", "true", "[]", "{}", "text", "[text]", "\"a b\"", "30d", "2026-01-31", "2026-13-31"] {
            let changed = format!("{key}: {value}");
            let mut other = lines.clone();
            other[index] = &changed;
            variants.push(other.join("\n"));
        }
        let changed = lines[index].replacen(':', "s:", 1);
        let mut other = lines.clone();
        other[index] = &changed;
        variants.push(other.join("\n"));
    }
    variants
}

/// The words of JSON Schema that the schema uses; any other is an error of the test.
fn problem(root: &Value, schema: &Value, value: &Value, path: &str) -> Option<String> {
    let fails = |schema: &Value| problem(root, schema, value, path).is_some();
    let failed = |word: &str| Some(format!("{path}: {word}"));
    for (word, argument) in schema.as_object().unwrap() {
        let holds = match word.as_str() {
            "$schema" | "$id" | "$defs" | "title" => true,
            "$ref" => {
                let target = root.pointer(argument.as_str().unwrap().trim_start_matches('#')).unwrap();
                if let Some(problem) = problem(root, target, value, path) {
                    return Some(problem);
                }
                true
            }
            "type" => match argument.as_str().unwrap() {
                "object" => value.is_object(),
                "array" => value.is_array(),
                "string" => value.is_string(),
                "boolean" => value.is_boolean(),
                "integer" => value.is_i64() || value.is_u64(),
                other => panic!("{other}"),
            },
            "const" => value == argument,
            "enum" => argument.as_array().unwrap().contains(value),
            "pattern" => {
                let pattern = regex::Regex::new(argument.as_str().unwrap()).unwrap();
                value.as_str().is_none_or(|text| pattern.is_match(text))
            }
            "maxLength" => value.as_str().is_none_or(|text| text.chars().count() as u64 <= argument.as_u64().unwrap()),
            "minimum" => value.as_i64().is_none_or(|number| number >= argument.as_i64().unwrap()),
            "maximum" => value.as_i64().is_none_or(|number| number <= argument.as_i64().unwrap()),
            "minItems" => value.as_array().is_none_or(|items| items.len() as u64 >= argument.as_u64().unwrap()),
            "maxItems" => value.as_array().is_none_or(|items| items.len() as u64 <= argument.as_u64().unwrap()),
            "required" => {
                let keys: Vec<&str> = argument.as_array().unwrap().iter().filter_map(Value::as_str).collect();
                value.as_object().is_none_or(|object| keys.iter().all(|key| object.contains_key(*key)))
            }
            "additionalProperties" => {
                let known = schema["properties"].as_object().unwrap();
                value.as_object().is_none_or(|object| object.keys().all(|key| known.contains_key(key)))
            }
            "properties" => {
                for (key, part) in argument.as_object().unwrap() {
                    if let Some(inner) = value.get(key) {
                        let problem = problem(root, part, inner, &format!("{path}/{key}"));
                        if problem.is_some() {
                            return problem;
                        }
                    }
                }
                true
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    let problem = problem(root, argument, item, &format!("{path}/{index}"));
                    if problem.is_some() {
                        return problem;
                    }
                }
                true
            }
            "not" => fails(argument),
            "oneOf" => argument.as_array().unwrap().iter().filter(|schema| !fails(schema)).count() == 1,
            "anyOf" => argument.as_array().unwrap().iter().any(|schema| !fails(schema)),
            other => panic!("the test does not know {other}"),
        };
        if !holds {
            return failed(word);
        }
    }
    None
}
