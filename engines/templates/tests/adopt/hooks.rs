//! Runs hooks of well-known templates as cookiecutter does, in a scratch folder, with nothing that they could call.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use engine_templates::adopt::Finish;
use engine_templates::tree::{Entry, Tree};
use engine_templates::{Rendered, Stage};

/// Python scripts alone: those of the templates that are replayed only delete and rename files, which was read before.
pub struct PythonHooks;

impl Finish for PythonHooks {
    fn finish(&self, rendered: &Rendered) -> Option<Tree> {
        // In memory, where the system offers that: thousands are made.
        let scratch = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let project = scratch.path().join("project");
        std::fs::create_dir(&project).unwrap();
        let run = |stage: Stage| {
            let mut hooks = rendered.hooks.iter().filter(|hook| hook.stage == stage);
            hooks
                .all(|hook| hook.path.ends_with(".py") && python(&scratch.path().join("hook.py"), &hook.text, &project))
        };
        if !run(Stage::BeforeFiles) {
            return None;
        }
        write(&project, &rendered.tree);
        if !run(Stage::AfterFiles) {
            return None;
        }
        let mut tree = Tree::default();
        read(&mut tree, &project, "");
        Some(tree)
    }
}

/// Whether a script went well.
fn python(script: &Path, text: &str, folder: &Path) -> bool {
    std::fs::write(script, text).unwrap();
    let mut command = Command::new("/usr/bin/python3");
    command.args(["-I", "-S", "-B"]).arg(script).current_dir(folder).env_clear().env("PATH", "/nonexistent");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().unwrap().success()
}

fn write(folder: &Path, tree: &Tree) {
    for (path, entry) in tree.iter() {
        let to = folder.join(path);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        match entry {
            Entry::Folder => std::fs::create_dir_all(to).unwrap(),
            Entry::Link { target } => std::os::unix::fs::symlink(target, to).unwrap(),
            Entry::File { content, mode } => {
                std::fs::write(&to, content).unwrap();
                std::fs::set_permissions(&to, std::fs::Permissions::from_mode(*mode)).unwrap();
            }
        }
    }
}

fn read(tree: &mut Tree, folder: &Path, prefix: &str) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = format!("{prefix}{}", entry.file_name().into_string().unwrap());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            read(tree, &entry.path(), &format!("{path}/"));
            tree.insert(path, Entry::Folder).unwrap();
        } else if kind.is_symlink() {
            let target = std::fs::read_link(entry.path()).unwrap().display().to_string();
            tree.insert(path, Entry::Link { target }).unwrap();
        } else {
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            tree.insert(path, Entry::file(std::fs::read(entry.path()).unwrap(), mode)).unwrap();
        }
    }
}
