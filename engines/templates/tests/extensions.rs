//! Extensions of a template: those of a trait object, and those of Python at the other end of a pipe.

#![allow(clippy::unwrap_used)]

use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use engine_templates::extensions::{BRIDGE, Brought, Call, Called, Extensions, object};
use engine_templates::tree::{Entry, Tree};
use engine_templates::{Answers, Environment, Template};
use model::Findings;
use serde_json::{Map, Value, json};

fn template(extensions: &[&str], files: &[(&str, &str)]) -> Template {
    let variables =
        json!({"name": "My App", "slug": "{{ cookiecutter.name|lower|replace(' ', '') }}", "_extensions": extensions});
    open(&variables, files)
}

fn open(variables: &Value, files: &[(&str, &str)]) -> Template {
    let mut tree = Tree::default();
    tree.insert("cookiecutter.json", Entry::file(serde_json::to_vec_pretty(variables).unwrap(), 0o644)).unwrap();
    for (path, content) in files {
        tree.insert(*path, Entry::file(content.as_bytes(), 0o644)).unwrap();
    }
    Template::open(tree).unwrap()
}

fn environment() -> Environment {
    Environment { output_folder: "/work".to_owned(), ..Environment::new("2026-08-04T14:34:56Z".parse().unwrap(), 7) }
}

/// The file `f` of the project.
fn file(template: &Template) -> Result<String, Findings> {
    let rendered = template.render(&Answers::default(), &environment())?;
    match rendered.tree.get("f") {
        Some(Entry::File { content, .. }) => Ok(String::from_utf8(content.to_vec()).unwrap()),
        other => panic!("{other:?}"),
    }
}

/// Place, rule and message of the only finding.
fn said<Good: std::fmt::Debug>(result: Result<Good, Findings>) -> String {
    let findings = result.unwrap_err().findings;
    assert_eq!(findings.len(), 1, "{findings:#?}");
    format!("{} {} {}", findings[0].location(), findings[0].rule, findings[0].message)
}

/// Writes down how it is called.
#[derive(Debug, Default)]
struct Fake {
    brought: Brought,
    calls: Mutex<Vec<Call>>,
}

impl Fake {
    fn bringing(brought: Value) -> Arc<Self> {
        let mut whole = json!({"filters": [], "tests": [], "globals": {}});
        whole.as_object_mut().unwrap().extend(brought.as_object().unwrap().clone());
        Arc::new(Self { brought: serde_json::from_value(whole).unwrap(), calls: Mutex::default() })
    }
}

impl Extensions for Fake {
    fn brought(&self) -> &Brought {
        &self.brought
    }

    fn call(&self, call: &Call) -> Result<Value, String> {
        self.calls.lock().unwrap().push(call.clone());
        match &call.called {
            Called::Filter(name) if name == "fails" => Err("TypeError: no".to_owned()),
            Called::Filter(_) => Ok(json!(["given", call.arguments, call.named])),
            Called::Test(_) => Ok(json!(call.arguments[0] == json!("My App"))),
            Called::Object(1) => Ok(object(2, "made")),
            Called::Method(2, name) => Ok(json!(format!("{name} called"))),
            Called::Item(2, key) => Ok(json!({"key": key})),
            _ => Err("AttributeError: none".to_owned()),
        }
    }
}

#[test]
fn what_is_brought_comes_over_what_is_built_in() {
    let fake = Fake::bringing(json!({"filters": ["jsonify", "upper"], "tests": ["mine"], "globals": {"year": 2026,
        "deep": {"list": [1]}, "make": object(1, "<function make>")}}));
    let text = "{{ cookiecutter.name|upper(1, two={'a': none}) }}\n{{ 'My App' is mine }} {{ 'x' is mine }} {{ year + 1 }} \
        {% set _ = deep.list.append(2) %}{{ deep.list }}\n{{ make }} {{ make() }} {{ make().go() }} {{ make().at.key }} \
        {{ make()[3].key }} {{ [make()]|upper }} {{ make().at is defined }}";
    let template = template(&["local.All"], &[("{{cookiecutter.slug}}/f", text)]);
    let rendered = file(&template.with_extensions(fake.clone())).unwrap();
    let expected = "['given', ['My App', 1], {'two': {'a': None}}]\nTrue False 2027 [1, 2]\n<function make> made go called at 3 \
        ['given', [[made]], {}] True";
    assert_eq!(rendered, expected);
    let calls = fake.calls.lock().unwrap();
    assert!(calls.iter().all(|call| call.context.is_none()), "{calls:?}");
    assert_eq!(calls[0].called, Called::Filter("upper".to_owned()));
}

