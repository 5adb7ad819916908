"""The cases of `updates.py`: what a template changed, and what a team did meanwhile."""

import shutil

from matrix import Mode

PROJECT = "{{cookiecutter.slug}}"


def lines(*, changed=None, title="line"):
    """Twenty lines, some of them changed: their number to their text."""
    return "".join(f"{(changed or {}).get(number, f'{title} {number}')}\n" for number in range(20))


OLD = {
    "cookiecutter.json": '{"slug": "demo", "name": "Demo"}\n',
    f"{PROJECT}/README.md": "# {{ cookiecutter.name }}\n\nMade of a template.\n",
    f"{PROJECT}/text.txt": lines(),
    f"{PROJECT}/other.txt": lines(title="other"),
    f"{PROJECT}/docs/index.md": lines(title="index"),
    f"{PROJECT}/docs/guide.md": lines(title="guide"),
    f"{PROJECT}/windows.txt": lines(title="windows").replace("\n", "\r\n"),
    f"{PROJECT}/no_end.txt": "first\nlast",
    f"{PROJECT}/empty": "",
    f"{PROJECT}/run.sh": Mode("#!/bin/sh\necho run\n", 0o755),
    f"{PROJECT}/picture.png": b"\x89PNG\r\n\x1a\n\0\0old",
}


def change(project, edits):
    """Writes, deletes (`None`), renames (`("path",)`) and runs what is callable."""
    for path, content in edits.items():
        to = project / path
        if content is None:
            shutil.rmtree(to) if to.is_dir() else to.unlink()
            continue
        if isinstance(content, tuple):
            to.parent.mkdir(parents=True, exist_ok=True)
            (project / content[0]).rename(to)
            continue
        mode = None
        if isinstance(content, Mode):
            content, mode = content.content, content.mode
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes(content if isinstance(content, bytes) else content.encode())
        if mode is not None:
            to.chmod(mode)


def differs(reason, paths):
    """Why cruft's result is another than ours, and what each makes of a path: `[cruft's, ours]`, where `None` is nothing."""
    return {"reason": reason, "paths": paths}


def case(name, new, edit=None, differs=None, remembers=True, skip=None):
    """`new` are the template's changes: `None` deletes. Where the project does not remember, what the template made of it was
    never committed as it was."""
    changed = {**OLD, **{path if path == "cookiecutter.json" else f"{PROJECT}/{path}": text for path, text in new.items()}}
    changed = {path: content for path, content in changed.items() if content is not None}
    return {"name": name, "old": OLD, "new": changed, "edit": edit or {}, "differs": differs, "remembers": remembers, "skip": skip}


RECORD = differs(
    "cruft leaves the record at the old commit where the new one renders the same",
    {".cruft.json": [f'{version} name="Demo" slug="demo"' for version in ("old", "new")]},
)


def all_cases():
    text, other = lines(changed={3: "template"}), lines(title="other", changed={3: "template"})
    # What the template did; each meets every edit below.
    news = {
        "nothing": {},
        "a line": {"text.txt": text},
        "a new file": {"new.txt": "new\n"},
        "a file in a new folder": {"deep/down/new.txt": "new\n"},
        "deleted": {"other.txt": None},
        "a folder deleted": {"docs/index.md": None, "docs/guide.md": None},
        "renamed": {"other.txt": None, "moved.txt": lines(title="other")},
        "renamed into a folder": {"other.txt": None, "lib/other.txt": lines(title="other")},
        "renamed and changed": {"other.txt": None, "moved.txt": other},
        "made executable": {"text.txt": Mode(lines(), 0o755)},
        "no longer executable": {"run.sh": "#!/bin/sh\necho run\n"},
        "binary": {"picture.png": b"\x89PNG\r\n\x1a\n\0\0new"},
        "a new binary": {"icon.png": b"\x89PNG\r\n\x1a\n\0\0icon"},
        "Windows' ends of lines": {"windows.txt": lines(title="windows", changed={3: "template"}).replace("\n", "\r\n")},
        "the last line gets its end": {"no_end.txt": "first\nlast\n"},
        "an empty file is filled": {"empty": "full\n"},
        "a new question": {
            "cookiecutter.json": '{"slug": "demo", "name": "Demo", "licence": ["MIT", "none"]}\n',
            "LICENCE": "{{ cookiecutter.licence }}\n",
        },
        "another default": {"cookiecutter.json": '{"slug": "demo", "name": "Other"}\n'},
        "much": {
            "text.txt": text,
            "docs/guide.md": None,
            "docs/manual.md": lines(title="guide", changed={0: "template"}),
            "new.txt": "new\n",
            "README.md": "# {{ cookiecutter.name }}\n\nMade of a better template.\n",
        },
    }
    # What the team did where the template did nothing: both keep everything.
    edits = {
        "nobody": {},
        "own file": {"own/main.py": "own = 1\n"},
        "own line": {"docs/index.md": lines(title="index", changed={10: "team"}), "README.md": "# Demo\n\nOurs.\n"},
    }
    for new, changes in news.items():
        for edit, own in edits.items():
            touched = set(changes) & set(own)
            if not touched:
                yield case(f"{new}; {edit}", changes, own, None if changes else RECORD)
    yield from both()
    yield from without_memory()


