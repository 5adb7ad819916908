//! A small history of forty commits, and projects from it.

use std::collections::BTreeMap;

use engine_templates::adopt::{Finish, Index, Programs, Revision};
use engine_templates::lineage::{Render, Source};
use engine_templates::tree::{Entry, Tree};
use engine_templates::{Answers, Rendered};

use crate::replay::{Stored, Tally, environment, fitted, project};

const MANIFEST: &str = r#"{
  "full_name": "Nobody",
  "email": "nobody@example.org",
  "project_name": "Example",
  "project_slug": "{{ cookiecutter.project_name.lower().replace(' ', '_') }}",
  "use_docker": ["yes", "no"],
  "tests": "y"
}"#;

/// Every commit changes a line of one file; on the way files come, go and are renamed.
pub fn history() -> Stored {
    let folder = "{{cookiecutter.project_slug}}";
    let body = |number: usize, changes: usize| -> String {
        (0..20)
            .map(|line| format!("rule {number}.{line} = {}\n", if line < changes % 20 { changes } else { 0 }))
            .collect()
    };
    let history = (0..40).map(|commit| {
        let count = |file: usize| (0..=commit).filter(|at| at % 6 == file).count();
        let mut files = vec![
            ("README.md", format!("# {{{{ cookiecutter.project_name }}}}\n\nWritten by {{{{ cookiecutter.full_name }}}} <{{{{ cookiecutter.email }}}}>\n{}", body(0, count(0)))),
            ("setup.cfg", format!("[metadata]\nname = {{{{ cookiecutter.project_slug }}}}\nauthor = {{{{ cookiecutter.full_name }}}}\n{}", body(1, count(1)))),
            ("{{cookiecutter.project_slug}}/main.py", body(2, count(2))),
            ("ci.yml", format!("{}{{% if cookiecutter.tests == 'y' %}}\ntest: all\nreport: junit\n{{% endif %}}\n", body(3, count(3)))),
            ("{% if cookiecutter.use_docker == 'yes' %}Dockerfile{% endif %}", body(4, count(4))),
            (if commit < 20 { "Makefile" } else { "justfile" }, body(5, count(5))),
        ];
        if commit > 10 {
            files.push(("SECURITY.md", "Tell us.\n".to_owned()));
        }
        let mut tree = Tree::default();
        tree.insert("cookiecutter.json", Entry::file(MANIFEST.as_bytes(), 0o644)).unwrap();
        for (path, text) in files {
            tree.insert(format!("{folder}/{path}"), Entry::file(text.into_bytes(), 0o644)).unwrap();
        }
        tree
    });
    let trees: Vec<Tree> = history.collect();
    let revisions = (0..trees.len()).map(|at| Revision { commit: format!("{at:040x}"), tag: None }).collect();
    Stored { revisions, trees }
}

#[test]
fn replayed_projects_are_recognised() {
    let history = history();
    let index = Index::new(&history, None).unwrap();
    let mut random = fastrand::Rng::with_seed(7);
    let (mut tally, mut wrong) = (Tally::default(), BTreeMap::new());
    while tally.projects < 60 {
        let project = project(&history, &mut random).unwrap();
        let adoption = fitted(&project.tree, &index, &Programs::none()).unwrap();
        tally.add(&project, &history, &adoption, &mut wrong);
    }
    let share = |(part, whole): (usize, usize)| part * 100 / whole;
    assert!(share(tally.answers) >= 95, "{tally:?} {wrong:?}");
    assert!(share(tally.version) >= 90, "{tally:?} {wrong:?}");
}

#[test]
fn an_untouched_project_is_recognised_exactly() {
    let history = history();
    let index = Index::new(&history, None).unwrap();
    let answers = [("full_name", "Ada Lovelace"), ("email", "ada@example.org"), ("project_name", "Night Train")];
    let given = answers.into_iter().chain([("use_docker", "yes"), ("tests", "n")]).collect();
    let render = |at: usize| {
        let template = engine_templates::Template::open(history.trees[at].clone()).unwrap();
        template.render(&given, &environment()).unwrap()
    };
    let old = render(15);
    let adoption = fitted(&old.tree, &index, &Programs::none()).unwrap();
    assert_eq!(adoption.base, 15);
    assert_eq!(adoption.answers, old.answers);
    assert!(adoption.score > 0.999 && adoption.missing.is_empty() && adoption.doubtful().count() == 0, "{adoption:?}");
    let lineage = adoption.lineage(Source::new("t", None), &index, Render::of(&environment()));
    assert_eq!(lineage.version.commit, Some(format!("{:040x}", 15)));
    assert!(lineage.files.iter().all(|(path, record)| record.is(old.tree.get(path).unwrap())));
}

#[test]
fn what_has_nothing_to_do_with_a_template_does_not_fit() {
    let index = Index::new(&history(), None).unwrap();
    let mut stranger = Tree::default();
    stranger.insert("README.md", Entry::file(*b"# Something else\n\nEntirely.\n", 0o644)).unwrap();
    stranger.insert("main.go", Entry::file(*b"package main\n", 0o644)).unwrap();
    assert!(fitted(&stranger, &index, &Programs::none()).is_none_or(|adoption| adoption.score < 0.1));
    assert!(fitted(&Tree::default(), &index, &Programs::none()).is_none());
}

