"""Small templates and answers, by the hundred: what cookiecutter makes of each is what the engine has to make of it.

A case is a template (files by path: text, bytes, `Link`, `Mode`), the defaults given on the command line, and where the
engine is meant to differ, the reason.
"""

import base64
import itertools
import json
import random

import grammar

FOLDER = "{{cookiecutter.slug}}"


class Link:
    def __init__(self, target):
        self.target = target


class Mode:
    def __init__(self, content, mode):
        self.content = content
        self.mode = mode


def case(name, variables, files, data=None, config=None, differs=None, raw=None):
    files = {"cookiecutter.json": raw if raw is not None else json.dumps(variables, indent=2), **files}
    return {"name": name, "files": files, "data": data or {}, "config": config or {}, "differs": differs}


def in_project(files):
    return {f"{FOLDER}/{path}": content for path, content in files.items()}


ORDERED = "the text of a whole dictionary of JSON is `OrderedDict(…)`, written otherwise by each version of Python: the engine writes it as a dictionary"
NOT_A_NUMBER = "NaN and numbers that no computer holds are no JSON"

ALL = in_project({"all.txt": "{{ cookiecutter|jsonify }}\n{{ _cookiecutter|jsonify }}\n{% for k, v in cookiecutter.items() %}{{ k }}={{ v }}\n{% endfor %}"})
VALUES = ["text", "", " spaced ", "{{ cookiecutter.slug }}-x", "{{ cookiecutter.slug|upper }}", "ünï “x”", "{% if true %}a{% endif %}", "a\nb", "{{ 1 + 1 }}", 3, 3.0, 3.25, 1e20, 1e-7, -0.5, 0, 12345678901, True, False, None, ["a", "b"], ["{{ cookiecutter.slug }}", "z"], [1, 2.5, True, None], [["x"], {"y": 1}], {}, {"k": "v"}, {"{{ cookiecutter.slug }}": "{{ cookiecutter.slug }}", "n": 3, "l": [1, "{{ cookiecutter.slug }}"], "d": {"e": None, "f": True, "g": 1.5}}]
OVERRIDES = ["text", "", "yes", "no", "ON", " f ", "maybe", "b", "z", "3", "{{ cookiecutter.slug }}!", "True"]


def variables():
    for at, value in enumerate(VALUES):
        for key in ["value", "_value", "__value"]:
            ordered = ORDERED if key == "_value" and (isinstance(value, dict) or value == [["x"], {"y": 1}]) else None
            yield case(f"variable {key} {at}", {"slug": "proj", key: value, "after": "{{ cookiecutter." + key + " }}"}, ALL, differs=ordered)
        yield case(f"variable first {at}", {"value": value, "slug": "proj"}, ALL)
        for override in OVERRIDES:
            yield case(f"override {at} {override}", {"slug": "proj", "value": value}, ALL, {"value": override})
    for at, override in enumerate([["b"], ["b", "a"], ["z"], [], {"k": "w"}, {"new": "n", "k": {"deep": 1}}, True, 4, None, 2.5]):
        for kind, value in [("list", ["a", "b"]), ("dict", {"k": "v", "l": [1], "d": {"x": "y"}}), ("text", "t"), ("bool", True)]:
            yield case(f"override {kind} by {at}", {"slug": "proj", "value": value}, ALL, {"value": override})
    yield case("override private", {"slug": "proj", "_p": "a", "__q": "{{ cookiecutter.slug }}"}, ALL, {"_p": "{{ cookiecutter.slug }}", "__q": "b{{ cookiecutter._p }}"})
    yield case("override unknown", {"slug": "proj"}, ALL, {"other": "x"})
    yield case("forward reference", {"slug": "proj", "a": "{{ cookiecutter.b }}", "b": "x"}, ALL)
    yield case("dictionary sees later", {"slug": "proj", "d": {"k": "{{ cookiecutter.b }}"}, "b": "x"}, ALL)
    yield case("scalar sees no dictionary", {"slug": "proj", "d": {"k": "x"}, "b": "{{ cookiecutter.d.k }}"}, ALL)
    yield case("private dictionary", {"slug": "proj", "__d": {"k": "{{ cookiecutter.slug }}"}, "_e": {"k": "{{ cookiecutter.slug }}"}}, ALL, differs=ORDERED)
    yield case("prompts", {"slug": "proj", "x": ["a", "b"], "__prompts__": {"slug": "What?", "x": {"__prompt__": "Which?", "a": "The A"}}}, ALL)
    yield case("duplicate key", None, ALL, raw='{"slug": "a", "x": "1", "slug": "b"}')
    yield case("byte order", {"b": "1", "a": "2", "slug": "proj", "C": "3"}, ALL)
    for at, raw in enumerate(["", "{", "[]", "{'slug': 'x'}", '{"slug": "x",}', '"x"', "null", '{"slug": NaN}', '{"slug": "proj", "x": 1e5, "y": 1E400}', "\ufeff{}"]):
        yield case(f"json {at}", None, ALL, raw=raw, differs=NOT_A_NUMBER if "NaN" in raw or "1E400" in raw else None)
    for config in [{"default_context": {"slug": "configured"}}, {"default_context": {"value": "b"}}, {"default_context": {"value": "zzz", "slug": "later"}}, {"default_context": {"flag": "maybe"}}]:
        yield case(f"config {json.dumps(config)}", {"slug": "proj", "value": ["a", "b"], "flag": True}, ALL, config=config)
        yield case(f"config and data {json.dumps(config)}", {"slug": "proj", "value": ["a", "b"], "flag": True}, ALL, {"slug": "given"}, config=config)