def both():
    """Both sides at the same files."""
    template, team = {3: "template"}, {15: "team"}
    yield case("both a line, apart", {"text.txt": lines(changed=template)}, {"text.txt": lines(changed=team)})
    yield case("both the same", {"text.txt": lines(changed=template)}, {"text.txt": lines(changed=template)})
    yield case("both the same line", {"text.txt": lines(changed=template)}, {"text.txt": lines(changed={3: "team"})})
    yield case("both lines next to each other", {"text.txt": lines(changed=template)}, {"text.txt": lines(changed={4: "team"})})
    yield case("both the end of a file", {"text.txt": lines() + "template\n"}, {"text.txt": lines() + "team\n"})
    yield case(
        "both Windows' lines, apart",
        {"windows.txt": lines(title="windows", changed=template).replace("\n", "\r\n")},
        {"windows.txt": lines(title="windows", changed=team).replace("\n", "\r\n")},
    )
    yield case("mode there, line here", {"text.txt": Mode(lines(), 0o755)}, {"text.txt": lines(changed=team)})
    yield case("line there, mode here", {"text.txt": lines(changed=template)}, {"text.txt": Mode(lines(), 0o755)})
    yield case("deleted here, untouched there", {}, {"text.txt": None}, RECORD)
    yield case("deleted here, a line there", {"text.txt": lines(changed=template)}, {"text.txt": None})
    yield case("deleted here and there", {"text.txt": None}, {"text.txt": None})
    yield case(
        "folder deleted here, a file more there",
        {"docs/more.md": "more\n"},
        {"docs": None},
        differs("what is new in a folder that the team deleted is lost to cruft", {"docs/more.md": [None, "more\n"]}),
    )
    yield case("deleted there, edited here", {"text.txt": None}, {"text.txt": lines(changed=team)})
    yield case(
        "deleted there, edited here, and more",
        {"text.txt": None, "new.txt": "new\n", "other.txt": lines(title="other", changed=template)},
        {"text.txt": lines(changed=team)},
    )
    yield case("renamed there, edited here", {"text.txt": None, "moved.txt": lines()}, {"text.txt": lines(changed=team)})
    yield case(
        "renamed and changed there, edited here",
        {"text.txt": None, "moved.txt": lines(changed=template)},
        {"text.txt": lines(changed=team)},
    )
    renamed = differs(
        "an update of a file that the team renamed is lost to cruft", {"ours.txt": [lines(), lines(changed=template)]}
    )
    yield case("renamed here, a line there", {"text.txt": lines(changed=template)}, {"ours.txt": ("text.txt",)}, renamed)
    yield case(
        "renamed here, a line there, and more",
        {"text.txt": lines(changed=template), "new.txt": "new\n"},
        {"ours.txt": ("text.txt",)},
        renamed,
    )
    yield case(
        "deleted here, renamed there",
        {"text.txt": None, "moved.txt": lines()},
        {"text.txt": None},
        differs("cruft brings back under a new name what the team deleted", {"moved.txt": [lines(), None]}),
    )
    yield case("both add the same", {"new.txt": "new\n"}, {"new.txt": "new\n"})
    yield case("both add another", {"new.txt": "template\n"}, {"new.txt": "team\n"})
    yield case(
        "both add another, and a line elsewhere",
        {"new.txt": "template\n", "other.txt": lines(title="other", changed=template)},
        {"new.txt": "team\n"},
    )
    yield case("both binary", {"picture.png": b"\x89PNG\r\n\x1a\n\0\0template"}, {"picture.png": b"\x89PNG\r\n\x1a\n\0\0team"})
    yield case(
        "file there, folder here",
        {"thing": "file\n"},
        {"thing/inside.txt": "ours\n"},
        differs("a file with the name of a folder of the team's is lost to cruft", {"thing~template": [None, "file\n"]}),
    )
    yield case(
        "edited here and by the template the same, and more",
        {"text.txt": lines(changed={3: "same", 9: "template"})},
        {"text.txt": lines(changed={3: "same"})},
    )
    yield case(
        "one conflict among many changes",
        {"text.txt": lines(changed=template), "other.txt": lines(title="other", changed=template), "new.txt": "new\n", "docs/index.md": None},
        {"text.txt": lines(changed={3: "team"})},
    )
    skipped = {"text.txt": lines(changed=template), "docs/guide.md": None, "docs/new.md": "new\n", "other.txt": None}
    yield case("paths that are skipped", skipped, skip=["text.txt", "docs"])


