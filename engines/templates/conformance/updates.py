"""Lets cruft update projects: `python updates.py FOLDER [REPOSITORY@OLD..NEW …]`.

Without repositories the cases are those of `updates_matrix.py`; with them those of real templates (bare repositories), from
one revision to another, without their hooks (cruft has no switch for that), as their project is made and as a team edits it.

FOLDER/cases/N/old and new become the template's two versions, before/ the project, after/ what cruft made of it, and case.json
says the rest. The example `updates` compares.
"""

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import cruft
import frozen
import updates_matrix
from reference import lay_out

GIT = ["git", "-c", "user.name=Conformance", "-c", "user.email=conformance@localhost", "-c", "init.defaultBranch=main"]


def git(folder, *arguments):
    return subprocess.run([*GIT, "-C", str(folder), *arguments], check=True, capture_output=True).stdout.decode().strip()


def commit_all(folder):
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "Conformance")
    return git(folder, "rev-parse", "HEAD")


def copied(source, to):
    shutil.copytree(source, to, symlinks=True, ignore=shutil.ignore_patterns(".git"))


def run(root, case, old, new, edit):
    """`old` and `new` fill a folder with a version of the template, `edit` changes the project."""
    repository = root / "repository"
    repository.mkdir(parents=True)
    git(repository, "init", "--quiet")
    commits = []
    for name, fill in (("old", old), ("new", new)):
        for entry in repository.iterdir():
            if entry.name != ".git":
                shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
        fill(repository)
        commits.append(commit_all(repository))
        copied(repository, root / name)
    case = {**case, "commit": commits[1], "failed": None}
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            project = cruft.create(
                str(repository), output_dir=root / "made", checkout=commits[0], default_config=True, no_input=True,
                skip=case["skip"],
            )
            git(project, "init", "--quiet")
            if case["remembers"]:
                commit_all(project)
            edit(project)
            commit_all(project)
            copied(project, root / "before")
            cruft.update(project, skip_apply_ask=True)
        copied(project, root / "after")
    except BaseException as error:
        case["failed"] = f"{type(error).__name__}: {error}"[:300]
    (root / "case.json").write_text(json.dumps(case), encoding="utf-8")


def filled(files):
    return lambda folder: lay_out(folder, files)


def archived(repository, revision):
    def fill(folder):
        archive = subprocess.run(["git", "-C", repository, "archive", revision], check=True, capture_output=True).stdout
        subprocess.run(["tar", "-x", "-C", str(folder)], input=archive, check=True)
        shutil.rmtree(folder / "hooks", ignore_errors=True)

    return fill


def team(project):
    """A line in the middle of every third text, and every eleventh file deleted; what cruft itself reads is left alone."""
    listed = git(project, "ls-files", "-z").split("\0")
    paths = sorted(path for path in listed if path not in ("", ".cruft.json", "pyproject.toml"))
    for number, path in enumerate(paths):
        file = project / path
        if number % 11 == 10:
            file.unlink()
        elif number % 3 == 0 and not file.is_symlink():
            content = file.read_bytes()
            if b"\0" not in content:
                lines = content.splitlines(keepends=True)
                lines.insert(len(lines) // 2, b"the team's line %d\n" % number)
                file.write_bytes(b"".join(lines))


def cases(arguments):
    if not arguments:
        for case in updates_matrix.all_cases():
            edit = lambda project, case=case: updates_matrix.change(project, case["edit"])
            described = {key: case[key] for key in ("name", "differs", "remembers", "skip")}
            yield described, filled(case["old"]), filled(case["new"]), edit
    plain = {"differs": None, "remembers": True, "skip": None, "rejects": True}
    for argument in arguments:
        repository, revisions = argument.rsplit("@", 1)
        old, new = (archived(repository, revision) for revision in revisions.split(".."))
        name = f"{Path(repository).parent.name} {revisions}"
        yield {"name": f"{name}, unedited", **plain}, old, new, lambda project: None
        yield {"name": f"{name}, edited", **plain}, old, new, team


def main(folder, arguments):
    frozen.freeze()
    os.umask(0o022)
    folder = Path(folder).resolve()
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "home").mkdir(parents=True)
    os.environ.update(HOME=str(folder / "home"), GIT_CONFIG_NOSYSTEM="1")
    for number, (case, old, new, edit) in enumerate(cases(arguments)):
        run(folder / "cases" / f"{number:05}", case, old, new, edit)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
