//! What authors are told of their templates, and what they are not.

#![allow(clippy::unwrap_used)]

use engine_templates::tree::{Entry, Tree};
use engine_templates::{Environment, Template};
use model::Level;
use serde_json::{Value, json};

fn manifest() -> Value {
    json!({
        "slug": "p",
        "docs": true,
        "license": ["MIT", "BSD", "none"],
        "ci": "y",
        "year": 2026,
        "nothing": null,
        "more": {"k": "v"},
        "templated": ["{{ cookiecutter.slug }}", "b"],
        "_own": "x",
        "__flag": "{{ cookiecutter.license == 'MIT' }}",
    })
}

/// Every variable once, so that none is unused.
const USES: &str = "{{ cookiecutter.slug }}{{ cookiecutter.docs }}{{ cookiecutter.license }}{{ cookiecutter.ci }}{{ cookiecutter.year }}\
    {{ cookiecutter.nothing }}{{ cookiecutter.more }}{{ cookiecutter.templated }}{{ cookiecutter._own }}{{ cookiecutter.__flag }}";

fn check(variables: &Value, files: &[(&str, &[u8])]) -> Vec<String> {
    let mut tree = Tree::default();
    let file = |content: &[u8]| Entry::file(content, 0o644);
    tree.insert("cookiecutter.json", file(&serde_json::to_vec_pretty(variables).unwrap())).unwrap();
    tree.insert("{{cookiecutter.slug}}/uses", file(USES.as_bytes())).unwrap();
    for (path, content) in files {
        tree.insert(*path, file(content)).unwrap();
    }
    let environment = Environment::new("2026-08-04T14:34:56Z".parse().unwrap(), 7);
    let findings = Template::open(tree).unwrap().check(&environment).findings;
    findings
        .iter()
        .map(|one| {
            assert!(
                one.level < Level::Error
                    || matches!(
                        one.rule.as_str(),
                        "template.syntax" | "template.filter" | "template.encoding" | "template.nested"
                    )
            );
            let file = one.location().replace("{{cookiecutter.slug}}/", "");
            format!("{file} {} {} / {}", one.rule.trim_start_matches("template."), one.message, one.help)
        })
        .collect()
}

/// What is said of one file `f`.
fn of(text: &str) -> Vec<String> {
    check(&manifest(), &[("{{cookiecutter.slug}}/f", text.as_bytes())])
}

#[test]
fn what_no_answer_can_be_is_told() {
    for (text, expected) in [
        (
            "{% if cookiecutter.license == 'BSDD' %}{% endif %}",
            "f:1:31 choice-value \"BSDD\" is none of the choices of license / did you mean \"BSD\"?",
        ),
        (
            "{{ 'a' if 'GPL' != cookiecutter.license }}",
            "f:1:11 choice-value \"GPL\" is none of the choices of license / choices are MIT, BSD, none",
        ),
        (
            "{% if cookiecutter.license not in ['MIT', 'X'] %}{% endif %}",
            "f:1:43 choice-value \"X\" is none of the choices of license / choices are MIT, BSD, none",
        ),
        (
            "\n{% set a = cookiecutter.docs == 'y' %}",
            "f:2:33 type docs is true or false, and never \"y\" / test `cookiecutter.docs` itself",
        ),
        (
            "{% if cookiecutter.year > 3 %}{% endif %}",
            "f:1:27 type year is a text, which cannot be compared with the number 3 / write `cookiecutter.year|int`",
        ),
        (
            "{% if cookiecutter.year == 3 %}{% endif %}",
            "f:1:28 type year is a text, and never the number 3 / write '3'",
        ),
        (
            "{% if cookiecutter.ci == true %}{% endif %}",
            "f:1:26 type ci is a text, and never true / compare it with a text, or make its default true or false",
        ),
        (
            "{% if cookiecutter.license == 'MIT' and cookiecutter.license == 'BSD' %}{% endif %}",
            "f:1:7 dead no answer makes this condition true / remove the branch, or mend the condition",
        ),
        (
            "{% if cookiecutter.license == 'MIT' %}{% if cookiecutter.license == 'BSD' %}{% endif %}{% endif %}",
            "f:1:45 dead no answer makes this condition true / remove the branch, or mend the condition",
        ),
        (
            "{% if cookiecutter.slug == 'a' %}{% elif cookiecutter.slug in ['a'] %}{% endif %}",
            "f:1:42 dead no answer makes this condition true / remove the branch, or mend the condition",
        ),
        (
            "{% if not cookiecutter.docs %}{% else %}{% if not cookiecutter.docs %}{% if cookiecutter.ci == 'y' %}{% endif %}{% endif %}{% endif %}",
            "f:1:47 dead no answer makes this condition true / remove the branch, or mend the condition",
        ),
        (
            "{% if cookiecutter.license %}{% endif %}",
            "f:1:7 constant every answer makes this condition true / remove the condition, or mend it",
        ),
        (
            "{% if cookiecutter.docs or not cookiecutter.docs %}{% endif %}",
            "f:1:7 constant every answer makes this condition true / remove the condition, or mend it",
        ),
        (
            "{% if cookiecutter.ci %}{% endif %}",
            "f:1:4 text-as-truth ci is a text, and true even when it is \"n\" / compare it: `cookiecutter.ci == '…'`",
        ),
        (
            "{% if cookiecutter.docs and not cookiecutter.__flag %}{% endif %}",
            "f:1:4 text-as-truth __flag is a text, and true even when it is \"False\" / compare it: `cookiecutter.__flag == '…'`",
        ),
        (
            "{{ cookiecutter.sluck }}",
            "f:1:4 undefined `cookiecutter.sluck` is no variable of the template / did you mean \"slug\"?",
        ),
    ] {
        assert_eq!(of(text), [expected], "{text}");
    }
}

