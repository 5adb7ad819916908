//! Projects from templates: whole processes on a folder of this machine, with cookiecutter and cruft beside in the same run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::bench::measure::milliseconds;
use crate::bench::report::Figure;
use crate::command::output;
use crate::conformance::reference_python;

/// Runs of ours and of the others, of which the middle one counts.
const OURS: usize = 21;
const THEIRS: usize = 7;
/// How much faster ours has to be.
const ASKED: f64 = 50.0;

pub fn all(binary: &Path, data: &Path, figures: &mut Vec<Figure>) -> Result<()> {
    let python = reference_python()?;
    let tool = |name: &str| python.with_file_name(name);
    let folder = data.join("templates");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    for files in [32, 200] {
        let template = template(&folder.join(format!("template-{files}")), files)?;
        let made = folder.join("made");
        let mut new = Run { command: Command::new(binary), clean: &|| remove(&made) };
        new.command.args(["new", "--defaults"]).arg(&template).arg(&made).env("HOME", &folder);
        let ours = new.middle(OURS)?;
        let mut reference = Run { command: Command::new(tool("cookiecutter")), clean: &|| remove(&made) };
        reference.command.args(["--no-input", "--output-dir"]).arg(&made).arg(&template).env("HOME", &folder);
        fs::create_dir_all(&made)?;
        let theirs = reference.middle(THEIRS)?;
        figure(figures, &format!("a project of {files} files from a template"), ours, ("cookiecutter 2.7.1", theirs));
    }
    updates(binary, &tool("cruft"), &folder, figures)
}

/// A template that has gone on, and a project of before.
fn updates(binary: &Path, cruft: &Path, folder: &Path, figures: &mut Vec<Figure>) -> Result<()> {
    let template = folder.join("template-32");
    let (ours, theirs) = (folder.join("ours"), folder.join("theirs"));
    let address = format!("file://{}", template.display());
    let mut new = Command::new(binary);
    output(new.args(["new", "--defaults", &address]).arg(&ours).env("HOME", folder))?;
    let mut create = Command::new(cruft);
    output(create.args(["create", "--no-input", "--output-dir"]).arg(&theirs).arg(&address).env("HOME", folder))?;
    let (ours, theirs) = (ours.join("project"), theirs.join("project"));
    for project in [&ours, &theirs] {
        commit(project, "Made")?;
    }
    fs::write(template.join("{{ cookiecutter.slug }}/file_3.txt"), "Another {{ cookiecutter.name }}\n")?;
    commit(&template, "Second")?;
    let at = |program: &Path, arguments: &[&str], project: &Path| {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(project).env("HOME", folder);
        command
    };
    let nothing = || Ok(());
    let check = Run { command: at(binary, &["check-update"], &ours), clean: &nothing }.middle(OURS)?;
    let other = Run { command: at(cruft, &["check"], &theirs), clean: &nothing }.middle(THEIRS)?;
    figure(figures, "whether a project is behind", check, ("cruft 2.16.0", other));
    let (back, back_other) = (|| undo(&ours), || undo(&theirs));
    let update = Run { command: at(binary, &["update", "--defaults"], &ours), clean: &back }.middle(OURS)?;
    let other =
        Run { command: at(cruft, &["update", "--skip-apply-ask"], &theirs), clean: &back_other }.middle(THEIRS)?;
    figure(figures, "an update of a project", update, ("cruft 2.16.0", other));
    Ok(())
}

fn figure(figures: &mut Vec<Figure>, what: &str, ours: Duration, (name, theirs): (&str, Duration)) {
    let limit = milliseconds(theirs) / ASKED;
    let figure = Figure::new(what, milliseconds(ours), "ms", "≥ 50× faster").at_most(limit);
    figures.push(figure.beside(format!("{name}: {:.0} ms", milliseconds(theirs))));
}

/// One command, and what makes everything as it was before it.
struct Run<'a> {
    command: Command,
    clean: &'a dyn Fn() -> Result<()>,
}

impl Run<'_> {
    /// The middle one of so many runs, after one that does not count. What it answers is not looked at: "behind" is an answer.
    fn middle(mut self, count: usize) -> Result<Duration> {
        let mut took = Vec::with_capacity(count);
        for at in 0..=count {
            (self.clean)()?;
            let start = Instant::now();
            let ended = self.command.output()?;
            let time = start.elapsed();
            let code = ended.status.code().unwrap_or(-1);
            anyhow::ensure!((0..=1).contains(&code), "{}", String::from_utf8_lossy(&ended.stderr));
            if at > 0 {
                took.push(time);
            }
        }
        (self.clean)()?;
        took.sort();
        Ok(took[count / 2])
    }
}

/// So many files of forty lines with names and texts that answers change, in Git.
pub fn template(folder: &Path, files: usize) -> Result<PathBuf> {
    let project = folder.join("{{ cookiecutter.slug }}");
    fs::create_dir_all(project.join("{{ cookiecutter.slug }}"))?;
    let questions = "{\"name\": \"Project\", \"slug\": \"{{ cookiecutter.name|lower|replace(' ', '_') }}\", \"licence\": [\"MIT\", \
                     \"none\"], \"ci\": true}\n";
    fs::write(folder.join("cookiecutter.json"), questions)?;
    for number in 0..files {
        let mut text = format!("# {{{{ cookiecutter.name }}}}, file {number}\n");
        for line in 0..40 {
            text += match line % 4 {
                0 => "{% if cookiecutter.ci %}ci for {{ cookiecutter.slug }}{% endif %}\n",
                1 => "licence = \"{{ cookiecutter.licence }}\"\n",
                _ => "a line that stays as it is, whatever is answered\n",
            };
        }
        let place = if number % 2 == 0 { project.join("{{ cookiecutter.slug }}") } else { project.clone() };
        fs::write(place.join(format!("file_{number}.txt")), text)?;
    }
    commit(folder, "First")?;
    Ok(folder.to_owned())
}

fn git(folder: &Path) -> Command {
    let mut git = Command::new("git");
    git.arg("-C").arg(folder).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
    git.args(["-c", "user.name=Bench", "-c", "user.email=bench@example.com"]);
    git
}

pub fn commit(folder: &Path, message: &str) -> Result<()> {
    output(git(folder).args(["init", "--quiet", "--initial-branch=main"]))?;
    output(git(folder).args(["add", "--all"]))?;
    output(git(folder).args(["commit", "--quiet", "--message", message])).map(drop)
}

fn undo(project: &Path) -> Result<()> {
    output(git(project).args(["reset", "--quiet", "--hard"]))?;
    output(git(project).args(["clean", "--quiet", "-fd"])).map(drop)
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(fs::create_dir_all(folder)?),
    }
}