#[test]
fn defaults_names_and_hooks_have_extensions_too() {
    let fake = Fake::bringing(json!({"tests": ["mine"]}));
    let variables = json!({"name": "My App", "is": "{{ cookiecutter.name is mine }}", "_extensions": ["local.Mine"]});
    let files = [
        ("{{cookiecutter.is}}/{{ 'f' if cookiecutter.name is mine }}", ""),
        ("hooks/post_gen_project.sh", "#!/bin/sh\necho {{ cookiecutter.name is mine }}\n"),
    ];
    let rendered = open(&variables, &files).with_extensions(fake).render(&Answers::default(), &environment()).unwrap();
    assert_eq!(rendered.folder.as_deref(), Some("True"));
    assert!(rendered.tree.get("f").is_some());
    assert!(rendered.hooks[0].text.ends_with("echo True\n"));
}

#[test]
fn what_cannot_be_carried_is_told_with_its_place() {
    let fake = Fake::bringing(json!({"filters": ["fails", "takes"], "tags": {"commit": "git.Tags"}}));
    for (text, expected) in [
        ("\n {{ 1|fails }}", "f:2:7 template.extension the filter \"fails\" of an extension failed: TypeError: no"),
        ("{{ 1 }}\n{%- commit %}", "f:2:5 template.extension the tag \"commit\" is read by the extension \"git.Tags\""),
        ("{{ cookiecutter.nam|takes }}", "f:1:4 template.undefined `cookiecutter.nam` is undefined"),
        ("{{ range|takes }}", "f:1:10 template.render an extension takes no plain object"),
        ("{% macro m() %}{% endmacro %}{{ m|takes }}", "f:1:35 template.render an extension takes no macros and loops"),
        ("{{ {1: 2}|takes }}", "f:1:11 template.render an extension takes keys that are texts only"),
        ("{{ 'x'|takse }}", "f:1:8 template.filter filter takse is unknown"),
    ] {
        let template = template(&["git.Tags"], &[("{{cookiecutter.slug}}/f", text)]).with_extensions(fake.clone());
        assert_eq!(said(file(&template)), format!("{{{{cookiecutter.slug}}}}/{expected}"), "{text}");
    }
    let rewrites = Fake::bringing(json!({"unsupported": [["b.B", "rewrites templates"]]}));
    let template = template(&["a.A", "b.B"], &[("{{cookiecutter.slug}}/f", "")]);
    let expected = "cookiecutter.json:6:5 template.extension the extension \"b.B\" rewrites templates";
    assert_eq!(said(file(&template.with_extensions(rewrites))), expected);
    assert_eq!(template.render(&Answers::default(), &environment()).unwrap_err().findings.len(), 2);
}

#[test]
fn contextual_filters_are_given_the_variables() {
    let fake = Fake::bringing(json!({"filters": ["sees"], "contextual": ["sees"]}));
    let text = "{% set more = 1 %}{% macro m() %}{% endmacro %}{{ 1|sees|length }}";
    let template = template(&["local.All"], &[("{{cookiecutter.slug}}/f", text)]);
    file(&template.with_extensions(fake.clone())).unwrap();
    let call = fake.calls.lock().unwrap().remove(0);
    let context = call.context.unwrap();
    assert_eq!(call.template.as_deref(), Some("f"));
    assert_eq!((&context["cookiecutter"]["slug"], &context["more"]), (&json!("myapp"), &json!(1)));
    assert_eq!(context["_cookiecutter"]["name"], json!("My App"));
    assert!(!context.contains_key("m"), "{context:?}");
}