def names():
    contents = {"x": "y"}
    patterns = ["{{cookiecutter.n}}", "{{cookiecutter.n}}.txt", "a{% if cookiecutter.n %}b{% endif %}", "{% if cookiecutter.n == 'one' %}only{% endif %}", "{{cookiecutter.n|upper}}/f", "d/{{cookiecutter.n}}", "{{cookiecutter.n}}/{{cookiecutter.n}}.py", "{{cookiecutter.missing}}", "{{cookiecutter.n", "{% if cookiecutter.n %}d{% endif %}/f", "{{cookiecutter.n}}{{cookiecutter.n}}", " {{cookiecutter.n}} ", "{{ cookiecutter.n.replace('-', '_') }}/x", "ünï{{cookiecutter.n}}", "{#c#}x", "-{{cookiecutter.n}}"]
    values = ["one", "", "a-b", "a/b", "..", ".", "/abs", "../up", "a b", "ü", "a\\b", "~", "x/../y", "con"]
    outside = {"..", "/abs", "../up", "x/../y"}
    for (at, pattern), value in itertools.product(enumerate(patterns), values):
        refused = value in outside or value == "." and pattern == "{{cookiecutter.n}}{{cookiecutter.n}}"
        differs = "a path that leads out of the project, or through `..`, is refused" if refused else None
        yield case(f"name {at} {value}", {"slug": "proj", "n": value}, in_project({pattern: "content {{ cookiecutter.n }}\n", "other.txt": "o"}), differs=differs)
    for value in values:
        yield case(f"root {value}", {"slug": value}, in_project({"f": "x"}), differs="a path that leads out of the destination is refused" if value in outside else None)
    yield case("collision", {"slug": "proj", "a": "x", "b": "x"}, in_project({"{{cookiecutter.a}}.txt": "A", "{{cookiecutter.b}}.txt": "B"}), differs="two files of one name: the issue asks for a message where cookiecutter keeps the last")
    yield case("collision of folders", {"slug": "proj", "a": "x", "b": "x"}, in_project({"{{cookiecutter.a}}/1": "A", "{{cookiecutter.b}}/2": "B"}))
    yield case("case collision", {"slug": "proj"}, in_project({"Readme": "A", "README": "B"}))
    yield case("exclusive files", {"slug": "proj", "a": "yes"}, in_project({"{% if cookiecutter.a == 'yes' %}f{% endif %}": "A", "{% if cookiecutter.a != 'yes' %}f{% endif %}": "B"}))
    yield case("no project folder", {"slug": "proj"}, {"other/f": "x"})
    yield case("two project folders", {"slug": "proj"}, {"{{cookiecutter.slug}}/f": "x", "z{{cookiecutter.slug}}/g": "y"}, differs="cookiecutter takes the one that the file system lists first; the engine the first by name")
    yield case("project folder with text", {"slug": "proj"}, {"app-{{cookiecutter.slug}}-x/f": "x"})
    yield case("project folder is a file", {"slug": "proj"}, {"{{cookiecutter.slug}}": "x"})
    yield case("empty folder name", {"slug": "proj", "e": ""}, in_project({"{{cookiecutter.e}}/f": "x"}))
    yield case("deep", {"slug": "proj"}, in_project({"a/b/c/d/e/f/g.txt": "{{ cookiecutter.slug }}"}))


