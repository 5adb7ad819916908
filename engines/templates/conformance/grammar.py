"""Expressions of Jinja, thousands of them, grown from a grammar with a fixed seed."""

import random

VARIABLES = ["name", "slug", "count", "ratio", "yes", "no", "nothing", "words", "numbers", "empty", "table", "nested", "padded", "lines", "unicode"]

CONTEXT = {
    "name": "My Great Project",
    "slug": "my-great_project",
    "count": 7,
    "ratio": 2.5,
    "yes": True,
    "no": False,
    "nothing": None,
    "words": ["alpha", "Beta", "gamma", "beta"],
    "numbers": [3, 1, 2, 10, -4],
    "empty": [],
    "table": {"b": 1, "a": "x", "C": [1, 2]},
    "nested": [{"name": "one", "kind": "x", "size": 2}, {"name": "Two", "kind": "y", "size": 1}, {"name": "three", "kind": "x", "size": 3}],
    "padded": "  spaced out\t ",
    "lines": "first line\nsecond, longer line here\n\nfourth",
    "unicode": "Ünï cødé & “x” – 北京 ß",
}

STRINGS = ["''", "'a'", "'a b'", "'-'", "'_'", "' '", "'Project'", "'my'", "'3'", "'4.5'", "'x,y,z'", "'ÄÖ'", "'<b>\"q\"</b>'", "'it\\'s'", "'line\\nnext'"]
NUMBERS = ["0", "1", "2", "3", "7", "10", "-1", "-3", "0.5", "1.0", "2.25", "1e3", "100000000000000000000"]
TEXT_FILTERS = ["upper", "lower", "title", "capitalize", "trim", "length", "list", "string", "wordcount", "reverse", "first", "last", "escape", "e", "urlencode", "striptags", "center(20)", "indent", "indent(2)", "indent(2, true)", "indent('> ')", "truncate(8)", "truncate(8, true)", "truncate(9, false, '..', 0)", "wordwrap(10)", "wordwrap(6, false)", "replace('a', 'b')", "replace(' ', '_')", "replace('a', 'b', 1)", "int", "float", "int(5)", "default('d')", "default('d', true)", "tojson", "jsonify", "slugify", "slugify(separator='_')", "slugify(max_length=8)", "slugify(allow_unicode=true)", "slugify(lowercase=false)", "forceescape", "format", "pprint"]
NUMBER_FILTERS = ["abs", "int", "float", "round", "round(1)", "round(0, 'floor')", "round(1, 'ceil')", "string", "default(3)", "filesizeformat", "filesizeformat(true)", "tojson", "jsonify", "pprint"]
LIST_FILTERS = ["length", "count", "first", "last", "list", "join", "join(', ')", "sort", "sort(reverse=true)", "reverse", "reverse|list", "unique|list", "max", "min", "map('upper')|list", "map('string')|join('-')", "select|list", "reject|list", "select('string')|list", "batch(2)|list", "batch(2, 'x')|list", "slice(2)|list", "slice(2, 'x')|list", "tojson", "tojson(2)", "jsonify", "jsonify(2)", "string", "pprint"]
NUMBERS_FILTERS = ["sum", "sum(start=5)", "max", "min", "sort", "select('odd')|list", "reject('divisibleby', 2)|list", "select('greaterthan', 1)|list", "map('abs')|list"]
NESTED_FILTERS = ["map(attribute='name')|list", "map(attribute='name')|join(', ')", "selectattr('kind', 'equalto', 'x')|list|length", "selectattr('kind', '==', 'x')|map(attribute='name')|list", "rejectattr('size', 'gt', 1)|map(attribute='name')|list", "sort(attribute='size')|map(attribute='name')|list", "groupby('kind')|length", "groupby('kind')|map('first')|list", "sum(attribute='size')", "map(attribute='missing', default='-')|list", "tojson", "jsonify", "string", "max(attribute='size')", "unique(attribute='kind')|list|length"]
TABLE_FILTERS = ["length", "list", "dictsort", "dictsort(true)", "dictsort(by='value')|length", "items|list", "tojson", "jsonify", "string", "xmlattr", "join(',')", "first", "pprint"]
TEXT_METHODS = ["upper()", "lower()", "title()", "capitalize()", "swapcase()", "casefold()", "strip()", "lstrip()", "rstrip()", "strip('-')", "split()", "split(' ')", "split('-', 1)", "split(None, 1)", "rsplit(' ', 1)", "rsplit('-')", "rsplit(None, 1)", "splitlines()", "splitlines(true)", "partition(' ')", "rpartition(' ')", "replace(' ', '-')", "replace('a', '', 1)", "startswith('My')", "endswith('t')", "startswith(('a', 'M'))", "find('r')", "rfind('r')", "find('zz')", "index('e')", "count('a')", "zfill(20)", "center(25, '*')", "center(24)", "ljust(20)", "rjust(20, '.')", "isdigit()", "isalpha()", "isalnum()", "isupper()", "islower()", "isspace()", "istitle()", "isidentifier()", "isnumeric()", "isdecimal()", "isascii()", "removeprefix('My')", "removesuffix('t')", "expandtabs(4)", "join(['x', 'y'])", "format('a', 'b')", "encode", "title().replace(' ', '')", "split(' ')[0]", "split('-')[-1]", "split(sep=' ', maxsplit=1)"]
LIST_METHODS = ["index('alpha')", "count('beta')", "index('zz')", "append", "copy()"]
TABLE_METHODS = ["keys()|list", "values()|list", "items()|list", "get('a')", "get('zz')", "get('zz', 3)", "a", "zz", "['b']", "copy()"]
TESTS = ["defined", "undefined", "none", "string", "number", "integer", "float", "boolean", "mapping", "sequence", "iterable", "true", "false", "odd", "even", "divisibleby(2)", "divisibleby 3", "lower", "upper", "sameas(none)", "eq(1)", "equalto 'a'", "ne 2", "gt(2)", "in(words)", "in ['a', 1]", "callable", "escaped", "filter", "test"]
BINARY = ["+", "-", "*", "/", "//", "%", "~", "==", "!=", "<", ">", "<=", ">=", "and", "or", "in", "not in", "**"]
FORMATS = ["'%s-%s' % (name, count)", "'%02d' % count", "'%5.2f|' % ratio", "'%-10s|' % slug", "'%s' % words", "'%d%%' % count", "'%(a)s' % table", "'%x' % 255", "'%r' % name", "'%s' % none", "'%s %s' % (1,)", "'%d' % 'x'", "'%e' % ratio", "'%g' % ratio", "'%c' % 'a'", "'%+d' % count", "'% d' % count", "'%05.1f' % ratio", "'%s' % true", "count % 4", "-count % 4", "ratio % 2", "2 * count % 4", "'%s' % name|upper", "('%s' % name)|upper", "'{} {}'.format(name, count)", "'{0}-{1}-{0}'.format(1, 2)", "'{:>10}|'.format(slug)", "'{a}'.format(a=1)", "'%s-%s'|format(name, count)", "'%(x)s'|format(x=3)", "'{:.2f}'.format(ratio)", "'{:05d}'.format(count)", "'{!r}'.format(name)"]
STATEMENTS = [
    "{% for w in words %}{{ loop.index }}{{ w }}{% if not loop.last %},{% endif %}{% endfor %}",
    "{% for w in empty %}x{% else %}none{% endfor %}",
    "{% for k, v in table.items() %}{{ k }}={{ v }};{% endfor %}",
    "{% for k in table %}{{ k }}{% endfor %}",
    "{% for n in nested recursive %}{{ n.name }}{% endfor %}",
    "{% for w in words if w != 'Beta' %}{{ loop.length }}{{ loop.revindex }}{{ w }}{% endfor %}",
    "{% for w in words %}{{ loop.cycle('a', 'b') }}{{ loop.previtem|default('-') }}{{ loop.nextitem|default('+') }}{{ loop.changed(w) }}{% endfor %}",
    "{% set x = 1 %}{% for w in words %}{% set x = x + 1 %}{% endfor %}{{ x }}",
    "{% set ns = namespace(x=1) %}{% for w in words %}{% set ns.x = ns.x + 1 %}{% endfor %}{{ ns.x }}",
    "{% set a, b = 1, 2 %}{{ a }}{{ b }}",
    "{% set x %}block {{ name }}{% endset %}{{ x|upper }}",
    "{% set x | upper %}block {{ name }}{% endset %}{{ x }}",
    "{% macro m(a, b='d') %}[{{ a }}|{{ b }}]{% endmacro %}{{ m(1) }}{{ m(1, 2) }}{{ m(b=3, a=4) }}",
    "{% macro m() %}{{ caller() }}!{% endmacro %}{% call m() %}inner{% endcall %}",
    "{% macro m() %}{{ caller('z') }}!{% endmacro %}{% call(q) m() %}{{ q }}{% endcall %}",
    "{% macro m(a) %}{{ a }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, k=3) }}",
    "{% macro m(a) %}{{ a }}{% endmacro %}{{ m() }}",
    "{% if count > 5 and name %}a{% elif no %}b{% else %}c{% endif %}",
    "{% if missing is defined %}a{% else %}b{% endif %}",
    "{% if missing %}a{% else %}b{% endif %}",
    "{% filter upper %}text {{ name }}{% endfilter %}",
    "{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}",
    "{% raw %}{{ name }}{% endraw %}",
    "{%- if yes -%}  x  {%- endif -%}  y",
    "a\n{% if yes %}\nb\n{% endif %}\nc\n",
    "a {#- comment -#} b",
    "{{ 'a' 'b' }}",
    "{{ [1, 2, 3][1:] }}{{ 'abc'[::-1] }}{{ words[:2] }}{{ words[-1] }}",
    "{{ {'a': 1, 'b': [1, 2.0, none, true, 'x']} }}",
    "{{ (1, 'a') }}{{ (1,) }}{{ () }}",
    "{{ 'yes' if yes else 'no' }}{{ 'x' if no }}",
    "{{ range(3)|list }}{{ range(1, 10, 3)|list }}",
    "{{ dict(a=1, b=2) }}",
    "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}",
    "{% set j = joiner('|') %}{{ j() }}a{{ j() }}b",
    "{% do words %}",
    "{% for w in words %}{% if loop.first %}{% continue %}{% endif %}{{ w }}{% break %}{% endfor %}",
    "{% set l = [] %}{% do l.append(1) %}{% do l.extend([2, 3]) %}{{ l }}{{ l.pop() }}{{ l }}",
    "{% set l = [3, 1] %}{{ l.append(2) or '' }}{% do l.sort() %}{{ l }}{% do l.insert(0, 9) %}{% do l.remove(1) %}{{ l }}{{ l.index(3) }}",
    "{% set d = {'a': 1} %}{% do d.update({'b': 2}) %}{{ d }}{{ d.pop('a') }}{{ d }}{{ d.setdefault('z', 5) }}",
    "{% set _ = words.append('x') %}{{ words|length }}",
    "{{ missing }}", "{{ name.missing }}", "{{ table.missing.deeper }}", "{{ missing|default('d') }}", "{{ table.missing|default('d') }}",
    "{{ missing|upper }}", "{{ missing ~ 'x' }}", "{{ missing == 1 }}", "{{ missing in words }}", "{{ 'a' in missing }}", "{{ not missing }}", "{{ missing|list }}", "{{ missing|length }}", "{{ missing or 'x' }}", "{% for x in missing %}{% endfor %}", "{{ missing() }}", "{{ missing + 1 }}", "{{ [missing] }}", "{{ missing is none }}", "{{ missing|string }}", "{{ missing|int }}", "{{ missing|tojson }}", "{{ missing|join }}",
    "{% now 'utc' %}", "{% now 'utc', '%Y' %}", "{% now 'local', '%d/%m/%y' %}", "{%- now 'utc', '%B %-d, %Y' -%}", "{% now 'US/Pacific', '%H:%M %Z %z' %}", "{% now '+02:00', '%H:%M %z' %}", "{% now 'utc' + 'days=2,hours=3' %}", "{% now 'utc' - 'weeks=1', '%F %T' %}", "{% now 'utc' + 'months=1', '%c' %}", "{% now 'Mars/Base', '%Y' %}", "x {% now 'utc', '%a %A %b %B %p %I %j %U %W %w %u %V %G %y %%' %} y", "{% now 'Europe/Berlin' - 'years=1', '%x %X %D %R %r %e %k %l %f' %}", "{% now 'utc', '%s' %}", "{% now 'utc', '%E %Q' %}",
    "{{ 1 < 2 < 3 }}", "{{ 3 > 2 > 2 }}", "{{ -2 ** 2 }}", "{{ 2 ** -1 }}", "{{ 7 // -2 }}{{ -7 % 3 }}", "{{ 1 / 3 }}", "{{ 1e16 }}{{ 1e15 }}{{ 0.0001 }}{{ 0.00001 }}{{ 100.0 }}", "{{ 10 ** 20 }}", "{{ 1_000 }}", "{{ 0x1F }}{{ 0b11 }}{{ 0o17 }}", "{{ 1 / 0 }}", "{{ true + 1 }}", "{{ none }}", "{{ None }}{{ True }}{{ False }}",
    "{{ 'a' * 3 }}{{ 3 * 'a' }}{{ [1] * 2 }}", "{{ [1] + [2] }}", "{{ (1,) + (2,) }}", "{{ 'a' + 1 }}", "{{ 'a' ~ 1 ~ none }}", "{{ words == ['alpha', 'Beta', 'gamma', 'beta'] }}", "{{ 'a' < 1 }}", "{{ [1, 2] < [1, 3] }}",
    "{{ name.split(' ')|map('lower')|join('_') }}", "{{ nested[0].name }}{{ nested[0]['size'] }}{{ nested.0.name }}", "{{ words|join(', ')|upper|replace('A', 'o') }}",
    "{{ name|unknown }}", "{{ name is unknown }}", "{{ unknown() }}", "{{ name.unknown() }}", "{% unknown %}", "{{ name", "{% if x %}", "{{ 'a }}", "{% endfor %}", "{{ }}", "{{ 1 + }}",
    "{{ random_ascii_string(0) }}", "{{ uuid4()|length }}", "{{ random_ascii_string(5)|length }}", "{{ random_ascii_string(5, punctuation=true)|length }}",
    "{{ 'Ünï cødé & x'|slugify }}", "{{ 'a, b and c'|slugify(stopwords=['and']) }}", "{{ 'the quick brown fox'|slugify(max_length=12, word_boundary=true, save_order=true) }}", "{{ '1,000 things'|slugify }}", "{{ 'C++ & C#'|slugify(replacements=[['+', 'p'], ['#', 'sharp']]) }}", "{{ '&amp; &#38; &#x26; &eacute;'|slugify }}", "{{ '影師嗎'|slugify }}{{ '影師嗎'|slugify(allow_unicode=true) }}", "{{ 'i love 🦄'|slugify }}", "{{ \"it's\"|slugify }}{{ '___a___b'|slugify(regex_pattern='[^-a-z0-9_]+') }}", "{{ 12|slugify }}",
    "{{ table|jsonify(indent=2) }}", "{{ table|jsonify(0) }}", "{{ unicode|jsonify }}", "{{ nested|tojson(indent=1) }}", "{{ words|tojson|safe }}",
    "{{ lines|indent(width=2, blank=true) }}", "{{ lines|wordwrap(width=12, wrapstring='|') }}", "{{ 'a-b-c-d long-hyphenated-word'|wordwrap(8) }}", "{{ 'https://x.y/zzzzzzzzzzzzzzzz and more'|wordwrap(10) }}",
    "{{ name[0] }}{{ name[-1] }}{{ name[99] }}", "{{ words[99] }}", "{{ table['zz'] }}", "{{ name|first }}{{ words|last }}{{ empty|first }}", "{{ name|list|join('.') }}", "{{ name|length + 1 }}", "{{ (name|length) > 3 and not no }}",
    "{{ name|batch(3)|list|length }}", "{{ numbers|sort|first }}", "{{ words|sort(case_sensitive=true) }}", "{{ words|unique(case_sensitive=true)|list }}", "{{ table|dictsort(reverse=true) }}", "{{ '%s' }}", "{{ '3'|int + 1 }}", "{{ '0x1F'|int(0, 16) }}", "{{ 'abc'|int }}{{ '4.7'|int }}{{ 'abc'|float }}", "{{ 42|string + '1' }}", "{{ 2.5|round }}{{ 3.5|round }}{{ 2.675|round(2) }}{{ 15|round(-1) }}", "{{ 'a'|attr('upper') }}",
    "{{ self }}", "{% block a %}x{{ name }}{% endblock %}{{ self.a() }}", "{% import 'none' as x %}", "{% include 'none' %}", "{% include 'none' ignore missing %}y", "{% autoescape true %}{{ '<' }}{% endautoescape %}", "{{ '<'|e }}{{ '<'|safe|e }}", "{{ name|replace('My', 'a')|title }}", "{{ \"they're bill's\"|title }}{{ \"they're bill's\".title() }}", "{{ 'foo-bar (baz) [q]'|title }}", "{{ lipsum(1)|length > 5 }}", "{{ 'a\\tb' }}{{ 'a\\\\b' }}{{ 'caf\\xe9 \\u00e9' }}", "{{ 'a' is in 'abc' }}", "{{ 1 is not odd }}", "{{ words is iterable and words is not string }}", "{{ 3 is divisibleby 3 }}", "{{ 'x' is filter }}{{ 'upper' is filter }}{{ 'odd' is test }}",
    "{{ cookiecutter }}", "{{ name.__class__ }}", "{{ ''.__class__.__mro__ }}", "{{ count.bit_length() }}", "{{ ratio.is_integer() }}", "{{ name|groupby('x')|list }}", "{{ words|map('length')|list }}", "{{ words|map('replace', 'a', 'b')|list }}", "{{ words|select('in', ['alpha'])|list }}", "{{ words|zip }}", "{{ words|random in words }}", "{{ {'a':{'b':1}}.a.b }}", "{{ [[1,2],[3]]|sum(start=[]) }}", "{{ numbers|sum / numbers|length }}", "{{ words|count }}", "{{ yes|string|lower }}", "{{ nothing|default('d', true) }}", "{{ yes and 'a' or 'b' }}", "{{ '' or nothing or 'z' }}", "{{ {} or [] or 0 }}", "{{ count if count else 'none' }}", "{{ not count == 7 }}", "{{ (words|length > 3)|string }}", "{{ name|e|length }}", "{{ \"a\"\n ~ 'b' }}",
]