def without_memory():
    """The first commit of the project is already edited, so that Git does not know what the template once made: a squashed
    or shallow history."""
    template, team = {3: "template"}, {15: "team"}
    hunk = "@@ -1,7 +1,7 @@\n line 0\n line 1\n line 2\n-line 3\n+template\n line 4\n line 5\n line 6\n"
    rejected = f"diff a/text.txt b/text.txt\t(rejected hunks)\n{hunk}"
    conflict = lines(changed={3: "<<<<<<<\nteam\n=======\ntemplate\n>>>>>>>"})
    forgot = "cruft rejects hunks where Git does not know the old text"
    yield case("a line, without memory", {"text.txt": lines(changed=template)}, {"own.txt": "own\n"}, remembers=False)
    yield case(
        "both a line, apart, without memory",
        {"text.txt": lines(changed=template)},
        {"text.txt": lines(changed=team)},
        remembers=False,
    )
    yield case(
        "both the same line, without memory",
        {"text.txt": lines(changed=template)},
        {"text.txt": lines(changed={3: "team"})},
        differs(forgot, {"text.txt": [lines(changed={3: "team"}), conflict], "text.txt.rej": [rejected, None]}),
        remembers=False,
    )
    yield case(
        "both lines near each other, without memory",
        {"text.txt": lines(changed=template)},
        {"text.txt": lines(changed={5: "team"})},
        differs(forgot, {"text.txt": [lines(changed={5: "team"}), lines(changed={3: "template", 5: "team"})], "text.txt.rej": [rejected, None]}),
        remembers=False,
    )
    yield case(
        "both the same, and more, without memory",
        {"text.txt": lines(changed=template), "new.txt": "new\n"},
        {"text.txt": lines(changed=template)},
        differs(forgot, {"text.txt.rej": [rejected, None]}),
        remembers=False,
    )
    yield case(
        "deleted there, edited here, without memory",
        {"text.txt": None, "other.txt": lines(title="other", changed=template)},
        {"text.txt": lines(changed=team)},
        remembers=False,
    )
    yield case(
        "renamed there, edited here, without memory",
        {"text.txt": None, "moved.txt": lines()},
        {"text.txt": lines(changed=team)},
        remembers=False,
    )
    yield case(
        "both binary, without memory",
        {"picture.png": b"\x89PNG\r\n\x1a\n\0\0template", "new.txt": "new\n"},
        {"picture.png": b"\x89PNG\r\n\x1a\n\0\0team"},
        remembers=False,
    )
    yield case(
        "both add another, without memory",
        {"new.txt": "template\n", "text.txt": lines(changed=template)},
        {"new.txt": "team\n"},
        remembers=False,
    )