TEXTS = ["plain\n", "no end", "{{ cookiecutter.slug }}\n", "a\r\nb\r\n", "a\rb\r", "a\nb\r\nc", "a\r\nb\nc\r\n", "a\rb\nc", "\n\n{{ cookiecutter.slug }}\n\n", "", "\n", "\r\n", "{{ cookiecutter.slug }}", "{{ cookiecutter.slug }}\r\n{% if true %}\r\nx\r\n{% endif %}\r\n", "{% raw %}{{ x }}{% endraw %}\n", "{# c #}\nx", "ü{{ cookiecutter.slug }}\u2028x\x0bz\n", "\ufeffbom {{ cookiecutter.slug }}\n", "{{ 'a\r\nb' }}\n", "{{ cookiecutter.multi }}\n", "x\r\n{{ cookiecutter.multi }}\r\n", "a" * 9000 + "\r\nb\n", "a\r\n" + "b" * 9000 + "\nc\n", "a" * 8191 + "\r\nb", "tab\t{{ cookiecutter.slug }}\t\n", "{%- if true -%}\n x \n{%- endif +%}\n y\n", "  {% if true %}\n  x\n  {% endif %}\nz\n", "{% set a = 1 -%}\n\n b{{ a }}"]


def texts():
    for at, text in enumerate(TEXTS):
        for lines in [None, "\n", "\r\n", "\r", "", False, "x"]:
            variables = {"slug": "proj", "multi": "l1\nl2"}
            if lines is not None:
                variables["_new_lines"] = lines
            yield case(f"text {at} {lines!r}", variables, in_project({"f.txt": text.encode("utf-8")}))
    settings = [{"trim_blocks": True}, {"lstrip_blocks": True}, {"trim_blocks": True, "lstrip_blocks": True}, {"newline_sequence": "\r\n"}, {"line_statement_prefix": "%%"}, {"line_comment_prefix": "##"}, {"autoescape": True}, {"keep_trailing_newline": False}, {"optimized": False}, {"unknown": 1}, {"trim_blocks": 0}, {"trim_blocks": "yes"}]
    sample = "a\n{% if true %}\n  b <{{ cookiecutter.slug }}> & {{ cookiecutter.html }}\n  {% now 'utc', '%Y' %}\n  {# c #}\nd\n{% endif %}\n%% for x in [1, 2]\n{{ x }}\n%% endfor\ntext ## comment\nend\n"
    for setting in settings:
        yield case(f"setting {json.dumps(setting)}", {"slug": "proj", "html": "<i>'\"&", "_jinja2_env_vars": setting}, in_project({"f.txt": sample}))
    raws = ["{% raw %}\n{{ a }}\n{% endraw %}\nb", "x {% raw -%}\n {{ a }}{%- endraw %} y", "  {% raw %}{% raw %}\n{% endraw %}\n", "{%- raw %}\n{% if %}{% endraw -%}\n z", "{% raw %}\n\n{% endraw %}{% raw %}\nq{% endraw %}"]
    for (at, raw), setting in itertools.product(enumerate(raws), [{}, {"trim_blocks": True}, {"lstrip_blocks": True}, {"trim_blocks": True, "lstrip_blocks": True}]):
        yield case(f"raw {at} {json.dumps(setting)}", {"slug": "proj", "_jinja2_env_vars": setting}, in_project({"f.txt": raw}))
    for start, end in [("<<", ">>"), ("[[", "]]"), ("{{{", "}}}"), ("${{", "}}"), ("((", "))"), ("<%=", "%>")]:
        settings = {"variable_start_string": start, "variable_end_string": end}
        folder = start + "cookiecutter.slug" + end
        yield case(f"variables {start}", {"slug": "proj", "v": f"{start} cookiecutter.slug {end}", "_jinja2_env_vars": settings}, {f"{folder}/f.txt": f"{start} cookiecutter.slug {end} {{{{ x }}}} {start}cookiecutter.v{end} {{% now 'utc', '%Y' %}} {start} '%s' % 'z' {end}\n"})
    for start, end in [("<%", "%>"), ("[%", "%]"), ("{!", "!}")]:
        yield case(f"blocks {start}", {"slug": "proj", "_jinja2_env_vars": {"block_start_string": start, "block_end_string": end, "comment_start_string": "/*", "comment_end_string": "*/"}}, in_project({"f.txt": f"a{start} if true {end}b{start}- endif {end} /* c */ {start} raw {end}{{{{ x }}}}{start} endraw {end}{{% if %}}{start} now 'utc', '%Y' {end}\n"}))


