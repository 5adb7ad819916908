//! What a template brings is run behind a fence: what it may, what it may not, and what is left when it fails.

use super::templates::{commit, run};
use super::*;

/// A template whose scripts are `hooks` (name and text).
fn template(folder: &Path, hooks: &[(&str, &str)]) -> String {
    let path = folder.join("template");
    let project = path.join("{{ cookiecutter.slug }}");
    std::fs::create_dir_all(&project).unwrap();
    std::fs::create_dir_all(path.join("hooks")).unwrap();
    std::fs::write(path.join("cookiecutter.json"), r#"{"slug": "quay", "docs": ["yes", "no"]}"#).unwrap();
    std::fs::write(project.join("README.md"), "# {{ cookiecutter.slug }}\n").unwrap();
    std::fs::write(project.join("docs.md"), "docs\n").unwrap();
    for (name, text) in hooks {
        std::fs::write(path.join("hooks").join(name), text).unwrap();
    }
    git(&path, &["init", "--quiet"]);
    commit(&path, "First");
    git(&path, &["tag", "v1"]);
    path.display().to_string()
}

#[test]
fn scripts_run_once_they_are_trusted_and_only_their_files_are_taken() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    std::fs::write(here.join("secret"), "of the person").unwrap();
    let secret = here.join("secret").display().to_string();
    let before = "#!/bin/sh\nset -e\npwd | sed 's|.*/||' > first.txt\ntest ! -e README.md\n";
    let after = format!(
        r#"
import os, socket, subprocess
if "{{{{ cookiecutter.docs }}}}" == "no":
    os.remove("docs.md")
lines = [str(sorted(name for name in os.environ if name not in ("PWD", "SHLVL", "_", "LC_CTYPE")))]
for attempt in (
    lambda: open({secret:?}).read(),
    lambda: open("/etc/shadow").read(),
    lambda: open("/usr/slipway-was-here", "w"),
    lambda: socket.create_connection(("1.1.1.1", 53), 2),
    lambda: os.kill({own}, 0),
):
    try:
        attempt()
        lines.append("it could")
    except OSError as error:
        lines.append(type(error).__name__)
subprocess.run(["git", "init", "-q"], check=True)
subprocess.run(["git", "add", "."], check=True)
subprocess.run(["git", "commit", "-qm", "x"], check=True)
open("attempts.txt", "w").write("\n".join(lines))
os.chmod("attempts.txt", 0o755)
open("../outside.txt", "w").write("x")
print("done")
"#,
        own = std::process::id()
    );
    let address = template(here, &[("pre_gen_project.sh", before), ("post_gen_project.py", &after)]);
    let (code, _, said) = run(here, &["new", &address, "work", "--defaults"]);
    assert_eq!(code, 4, "{said}");
    assert!(said.contains("hooks/post_gen_project.py (run by python3), which calls git"), "{said}");
    assert!(!here.join("work").exists());
    let (code, _, said) = run(here, &["new", &address, "work", "--defaults", "--trust", "--data", "docs=no"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("a script of the template made a Git repository, which is left out"), "{said}");
    let project = here.join("work/quay");
    let read = |name: &str| std::fs::read_to_string(project.join(name)).unwrap();
    assert_eq!(read("first.txt"), "quay\n");
    let attempts = read("attempts.txt");
    let (names, attempts) = attempts.split_once('\n').unwrap();
    assert!(!names.contains("XDG_CACHE_HOME") && !names.contains("CARGO"), "{names}");
    let expected = "FileNotFoundError\nFileNotFoundError\nPermissionError\nPermissionError\nProcessLookupError";
    assert_eq!(attempts, expected, "on a machine without user namespaces and Landlock this cannot hold");
    assert!(!project.join("docs.md").exists() && !project.join(".git").exists());
    assert!(!here.join("work/outside.txt").exists());
    let mode = std::os::unix::fs::PermissionsExt::mode(&project.join("attempts.txt").metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o755);
    let lineage = read(".slipway/lineage.yml");
    assert!(lineage.contains("attempts.txt") && !lineage.contains("docs.md"), "{lineage}");

    // The commit is remembered, and no other is.
    assert_eq!(run(here, &["new", &address, "again", "--defaults"]).0, 0);
    std::fs::write(Path::new(&address).join("hooks/post_gen_project.py"), "print('other')").unwrap();
    assert_eq!(run(here, &["new", &address, "third", "--defaults"]).0, 4, "what is not committed is another version");
    commit(Path::new(&address), "Second");
    assert_eq!(run(here, &["new", &address, "third", "--defaults"]).0, 4);
    let (_, listed, _) = run(here, &["template", "trusted"]);
    assert!(listed.lines().count() == 1 && listed.starts_with(&address), "{listed}");
    assert_eq!(run(here, &["template", "distrust", &address]).0, 0);
    assert_eq!(run(here, &["template", "distrust", &address]).0, 1);
    assert_eq!(run(here, &["new", &address, "fourth", "--defaults", "--ref", "v1"]).0, 4);
}

const FORKS: &str = "#!/usr/bin/env python3
import os, time
for _ in range(600):
    try:
        if os.fork() == 0:
            time.sleep(20)
            os._exit(0)
    except OSError:
        time.sleep(0.1)
";

#[test]
fn a_script_that_fails_hangs_forks_or_fills_the_disk_leaves_nothing() {
    for (script, expected) in [
        ("#!/bin/sh\necho 'no docker here' >&2\nexit 7\n", "ended with 7; nothing was made. It said:\nno docker here"),
        ("#!/bin/sh\nkill -SEGV $$\n", "ended with 139"),
        (FORKS, "it started more than 256 processes"),
        ("#!/bin/sh\nhead -c 3000000000 /dev/zero > big\nsleep 1\n", "nothing was made"),
        (
            "#!/bin/sh\nfor n in 1 2 3 4; do head -c 500000000 /dev/zero > big$n; done\nsleep 20\n",
            "it wrote more than 1024 MB",
        ),
        ("#!/usr/bin/env python3\nx = bytearray(3 << 30)\n", "MemoryError"),
        ("#!/bin/sh\nyes\n", "it printed more than 4 MB"),
        ("#!/bin/sh\nmkfifo pipe\n", "is neither a file nor a folder"),
        ("#!/no/such/thing\n", "which would run it, is not on this machine"),
        ("echo no interpreter\n", "nothing says what runs this script"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path();
        let address = template(here, &[("post_gen_project", script)]);
        let (code, _, said) = run(here, &["new", &address, "work", "--defaults", "--trust"]);
        assert!(matches!(code, 1 | 2) && said.contains(expected), "{script}: {code} {said}");
        assert!(!here.join("work").exists(), "{script}");
    }
}

#[test]
fn what_scripts_made_is_the_base_of_an_update() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let script = "import os\nif '{{ cookiecutter.docs }}' == 'no': os.remove('docs.md')\n";
    let address = template(here, &[("post_gen_project.py", script)]);
    let (code, _, said) =
        run(here, &["new", &address, "work", "--defaults", "--trust", "--data", "docs=no", "--cruft"]);
    assert_eq!(code, 0, "{said}");
    let project = here.join("work/quay");
    git(&project, &["init", "--quiet"]);
    commit(&project, "Made");
    let cruft: serde_json::Value =
        serde_json::from_slice(&std::fs::read(project.join(".cruft.json")).unwrap()).unwrap();
    assert_eq!(cruft["context"]["cookiecutter"]["docs"], "no");
    std::fs::write(Path::new(&address).join("{{ cookiecutter.slug }}/docs.md"), "more docs\n").unwrap();
    std::fs::write(Path::new(&address).join("{{ cookiecutter.slug }}/new.md"), "new\n").unwrap();
    commit(Path::new(&address), "Second");
    let (code, _, said) = run(here, &["check-update", "work/quay"]);
    assert_eq!(code, 4, "the new commit brings a script that nobody trusted: {said}");
    let (code, said, _) = run(here, &["check-update", "work/quay", "--trust"]);
    assert!(code == 1 && said.contains("new.md") && !said.contains("docs.md"), "{said}");
    let (code, said, error) = run(here, &["update", "work/quay", "--defaults"]);
    assert_eq!(code, 0, "{said}{error}");
    assert!(project.join("new.md").exists() && !project.join("docs.md").exists());
    let cruft: serde_json::Value =
        serde_json::from_slice(&std::fs::read(project.join(".cruft.json")).unwrap()).unwrap();
    let lineage = std::fs::read_to_string(project.join(".slipway/lineage.yml")).unwrap();
    assert!(lineage.contains(cruft["commit"].as_str().unwrap()), "{lineage}");

    // Who leaves the scripts out is not asked again, and is told nothing of what they would do.
    let (code, _, said) = run(here, &["new", &address, "other", "--defaults", "--skip-hooks", "--data", "docs=no"]);
    assert_eq!(code, 0, "{said}");
    let project = here.join("other/quay");
    assert!(project.join("docs.md").exists());
    git(&project, &["init", "--quiet"]);
    commit(&project, "Made");
    assert_eq!(run(here, &["check-update", "other/quay"]).0, 0);
}

#[test]
fn a_template_asks_what_its_first_script_and_its_extensions_say() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let first = "import json\nasked = json.load(open('cookiecutter.json'))\nasked['port'] = 8080\n\
                 json.dump(asked, open('cookiecutter.json', 'w'))\n";
    let address = template(here, &[("pre_prompt.py", first)]);
    let path = Path::new(&address);
    let manifest =
        r#"{"slug": "quay", "loud": "{{ cookiecutter.slug|shout }}", "_extensions": ["local_extensions.Shout"]}"#;
    std::fs::write(path.join("cookiecutter.json"), manifest).unwrap();
    let module = "from jinja2.ext import Extension\n\nclass Shout(Extension):\n    def __init__(self, environment):\n        \
                  super().__init__(environment)\n        environment.filters['shout'] = lambda text: text.upper() + '!'\n";
    std::fs::write(path.join("local_extensions.py"), module).unwrap();
    let text = "{{ cookiecutter.loud }} {{ cookiecutter.port }}\n";
    std::fs::write(path.join("{{ cookiecutter.slug }}/README.md"), text).unwrap();
    commit(path, "Second");
    let (code, _, said) = run(here, &["new", &address, "work", "--defaults", "--skip-hooks"]);
    assert!(code == 4 && said.contains("the Python extension local_extensions.Shout"), "{said}");
    let (code, _, said) = run(here, &["new", &address, "work", "--defaults", "--trust"]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(std::fs::read_to_string(here.join("work/quay/README.md")).unwrap(), "QUAY! 8080\n");
    std::fs::write(path.join("local_extensions.py"), "raise RuntimeError('not today')\n").unwrap();
    let (code, _, said) = run(here, &["new", &address, "other", "--defaults", "--trust"]);
    assert!(code == 2 && said.contains("not today"), "{code} {said}");
}
