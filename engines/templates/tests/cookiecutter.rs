//! cookiecutter's templates through the public door: questions, rendering, and what is said about those that are wrong.

#![allow(clippy::unwrap_used)]

use engine_templates::tree::{Entry, Tree};
use engine_templates::{Answers, Environment, Kind, Places, Rendered, Stage, Template, Treatment, cookiecutter};
use model::{Findings, Level};
use serde_json::{Value, json};

fn tree(files: &[(&str, &str)]) -> Tree {
    let mut tree = Tree::default();
    for (path, content) in files {
        tree.insert(*path, Entry::file(content.as_bytes(), 0o644)).unwrap();
    }
    tree
}

fn template(variables: &Value, files: &[(&str, &str)]) -> Template {
    let mut tree = tree(files);
    tree.insert("cookiecutter.json", Entry::file(serde_json::to_vec_pretty(variables).unwrap(), 0o644)).unwrap();
    Template::open(tree).unwrap()
}

fn environment() -> Environment {
    Environment::new("2026-08-04T14:34:56Z".parse().unwrap(), 7)
}

fn render(variables: &Value, files: &[(&str, &str)]) -> Result<Rendered, Findings> {
    template(variables, files).render(&Answers::default(), &environment())
}

fn text(rendered: &Rendered, path: &str) -> String {
    match rendered.tree.get(path) {
        Some(Entry::File { content, .. }) => String::from_utf8(content.to_vec()).unwrap(),
        other => panic!("{path}: {other:?}"),
    }
}

/// The place, rule, message and help of every finding.
fn said(result: Result<Rendered, Findings>) -> Vec<String> {
    let findings = result.unwrap_err().findings;
    let line = |one: &model::Finding| format!("{} {} {} / {}", one.location(), one.rule, one.message, one.help);
    findings.iter().map(line).collect()
}

#[test]
fn defaults_are_rendered_in_order_and_dictionaries_last() {
    let rendered = render(
        &json!({"name": "My App", "dict": {"{{ cookiecutter.slug }}": "{{ cookiecutter.late }}"}, "_raw": "{{ x }}",
            "slug": "{{ cookiecutter.name|lower|replace(' ', '-') }}", "__made": "{{ cookiecutter.slug }}!", "number": 3,
            "yes": true, "nothing": null, "license": ["MIT", "BSD"], "late": "l"}),
        &[("{{cookiecutter.slug}}/f", "{{ cookiecutter.dict }} {{ cookiecutter._raw }} {{ cookiecutter.__made }} \
            {{ cookiecutter.number is string }} {{ cookiecutter.yes }} {{ cookiecutter.nothing }} {{ cookiecutter.license }}")],
    )
    .unwrap();
    assert_eq!(rendered.folder.as_deref(), Some("my-app"));
    assert_eq!(text(&rendered, "f"), "{'my-app': 'l'} {{ x }} my-app! True True None MIT");
    let remembered: Vec<&str> = rendered.answers.iter().map(|(name, _)| name).collect();
    assert_eq!(remembered, ["name", "dict", "slug", "number", "yes", "nothing", "license", "late"]);
    let variables: Vec<&str> = rendered.variables.keys().map(String::as_str).collect();
    let found = ["name", "_raw", "slug", "__made", "number", "yes", "nothing", "license", "late", "dict"];
    assert_eq!(variables, found);
}