def statements():
    for at, statement in enumerate(grammar.STATEMENTS):
        if "random" in statement or "uuid4" in statement or "lipsum" in statement:
            continue
        if any(word in statement for word in ["{{ self }}", "__class__", "bit_length", "is_integer", "attr('upper')", "varargs", "[missing]", "name|groupby", "'a' < 1"]):
            continue
        names = "".join("{% set " + name + " = cookiecutter._c." + name + " %}" for name in grammar.CONTEXT)
        variables = {"slug": "proj", "_c": grammar.CONTEXT, "_extensions": ["jinja2.ext.do", "jinja2.ext.loopcontrols"]}
        differs = ORDERED if statement == "{{ cookiecutter }}" else None
        yield case(f"statement {at}", variables, in_project({"f.txt": names + statement}), differs=differs)
        if "now" in statement:
            yield case(f"statement in default {at}", {"slug": "proj", "v": statement}, ALL)
    for extensions in [[], ["jinja2.ext.do"], ["jinja2.ext.loopcontrols"], ["cookiecutter.extensions.TimeExtension"], ["no.such.Extension"], ["jinja2.ext.i18n"]]:
        for text in ["{% do [1] %}x", "{% for a in [1, 2] %}{% break %}{% endfor %}", "plain"]:
            differs = "the tag `trans` is not there" if "i18n" in str(extensions) else None
            yield case(f"extensions {extensions} {text}", {"slug": "proj", "_extensions": extensions}, in_project({"f.txt": text}), differs=differs)


def copied():
    tree = {"docs/a.txt": "{{ x }}", "docs/sub/b.html": "{{ y }}", "docs/sub/c.txt": "{{ cookiecutter.slug }}", "{{cookiecutter.slug}}/d.html": "{{ z }}", "e.html": "{{ cookiecutter.slug }}", "bin/run.sh": Mode("{{ q }}\r\n", 0o755), "[x].txt": "{{ w }}", "{{cookiecutter.slug}}.txt": "{{ v }}"}
    patterns = [["docs"], ["docs/*"], ["*.html"], ["*"], ["docs/*.txt"], ["docs/sub"], ["d*"], ["*/d.html"], ["{{cookiecutter.slug}}"], ["{{cookiecutter.slug}}/*"], ["proj"], ["bin"], ["bin/*", "*.html"], ["[[]x].txt"], ["[!a]*"], ["?.html"], ["e.htm[l]"], [], "docs", ["docs/"], ["*.txt", "*.html", "bin/*"], ["[a-d]*"], ["DOCS"], ["./docs"], ["**/b.html"]]
    for at, pattern in enumerate(patterns):
        yield case(f"copied {at}", {"slug": "proj", "_copy_without_render": pattern}, in_project(tree))
        yield case(f"copied safe {at}", {"slug": "proj", "_copy_without_render": pattern}, in_project({path: content for path, content in tree.items() if "{{ cookiecutter.slug }}" in str(content)}))
    yield case("copied over", {"slug": "proj", "n": "docs", "_copy_without_render": ["{{cookiecutter.n}}"]}, in_project({"docs/a.txt": "A", "{{cookiecutter.n}}/b.txt": "{{ q }}"}))
    yield case("copied binary name", {"slug": "proj", "_copy_without_render": ["*.png"]}, in_project({"a.png": b"\x89PNG", "{{cookiecutter.slug}}.png": b"x{{"}))


