//! What a trusted template brings is run by the portal: in forms, previews and launches, behind a fence.

use std::os::unix::fs::PermissionsExt;

use super::{Serving, git, output};
use std::path::Path;

const QUESTIONS: &str =
    r#"{"slug": "dinghy", "word": "fair", "made": "{{ 'x' | shout }}", "_extensions": ["local.Shout"]}"#;
const EXTENSION: &str = r#"
from jinja2.ext import Extension

class Shout(Extension):
    def __init__(self, environment):
        super().__init__(environment)
        environment.filters["shout"] = lambda text: text.upper() + "!"
"#;
const ASKED_FIRST: &str = "import json\nwith open('cookiecutter.json') as file:\n    known = json.load(file)\nknown['asked'] = 'by a script'\nwith open('cookiecutter.json', 'w') as file:\n    json.dump(known, file)\n";
const BEFORE: &str = "#!/bin/sh\nif [ '{{ cookiecutter.word }}' = foul ]; then echo 'the word is foul'; exit 3; fi\n";

/// A template with a script of every stage and an extension; `secret` is a file outside of every fence.
fn template(path: &Path, secret: &Path) {
    let project = path.join("{{cookiecutter.slug}}");
    std::fs::create_dir_all(&project).unwrap();
    std::fs::create_dir_all(path.join("hooks")).unwrap();
    let after = format!(
        r#"
import socket
print("the word is {{{{ cookiecutter.word }}}}")
said = []
for attempt in (
    lambda: open({secret:?}).read(),
    lambda: open({secret:?}, "w"),
    lambda: socket.create_connection(("127.0.0.1", 22), 2),
    lambda: socket.create_connection(("1.1.1.1", 53), 2),
):
    try:
        attempt()
        said.append("it could")
    except OSError as error:
        said.append("it could not")
open("attempts.txt", "w").write("\n".join(said))
"#
    );
    let files = [
        ("cookiecutter.json", QUESTIONS),
        ("local.py", EXTENSION),
        ("hooks/pre_prompt.py", ASKED_FIRST),
        ("hooks/pre_gen_project.sh", BEFORE),
        ("hooks/post_gen_project.py", &after),
        ("{{cookiecutter.slug}}/README.md", "{{ cookiecutter.made }} {{ cookiecutter.asked }} {{ 'a' | shout }}\n"),
    ];
    for (name, text) in files {
        std::fs::write(path.join(name), text).unwrap();
    }
    std::fs::set_permissions(path.join("hooks/pre_gen_project.sh"), std::fs::Permissions::from_mode(0o755)).unwrap();
    git(path, &["init", "--quiet"]);
    git(path, &["add", "."]);
    git(path, &["commit", "--quiet", "-m", "Begin"]);
}

/// What the API answers to a request with this body, as its status and its JSON.
fn post(serving: &Serving, path: &str, body: &serde_json::Value) -> (u16, String) {
    let head = format!("POST {path} HTTP/1.1\r\ncontent-type: application/json");
    let answer = serving.send(&head, &body.to_string());
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

#[test]
fn a_trusted_template_runs_its_programs_behind_a_fence() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "of the server").unwrap();
    let boat = folder.path().join("work/boat");
    template(&boat, &secret);
    let made = folder.path().join("made");
    let source =
        format!("[[source]]\nname = \"made\"\nkind = \"folder\"\npath = \"{}\"\nlaunch = true\n", made.display());
    std::fs::write(folder.path().join("slipway.toml"), source).unwrap();
    let serving = Serving::start(folder.path());
    const BOAT: &str = "/api/v1/templates/default/boat";
    serving.wait_for(BOAT);
    let portal = format!("http://{}", serving.address);
    let run = |more: &[&str]| output(folder.path(), &[&["run", "boat", "--portal", &portal], more].concat());
    let detail = || -> serde_json::Value {
        let answer = serving.get(BOAT);
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    };
    let known = detail();
    assert_eq!(known["executes"].as_array().unwrap().len(), 4, "{known}");
    assert_eq!(known["trust"]["extensions"][0]["text"], EXTENSION, "{known}");
    let preview = serde_json::json!({ "answers": { "word": "fair" } });
    for path in ["form", "preview"] {
        let (status, text) = post(&serving, &format!("{BOAT}/{path}"), &preview);
        assert!(status == 403 && text.contains("administrator"), "{status} {text}");
    }
    let page = serving.get("/templates/default/boat");
    assert!(page.contains("Trust at this commit") && !page.contains("Launch a project"), "{page}");

    let commit = serde_json::json!({ "commit": known["commit"] });
    assert_eq!(post(&serving, &format!("{BOAT}/trust"), &commit).0, 204);
    let page = serving.get("/templates/default/boat");
    assert!(page.contains("Trust it no more") && page.contains("Launch a project"), "{page}");
    let (status, text) = post(&serving, &format!("{BOAT}/form"), &preview);
    assert!(status == 200 && text.contains("by a script") && text.contains("X!"), "{status} {text}");
    let (status, text) = post(&serving, &format!("{BOAT}/preview"), &preview);
    let seen: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status, &seen["files"][0]["text"]), (200, &"X! by a script A!\n".into()), "{text}");
    let attempts = "it could not\nit could not\nit could not\nit could not";
    assert_eq!(seen["files"][1]["text"], attempts, "{text}");
    assert_eq!(std::fs::read_to_string(&secret).unwrap(), "of the server");

    let (code, json, errors) = run(&["--data", "word=fair", "--wait", "--format", "json"]);
    assert_eq!(code, 0, "{json}{errors}");
    assert!(
        errors.contains("hooks/post_gen_project.py: the word is fair"),
        "its log shows what scripts print: {errors}"
    );
    assert!(made.join("dinghy.git").is_dir());

    // Answers that a script refuses: in the preview, and in a launch, which fails before anything is outside.
    let foul = serde_json::json!({ "answers": { "word": "foul" } });
    let (status, text) = post(&serving, &format!("{BOAT}/preview"), &foul);
    assert!(status == 409 && text.contains("the word is foul"), "{status} {text}");
    let (code, json, errors) = run(&["--data", "word=foul", "--data", "slug=foul", "--wait", "--format", "json"]);
    let failed: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(code == 1 && failed["run"]["state"] == "failed", "{json}{errors}");
    assert!(failed["run"]["reason"].as_str().unwrap().contains("the word is foul"), "{json}");
    assert!(failed["effects"].as_array().unwrap().is_empty() && !made.join("foul.git").exists(), "{json}");
    let id = failed["run"]["id"].as_str().unwrap();
    assert_eq!(post(&serving, &format!("/api/v1/runs/{id}/clean"), &serde_json::json!({})).0 / 100, 2);

    // What comes behind the commit is not trusted.
    std::fs::write(boat.join("hooks/post_gen_project.py"), "print('another')\n").unwrap();
    git(&boat, &["commit", "--quiet", "-am", "Another"]);
    let (code, _, errors) = run(&["--data", "slug=later"]);
    assert!(code == 4 && errors.contains("administrator"), "{code} {errors}");
    assert!(serving.get("/templates/default/boat").contains("Launch at it"));
    assert_eq!(post(&serving, &format!("{BOAT}/distrust"), &commit).0, 204);
    assert_eq!(post(&serving, &format!("{BOAT}/distrust"), &commit).0, 404);
}