#[test]
fn a_call_is_one_line_of_json() {
    let call = |called| Call { called, arguments: vec![json!(1)], named: Map::new(), context: None, template: None };
    for (called, expected) in [
        (Called::Filter("a".to_owned()), r#"{"filter":"a","args":[1],"kwargs":{}}"#),
        (Called::Object(3), r#"{"object":3,"args":[1],"kwargs":{}}"#),
        (Called::Item(3, json!("x")), r#"{"item":[3,"x"],"args":[1],"kwargs":{}}"#),
    ] {
        let call = call(called);
        assert_eq!(serde_json::to_string(&call).unwrap(), expected);
        assert_eq!(serde_json::from_str::<Call>(expected).unwrap(), call);
    }
}

/// A Python that runs the bridge, ended with the test.
struct Python {
    child: Child,
    modules: tempfile::TempDir,
}

impl Drop for Python {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Python {
    /// `arguments` are those of the interpreter: without `site` it finds no package, so that stand-ins take their place.
    fn start(arguments: &[&str], module: &str) -> Self {
        let modules = tempfile::tempdir().unwrap();
        std::fs::write(modules.path().join("local_extensions.py"), module).unwrap();
        let mut command = Command::new("python3");
        command.args(arguments).args(["-c", BRIDGE]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        Self { child: command.spawn().unwrap(), modules }
    }

    fn load(&mut self, template: &Template) -> Result<Template, Findings> {
        let (answers, requests) = (self.child.stdout.take().unwrap(), self.child.stdin.take().unwrap());
        template.load_extensions(answers, requests, &[self.modules.path().to_str().unwrap().to_owned()])
    }
}

const MODULE: &str = r#"
import datetime, os, subprocess, sys
from pathlib import Path
from cookiecutter.utils import simple_filter
from jinja2 import Environment, pass_context, pass_environment, pass_eval_context
from jinja2.ext import Extension

print("imported")


@simple_filter
def kebab(name, separator="-"):
    print("noise")
    os.write(1, b"noise\n")
    subprocess.run(["echo", "noise"], check=True)
    assert sys.stdin.read() == ""
    return name.replace(" ", separator).lower()


class More(Extension):
    def __init__(self, environment: Environment):
        super().__init__(environment)
        environment.extend(more=1)
        environment.globals.update(version="3.0", date=datetime.date, born=datetime.date(2020, 1, 2), twice=lambda x: 2 * x)
        environment.filters["absolute"] = More.absolute
        environment.filters["known"] = known
        environment.filters["escapes"] = escapes
        environment.filters["items"] = lambda value: (1, value)
        environment.tests["short"] = lambda value, length=3: len(value) < length

    @pass_context
    def absolute(context, path):
        return Path(context.get("cookiecutter")["_output_dir"], path, context.name).as_posix()


@pass_environment
def known(environment, name):
    return name in environment.filters


@pass_eval_context
def escapes(context, value):
    return f"{value} {bool(context.autoescape)}"


class Tags(Extension):
    tags = {"commit"}


class Rewrites(Extension):
    def preprocess(self, source, name, filename=None):
        return source.upper()


class Trims(Extension):
    def __init__(self, environment):
        super().__init__(environment)
        environment.trim_blocks = True
"#;

/// With the packages of this machine, and with none.
const INTERPRETERS: [&[&str]; 2] = [&[], &["-S", "-I"]];

#[test]
fn python_lends_its_filters_tests_and_globals() {
    let text = "{{ cookiecutter.name|kebab }} {{ 'A B'|kebab(separator='+') }}\n{{ version }} {{ born }} {{ born.year + 1 }} \
        {{ date(2021, 3, 4).strftime('%d.%m.') }} {{ date.fromisoformat('2022-02-03').month }} {{ twice('ab') }}\n\
        {{ 'x'|absolute }} {{ 'kebab'|known }} {{ 'nope'|known }} {{ 'v'|escapes }} {{ 'v'|items }}\n\
        {{ 'ab' is short }} {{ 'ab' is short(1) }} {{ 'abc' is short(length=9) }} {{ [born]|items|last }} \
        {{ born.nope is defined }}";
    for arguments in INTERPRETERS {
        let mut python = Python::start(arguments, MODULE);
        let names = ["local_extensions.kebab", "local_extensions.More"];
        let template = template(&names, &[("{{cookiecutter.slug}}/f", text)]);
        let rendered = file(&python.load(&template).unwrap()).unwrap();
        let expected = "my-app a+b\n3.0 2020-01-02 2021 04.03. 2 abab\n/work/x/f True False v False [1, 'v']\n\
            True False True [2020-01-02] False";
        assert_eq!(rendered, expected, "{arguments:?}");
    }
}

#[test]
fn what_python_says_is_told_with_both_places() {
    for arguments in INTERPRETERS {
        for (extension, text, expected) in [
            (
                "local_extensions.kebab",
                "\n{{ 3|kebab }}",
                "{{cookiecutter.slug}}/f:2:6 template.extension the filter \"kebab\" of an extension failed: AttributeError: \
                'int' object has no attribute 'replace' (local_extensions.py:17)",
            ),
            (
                "local_extensions.Tags",
                "{% commit %}",
                "{{cookiecutter.slug}}/f:1:4 template.extension the tag \"commit\" is read by the extension \
                \"local_extensions.Tags\"",
            ),
            (
                "local_extensions.Rewrites",
                "",
                "cookiecutter.json:5:5 template.extension the extension \"local_extensions.Rewrites\" rewrites templates \
                before they are read (preprocess)",
            ),
            (
                "local_extensions.Trims",
                "",
                "cookiecutter.json:5:5 template.extension the extension \"local_extensions.Trims\" changes how all templates \
                are rendered (environment.trim_blocks)",
            ),
        ] {
            let mut python = Python::start(arguments, MODULE);
            let template = template(&[extension], &[("{{cookiecutter.slug}}/f", text)]);
            assert_eq!(said(file(&python.load(&template).unwrap())), expected, "{arguments:?}");
        }
    }
}

#[test]
fn an_extension_that_cannot_be_loaded_is_told_where_the_template_names_it() {
    for (module, extension, expected) in [
        ("", "nothing.Here", "ModuleNotFoundError: No module named 'nothing'"),
        ("", "local_extensions.Missing", "AttributeError: module 'local_extensions' has no attribute 'Missing'"),
        ("import sys\nsys.exit(3)\n", "local_extensions.X", "SystemExit: 3 (local_extensions.py:2)"),
        (
            "def X(environment):\n  1/0\n",
            "local_extensions.X",
            "ZeroDivisionError: division by zero (local_extensions.py:2)",
        ),
        ("X = (\n", "local_extensions.X", "'(' was never closed"),
    ] {
        let mut python = Python::start(&[], module);
        let template = template(&[extension], &[("{{cookiecutter.slug}}/f", "")]);
        let said = said(python.load(&template));
        let start = format!("cookiecutter.json:5:5 template.extension the extension {extension:?} cannot be loaded: ");
        assert!(said.starts_with(&start) && said.contains(expected), "{said}");
    }
}

#[test]
fn a_python_that_ends_is_told() {
    let mut python = Python::start(
        &[],
        "import os\nfrom cookiecutter.utils import simple_filter\n@simple_filter\ndef dies(value):\n  os._exit(1)\n",
    );
    let template = template(&["local_extensions.dies"], &[("{{cookiecutter.slug}}/f", "{{ 1|dies }}")]);
    let said = said(file(&python.load(&template).unwrap()));
    assert!(said.contains("the extensions do not answer"), "{said}");
}