def links_and_modes():
    yield case("link to file", {"slug": "proj"}, {**in_project({"a.txt": "{{ cookiecutter.slug }}", "b.txt": Link("a.txt"), "c/d.txt": Link("../a.txt")})})
    yield case("link to folder", {"slug": "proj"}, in_project({"real/f.txt": "{{ cookiecutter.slug }}", "linked": Link("real")}))
    yield case("link to shared", {"slug": "proj"}, {"shared/f.txt": "{{ cookiecutter.slug }}", **in_project({"f.txt": Link("../shared/f.txt")})})
    yield case("copied link to folder", {"slug": "proj", "_copy_without_render": ["linked", "c"]}, in_project({"real/f.txt": "{{ x|upper if x is defined }}", "linked": Link("real"), "c/l": Link("../real/f.txt")}))
    yield case("dangling", {"slug": "proj"}, in_project({"a": Link("nowhere")}))
    yield case("circle", {"slug": "proj"}, in_project({"a": Link("b"), "b": Link("a")}))
    yield case("link out", {"slug": "proj"}, in_project({"a": Link("../../outside")}), differs="a link that leads out of the template is refused")
    yield case("link absolute", {"slug": "proj"}, in_project({"a": Link("/etc/hostname")}), differs="a link that leads out of the template is refused")
    for mode in [0o600, 0o644, 0o755, 0o700, 0o444, 0o640, 0o777, 0o664]:
        yield case(f"mode {mode:o}", {"slug": "proj"}, in_project({"t.txt": Mode("{{ cookiecutter.slug }}\n", mode), "b.png": Mode("x", mode), "d/c.txt": Mode("c", mode)}))


def includes():
    shared = {"templates/base.txt": "[{% block a %}base{% endblock %}|{% block b %}b{% endblock %}]", "templates/m.txt": "{% macro hi(x) %}hi {{ x }}{% endmacro %}", "templates/sub/i.txt": "included {{ cookiecutter.slug }}\n", "templates/crlf.txt": "a\r\nb\r\n"}
    for at, text in enumerate(["{% include 'sub/i.txt' %}", "{% extends 'base.txt' %}{% block a %}{{ super() }} own{% endblock %}", "{% import 'm.txt' as m %}{{ m.hi('you') }}", "{% from 'm.txt' import hi %}{{ hi('all') }}", "{% from 'm.txt' import hi as h with context %}{{ h(1) }}", "{% include 'local.txt' %}", "{% include 'nope.txt' %}", "{% include 'nope.txt' ignore missing %}x", "{% include ['nope.txt', 'sub/i.txt'] %}", "{% include '../templates/sub/i.txt' %}", "{% include 'crlf.txt' %}", "{% for x in [1,2] %}{% include 'sub/i.txt' %}{% endfor %}", "{% include 'd/' ~ 'e.txt' %}", "{% include 'f.txt' %}" if False else "{% set x = 1 %}{% include 'local2.txt' %}"]):
        yield case(f"include {at}", {"slug": "proj"}, {**shared, **in_project({"f.txt": text, "local.txt": "local {{ cookiecutter.slug }}", "local2.txt": "{{ x|default('none') }}", "d/e.txt": "e"})})
    yield case("include itself", {"slug": "proj"}, in_project({"f.txt": "{% include 'f.txt' %}"}))


def nested():
    inner = {"one/cookiecutter.json": json.dumps({"slug": "first", "x": "1"}), "one/{{cookiecutter.slug}}/f": "{{ cookiecutter.slug }} {{ cookiecutter.x }}\n", "two/cookiecutter.json": json.dumps({"slug": "second"}), "two/{{cookiecutter.slug}}/f": "{{ cookiecutter.slug }}"}
    yield case("nested", {"templates": {"a": {"path": "./one", "title": "One", "description": "d"}, "b": {"path": "./two"}}}, inner)
    yield case("nested data", {"templates": {"a": {"path": "./one"}}}, inner, {"slug": "given"})
    yield case("nested second first", {"templates": {"b": {"path": "two"}, "a": {"path": "one"}}}, inner)
    yield case("nested old", {"template": ["One (./one)", "Two (./two)"]}, inner)
    yield case("nested old chosen", {"template": ["One (./one)", "Two (./two)"]}, inner, {"template": "Two (./two)"})
    yield case("nested absolute", {"templates": {"a": {"path": "/one"}}}, inner)
    yield case("nested missing", {"templates": {"a": {"path": "./three"}}}, inner)
    yield case("nested names", {"templates": {"a": {"path": "./one"}}}, {**inner, "one/{{cookiecutter.slug}}/g": "{{ cookiecutter._repo_dir.split('/')[-2:] }} {{ cookiecutter._template.split('/')[-1] }}"})


