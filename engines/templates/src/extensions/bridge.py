"""Lends a template's Python extensions to a renderer that is not Python.

Runs on a plain python3 >= 3.8: `python3 -c "$(cat bridge.py)"`. Every line of standard input is a request as JSON, every
line of standard output its answer; whatever the extensions print goes to standard error.

    {"load": ["local_extensions.Slug"], "path": ["/the/template"]}
    {"filters": ["slug"], "tests": [], "globals": {"year": 2026}, "contextual": [], "tags": {}, "unsupported": []},
    or {"error": "ImportError: ...", "extension": "local_extensions.Slug"}

    {"call": {"filter": "slug", "args": ["A b"], "kwargs": {}}}
    {"value": "a-b"}, or {"error": "TypeError: ..."}

A call is one of "filter", "test", "object" (a number), or "method" and "item" (a number and a name). Text, numbers, lists
and dictionaries cross as copies; tuples, sets, ranges and iterators cross as lists. Everything else stays here, and
crosses as {"python object": number, "text": its text}. "contextual" functions take the variables of the template, which
"context" and "template" (its name) of a call are.

Where Jinja2 or cookiecutter is not installed, as much of it stands in as usual extensions import.
"""

import collections.abc
import importlib
import itertools
import json
import math
import os
import sys
import traceback
import types

OBJECT = "python object"
LONGEST = 1_000_000
# Settings of jinja2.Environment that decide how templates are read and written, which the renderer does itself.
SETTINGS = (
    "block_start_string", "block_end_string", "variable_start_string", "variable_end_string", "comment_start_string",
    "comment_end_string", "line_statement_prefix", "line_comment_prefix", "trim_blocks", "lstrip_blocks",
    "newline_sequence", "keep_trailing_newline", "undefined", "finalize", "autoescape", "loader",
)  # fmt: skip
OWN = ("JsonifyExtension", "RandomStringExtension", "SlugifyExtension", "TimeExtension", "UUIDExtension")


class Extension:
    """Stands in for jinja2.ext.Extension."""

    tags = frozenset()
    priority = 100
    identifier = ""

    def __init_subclass__(cls):
        super().__init_subclass__()
        cls.identifier = f"{cls.__module__}.{cls.__name__}"

    def __init__(self, environment):
        self.environment = environment

    def preprocess(self, source, name, filename=None):
        return source

    def filter_stream(self, stream):
        return stream


class Environment:
    """Stands in for jinja2.Environment."""

    sandboxed = overlayed = trim_blocks = lstrip_blocks = autoescape = False
    line_statement_prefix = line_comment_prefix = finalize = loader = None
    block_start_string, block_end_string = "{%", "%}"
    variable_start_string, variable_end_string = "{{", "}}"
    comment_start_string, comment_end_string = "{#", "#}"
    newline_sequence, keep_trailing_newline = "\n", True

    def __init__(self):
        self.filters, self.tests, self.globals, self.policies, self.extensions = {}, {}, {}, {}, {}

    def extend(self, **attributes):
        for name, value in attributes.items():
            if not hasattr(self, name):
                setattr(self, name, value)


class Context(dict):
    """Stands in for jinja2.runtime.Context."""

    def __init__(self, environment, variables, name):
        super().__init__(variables)
        self.environment, self.name, self.parent, self.vars = environment, name, variables, {}
        self.eval_ctx = types.SimpleNamespace(environment=environment, autoescape=False, volatile=False)

    resolve = resolve_or_missing = dict.get

    def get_all(self):
        return dict(self)


def passing(kind):
    def decorate(function):
        function.jinja_pass_arg = kind
        return function

    return decorate


def module(name, **attributes):
    made = types.ModuleType(name)
    vars(made).update(attributes)
    sys.modules[name] = made
    return made


def stand_in_for_jinja():
    """As much of Jinja2 as extensions without tags use."""
    passes = {f"pass_{kind}": passing(kind) for kind in ("context", "eval_context", "environment")}
    extension = module("jinja2.ext", Extension=Extension)
    utilities = module("jinja2.utils", **passes)
    environment = module("jinja2.environment", Environment=Environment)
    module("jinja2", Environment=Environment, ext=extension, utils=utilities, environment=environment, __path__=[], **passes)


