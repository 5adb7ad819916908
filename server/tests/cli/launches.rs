//! `slipway run` against a portal that is served.

use super::{Serving, git, output};

const QUESTIONS: &str = r#"{"slug": "dinghy", "sails": ["one", "two"]}"#;

#[test]
fn a_template_is_launched_from_a_script() {
    let folder = tempfile::tempdir().unwrap();
    let template = folder.path().join("work/boat");
    std::fs::create_dir_all(template.join("{{cookiecutter.slug}}")).unwrap();
    std::fs::write(template.join("cookiecutter.json"), QUESTIONS).unwrap();
    std::fs::write(template.join("{{cookiecutter.slug}}/README.md"), "# {{ cookiecutter.sails }}\n").unwrap();
    let hooked = folder.path().join("work/hooked");
    std::fs::create_dir_all(hooked.join("{{cookiecutter.slug}}")).unwrap();
    std::fs::create_dir_all(hooked.join("hooks")).unwrap();
    std::fs::write(hooked.join("cookiecutter.json"), QUESTIONS).unwrap();
    std::fs::write(hooked.join("hooks/post_gen_project.sh"), "#!/bin/sh\n").unwrap();
    std::fs::write(hooked.join("{{cookiecutter.slug}}/README.md"), "# Hooked\n").unwrap();
    for template in [&template, &hooked] {
        git(template, &["init", "--quiet"]);
        git(template, &["add", "."]);
        git(template, &["commit", "--quiet", "-m", "Begin"]);
    }
    let made = folder.path().join("made");
    let source =
        format!("[[source]]\nname = \"made\"\nkind = \"folder\"\npath = \"{}\"\nlaunch = true\n", made.display());
    std::fs::write(folder.path().join("slipway.toml"), &source).unwrap();
    let serving = Serving::start(folder.path());
    serving.wait_for("/api/v1/templates/default/boat");
    let portal = format!("http://{}", serving.address);
    let run = |more: &[&str]| output(folder.path(), &[&["run", "boat", "--portal", &portal], more].concat());

    let (code, _, errors) = run(&["--data", "sails=three"]);
    assert!(code == 2 && errors.contains("sails"), "{code}: {errors}");
    let (code, _, errors) = run(&["--destination", "nowhere"]);
    assert!(code == 2 && errors.contains("nowhere"), "{code}: {errors}");

    let hooked = output(folder.path(), &["run", "hooked", "--portal", &portal]);
    assert!(hooked.0 == 4 && hooked.2.contains("hooks/post_gen_project.sh"), "{hooked:?}");

    let arguments = ["--data", "sails=two", "--wait", "--format", "json", "--idempotency-key", "once"];
    let (code, json, errors) = run(&arguments);
    assert_eq!(code, 0, "{json}{errors}");
    let detail: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&detail["run"]["state"], &detail["run"]["name"]), (&"done".into(), &"dinghy".into()), "{json}");
    assert!(made.join("dinghy.git").is_dir() && errors.contains("publish:folder"), "{errors}");
    let (_, again, _) = run(&arguments);
    let again: serde_json::Value = serde_json::from_str(&again).unwrap();
    assert_eq!(again["run"]["id"], detail["run"]["id"], "the same key is the same launch");

    let (code, text, _) = run(&["--wait"]);
    assert!(code == 1 && text.contains("is there already"), "{code}: {text}");
    drop(serving);
    let rule = "[[approval]]\nreviewers = [\"user:default/ada\"]\n";
    std::fs::write(folder.path().join("slipway.toml"), format!("{source}{rule}")).unwrap();
    let serving = Serving::start(folder.path());
    serving.wait_for("/api/v1/templates/default/boat");
    let portal = format!("http://{}", serving.address);
    let arguments = ["run", "boat", "--portal", &portal, "--name", "ketch", "--wait", "--format", "json"];
    let (code, json, errors) = output(folder.path(), &arguments);
    let detail: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, &detail["run"]["state"]), (4, &"review".into()), "{json}{errors}");
    assert_eq!(detail["approvals"][0]["without_account"][0], "user:default/ada", "{json}");
    assert!(!made.join("ketch.git").exists());
    drop(serving);
    let (code, _, errors) = run(&[]);
    assert!(code == 3 && errors.contains("could not be reached"), "{code}: {errors}");
    assert_eq!(output(folder.path(), &["run", "boat", "--portal", "ftp://here"]).0, 2);
}