def binaries():
    chance = random.Random(77)
    extensions = ["txt", "png", "PNG", "bin", "json", "com", "tar.gz", "md", "db", "py", "mat", "step", "raw", "o", "pages"]
    for extension in extensions:
        yield case(f"extension {extension}", {"slug": "proj"}, in_project({f"f.{extension}": "{{ cookiecutter.slug }}", f".{extension}": "{{ cookiecutter.slug }}", extension: "{{ cookiecutter.slug }}", f"a.{extension}.x": "{{ cookiecutter.slug }}"}))
    alphabets = [bytes(range(32, 127)), bytes(range(256)), bytes(range(128, 256)), b"\x00abc", b"\x00\xff\x01", bytes(range(0, 32)) + b"abcdef \n", "äöüß éè\n abc".encode("latin-1"), "漢字かな交じり文 テキスト".encode("shift_jis"), "中文文本测试".encode("gb2312"), "中文繁體測試".encode("big5"), "한국어 텍스트".encode("euc_kr"), "日本語".encode("euc_jp"), "text".encode("utf-16-le"), b"\xef\xbb\xbfabc", "漢字ümlaut text".encode()]
    for at, alphabet in enumerate(alphabets):
        for length in [1, 2, 3, 5, 9, 10, 16, 17, 33, 64, 200, 511, 512, 513, 700]:
            for share in [0.0, 0.1, 0.5, 1.0]:
                content = bytes(chance.choice(alphabet) if chance.random() < share else chance.choice(b"abcdefgh ij\n") for _ in range(length))
                yield case(f"bytes {at} {length} {share}", {"slug": "proj"}, in_project({"data": content}))
    for encoding in ["latin-1", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "shift_jis", "gb2312", "big5", "euc_kr", "euc_jp", "cp1252", "koi8-r"]:
        for text in ["plain ascii text, long enough to be one\n", "Grüße aus Köln, schöne Sätze für alle über Äpfel\n", "漢字かな交じり文のテキストです。これは長い文です。\n", "中文文本测试内容较长的句子\n", "한국어 텍스트입니다 그리고 더 긴 문장\n", "Русский текст достаточной длины\n"]:
            try:
                content = text.encode(encoding)
            except UnicodeEncodeError:
                continue
            for times in [1, 4, 40]:
                yield case(f"encoding {encoding} {text[:4]} {times}", {"slug": "proj"}, in_project({"data": content * times}))
    for signature in ["89504e470d0a1a0a", "ffd8ffe0", "424d", "4d5a", "1f8b08", "504b0304", "7f454c46", "494433", "25504446", "00000100", "cafebabe"]:
        yield case(f"signature {signature}", {"slug": "proj"}, in_project({"data": bytes.fromhex(signature) + b" {{ cookiecutter.slug }} text"}))


def transliteration():
    """Every character that text-unidecode knows letters for, and some that it does not."""
    for start in range(0x80, 0x11000, 0x100):
        characters = [chr(code) for code in range(start, start + 0x100) if not 0xD800 <= code <= 0xDFFF]
        if characters:
            text = " . ".join(characters)
            differs = "Python 3.11 does not know the youngest characters of Unicode" if start in (0x480, 0x580, 0x2080, 0xA780, 0x10780) else None
            yield case(f"transliteration {start:x}", {"slug": "proj", "text": text}, in_project({"f.txt": "{{ cookiecutter.text|slugify }}\n{{ cookiecutter.text|slugify(lowercase=false, separator='_') }}"}), differs=differs)


def all_cases():
    return list(itertools.chain(variables(), names(), texts(), statements(), copied(), links_and_modes(), includes(), nested(), binaries(), transliteration()))