#[test]
fn what_some_answer_can_be_is_not() {
    for text in [
        "{% if cookiecutter.license == 'MIT' %}{% elif cookiecutter.license == 'BSD' %}{% else %}{% endif %}",
        "{% if cookiecutter.license == 'MIT' or cookiecutter.license == 'BSD' or cookiecutter.license == 'none' and x %}{% endif %}",
        "{% if cookiecutter.license|lower == 'mit' %}{% elif cookiecutter.license.lower() == 'bsd' %}{% endif %}",
        "{% if cookiecutter.license == 'M' ~ 'IT' %}{% elif cookiecutter.license + 'x' == 'MITx' %}{% endif %}",
        "{% if cookiecutter.license[0] == 'M' %}{% elif cookiecutter.license.startswith('B') %}{% endif %}",
        "{% if 'M' in cookiecutter.license %}{% endif %}{% if cookiecutter.slug == 'nope' %}{% endif %}",
        "{% if cookiecutter.docs in [true, 'true', 'yes'] %}{% endif %}{% if cookiecutter.docs == 1 %}{% endif %}",
        "{% if cookiecutter.year|int > 3 %}{% endif %}{% if cookiecutter.year > '3' %}{% endif %}",
        "{% if cookiecutter.templated == 'q' %}{% endif %}{% if cookiecutter.nothing == 3 %}{% endif %}",
        "{% if cookiecutter.slug == 'a' %}{% endif %}{% if cookiecutter.slug == 'b' %}{% endif %}",
        "{% if cookiecutter.slug|lower == 'a' %}{% if cookiecutter.slug == 'A' %}{% endif %}{% endif %}",
        "{% if cookiecutter.slug %}{% endif %}{% if false %}{% endif %}{% if cookiecutter._own == 'y' %}{% endif %}",
        "{% for a in [1] %}{% if cookiecutter.docs %}{% endif %}{% else %}{% if not cookiecutter.docs %}{% endif %}{% endfor %}",
        "{% if cookiecutter.license == cookiecutter.slug %}{% endif %}{% if cookiecutter.slug != cookiecutter.ci %}{% endif %}",
        "{% raw %}{% if cookiecutter.docs == 'y' %}{% endraw %}{# {% if cookiecutter.docs == 'y' %} #}",
        "{% if cookiecutter.sluck is defined %}{% endif %}{{ cookiecutter.other|default('x') }}",
        "{% if cookiecutter.docs is true %}{% endif %}{{ cookiecutter.docs == 'y' ~ '' }}",
        "{% if (cookiecutter.docs and cookiecutter.ci == 'y') or cookiecutter.license != 'MIT' %}{% endif %}",
    ] {
        assert_eq!(of(text), [""; 0], "{text}");
    }
}