#[test]
fn questions_come_one_at_a_time_with_the_default_that_the_answers_lead_to() {
    let template = template(
        &json!({"name": "App", "slug": "{{ cookiecutter.name|lower }}", "docs": true, "license": ["MIT", "BSD"],
            "__prompts__": {"name": "What is it called?", "license": {"__prompt__": "Which license?", "BSD": "BSD 3"}}}),
        &[("{{cookiecutter.slug}}/f", "")],
    );
    let mut answers = Answers::default();
    let first = template.next(&answers, &environment()).unwrap().unwrap();
    assert_eq!(
        (first.name.as_str(), first.text.as_str(), &first.default),
        ("name", "What is it called?", &json!("App"))
    );
    answers.insert("name", "Tool");
    let second = template.next(&answers, &environment()).unwrap().unwrap();
    assert_eq!((second.name.as_str(), &second.default), ("slug", &json!("tool")));
    answers.insert("slug", template.answer(&second, "").unwrap());
    let third = template.next(&answers, &environment()).unwrap().unwrap();
    assert_eq!(third.kind, Kind::YesNo);
    assert_eq!(template.answer(&third, " Off ").unwrap(), json!(false));
    assert!(template.answer(&third, "perhaps").unwrap_err().findings[0].message.contains("give yes or no"));
    answers.insert("docs", false);
    let last = template.next(&answers, &environment()).unwrap().unwrap();
    let Kind::Choice { choices } = &last.kind else { panic!("{last:?}") };
    assert_eq!(choices.iter().map(|choice| choice.label.as_str()).collect::<Vec<_>>(), ["MIT", "BSD 3"]);
    assert_eq!(template.answer(&last, "2").unwrap(), json!("BSD"));
    assert!(template.answer(&last, "GPL").unwrap_err().findings[0].message.contains("choose one of MIT, BSD"));
    answers.insert("license", "BSD");
    assert_eq!(template.next(&answers, &environment()).unwrap(), None);
    assert_eq!(template.render(&answers, &environment()).unwrap().answers, answers);
}

#[test]
fn what_is_remembered_renders_the_same_again() {
    let template = template(
        &json!({"slug": "p", "key": "{{ random_ascii_string(12) }}"}),
        &[
            ("{{cookiecutter.slug}}/a", "{{ uuid4() }} {% now 'utc', '%Y-%m-%d %H:%M' %}"),
            ("{{cookiecutter.slug}}/b", "{{ uuid4() }}"),
        ],
    );
    let first = template.render(&Answers::default(), &environment()).unwrap();
    let again = template.render(&first.answers, &environment()).unwrap();
    assert_eq!(first, again);
    assert!(text(&first, "a").ends_with("2026-08-04 14:34"));
    assert_ne!(text(&first, "a")[..36], text(&first, "b"));
    let mut other = environment();
    other.seed = 8;
    assert_ne!(text(&template.render(&first.answers, &other).unwrap(), "b"), text(&first, "b"));
}

#[test]
fn lists_that_filters_make_can_be_changed() {
    let text =
        "{% set a = [2, 1]|sort %}{% set b = a|list %}{% set _ = b.append(3) %}{% set _ = a.pop() %}{{ a }} {{ b }}";
    let rendered = render(&json!({"slug": "p"}), &[("{{cookiecutter.slug}}/f", text)]).unwrap();
    assert_eq!(self::text(&rendered, "f"), "[1] [1, 2, 3]");
}

#[test]
fn chance_in_one_file_does_not_depend_on_another() {
    let one = render(&json!({"slug": "p"}), &[("{{cookiecutter.slug}}/z", "{{ uuid4() }}")]).unwrap();
    let files = [("{{cookiecutter.slug}}/a", "{{ uuid4() }}"), ("{{cookiecutter.slug}}/z", "{{ uuid4() }}")];
    let two = render(&json!({"slug": "p"}), &files).unwrap();
    assert_eq!(text(&one, "z"), text(&two, "z"));
}