def stand_in_for_cookiecutter(base):
    def simple_filter(function):
        class SimpleFilterExtension(base):
            def __init__(self, environment):
                super().__init__(environment)
                environment.filters[function.__name__] = function

        SimpleFilterExtension.__name__ = function.__name__
        return SimpleFilterExtension

    utilities = module("cookiecutter.utils", simple_filter=simple_filter)
    module("cookiecutter", utils=utilities, __path__=[], __version__="2.7.1")


def is_installed(name):
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True


def environment():
    """An environment as cookiecutter makes one, as far as that is installed."""
    if not is_installed("jinja2"):
        stand_in_for_jinja()
        stand_in_for_cookiecutter(Extension)
        return Environment()
    import jinja2
    import jinja2.ext

    if not is_installed("cookiecutter"):
        stand_in_for_cookiecutter(jinja2.ext.Extension)
    made = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    for name in OWN:
        try:
            extension = getattr(importlib.import_module("cookiecutter.extensions"), name)
            made.extensions[extension.identifier] = extension(made)
        except (ImportError, AttributeError):
            continue
    return made


def passed(function):
    """What Jinja2 gives a function before its arguments: "context", "eval_context", "environment", or nothing."""
    kind = getattr(function, "jinja_pass_arg", None)
    if kind is not None:
        return getattr(kind, "name", kind)
    for old in ("context", "evalcontext", "environment"):
        if any(getattr(function, f"{old}{of}", False) is True for of in ("filter", "function")):
            return {"evalcontext": "eval_context"}.get(old, old)
    return None


