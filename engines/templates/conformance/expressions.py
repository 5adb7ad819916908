"""Renders the grown expressions with cookiecutter's own environment: `python expressions.py COUNT FILE`.

A line of the file is a JSON object: the template, and what became of it, or that it failed.
"""

import copy
import json
import sys
import warnings

import frozen
import grammar
from cookiecutter.environment import StrictEnvironment

warnings.simplefilter("ignore")


def main(count, path):
    frozen.freeze()
    extensions = ["jinja2.ext.do", "jinja2.ext.loopcontrols"]
    environment = StrictEnvironment(context={"cookiecutter": {"_extensions": extensions}}, keep_trailing_newline=True)
    with open(path, "w", encoding="utf-8") as out:
        out.write(json.dumps({"context": grammar.CONTEXT}) + "\n")
        for template in grammar.templates(count):
            case = {"template": template}
            try:
                case["rendered"] = environment.from_string(template).render(**copy.deepcopy(grammar.CONTEXT))
            except Exception as error:
                case["failed"] = f"{type(error).__name__}: {error}"
            out.write(json.dumps(case) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
