"""Lets cookiecutter and slipway make the same projects with hooks: `python hooks.py FOLDER SLIPWAY REPOSITORY[@REVISION]…`

REPOSITORY are bare repositories of real templates, at their head or a revision, SLIPWAY is the binary. Each template in them is rendered with its defaults
and with each of its choices, at most `MOST` times, by both, into the same folder one after the other. What is compared is
whether it failed, and every file, folder and link with its bytes and mode; a `.git` that a hook makes is left out, as Slipway
leaves it. Both have a fresh HOME, the same PATH with this Python first, the same name for Git, and no network: Slipway by its
own fence, cookiecutter by `unshare`, where the system has it.

Where both fail, as without a network many do, they are asked once more with programs that do nothing in place of `ABSENT`.

It prints a row for each template and every difference, and ends with 1 if one is not in `EXPLAINED`.
"""

import fnmatch
import os
import shutil
import subprocess
import sys
from pathlib import Path

import real

MOST = 12
SECONDS = 180
ALONE = ["unshare", "--map-root-user", "--net", "--"]
# Folders of a repository whose templates are its tests.
NOT_PUBLISHED = {"tests", "test", "docs", "examples"}

# What hooks call that needs a network, or more of a machine than this is about.
ABSENT = ("docker", "dotnet", "gh", "npm", "poetry", "pre-commit", "prek", "tox", "uv", "uvx")

# What a template has to be told, since it has no default that works.
ANSWERS = {
    "Stillpoint-Software+project.cookiecutter": {"assembly_name": "Acme", "github_organization": "acme"},
    "MolSSI+cookiecutter-cms": {"author_email": "acme@example.com"},
    "cookiecutter-flask+cookiecutter-flask": {"app_name": "acme", "project_name": "Acme", "python_version": "3.11"},
}

# Template, path (or FAILS: only one of them fails), and why they differ. Patterns as fnmatch reads them.
FAILS = "(fails)"
BY_A_HOOK = "a hook draws it at random"
BY_THE_TEMPLATE = "the template draws it at random"
A_TAG = "the template needs the tag of a Python extension, and tags are not carried"
EXPLAINED = [
    ("cookiecutter+cookiecutter-django", "*/.envs/*", BY_A_HOOK),
    ("cookiecutter+cookiecutter-django", "*/config/settings/*.py", BY_A_HOOK),
    ("cookiecutter+cookiecutter-django", "*/.env", BY_A_HOOK),
    ("vchaptsev+cookiecutter-django-vue", "*/.env", BY_A_HOOK),
    ("pydanny+cookiecutter-djangopackage", "*/tests/settings.py", BY_THE_TEMPLATE),
    ("wemake-services+wemake-django-template", FAILS, A_TAG),
    ("zxyle+cookiecutter-springboot-standalone", FAILS, A_TAG),
    ("plone+cookiecutter-zope-instance", "instance/inituser", BY_A_HOOK),
    ("reef-technologies+cookiecutter-rt-django", "*/README_AWS.md", BY_THE_TEMPLATE),
    ("reef-technologies+cookiecutter-rt-django", "*/backend.tf", BY_THE_TEMPLATE),
    ("openedx+edx-cookiecutters/python-template", "*/docs/index.rst", "it holds the second in which it was made"),
    ("Stillpoint-Software+project.cookiecutter", "*/.cookiecutter.json", "a hook asks the template's repository for its commit"),
]


def environment(home, absent):
    """`absent` is a folder of programs that do nothing, or none."""
    name, address = "Slipway", "slipway@localhost"
    return {
        "HOME": str(home),
        "PATH": os.pathsep.join([*map(str, absent), str(Path(sys.executable).parent), os.environ["PATH"]]),
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "GIT_AUTHOR_NAME": name,
        "GIT_AUTHOR_EMAIL": address,
        "GIT_COMMITTER_NAME": name,
        "GIT_COMMITTER_EMAIL": address,
    }


def templates(repository):
    """The folders of the checked-out repository that hold a template, from its root."""
    for found in sorted(repository.rglob("cookiecutter.json")):
        folder = found.parent.relative_to(repository)
        if not NOT_PUBLISHED.intersection(folder.parts) and "{" not in str(folder):
            yield str(folder)


