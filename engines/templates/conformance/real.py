"""Lets cookiecutter render real templates, as they are and with each of their choices: `python real.py FOLDER TEMPLATE…`

FOLDER becomes what reference.py makes, so that the example `matrix` compares it. Templates are folders with a
`cookiecutter.json`; hooks are not run.
"""

import json
import os
import shutil
import sys
from pathlib import Path

import frozen
import reference


def answers(template):
    """Nothing given, then every other choice and every other yes or no, one at a time."""
    yield {}
    try:
        variables = json.loads((template / "cookiecutter.json").read_text(encoding="utf-8"))
    except ValueError:
        return
    for name, value in variables.items():
        if name.startswith("_") or name in ("template", "templates"):
            continue
        if isinstance(value, bool):
            yield {name: "no" if value else "yes"}
        elif isinstance(value, list):
            for choice in value[1:6]:
                if isinstance(choice, str):
                    yield {name: choice}
        elif isinstance(value, str) and value.lower() in ("y", "yes", "n", "no"):
            other = {"y": "n", "n": "y", "yes": "no", "no": "yes"}[value.lower()]
            yield {name: other}


def main(folder, templates):
    frozen.freeze()
    os.umask(0o022)
    folder = Path(folder)
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "home").mkdir(parents=True)
    os.environ["HOME"] = str(folder / "home")
    number = 0
    for template in map(Path, templates):
        for data in answers(template):
            root = folder / "cases" / f"{number:05}"
            number += 1
            shutil.copytree(template, root / "template", symlinks=True, ignore=shutil.ignore_patterns(".git"))
            described = {"name": f"{template.name} {json.dumps(data)}", "data": data, "config": {}, "differs": None}
            reference.render(folder, root, described)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
