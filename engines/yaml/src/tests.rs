#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;

use super::*;

fn json(text: &str) -> String {
    match parse(text, &Limits::default()) {
        Ok(documents) => documents.iter().map(|d| d.root.to_json().to_string()).collect::<Vec<_>>().join(" | "),
        Err(error) => format!("{} {}:{} {}", error.rule, error.line, error.column, error.message),
    }
}

#[test]
fn documents_become_json() {
    let table = [
        ("a: 1\nb: [x, {y: 2}]\n", r#"{"a":1,"b":["x",{"y":2}]}"#),
        ("\u{feff}a: b", r#"{"a":"b"}"#),
        ("a: 1\r\nb: 2\r\n", r#"{"a":1,"b":2}"#),
        ("a: 1\rb: 2\r", r#"{"a":1,"b":2}"#),
        ("a:\tb\nc:\t\td # x\n", r#"{"a":"b","c":"d"}"#),
        ("---\n---\n", "null | null"),
        ("# only a comment", ""),
        ("", ""),
        ("{\"a\": [1, true, null, \"x\"]}", r#"{"a":[1,true,null,"x"]}"#),
        ("a: &x {b: 1}\nc: *x\n", r#"{"a":{"b":1},"c":{"b":1}}"#),
        ("<<: {a: 1}\nb: 2", r#"{"<<":{"a":1},"b":2}"#),
        ("1: a\n\"1\": b\nnull: c\n", r#"{"1":"b","":"c"}"#),
        ("a: !!str 12\nb: !!int \"12\"\nc: !foo 3\nd: '4'\ne: !!str\n", r#"{"a":"12","b":12,"c":"3","d":"4","e":""}"#),
        ("a: |\n  x\n  y\nb: >-\n  x\n  y\n", r#"{"a":"x\ny\n","b":"x y"}"#),
    ];
    for (text, expected) in table {
        assert_eq!(json(text), expected, "{text:?}");
    }
}

#[test]
fn errors_have_their_place() {
    let table = [
        ("a: 1\nb: 2\na: 3\n", "yaml.duplicate-key 3:1 The key `a` is written twice; it stands in line 1 already."),
        ("{é: 1, é: 2}", "yaml.duplicate-key 1:8 The key `é` is written twice; it stands in line 1 already."),
        ("\ta: 1\n", "yaml.tab 1:1 A tab indents this line; YAML allows only spaces there."),
        (
            "a:\n\tb: 1\n",
            "yaml.syntax 2:2 This is not valid YAML: tabs disallowed within this context (block indentation).",
        ),
        ("a: b: c", "yaml.syntax 1:5 This is not valid YAML: mapping values are not allowed in this context."),
        ("a: [1,\n  2", "yaml.syntax 2:4 This is not valid YAML: while parsing a flow sequence, expected ',' or ']'."),
        ("a: @b", "yaml.syntax 1:4 This is not valid YAML: unexpected character: '@'."),
        ("a: *b", "yaml.syntax 1:4 This is not valid YAML: while parsing node, found unknown anchor."),
        ("a: &b [*b]", "yaml.syntax 1:8 The alias names an anchor that this document does not have before it."),
        (
            "a: &b 1\n---\nc: *b",
            "yaml.syntax 3:4 The alias names an anchor that this document does not have before it.",
        ),
        ("a: 1\nb: \0", "yaml.encoding 2:4 The file has a NUL character, which no text has."),
    ];
    for (text, expected) in table {
        assert_eq!(json(text), expected, "{text:?}");
    }
}

#[test]
fn nodes_and_keys_have_their_place() {
    let documents =
        parse("# x\na: 'ü'\nlänge: {b: [1, two]}\nempty:\nc: &x\n  d: |\n    t\n", &Limits::default()).unwrap();
    let root = &documents[0].root;
    let at = |node: &Node| (node.line, node.column);
    assert_eq!(at(root), (2, 1));
    assert_eq!(at(root.get("a").unwrap()), (2, 4));
    let entry = root.entry("länge").unwrap();
    assert_eq!((entry.line, entry.column, at(&entry.value)), (3, 1, (3, 8)));
    let b = entry.value.get("b").unwrap();
    assert_eq!((at(b), at(&b.items()[1])), ((3, 12), (3, 16)));
    assert_eq!(at(root.get("empty").unwrap()), (4, 1), "an empty value stands where its key does");
    assert_eq!(at(root.get("c").unwrap().get("d").unwrap()), (7, 5));
}

#[test]
fn what_follows_a_broken_document_is_read() {
    let text = "a: 1\n---\nb: [\n---\nc: \"x\n--- # third\nd: 4\n---\n- :\n  x\n y\n---\ne: 5\n";
    let (documents, errors) = parse_all(text, &Limits::default());
    let read: Vec<_> = documents.iter().map(|d| (d.root.line, d.root.to_json().to_string())).collect();
    assert_eq!(read[0], (1, r#"{"a":1}"#.to_owned()));
    assert!(read.contains(&(7, r#"{"d":4}"#.to_owned())), "{read:?}");
    assert_eq!(read.last().unwrap(), &(13, r#"{"e":5}"#.to_owned()));
    assert_eq!(errors.iter().map(|error| error.line).collect::<Vec<_>>()[..2], [4, 5]);
}

#[test]
fn keys_within_keys_end_at_a_limit() {
    let nested = |depth: usize| format!("a: {}b{}", "{".repeat(depth), "}".repeat(depth));
    assert!(parse(&nested(5), &Limits::default()).is_ok());
    // Once two to the power of sixty characters, which nobody lived to see.
    assert_eq!(parse(&nested(60), &Limits::default()).unwrap_err().rule, "yaml.limit");
}

#[test]
fn bombs_are_errors_with_a_place() {
    let mut laughs = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for level in 1..30 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
        laughs.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    let error = parse(&laughs, &Limits::default()).unwrap_err();
    assert_eq!((error.rule, error.line), ("yaml.limit", 6));
    // Depth through aliases counts too.
    let mut chain = "a0: &a0 [x]\n".to_owned();
    for level in 1..300 {
        chain.push_str(&format!("a{level}: &a{level} [*a{}]\n", level - 1));
    }
    let error = parse(&chain, &Limits::default()).unwrap_err();
    assert_eq!((error.rule, error.line), ("yaml.limit", 100));
    let large = format!("a: {}", "x".repeat(1_000_001));
    assert_eq!(parse(&large, &Limits::default()).unwrap_err().rule, "yaml.limit");
}

#[test]
fn nesting_cannot_exhaust_the_stack() {
    let depth = 10_000;
    let mut texts: Vec<String> =
        ["[", "{a: ", "- ", "? ", "[{a: ", "!!seq [", "&a ["].iter().map(|open| open.repeat(depth)).collect();
    texts.push(format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
    texts.push((0..1300).map(|level| format!("{}a:\n", " ".repeat(level))).collect());
    let work = move || {
        for text in texts {
            let (documents, errors) = parse_all(&text, &Limits::default());
            assert!(documents.is_empty());
            assert_eq!(errors[0].rule, "yaml.limit", "{}", &text[..10]);
        }
    };
    std::thread::Builder::new().stack_size(256 * 1024).spawn(work).unwrap().join().unwrap();
}

#[test]
fn bytes_that_are_no_text_are_found() {
    let error = decode(b"a: 1\nb\xc3\xa9: \xff").unwrap_err();
    assert_eq!((error.line, error.column), (2, 5));
    assert!(error.message.contains("byte 11"), "{}", error.message);
}

fn check(text: &str) {
    let (documents, errors) = parse_all(text, &Limits::default());
    let lines = u32::try_from(text.split(['\n', '\r']).count()).unwrap();
    let longest = u32::try_from(text.split(['\n', '\r']).map(|line| line.chars().count()).max().unwrap_or(0)).unwrap();
    for error in &errors {
        assert!(error.line >= 1 && error.line <= lines, "{error:?} in {text:?}");
        assert!(error.column >= 1 && error.column <= longest + 1, "{error:?} in {text:?}");
    }
    let mut todo: Vec<&Node> = documents.iter().map(|document| &document.root).collect();
    while let Some(node) = todo.pop() {
        assert!(node.line >= 1 && node.line <= lines && node.column <= longest + 1, "{node:?} in {text:?}");
        todo.extend(node.items());
        todo.extend(node.entries().iter().map(|entry| &entry.value));
    }
}

proptest! {

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn text_of_yaml_pieces_is_read_or_refused(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "a", "b: ", ":", "- ", "\n", "\n  ", "\n---\n", "...", "[", "]", "{", "}", ",", "\"", "'", "|\n", ">-\n", "&x ", "*x",
                "!!str ", "!t ", "? ", "#", "%TAG ! t:\n", "%YAML 1.2\n", "\t", " ", "\r\n", "\r", "ü", "\\", "\u{85}", "<<: ", "~", "@", "`", "0x1",
            ]),
            0..40,
        )
    ) {
        check(&pieces.concat());
    }
}

#[test]
fn no_line_of_a_text_becomes_a_document() {
    let text = serde_json::Value::from("a\n--- b\n... c");
    assert_eq!(parse(&emit(&text), &Limits::default()).unwrap()[0].root.to_json(), text);
}

fn value() -> impl Strategy<Value = serde_json::Value> {
    let text = prop_oneof![
        any::<String>(),
        "[a-z0-9 :#\n\t'\"|>@*&-]{0,12}",
        prop::sample::select(vec![
            "yes",
            "null",
            "1.0",
            "0x1F",
            "2020-01-01",
            "- a",
            "a: b",
            "a #b",
            "...",
            "---",
            " a",
            "a\n",
            "a\n\nb\n",
            "\n"
        ])
        .prop_map(str::to_owned),
    ];
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i32>().prop_map(Into::into),
        text.clone().prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::vec((text.clone(), inner), 0..6)
                .prop_map(|pairs| serde_json::Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_reads_back_the_same(value in value()) {
        let text = emit(&value);
        let documents = parse(&text, &Limits::default()).map_err(|error| TestCaseError::fail(format!("{error:?} in\n{text}")))?;
        prop_assert_eq!(documents.len(), 1);
        prop_assert_eq!(documents[0].root.to_json(), value, "{}", text);
    }
}

/// As npm's `yaml` 2.x has it: a bracket may close where its key stands, and no further left.
#[test]
fn brackets_may_close_where_their_key_stands() {
    let table = [
        ("a:\n  b: [\n    1\n  ]\n  c: 2\n", r#"{"a":{"b":[1],"c":2}}"#),
        ("a: [\n  1\n]\nb: 2\n", r#"{"a":[1],"b":2}"#),
        ("- a: [\n    1\n  ]\n", r#"[{"a":[1]}]"#),
        ("a:\n- [\n  1\n]\n", r#"{"a":[[1]]}"#),
        ("a:\n  - {\n    b: 1\n  }\n", r#"{"a":[{"b":1}]}"#),
        ("a: [[\n  1\n  ]\n]\n", r#"{"a":[[1]]}"#),
    ];
    for (text, expected) in table {
        assert_eq!(json(text), expected, "{text:?}");
    }
    assert!(json("a: [\n1\n]\n").starts_with("yaml.syntax 2:1"));
}