def cases(template):
    """What is answered: everything once, or every n-th where that is more than `MOST`."""
    every = list(real.answers(template))
    if len(every) <= MOST:
        return every
    return [every[number * len(every) // MOST] for number in range(MOST)]


def tree(folder):
    """Path by path what is there."""
    found = {}
    for above, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name != ".git"]
        for name in folders + files:
            path = Path(above, name)
            if path.is_symlink():
                what = ("link", os.readlink(path))
            elif path.is_dir():
                what = ("folder",)
            else:
                what = ("file", f"{path.stat().st_mode & 0o777:o}", path.read_bytes())
            found[str(path.relative_to(folder))] = what
    return found


def doing_nothing(folder):
    folder.mkdir(parents=True)
    for name in ABSENT:
        (folder / name).write_text("#!/bin/sh\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    return folder


def made(root, command, absent):
    """Runs it in a fresh folder: whether it failed, what it said, and what is there then."""
    output, home = root / "output", root / "home"
    for folder in (output, home):
        folder.mkdir()
    try:
        ended = subprocess.run(
            [*command, str(output)], env=environment(home, absent), cwd=root, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS,
        )
        failed, said = ended.returncode != 0, ended.stdout.decode(errors="replace")
    except subprocess.TimeoutExpired:
        failed, said = True, f"it took longer than {SECONDS} s"
    found = tree(output)
    for folder in (output, home):
        shutil.rmtree(folder)
    return failed, said, found


def both(root, slipway, template, folder, data, absent):
    given = [f"{name}={value}" for name, value in data.items()]
    directory = [] if folder == "." else ["--directory", folder]
    options = [part for one in given for part in ("--data", one)]
    cookiecutter = [*alone(), sys.executable, "-m", "cookiecutter", "--no-input", *directory, str(template), *given]
    new = [slipway, "new", "--defaults", "--trust", "--no-lineage", *directory, *options, str(template)]
    return made(root, [*cookiecutter, "--output-dir"], absent), made(root, new, absent)


def alone():
    works = shutil.which(ALONE[0]) and subprocess.run([*ALONE, "true"], capture_output=True).returncode == 0
    return ALONE if works else []


def differences(theirs, ours):
    """Each path, and what about it differs."""
    if theirs[0] != ours[0]:
        yield FAILS, "only cookiecutter fails" if theirs[0] else "only slipway fails"
    if theirs[0] or ours[0]:
        return
    for path in sorted(theirs[2].keys() | ours[2].keys()):
        one, other = theirs[2].get(path), ours[2].get(path)
        if one != other:
            if one is None or other is None:
                yield path, "is only ours" if one is None else "is only theirs"
            elif one[0] != other[0]:
                yield path, f"is a {one[0]} there and a {other[0]} here"
            else:
                yield path, f"has mode {one[1]} there and {other[1]} here" if one[2:] == other[2:] else "has other bytes"


def reason(name, path):
    for template, pattern, why in EXPLAINED:
        if fnmatch.fnmatchcase(name, template) and fnmatch.fnmatchcase(path, pattern):
            return why
    return None


def compare(folder, slipway, name, template, inner):
    """Prints a row, and what differs below it; the number of differences that nothing explains."""
    counts = {"equal": 0, "equal with what does nothing": 0, "both fail": 0, "explained": 0, "differ": 0}
    lines = []
    for number, data in enumerate(cases(template / inner)):
        root = folder / "cases" / name.replace("/", "+") / f"{number:02}"
        root.mkdir(parents=True)
        # Python leaves what it compiled of the template's own modules.
        subprocess.run(["git", "-C", str(template), "clean", "-d", "-x", "--force", "--quiet"], check=True)
        data = {**ANSWERS.get(name, {}), **data}
        equal, absent = "equal", []
        theirs, ours = both(root, slipway, template, inner, data, absent)
        if theirs[0] and ours[0]:
            equal, absent = "equal with what does nothing", [folder / "absent"]
            theirs, ours = both(root, slipway, template, inner, data, absent)
        (root / "theirs.txt").write_text(theirs[1], encoding="utf-8")
        (root / "ours.txt").write_text(ours[1], encoding="utf-8")
        found = [(path, what, reason(name, path)) for path, what in differences(theirs, ours)]
        for path, what, why in found:
            lines.append(f"    {data or 'defaults'}: {path} {what}: {why or 'NOT EXPLAINED'}")
        for side, (_, _, entries) in (("theirs", theirs), ("ours", ours)):
            keep(root / side, entries, {path for path, _, _ in found})
        if not found:
            counts["both fail" if theirs[0] else equal] += 1
        else:
            counts["explained" if all(why for _, _, why in found) else "differ"] += 1
    print(f"{name:60} " + " ".join(f"{count:3} {what}" for what, count in counts.items()), flush=True)
    print("".join(f"{line}\n" for line in lines), end="", flush=True)
    return counts["differ"]


def keep(folder, entries, paths):
    """Writes the files that differ, for whoever asks why."""
    for path in paths & entries.keys():
        if entries[path][0] == "file":
            to = folder / path
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_bytes(entries[path][2])


def main(folder, slipway, repositories):
    os.umask(0o022)
    folder, slipway = Path(folder).resolve(), str(Path(slipway).resolve())
    shutil.rmtree(folder, ignore_errors=True)
    doing_nothing(folder / "absent")
    differ = 0
    for argument in repositories:
        path, _, revision = argument.partition("@")
        repository = Path(path)
        name = (repository.parent if repository.name in ("repo", ".git") else repository).name
        template = folder / "templates" / name
        subprocess.run(["git", "clone", "--quiet", "--no-checkout", str(repository), str(template)], check=True)
        subprocess.run(["git", "-C", str(template), "read-tree", revision or "HEAD"], check=True)
        # A mirror may lack its largest files; then both do without them.
        subprocess.run(["git", "-C", str(template), "checkout-index", "--all", "--quiet"], stderr=subprocess.DEVNULL)
        for inner in templates(template):
            shown = name if inner == "." else f"{name}/{inner}"
            differ += compare(folder, slipway, shown, template, inner)
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