#[test]
fn nothing_is_certain_when_a_script_may_change_the_questions() {
    let text = b"{% if cookiecutter.docs == 'y' %}{% endif %}".as_slice();
    let files = [("{{cookiecutter.slug}}/f", text), ("hooks/pre_prompt.py", b"".as_slice())];
    assert_eq!(check(&manifest(), &files), [""; 0]);
}

#[test]
fn what_is_nested_deeply_is_let_be() {
    let [open, close] = ["(", ")"].map(|bracket| bracket.repeat(100_000));
    for name in [
        format!("{{{{ {open}1{close} }}}}"),
        format!("{{{{ {}1 }}}}", "not ".repeat(100_000)),
        "{% if x|lower".repeat(999),
    ] {
        let found = check(&manifest(), &[(&format!("{{{{cookiecutter.slug}}}}/{name}"), b"")]);
        assert!(found[0].contains("syntax"), "{found:?}");
    }
    let many = "{% if cookiecutter.slug == 'a' %}".repeat(300) + &"{% endif %}".repeat(300);
    assert!(of(&many).len() <= 1);
}

#[test]
fn nothing_is_certain_when_a_text_changes_the_variables() {
    let text = b"{% set _ = cookiecutter.update({'docs': 'y'}) %}{% if cookiecutter.docs == 'y' %}{{ cookiecutter.new }}{% endif %}";
    assert_eq!(check(&manifest(), &[("{{cookiecutter.slug}}/f", text.as_slice())]), [""; 0]);
}

#[test]
fn names_that_go_wrong_are_told() {
    for (path, expected) in [
        (
            "{% if cookiecutter.docs == 'y' %}f{% endif %}",
            vec![
                "{% if cookiecutter.docs == 'y' %}f{% endif %} type docs is true or false, and never \"y\" / test `cookiecutter.docs` itself",
                "{% if cookiecutter.docs == 'y' %}f{% endif %} never-made no answer produces this: its name is always empty / remove it, or mend the condition in its name",
            ],
        ),
        (
            "{{ 'f' if cookiecutter.license == 'MIT' and cookiecutter.license == 'BSD' else '' }}",
            vec![
                "{{ 'f' if cookiecutter.license == 'MIT' and cookiecutter.license == 'BSD' else '' }} never-made no answer produces this: its name is always empty / remove it, or mend the condition in its name",
            ],
        ),
        (
            "{% if cookiecutter.docs %}docs{% endif %}/{% if cookiecutter.docs %}sub{% endif %}/f",
            vec![
                "{% if cookiecutter.docs %}docs{% endif %} empty-folder with some answers the folder has no name, and cookiecutter fails / give the files in it names that become empty instead, or remove the folder in a hook",
            ],
        ),
        (
            "USES",
            vec![
                "uses case \"USES\" and \"uses\" are one file where names know no capital letters / Windows and macOS keep only one of them: rename the other",
            ],
        ),
        ("{% if cookiecutter.docs %}f{% endif %}.md", vec![]),
        ("{% if cookiecutter.docs %}f{% endif %}", vec![]),
        ("{{ cookiecutter.slug }}/{% if cookiecutter.slug == 'x' %}f{% endif %}", vec![]),
    ] {
        let path = format!("{{{{cookiecutter.slug}}}}/{path}");
        assert_eq!(check(&manifest(), &[(&path, b"")]), expected, "{path}");
    }
}

#[test]
fn a_file_that_the_template_itself_leaves_out_is_not_looked_into() {
    let mut variables = manifest();
    variables["__copier"] = json!("");
    let path = "{{cookiecutter.slug}}/{{cookiecutter.__copier}}";
    assert_eq!(check(&variables, &[(path, b"{{ _copier_answers|to_nice_yaml }}")]), [""; 0]);
}

