"""On which line of a TOML text each key stands: `tomllib` gives values without places, a refusal needs both.

The text must already have been parsed by `tomllib`, so that only valid TOML is walked here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

Path = tuple[str | int, ...]

_SPACE = re.compile(r"(?:[\s,]+|#[^\n]*)*")
_BLANKS = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^\s,#\]}]+(?: \d\d:[^\s,#\]}]+)?")
_STRINGS = (
    re.compile(r'"""(?:[^"\\]|\\[\s\S]|"(?!""))*"{3,5}'),
    re.compile(r"'''[\s\S]*?'{3,5}"),
    re.compile(r'"(?:[^"\\\n]|\\.)*"'),
    re.compile(r"'[^'\n]*'"),
)


def line_numbers(text: str) -> dict[Path, int]:
    """The line (from 1) of every key and array element of `text`, by its path such as ("steps", 2, "minutes")."""
    return _Walk(text).document()


def line_of(lines: Mapping[Path, int], path: Sequence[str | int]) -> int:
    """The line of `path`, or of the nearest part that encloses it when the key itself is missing; 1 at the root."""
    for length in range(len(path), 0, -1):
        if tuple(path[:length]) in lines:
            return lines[tuple(path[:length])]
    return 1


def dotted(path: Sequence[str | int]) -> str:
    """`steps[2].minutes` for ("steps", 2, "minutes")."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.lstrip(".") or "(file)"


class _Walk:
    """A cursor over valid TOML that notes where each path begins."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.lines: dict[Path, int] = {}
        self.sizes: dict[Path, int] = {}

    def document(self) -> dict[Path, int]:
        table: Path = ()
        self._skip(_SPACE)
        while self.at < len(self.text):
            table = self._header() if self.text[self.at] == "[" else self._pair(table)
            self._skip(_SPACE)
        return self.lines

    def _header(self) -> Path:
        start, array = self.at, self.text.startswith("[[", self.at)
        self.at += 2 if array else 1
        keys = self._keys()
        self.at += 2 if array else 1
        path = (*self._resolved(keys[:-1]), keys[-1])
        if array:
            self.sizes[path] = self.sizes.get(path, 0) + 1
            path = (*path, self.sizes[path] - 1)
        self._note(path, start)
        return path

    def _resolved(self, keys: Sequence[str]) -> Path:
        # Below an array of tables a header means its last element.
        path: Path = ()
        for key in keys:
            path = (*path, key)
            if path in self.sizes:
                path = (*path, self.sizes[path] - 1)
        return path

    def _pair(self, table: Path) -> Path:
        start = self.at
        path = table + tuple(self._keys())
        self.at += 1
        self._note(path, start)
        self._value(path)
        return table

    def _keys(self) -> list[str]:
        keys = []
        while True:
            self._skip(_BLANKS)
            keys.append(self._key())
            self._skip(_BLANKS)
            if self.text[self.at] != ".":
                return keys
            self.at += 1

    def _key(self) -> str:
        if self.text[self.at] in "\"'":
            return self._string()[1:-1]
        return self._take(_BARE_KEY)

    def _value(self, path: Path) -> None:
        self._skip(_BLANKS)
        opening = self.text[self.at]
        if opening == "[":
            self._array(path)
        elif opening == "{":
            self._inline_table(path)
        elif opening in "\"'":
            self._string()
        else:
            self._take(_SCALAR)

    def _array(self, path: Path) -> None:
        self.at += 1
        self._skip(_SPACE)
        index = 0
        while self.text[self.at] != "]":
            self._note((*path, index), self.at)
            self._value((*path, index))
            self._skip(_SPACE)
            index += 1
        self.at += 1

    def _inline_table(self, path: Path) -> None:
        self.at += 1
        self._skip(_SPACE)
        while self.text[self.at] != "}":
            self._pair(path)
            self._skip(_SPACE)
        self.at += 1

    def _string(self) -> str:
        for pattern in _STRINGS:
            if found := pattern.match(self.text, self.at):
                self.at = found.end()
                return found.group()
        raise ValueError(f"no string at offset {self.at}")

    def _skip(self, pattern: re.Pattern[str]) -> None:
        if found := pattern.match(self.text, self.at):
            self.at = found.end()

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if found is None:
            raise ValueError(f"unexpected text at offset {self.at}")
        self.at = found.end()
        return found.group()

    def _note(self, path: Path, offset: int) -> None:
        line = self.text.count("\n", 0, offset) + 1
        for length in range(1, len(path) + 1):
            self.lines.setdefault(path[:length], line)