class Lender:
    """The extensions of one template, and the objects that were lent."""

    def __init__(self):
        self.environment = environment()
        self.objects = []
        self.places = {}
        self.path = []

    def load(self, request):
        self.path = [os.path.abspath(folder) for folder in request["path"]]
        sys.path.extend(self.path)
        made = self.environment
        before = {kind: dict(getattr(made, kind)) for kind in ("filters", "tests", "globals")}
        settings = self.settings()
        tags, unsupported = {}, []
        for name in request["load"]:
            try:
                extension = self.extension(name)
                for tag in extension.tags:
                    tags[tag] = name
                for hook in ("preprocess", "filter_stream"):
                    if overrides(type(extension), hook):
                        unsupported.append([name, f"rewrites templates before they are read ({hook})"])
                for key in changes(settings, self.settings()):
                    unsupported.append([name, f"changes how all templates are rendered (environment.{key})"])
                settings = self.settings()
            except BaseException as error:
                return {"error": self.said(error), "extension": name}
        new = {kind: changes(before[kind], getattr(made, kind)) for kind in before}
        functions = {**new["filters"], **new["tests"]}
        try:
            values = {name: self.lent(value) for name, value in new["globals"].items()}
        except Exception as error:
            return {"error": self.said(error)}
        return {
            "filters": list(new["filters"]),
            "tests": list(new["tests"]),
            "globals": values,
            "contextual": [name for name, function in functions.items() if passed(function) == "context"],
            "tags": tags,
            "unsupported": unsupported,
        }

    def settings(self):
        policies = {f"policies[{name!r}]": repr(value) for name, value in self.environment.policies.items()}
        return {**{name: getattr(self.environment, name, None) for name in SETTINGS}, **policies}

    def extension(self, name):
        """As Jinja2 loads it: `module.Class`, or `module:Class`."""
        if ":" in name:
            place, attribute = name.split(":", 1)
        elif "." in name:
            place, _, attribute = name.rpartition(".")
        else:
            raise ImportError(f"{name!r} names no class of a module")
        extension = getattr(importlib.import_module(place), attribute)(self.environment)
        self.environment.extensions[name] = extension
        return extension

    def call(self, request):
        arguments = [self.taken(value) for value in request["args"]]
        named = {name: self.taken(value) for name, value in request["kwargs"].items()}
        try:
            if "item" in request:
                at, name = request["item"]
                return {"value": self.lent(self.item(self.objects[at], self.taken(name)))}
            function = self.function(request)
            kind = passed(function)
            if kind == "environment":
                arguments.insert(0, self.environment)
            elif kind is not None:
                context = self.context(request)
                arguments.insert(0, context if kind == "context" else context.eval_ctx)
            return {"value": self.lent(function(*arguments, **named))}
        except BaseException as error:
            return {"error": self.said(error)}

    def function(self, request):
        if "filter" in request:
            return self.environment.filters[request["filter"]]
        if "test" in request:
            return self.environment.tests[request["test"]]
        if "object" in request:
            return self.objects[request["object"]]
        at, name = request["method"]
        return self.item(self.objects[at], name)

    @staticmethod
    def item(value, name):
        """As Jinja2 reads `value.name`."""
        if isinstance(name, str) and hasattr(value, name):
            return getattr(value, name)
        try:
            return value[name]
        except (TypeError, LookupError) as error:
            raise AttributeError(f"{type(value).__name__!r} has no {name!r}") from error

    def context(self, request):
        variables = {name: self.taken(value) for name, value in (request.get("context") or {}).items()}
        name = request.get("template") or ""
        if isinstance(self.environment, Environment):
            return Context(self.environment, {**self.environment.globals, **variables}, name)
        from jinja2.runtime import Context as Real

        return Real(self.environment, {**self.environment.globals, **variables}, name, {})

    def taken(self, value):
        """A value of the renderer."""
        if isinstance(value, list):
            return [self.taken(item) for item in value]
        if isinstance(value, dict):
            if OBJECT in value:
                return self.objects[value[OBJECT]]
            return {key: self.taken(item) for key, item in value.items()}
        return value

    def lent(self, value):
        """A value for the renderer."""
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return str(value)
        if isinstance(value, int) and -(2**63) <= value < 2**64:
            return int(value)
        if isinstance(value, float) and math.isfinite(value):
            return float(value)
        if isinstance(value, dict) and all(isinstance(key, str) and key != OBJECT for key in value):
            return {str(key): self.lent(item) for key, item in value.items()}
        lists = (list, tuple, range, collections.abc.Set, collections.abc.Iterator, collections.abc.MappingView)
        if isinstance(value, lists) and not (isinstance(value, tuple) and hasattr(value, "_fields")):
            # Sets of text have another order in each process.
            ordered = sorted(value, key=repr) if isinstance(value, collections.abc.Set) else value
            items = [self.lent(item) for item in itertools.islice(ordered, LONGEST + 1)]
            if len(items) > LONGEST:
                raise ValueError(f"more than {LONGEST} items")
            return items
        if type(value).__name__.endswith("Undefined") and hasattr(value, "_undefined_message"):
            raise ValueError(value._undefined_message)
        at = self.places.setdefault(id(value), len(self.objects))
        if at == len(self.objects):
            self.objects.append(value)
        return {OBJECT: at, "text": str(value), "contextual": passed(value) == "context"}

    def said(self, error):
        """The error in a line, with the place in the template's own modules."""
        text = " ".join("".join(traceback.format_exception_only(type(error), error)).split())
        if isinstance(error, ImportError) and getattr(error, "name", None):
            standing_in = error.name.split(".")[0] in ("jinja2", "cookiecutter")
            text += " (install jinja2 and cookiecutter for this python3)" if standing_in else ""
        for frame in reversed(traceback.extract_tb(error.__traceback__)):
            for folder in self.path:
                if os.path.abspath(frame.filename).startswith(os.path.join(folder, "")):
                    return f"{text} ({os.path.relpath(frame.filename, folder)}:{frame.lineno})"
        return text


def overrides(extension, method):
    """Whether a method is not that of Jinja2's own Extension."""
    base = next((base for base in extension.__mro__ if base.__name__ == "Extension"), None)
    return base is not None and getattr(extension, method) is not getattr(base, method, None)


def changes(before, after):
    missing = object()
    same = lambda one, other: one is other or type(one) is str and one == other
    return {name: value for name, value in after.items() if not same(before.get(name, missing), value)}


def main():
    # What extensions print, and programs that they start, must not write between the answers or read the requests.
    requests = os.fdopen(os.dup(0), "r", encoding="utf-8", newline="\n")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    sys.dont_write_bytecode = True
    # Where this was started from is no place to import from.
    started = {"", os.path.dirname(os.path.abspath(globals().get("__file__", "-c")))}
    if sys.path and sys.path[0] in started:
        del sys.path[0]
    lender = Lender()
    for line in requests:
        request = json.loads(line)
        answer = lender.load(request) if "load" in request else lender.call(request["call"])
        answers.write(json.dumps(answer, allow_nan=False) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
