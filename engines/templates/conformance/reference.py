"""Lays the cases of the matrix out on disk and lets cookiecutter render them: `python reference.py FOLDER`.

FOLDER/cases/N/template is the template, project/ what cookiecutter made of it, and case.json says the rest.
"""

import contextlib
import io
import json
import os
import shutil
import sys
import warnings
from pathlib import Path

import frozen
import matrix
from cookiecutter.main import cookiecutter

warnings.simplefilter("ignore")


def lay_out(root, files):
    for path, content in files.items():
        to = root / path
        to.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, matrix.Link):
            to.symlink_to(content.target)
            continue
        mode = 0o644
        if isinstance(content, matrix.Mode):
            content, mode = content.content, content.mode
        to.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        to.chmod(mode)


def render(folder, root, case):
    """Renders ROOT/template into ROOT/project, and writes down how that went."""
    output = root / "project"
    output.mkdir(parents=True)
    config = {"replay_dir": str(folder / "home/replay"), "cookiecutters_dir": str(folder / "home/clones"), **case["config"]}
    (root / "config.yaml").write_text(json.dumps(config), encoding="utf-8")
    case["failed"] = None
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            cookiecutter(
                str(root / "template"),
                no_input=True,
                extra_context=case["data"],
                output_dir=str(output),
                config_file=str(root / "config.yaml"),
                accept_hooks=False,
            )
    except BaseException as error:
        case["failed"] = f"{type(error).__name__}: {error}"[:300]
    (root / "case.json").write_text(json.dumps(case), encoding="utf-8")


def main(folder):
    frozen.freeze()
    os.umask(0o022)
    folder = Path(folder)
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "home").mkdir(parents=True)
    os.environ["HOME"] = str(folder / "home")
    for number, case in enumerate(matrix.all_cases()):
        root = folder / "cases" / f"{number:05}"
        root.mkdir(parents=True)
        lay_out(root / "template", case["files"])
        described = {key: case[key] for key in ("name", "data", "config", "differs")}
        render(folder, root, described)


if __name__ == "__main__":
    main(sys.argv[1])