class Grower:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def pick(self, items):
        return self.random.choice(items)

    def atom(self, depth):
        roll = self.random.random()
        if roll < 0.45 or depth <= 0:
            return self.pick(VARIABLES)
        if roll < 0.6:
            return self.pick(STRINGS)
        if roll < 0.72:
            return self.pick(NUMBERS)
        if roll < 0.78:
            return "[" + ", ".join(self.expression(depth - 1) for _ in range(self.random.randint(0, 3))) + "]"
        if roll < 0.81:
            return "(" + self.expression(depth - 1) + ", " + self.expression(depth - 1) + ")"
        if roll < 0.84:
            return "{'k': " + self.expression(depth - 1) + "}"
        if roll < 0.9:
            return self.pick(FORMATS)
        return "(" + self.expression(depth - 1) + ")"

    def expression(self, depth):
        roll = self.random.random()
        if depth <= 0 or roll < 0.12:
            return self.atom(depth)
        if roll < 0.3:
            variable = self.pick(["name", "slug", "padded", "lines", "unicode"])
            return f"{variable}|{self.pick(TEXT_FILTERS)}"
        if roll < 0.36:
            return f"{self.pick(['count', 'ratio', 'yes', *NUMBERS])}|{self.pick(NUMBER_FILTERS)}"
        if roll < 0.44:
            return f"{self.pick(['words', 'empty', 'words', 'numbers'])}|{self.pick(LIST_FILTERS)}"
        if roll < 0.48:
            return f"numbers|{self.pick(NUMBERS_FILTERS)}"
        if roll < 0.52:
            return f"nested|{self.pick(NESTED_FILTERS)}"
        if roll < 0.55:
            return f"table|{self.pick(TABLE_FILTERS)}"
        if roll < 0.7:
            return f"{self.pick(['name', 'slug', 'padded', 'lines', 'unicode', *STRINGS])}.{self.pick(TEXT_METHODS)}"
        if roll < 0.72:
            return f"words.{self.pick(LIST_METHODS)}"
        if roll < 0.75:
            method = self.pick(TABLE_METHODS)
            return f"table{method}" if method.startswith("[") else f"table.{method}"
        if roll < 0.82:
            return f"{self.atom(depth - 1)} is {self.pick(['', 'not '])}{self.pick(TESTS)}"
        if roll < 0.95:
            return f"{self.atom(depth - 1)} {self.pick(BINARY)} {self.atom(depth - 1)}"
        return f"{self.atom(depth - 1)} if {self.expression(depth - 1)} else {self.atom(depth - 1)}"


def templates(count, seed=6):
    """Every statement of the list, and so many expressions."""
    grower = Grower(seed)
    grown = [("{{ " + expression + " }}") for expression in FORMATS]
    while len(grown) < count:
        grown.append("{{ " + grower.expression(grower.random.randint(1, 3)) + " }}")
    return STATEMENTS + grown
