"""Lets cruft make projects and update them, for the sake of their `.cruft.json`: `python cruft_file.py FOLDER [REPOSITORY…]`.

FOLDER/cases/N holds the template at two commits (old/, new/), case.json with what cruft was asked for, and created.json and
updated.json as cruft left `.cruft.json`. REPOSITORY are bare repositories of real templates: their head, and an ancestor of it.
The example `cruft_file` compares. Hooks are not run, and nothing is applied to the projects: both leave the file alone.
"""

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import cookiecutter.generate
import frozen
from cruft import create, update

warnings.simplefilter("ignore")

NAMED = "{{ cookiecutter.slug }}/file"
FILES = {NAMED: "{{ cookiecutter.name }}"}

# Variables of the old and the new version, and what cruft is asked for.
CASES = [
    ("nothing new", {"name": "n", "slug": "s"}, {"name": "n", "slug": "s"}, {}),
    (
        "every kind, and what is the template's own",
        {
            "name": 'Ünï "x" \\ \u2028 😀\x7f',
            "_private": {"b": [1, 2.0, 1e16, 1e-7, -0.0, None, True, {}, []], "a": "{{ raw }}"},
            "dict": {"{{ cookiecutter.name|length }}": {"n": 3, "f": 1.5, "t": True, "z": None}},
            "slug": "s",
            "__made": "{{ cookiecutter.slug }}!",
            "__dict": {"k": "{{ cookiecutter.slug }}"},
            "number": 3,
            "float": 1.50,
            "yes": True,
            "null": None,
            "choice": ["a", "b"],
            "_copy_without_render": ["*.x"],
            "__prompts__": {"name": "What is it called?"},
            "late": "\n\t\u0001",
        },
        {
            "name": "other",
            "choice": ["b", "a"],
            "slug": "s",
            "yes": False,
            "_private": "changed",
            "_fresh": [],
            "fresh": "{{ cookiecutter.name }}-{{ cookiecutter.yes }}",
            "dict": {"k": "{{ cookiecutter.slug }}", "new": "v"},
        },
        {},
    ),
    (
        "answers",
        {"name": "n", "slug": "{{ cookiecutter.name|lower }}", "docs": True, "license": ["MIT", "BSD"], "gone": "g"},
        {"license": ["BSD", "MIT", "ISC"], "docs": False, "name": "m", "slug": "{{ cookiecutter.name }}", "more": "x"},
        {"data": {"name": "App", "docs": "no", "license": "BSD"}, "again": {"more": "yes", "docs": True}},
    ),
    (
        "a folder, a checkout and paths to skip",
        {"name": "n", "slug": "s"},
        {"name": "n", "slug": "s", "more": "m"},
        {"directory": "sub/template", "checkout": "main", "skip": ["docs", "*.lock"]},
    ),
]


def git(folder, *arguments):
    command = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def grown(root, case):
    """A repository of two commits, and these."""
    repository = root / "repository"
    repository.mkdir()
    git(repository, "init", "--quiet", "--initial-branch=main")
    commits = []
    for variables in case[1:3]:
        for path, content in {**FILES, "cookiecutter.json": json.dumps(variables, indent=2)}.items():
            to = repository / case[3].get("directory", "") / path
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_text(content, encoding="utf-8")
        git(repository, "add", "--all")
        git(repository, "commit", "--quiet", "--allow-empty", "--message", "version")
        commits.append(git(repository, "rev-parse", "HEAD"))
    return repository, commits


def real(repository, distance=40):
    """The head of a repository, and a commit before it."""
    commits = git(repository, "rev-list", "--first-parent", f"--max-count={distance}", "HEAD").split()
    return commits[-1], commits[0]


def export(repository, commit, to):
    to.mkdir()
    archive = subprocess.run(["git", "archive", commit], cwd=repository, check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x", "-C", to], input=archive, check=True)


def run(root, repository, commits, name, asked):
    described = {"name": name, "template": str(repository), "commits": commits, "failed": None, **asked}
    # cruft is given the commit, so that it need not be the head; what it writes down of that is what it was asked for.
    try:
        for version, commit in zip(("old", "new"), commits):
            export(repository, commit, root / version)
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            project = create(
                str(repository),
                output_dir=root / "made",
                extra_context=asked.get("data"),
                directory=asked.get("directory"),
                checkout=commits[0],
                skip=asked.get("skip"),
            )
            shutil.copy(project / ".cruft.json", root / "created.json")
            again = {"refresh_private_variables": True, **({"extra_context": asked["again"]} if "again" in asked else {})}
            update(project, checkout=asked.get("checkout"), skip_update=True, **again)
            shutil.copy(project / ".cruft.json", root / "updated.json")
    except BaseException as error:
        described["failed"] = f"{type(error).__name__}: {error}"[:300]
    (root / "case.json").write_text(json.dumps(described), encoding="utf-8")


def main(folder, repositories):
    frozen.freeze()
    os.umask(0o022)
    folder = Path(folder).absolute()
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "home").mkdir(parents=True)
    os.environ["HOME"] = str(folder / "home")
    cookiecutter.generate.run_hook_from_repo_dir = lambda *_: None
    number = 0
    for case in CASES:
        root = folder / "cases" / f"{number:05}"
        root.mkdir(parents=True)
        run(root, *grown(root, case), case[0], case[3])
        number += 1
    for repository in repositories:
        root = folder / "cases" / f"{number:05}"
        root.mkdir(parents=True)
        run(root, Path(repository).absolute(), real(repository), repository, {})
        number += 1


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