#[test]
fn an_adopted_project_updates_file_by_file() {
    let history = history();
    let index = Index::new(&history, None).unwrap();
    let answers = [("full_name", "Ada Lovelace"), ("email", "ada@example.org"), ("project_name", "Night Train")];
    let given = answers.into_iter().chain([("use_docker", "yes"), ("tests", "y")]).collect();
    let render = |at: usize| {
        let template = engine_templates::Template::open(history.trees[at].clone()).unwrap();
        template.render(&given, &environment()).unwrap().tree
    };
    // Made at 12, of which `setup.cfg` was brought to 24 later on, and nobody wrote it down.
    let mut project = render(12);
    project.insert("setup.cfg", render(24).get("setup.cfg").unwrap().clone()).unwrap();
    let adoption = fitted(&project, &index, &Programs::none()).unwrap();
    assert_eq!(adoption.made.get("setup.cfg"), project.get("setup.cfg"));
    assert_eq!(adoption.made.get("ci.yml"), project.get("ci.yml"));
    let lineage = adoption.lineage(Source::new("t", None), &index, Render::of(&environment()));
    assert!(lineage.files.iter().all(|(path, record)| record.is(project.get(path).unwrap())), "{lineage:?}");
}

#[test]
fn of_templates_within_a_template_the_one_that_fits_is_found() {
    let manifest = r#"{"templates": {
        "service": {"path": "./service", "title": "Service", "description": "Service"},
        "library": {"path": "./library", "title": "Library", "description": "Library"}
    }}"#;
    // The second one marks answers in its own way.
    let own =
        r#"{"name": "example", "_jinja2_env_vars": {"variable_start_string": "[[", "variable_end_string": "]]"}}"#;
    let tree = |changes: usize| {
        let body: String =
            (0..12).map(|line| format!("rule {line} {}\n", if line < changes { "new" } else { "" })).collect();
        let mut tree = Tree::default();
        for (path, text) in [
            ("cookiecutter.json", manifest.to_owned()),
            ("service/cookiecutter.json", r#"{"name": "example"}"#.to_owned()),
            ("service/{{cookiecutter.name}}/main.go", format!("package {{{{ cookiecutter.name }}}}\n{body}")),
            ("library/cookiecutter.json", own.to_owned()),
            ("library/[[cookiecutter.name]]/lib.rs", format!("//! The crate [[ cookiecutter.name ]].\n{body}")),
            ("library/[[cookiecutter.name]]/README", "[[cookiecutter.name]], a library\n".to_owned()),
        ] {
            tree.insert(path, Entry::file(text.into_bytes(), 0o644)).unwrap();
        }
        tree
    };
    let trees: Vec<Tree> = (0..10).map(tree).collect();
    let revisions = (0..trees.len()).map(|at| Revision { commit: format!("{at:040x}"), tag: None }).collect();
    let history = Stored { revisions, trees };
    let index = Index::new(&history, None).unwrap();
    let project = {
        let template = engine_templates::Template::open_in(history.trees[6].clone(), "library").unwrap();
        template.render(&[("name", "harbour")].into_iter().collect(), &environment()).unwrap().tree
    };
    let adoption = fitted(&project, &index, &Programs::none()).unwrap();
    assert_eq!((adoption.directory.as_deref(), adoption.label.as_deref()), (Some("library"), Some("Library")));
    assert_eq!(adoption.answers.get("name").unwrap(), "harbour");
    assert_eq!((adoption.base, adoption.score), (6, 1.0));
    let lineage = adoption.lineage(Source::new("t", None), &index, Render::of(&environment()));
    assert_eq!(lineage.template.directory.as_deref(), Some("library"));
}

#[test]
fn what_only_a_program_deletes_is_understood_by_running_it() {
    struct Program;
    impl Finish for Program {
        fn finish(&self, rendered: &Rendered) -> Option<Tree> {
            let mut tree = rendered.tree.clone();
            for line in rendered.hooks.iter().flat_map(|hook| hook.text.lines()) {
                match line.split(' ').collect::<Vec<_>>()[..] {
                    ["delete", path] => drop(tree.remove(path)),
                    ["move", from, to] => {
                        let entry = tree.remove(from)?;
                        tree.insert(to, entry).ok()?;
                    }
                    _ => {}
                }
            }
            Some(tree)
        }
    }
    let manifest = r#"{"name": "example", "docker": ["yes", "no"], "layout": ["flat", "src"]}"#;
    let hook = "{% if cookiecutter.docker == 'no' %}delete Dockerfile\n{% endif %}{% if cookiecutter.layout == 'src' %}move {{ cookiecutter.name }}/main.py src/{{ cookiecutter.name }}/main.py\n{% endif %}";
    let mut tree = Tree::default();
    for (path, text) in [
        ("cookiecutter.json", manifest),
        ("hooks/post_gen_project.sh", hook),
        ("{{cookiecutter.name}}/Dockerfile", "FROM scratch\n"),
        ("{{cookiecutter.name}}/README", "{{ cookiecutter.name }}, a program\n"),
        ("{{cookiecutter.name}}/{{cookiecutter.name}}/main.py", "print('{{ cookiecutter.name }}')\n"),
    ] {
        tree.insert(path, Entry::file(text.as_bytes(), 0o644)).unwrap();
    }
    let history = Stored { revisions: vec![Revision { commit: "0".repeat(40), tag: None }], trees: vec![tree] };
    let index = Index::new(&history, None).unwrap();
    let given: Answers = [("name", "harbour"), ("docker", "no"), ("layout", "src")].into_iter().collect();
    let rendered =
        engine_templates::Template::open(history.trees[0].clone()).unwrap().render(&given, &environment()).unwrap();
    let project = Program.finish(&rendered).unwrap();
    let adoption = fitted(&project, &index, &Programs::new(&Program)).unwrap();
    assert_eq!(adoption.answers, given);
    assert_eq!(adoption.missing, Vec::<String>::new());
    assert!(adoption.files.iter().any(|file| file.path == "src/harbour/main.py" && file.score == 1.0), "{adoption:?}");
}
