"""Where keys stand in a TOML text, in every shape that TOML allows."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

import pytest

from models.rules.toml_lines import Path, dotted, line_numbers, line_of
from tests.models.rules.shipped import TEMPLATES

TEXT = '''# a comment with [brackets] = "and quotes"
title = "x" # = [y]
"quoted key" = 'a # b'
site . "name" = 1

[one]
a = 1
b.c = [ # comment ]
  "p", # "q"
  { k = 1, l = [2,
    3] },
]

[[rows]]
code = "first"
[[rows.fields]]
code = "number"
[[rows.fields]]
code = "date"
on = 2026-01-01 08:00:00
[rows.extra]
deep = """
[[rows]]
not = "a key"
"""

[[rows]]
code = """she said ""yes"""""
empty = ''
last = \'\'\'
it's = "so"\'\'\'
[rows.fields]
code = -1.5e3
'''

EXPECTED = {
    ("title",): 2,
    ("quoted key",): 3,
    ("site",): 4,
    ("site", "name"): 4,
    ("one",): 6,
    ("one", "a"): 7,
    ("one", "b"): 8,
    ("one", "b", "c"): 8,
    ("one", "b", "c", 0): 9,
    ("one", "b", "c", 1): 10,
    ("one", "b", "c", 1, "k"): 10,
    ("one", "b", "c", 1, "l"): 10,
    ("one", "b", "c", 1, "l", 0): 10,
    ("one", "b", "c", 1, "l", 1): 11,
    ("rows",): 14,
    ("rows", 0): 14,
    ("rows", 0, "code"): 15,
    ("rows", 0, "fields"): 16,
    ("rows", 0, "fields", 0): 16,
    ("rows", 0, "fields", 0, "code"): 17,
    ("rows", 0, "fields", 1): 18,
    ("rows", 0, "fields", 1, "code"): 19,
    ("rows", 0, "fields", 1, "on"): 20,
    ("rows", 0, "extra"): 21,
    ("rows", 0, "extra", "deep"): 22,
    ("rows", 1): 27,
    ("rows", 1, "code"): 28,
    ("rows", 1, "empty"): 29,
    ("rows", 1, "last"): 30,
    ("rows", 1, "fields"): 32,
    ("rows", 1, "fields", "code"): 33,
}


def test_every_key_stands_on_its_line() -> None:
    assert line_numbers(TEXT) == EXPECTED


def paths(value: object, at: Path = ()) -> Iterator[Path]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield (*at, key)
        yield from paths(child, (*at, key))


SHIPPED = {f"{path.parent.name}/{path.name}": path.read_text("utf-8") for path in sorted(TEMPLATES.rglob("*.toml"))}


@pytest.mark.parametrize("text", [TEXT, *SHIPPED.values()], ids=["example", *SHIPPED])
def test_the_walk_sees_what_the_parser_sees(text: str) -> None:
    assert set(line_numbers(text)) == set(paths(tomllib.loads(text)))


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing", "a=1", "a = {}", "a = []\n[b]", "\ta = 'x'\t# y\n"])
def test_small_texts(text: str) -> None:
    assert set(line_numbers(text)) == set(paths(tomllib.loads(text)))


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("rows", 0, "code"), 15),
        (("rows", 0, "label"), 14),
        (("rows", 1, "fields", "code", 0, "x"), 33),
        (("nowhere",), 1),
        ((), 1),
    ],
)
def test_a_missing_key_is_where_it_should_have_stood(path: Path, line: int) -> None:
    assert line_of(EXPECTED, path) == line


@pytest.mark.parametrize(
    ("path", "text"),
    [(("steps", 2, "minutes"), "steps[2].minutes"), (("a",), "a"), (("a", "b"), "a.b"), ((), "(file)")],
)
def test_paths_read_as_people_write_them(path: Path, text: str) -> None:
    assert dotted(path) == text