#[test]
fn what_is_declared_in_vain_is_told() {
    let variables = json!({
        "slug": "p", "early": "{{ cookiecutter.late }}{{ cookiecutter.late|default('') }}", "late": "{{ cookiecutter.late2 }}",
        "self": "{{ cookiecutter.self }}", "dict": {"k": "{{ cookiecutter.last }}"}, "uses": "{{ cookiecutter.dict }}", "last": "l",
        "license": ["MIT", "BSD"], "_private": 1, "__made": "x",
        "_copy_without_render": ["docs/", "raw/*", "*.nothing"],
        "__prompts__": {"slug": "S", "slgu": "S", "_private": "P", "license": {"__prompt__": "L", "BSDD": "B"}},
    });
    let uses = b"{{ cookiecutter.early }}{{ cookiecutter.late }}{{ cookiecutter.self }}{{ cookiecutter.uses }}{{ cookiecutter.license }}";
    let files = [
        ("{{cookiecutter.slug}}/uses", uses.as_slice()),
        ("{{cookiecutter.slug}}/docs/f", b""),
        ("{{cookiecutter.slug}}/raw/f", b"{{ left alone }}"),
        ("{{cookiecutter.slug}}/f.png", b"{{ cookiecutter.slug }}"),
        ("{{cookiecutter.slug}}/latin", b"Gr\xfc\xdfe aus K\xf6ln und anderswo her\n"),
        ("hooks/post_gen_project.sh", b"echo no interpreter\n"),
        ("hooks/pre_gen_project.py", b"if '{{ cookiecutter.license }}' == 'BSDD': pass\n"),
        ("hooks/post_gen_projects.py", b""),
        ("hooks/helpers.py", b""),
    ];
    let expected = [
        "f.png binary this counts as binary, and its variables are not rendered / give it another ending, or take the variables out",
        "latin:1:3 encoding the text is no UTF-8 / save it as UTF-8, or name it in _copy_without_render",
        "cookiecutter.json:4:3 undefined `cookiecutter.late2` is no variable of the template / did you mean \"late\"?",
        "hooks/pre_gen_project.py:1:36 choice-value \"BSDD\" is none of the choices of license / did you mean \"BSD\"?",
        "cookiecutter.json:15:3 unused _private is never used / remove it, or use it",
        "cookiecutter.json:16:3 unused __made is never used / remove it, or use it",
        "cookiecutter.json:18:5 copy-pattern \"docs/\" matches no path of the template / leave the / at its end out",
        "cookiecutter.json:20:5 copy-pattern \"*.nothing\" matches no path of the template / patterns are held against whole paths below the project's folder, before they are rendered",
        "cookiecutter.json:24:5 prompt there is no question \"slgu\" / did you mean \"slug\"?",
        "cookiecutter.json:25:5 prompt _private is never asked for, since its name begins with _ / remove the text",
        "cookiecutter.json:28:7 prompt \"BSDD\" is none of the choices of license / did you mean \"BSD\"?",
        "cookiecutter.json:5:3 order the default of self uses self, which is not known yet / a default cannot use itself",
        "cookiecutter.json:9:3 order the default of uses uses dict, which is not known yet / put it behind that one",
        "hooks/post_gen_project.sh:1:1 hook nothing says what runs this script: it has no line #!, and its name does not end in .py / begin it with #!/bin/sh, or whatever runs it",
        "hooks/post_gen_projects.py hook-name \"post_gen_projects.py\" is no name of a script that cookiecutter runs / did you mean \"post_gen_project\"?",
    ];
    assert_eq!(check(&variables, &files), expected);
}

#[test]
fn each_template_within_a_template_is_checked() {
    let variables = json!({"templates": {"a": {"path": "./a"}, "b": {"path": "./b"}, "c": {"path": "a"}}});
    let files = [("a/cookiecutter.json", br#"{"slug": "p"}"#.as_slice()), ("a/{{cookiecutter.slug}}/f", b"\n{% if %}")];
    let found = check(&variables, &files);
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found[0].starts_with("a/f:2:7 syntax"), "{found:#?}");
    assert!(found[1].starts_with("cookiecutter.json:6:5 nested \"b\" is no template"), "{found:#?}");
}

#[test]
fn extensions_that_were_not_run_are_a_note() {
    let mut variables = manifest();
    variables["_extensions"] = json!(["local.Kebab"]);
    let text = b"{{ cookiecutter.slug|kebab }}{% if cookiecutter.docs == 'y' %}{% endif %}".as_slice();
    let found = check(&variables, &[("{{cookiecutter.slug}}/f", text)]);
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found[0].contains("extension") && found[1].contains("type"), "{found:#?}");
}