#[test]
fn files_keep_their_mode_line_ends_and_bytes() {
    let mut files = tree(&[
        ("cookiecutter.json", r#"{"slug": "p", "_copy_without_render": ["raw/*"]}"#),
        ("{{cookiecutter.slug}}/windows.txt", "{{ cookiecutter.slug }}\r\nb\r\n"),
        ("{{cookiecutter.slug}}/raw/{{cookiecutter.slug}}.txt", "{{ untouched }}\r\n"),
        ("{{cookiecutter.slug}}/picture.png", "{{ untouched }}"),
        ("{{cookiecutter.slug}}/{% if false %}left out{% endif %}", "x"),
    ]);
    files.insert("{{cookiecutter.slug}}/run.sh", Entry::file("#!/bin/sh\n".as_bytes(), 0o755)).unwrap();
    files.insert("{{cookiecutter.slug}}/linked", Entry::Link { target: "run.sh".to_owned() }).unwrap();
    let rendered = Template::open(files).unwrap().render(&Answers::default(), &environment()).unwrap();
    assert_eq!(text(&rendered, "windows.txt"), "p\r\nb\r\n");
    assert_eq!(text(&rendered, "raw/p.txt"), "{{ untouched }}\r\n");
    assert_eq!(text(&rendered, "picture.png"), "{{ untouched }}");
    assert!(matches!(rendered.tree.get("linked"), Some(Entry::File { mode: 0o755, .. })));
    assert_eq!(rendered.origins["raw/p.txt"].treatment, Treatment::Copied);
    assert_eq!(rendered.origins["picture.png"].treatment, Treatment::Binary);
    assert_eq!(rendered.origins["windows.txt"].path, "{{cookiecutter.slug}}/windows.txt");
    assert_eq!(rendered.tree.iter().count(), 6);
}

#[test]
fn every_finding_names_its_place_and_what_may_have_been_meant() {
    let files = [
        ("{{cookiecutter.slug}}/a.txt", "ok\n{{ cookiecutter.projct_name }}\n"),
        ("{{cookiecutter.slug}}/b.txt", "{{ cookiecutter.slug|uper }}"),
        ("{{cookiecutter.slug}}/c.txt", "\n\n  {% if %}"),
        ("{{cookiecutter.slug}}/{{cookiecutter.slugg}}", ""),
        ("{{cookiecutter.slug}}/d.txt", "{% include 'e.txt' %}"),
        ("templates/e.txt", "\n{{ nothing }}"),
        ("{{cookiecutter.slug}}/f.txt", "{% now 'utc', '%Y' %} {{ missing }}"),
    ];
    let found = said(render(&json!({"slug": "p", "project_name": "x"}), &files));
    let expected = [
        ("{{cookiecutter.slug}}/a.txt:2:4 template.undefined", "did you mean \"project_name\"?"),
        ("{{cookiecutter.slug}}/b.txt:1:22 template.filter", "did you mean \"upper\"?"),
        ("{{cookiecutter.slug}}/c.txt:3:", "template.syntax"),
        ("templates/e.txt:2:4 template.undefined", "`nothing` is undefined"),
        ("{{cookiecutter.slug}}/f.txt:1:26 template.undefined", "`missing` is undefined"),
        ("{{cookiecutter.slug}}/{{cookiecutter.slugg}}:1:3 template.undefined", "did you mean \"slug\"?"),
    ];
    for (start, part) in expected {
        assert!(found.iter().any(|line| line.starts_with(start) && line.contains(part)), "{start} {part}\n{found:#?}");
    }
    assert_eq!(found.len(), expected.len(), "{found:#?}");
}

#[test]
fn a_manifest_that_is_wrong_is_said_where_it_is_wrong() {
    let open =
        |text: &str| Template::open(tree(&[("cookiecutter.json", text)])).unwrap_err().findings.remove(0).location();
    assert_eq!(open("{\"a\": 1,\n  b}"), "cookiecutter.json:2:3");
    assert_eq!(open("[]"), "cookiecutter.json:1:1");
    assert!(Template::open(Tree::default()).unwrap_err().findings[0].message.contains("there is no cookiecutter.json"));
    let variables = json!({"slug": "p", "a": "{{ cookiecutter.slgu }}"});
    let found = said(render(&variables, &[("{{cookiecutter.slug}}/f", "")]));
    assert!(found[0].starts_with("cookiecutter.json:3:3 template.undefined the default of a"), "{found:?}");
    assert!(found[0].ends_with("did you mean \"slug\"?"), "{found:?}");
}

#[test]
fn a_default_that_a_question_does_not_take_is_refused() {
    let template = template(
        &json!({"slug": "p", "license": ["MIT", "BSD"], "docs": true}),
        &[("{{cookiecutter.slug}}/f", "{{ cookiecutter.license }}")],
    );
    let with = |name: &str, value: &str| template.with_defaults(&Answers::from_iter([(name, value)]));
    assert!(with("license", "MITT").unwrap_err().findings[0].help.contains("did you mean \"MIT\"?"));
    assert!(with("docs", "perhaps").is_err());
    let chosen = with("license", "BSD").unwrap().render(&Answers::default(), &environment()).unwrap();
    assert_eq!(text(&chosen, "f"), "BSD");
    let (configured, warning) = template.with_configured(&Answers::from_iter([("slug", "q"), ("license", "GPL")]));
    assert_eq!(warning.unwrap().level, Level::Warning);
    assert_eq!(configured.render(&Answers::default(), &environment()).unwrap().folder.as_deref(), Some("q"));
    let invalid = Answers::from_iter([("license", "GPL")]);
    assert_eq!(template.render(&invalid, &environment()).unwrap_err().findings[0].rule, "template.answer");
}

#[test]
fn a_yes_or_no_takes_what_was_a_text_before() {
    let template =
        template(&json!({"slug": "p", "docs": true}), &[("{{cookiecutter.slug}}/f", "{{ cookiecutter.docs }}")]);
    let rendered = template.render(&Answers::from_iter([("docs", "n")]), &environment()).unwrap();
    assert_eq!((text(&rendered, "f").as_str(), rendered.answers.get("docs")), ("False", Some(&json!(false))));
    let refused = template.render(&Answers::from_iter([("docs", "never")]), &environment());
    assert!(said(refused)[0].contains("docs cannot be \"never\""));
}

#[test]
fn answers_lead_no_file_out_of_the_project() {
    for (slug, name) in [
        ("..", "f"),
        ("", "f"),
        ("/etc", "f"),
        ("a/../..", "f"),
        ("p", ".."),
        ("p", "/etc/passwd"),
        ("p", "../x"),
        ("p", "x/y"),
    ] {
        let files = [("{{cookiecutter.slug}}/{{cookiecutter.name}}", "x")];
        let found = said(render(&json!({"slug": slug, "name": name}), &files));
        assert!(found[0].contains("template.path"), "{slug} {name}: {found:?}");
    }
    for target in ["../../secret", "/etc/passwd"] {
        let mut files = tree(&[("cookiecutter.json", r#"{"slug": "p"}"#)]);
        files.insert("{{cookiecutter.slug}}/link", Entry::Link { target: target.to_owned() }).unwrap();
        let found = said(Template::open(files).unwrap().render(&Answers::default(), &environment()));
        assert!(found[0].contains("template.link"), "{found:?}");
    }
}

#[test]
fn names_that_meet_are_told() {
    let variables = json!({"slug": "p", "a": "x", "b": "x"});
    let files = [("{{cookiecutter.slug}}/{{cookiecutter.a}}", "A"), ("{{cookiecutter.slug}}/{{cookiecutter.b}}", "B")];
    assert!(said(render(&variables, &files))[0].contains("template.collision"));
    let rendered =
        render(&variables, &[("{{cookiecutter.slug}}/README", ""), ("{{cookiecutter.slug}}/Readme", "")]).unwrap();
    assert_eq!((rendered.findings[0].rule.as_str(), rendered.findings[0].level), ("template.case", Level::Warning));
}

#[test]
fn a_template_that_does_not_end_is_stopped() {
    let mut small = environment();
    small.limits.fuel = 100_000;
    small.limits.file_bytes = 10_000;
    for (bomb, rule) in [
        ("{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}", "template.too-long"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "template."),
        ("{% include 'f' %}", "template."),
        ("{{ 'x' * 20000 }}", "template.too-large"),
        ("{{ 'x' * 9999999999 }}", "template."),
        ("{{ '%99999999d' % 1 }}", "template."),
        ("{{ 'x'.center(9999999999) }}", "template."),
        ("{% set l = [1] %}{% for i in range(60) %}{% do l.extend(l) %}{% endfor %}", "template."),
    ] {
        let template =
            template(&json!({"slug": "p", "_extensions": ["jinja2.ext.do"]}), &[("{{cookiecutter.slug}}/f", bomb)]);
        let found = said(template.render(&Answers::default(), &small));
        assert!(found[0].contains(rule), "{bomb}: {found:?}");
    }
}

#[test]
fn what_is_nested_too_deeply_to_be_read_is_refused() {
    let deep = |before: &str, part: &str, after: &str, times: usize| format!("{before}{}{after}", part.repeat(times));
    let bombs = [
        deep("{{ ", "not ", "1 }}", 100_000),
        deep("{{ ", "-", "1 }}", 100_000),
        deep("{{ 1", "|int", " }}", 100_000),
        deep("{{ 1", " and 1", " }}", 100_000),
        deep("{{ 1", "()", " }}", 100_000),
        deep("{{ ", "(", "", 100_000),
        deep("{{ ", "[", "", 100_000),
        deep("{{ ", "1 if x else ", "1 }}", 100_000),
        deep("{% if 0 %}", "{% elif 0 %}", "{% endif %}", 100_000),
        deep("", "{% if 0 %}", "", 100_000),
        deep("", "{% for a in b %}", "", 100_000),
    ];
    for bomb in bombs {
        let [own, included] = [bomb.as_str(), "{% include 'g' %}"];
        for files in [
            [("{{cookiecutter.slug}}/f", own), ("hooks/x", "")],
            [("{{cookiecutter.slug}}/f", included), ("templates/g", own)],
        ] {
            let found = said(render(&json!({"slug": "p"}), &files));
            assert!(found[0].contains("template.syntax"), "{found:?}");
        }
        let found = said(render(&json!({"slug": "p", "deep": bomb}), &[("{{cookiecutter.slug}}/f", "")]));
        assert!(found[0].contains("template.syntax"), "{found:?}");
    }
    // As deep as it may be.
    let whole = format!(
        "{}{}{}",
        "{% if 0 %}{% else %}".repeat(100),
        deep("{% if 0 %}", "{% elif 0 %}", "", 499),
        deep("{% elif ", "not ", "1 %}", 990)
    );
    let ends = "{% endif %}".repeat(101);
    render(&json!({"slug": "p"}), &[("{{cookiecutter.slug}}/f", &(whole + &ends))]).unwrap();
}

#[test]
fn text_that_is_no_utf_8_is_told_with_its_place() {
    let mut files = tree(&[("cookiecutter.json", r#"{"slug": "p"}"#)]);
    let latin = "title\nGr\u{fc}\u{df}e aus K\u{f6}ln und anderswo\n".chars().map(|one| one as u8).collect::<Vec<_>>();
    files.insert("{{cookiecutter.slug}}/f.txt", Entry::file(latin, 0o644)).unwrap();
    let found = said(Template::open(files).unwrap().render(&Answers::default(), &environment()));
    assert!(found[0].starts_with("{{cookiecutter.slug}}/f.txt:2:3 template.encoding"), "{found:?}");
}

#[test]
fn a_script_before_the_files_changes_answers() {
    let template = template(
        &json!({"slug": "p", "version": [21, 20]}),
        &[
            ("{{cookiecutter.slug}}/f", "{{ cookiecutter.version + 1 }} {{ cookiecutter._output_dir }}"),
            ("hooks/pre_gen_project.py", "{{ cookiecutter.update({'version': cookiecutter.version | int}) }}"),
        ],
    );
    let mut environment = environment();
    environment.output_folder = "/work".to_owned();
    let rendered = template.render(&Answers::default(), &environment).unwrap();
    let Some(Entry::File { content, .. }) = rendered.tree.get("f") else { panic!("it is no file") };
    assert_eq!(&content[..], b"22 /work");
    assert_eq!(rendered.hooks[0].text, "None");
}

#[test]
fn scripts_find_the_folders_where_they_run() {
    let text = "{{ cookiecutter._output_dir }} {{ cookiecutter._repo_dir }}";
    let template =
        template(&json!({"slug": "p"}), &[("{{cookiecutter.slug}}/f", text), ("hooks/post_gen_project.sh", text)]);
    let places = Places { output_folder: "/scratch/project".to_owned(), repository_folder: "/scratch/t".to_owned() };
    let mut environment = environment();
    environment.scripts = Some(places);
    environment.output_folder = "/work".to_owned();
    environment.repository_folder = "/templates/t".to_owned();
    let rendered = template.render(&Answers::default(), &environment).unwrap();
    assert_eq!(rendered.hooks[0].text, "/scratch/project /scratch/t");
    let Some(Entry::File { content, .. }) = rendered.tree.get("f") else { panic!("it is no file") };
    assert_eq!(&content[..], b"/work /templates/t");
}

#[test]
fn what_would_be_executed_is_told_before_anything_is() {
    let template = template(
        &json!({"slug": "p", "_extensions": ["jinja2.ext.do", "local.Slug"]}),
        &[
            ("{{cookiecutter.slug}}/f", ""),
            ("local.py", ""),
            ("hooks/post_gen_project.sh", "#!/usr/bin/env bash\ngit init\nnpm install && echo done\n"),
            (
                "hooks/pre_gen_project.py",
                "import subprocess\nsubprocess.run(['make', 'x'])\nrun((\"black\", '.'))\nuv_cmd = [\"uv\"]\n\
                 subprocess.run(  # noqa\n    [  # noqa\n        \"docker\",\n    ])\nos.system('cd x && git init')\n",
            ),
            ("hooks/pre_prompt.py~", ""),
            ("hooks/README.md", ""),
        ],
    );
    let trust = template.trust();
    let programs: Vec<_> =
        trust.programs.iter().map(|one| (one.stage, one.interpreter.as_str(), one.calls.join(" "))).collect();
    assert_eq!(
        programs,
        [
            (Stage::BeforeFiles, "python3", "black docker make uv".to_owned()),
            (Stage::AfterFiles, "bash", "git npm".to_owned()),
        ]
    );
    assert_eq!(trust.extensions.len(), 1);
    assert_eq!(
        (trust.extensions[0].name.as_str(), trust.extensions[0].path.as_deref()),
        ("local.Slug", Some("local.py"))
    );
    let found = said(template.render(&Answers::default(), &environment()));
    assert!(found[0].starts_with("cookiecutter.json:5:5 template.extension"), "{found:?}");
}

#[test]
fn hooks_are_rendered_and_not_run() {
    let rendered = render(
        &json!({"slug": "p"}),
        &[
            ("{{cookiecutter.slug}}/f", ""),
            ("hooks/post_gen_project.py", "print('{{ cookiecutter.slug }}')\r\n"),
            ("hooks/pre_prompt.py", "{{ kept }}"),
        ],
    )
    .unwrap();
    let hooks: Vec<_> = rendered.hooks.iter().map(|hook| (hook.stage, hook.text.as_str())).collect();
    assert_eq!(hooks, [(Stage::BeforeQuestions, "{{ kept }}"), (Stage::AfterFiles, "print('p')\n")]);
}

#[test]
fn a_template_within_a_template_is_chosen_first() {
    let outer = template(
        &json!({"templates": {"app": {"path": "./app", "title": "App"}, "lib": {"path": "./lib", "title": "Library", "description": "shared"}}}),
        &[
            ("app/cookiecutter.json", r#"{"slug": "a"}"#),
            ("app/{{cookiecutter.slug}}/f", "{{ cookiecutter._repo_dir }}"),
            ("lib/cookiecutter.json", r#"{"slug": "l"}"#),
        ],
    );
    let labels: Vec<&str> = outer.nested().iter().map(|nested| nested.label.as_str()).collect();
    assert_eq!(labels, ["App (app)", "Library (shared)"]);
    assert_eq!(outer.render(&Answers::default(), &environment()).unwrap_err().findings[0].rule, "template.choice");
    assert!(outer.choose("ap").unwrap_err().findings[0].help.contains("\"app\""));
    let mut inputs = environment();
    inputs.repository_folder = "/work/outer".to_owned();
    let rendered = outer.choose("app").unwrap().render(&Answers::default(), &inputs).unwrap();
    assert_eq!(text(&rendered, "f"), "/work/outer/app");
}

#[test]
fn a_replay_file_is_written_and_read() {
    let template = template(
        &json!({"slug": "p", "_private": [1], "name": "\u{fc}"}),
        &[("{{cookiecutter.slug}}/f", "{{ cookiecutter.extra }}")],
    );
    let written = cookiecutter::replay::write(&template, &Answers::default(), &environment()).unwrap();
    assert!(written.starts_with("{\n  \"cookiecutter\": {\n    \"slug\": \"p\",\n    \"_private\": [\n      1\n    ],\n    \"name\": \"\\u00fc\",\n    \"_template\": \"\""), "{written}");
    let mut answers = cookiecutter::replay::read("replay.json", &written).unwrap();
    assert_eq!(answers.get("name"), Some(&json!("\u{fc}")));
    assert_eq!(answers.get("_template"), None);
    answers.insert("extra", "more");
    assert_eq!(text(&template.render(&answers, &environment()).unwrap(), "f"), "more");
    assert!(cookiecutter::replay::read("replay.json", "{}").is_err());
}

#[test]
fn a_configuration_gives_defaults_and_abbreviations() {
    let config = cookiecutter::config::Config::read(
        "rc",
        "default_context:\n  name: Ada\nabbreviations:\n  own: https://git.example/{0}.git\nreplay_dir: ~/replay\n",
    )
    .unwrap();
    assert_eq!(config.default_context.get("name"), Some(&json!("Ada")));
    assert_eq!(config.expand("own:a/b"), "https://git.example/a/b.git");
    assert_eq!(config.expand("gh:a/b"), "https://github.com/a/b.git");
    assert_eq!(config.expand("./folder"), "./folder");
    assert_eq!(config.replay_dir.as_deref(), Some("~/replay"));
    assert!(cookiecutter::config::Config::read("rc", "a: [").is_err());
}

#[test]
fn an_author_is_told_what_is_wrong_without_rendering() {
    let template = template(
        &json!({"slug": "p", "unused": "x", "a": "{{ cookiecutter.slgu }}", "indexed": "x", "_private": "y"}),
        &[
            (
                "{{cookiecutter.slug}}/f.txt",
                "ok\n{{ cookiecutter.a|uper }} {{ cookiecutter['indexed'] }}\n{% if cookiecutter.nope %}",
            ),
            (
                "{{cookiecutter.slug}}/g.txt",
                "{{ cookiecutter.a|lower }}{{ cookiecutter._template }}{{ cookiecutter.items()|list }}",
            ),
            ("{{cookiecutter.slug}}/picture.png", "{% if nothing that is read %}"),
            ("hooks/post_gen_project.py", "\n{{ cookiecutter.hooked }}"),
        ],
    );
    let findings = template.check(&environment()).findings;
    let mut found: Vec<String> =
        findings.iter().map(|one| format!("{} {} {}", one.location(), one.rule, one.help)).collect();
    found.sort();
    assert_eq!(
        found,
        [
            "cookiecutter.json:4:3 template.undefined did you mean \"slug\"?",
            "hooks/post_gen_project.py:2:4 template.undefined add it to cookiecutter.json",
            "{{cookiecutter.slug}}/f.txt:2:19 template.filter did you mean \"upper\"?",
            "{{cookiecutter.slug}}/f.txt:3:25 template.syntax see Jinja's template designer documentation",
        ]
    );
    let unused = json!({"slug": "p", "unused": "x", "used": "{{ cookiecutter.slug }}"});
    let template = self::template(&unused, &[("{{cookiecutter.slug}}/f", "{{ cookiecutter.used }}")]);
    let findings = template.check(&environment()).findings;
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!((findings[0].rule.as_str(), findings[0].level), ("template.unused", Level::Warning));
    assert_eq!(findings[0].location(), "cookiecutter.json:3:3");
}
