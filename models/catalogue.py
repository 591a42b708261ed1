"""Reads the definitions that a clerk edits: SOP, wording, layout and office; refuses with file, line and key."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import TypeVar

from jinja2 import Environment, TemplateSyntaxError
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from models.rules.errors import DefinitionError, Fault
from models.rules.office import Office, office_disagreements
from models.rules.sop import Sop
from models.rules.sop_consistency import disagreements
from models.rules.toml_lines import dotted, line_numbers, line_of

M = TypeVar("M", bound=BaseModel)

_ERROR_PLACE = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)")


@dataclass(frozen=True, slots=True)
class LicenceDefinition:
    """One licence: SOP, wording (parsed TOML), layout (Typst source); `sha256` is over all three, lower-case hex."""

    sop: Sop
    wording: dict[str, object] = field(repr=False)
    layout: str = field(repr=False)
    sha256: str


@dataclass(frozen=True, slots=True)
class _TomlFile:
    """A parsed file that still knows where its keys stand; `name` is how faults call it."""

    name: str
    text: str
    data: dict[str, object]

    def fault(self, path: Sequence[str | int], message: str, code: str = "definition") -> Fault:
        line = line_of(line_numbers(self.text), path)
        return Fault(f"{self.name}:{line}", f"{dotted(path)}: {message}", code)


def load_licence(folder: Path) -> LicenceDefinition:
    """The licence in `folder` (sop.toml, wording.toml, layout.typ).

    Raises DefinitionError; each fault's pointer is "folder/file:line", its message begins with the dotted key.
    """
    sop_file = _read_toml(folder / "sop.toml")
    sop = _parsed(Sop, sop_file)
    _refuse([sop_file.fault(path, message) for path, message in disagreements(sop)])
    wording_file = _read_toml(folder / "wording.toml")
    _refuse([wording_file.fault(path, message) for path, message in _unusable(wording_file.data, ())])
    wording = wording_file.data
    layout = _read_text(folder / "layout.typ")
    return LicenceDefinition(sop, wording, layout, _digest(sop, wording, layout))


def load_all(root: Path) -> dict[str, LicenceDefinition]:
    """Every licence below `root`, by licence code; a folder counts when it holds a sop.toml.

    Raises DefinitionError when one is refused, when two share a code or a series, or when there is none.
    """
    folders = sorted(path.parent for path in root.glob("*/sop.toml"))
    found = {folder: load_licence(folder) for folder in folders}
    if not found:
        raise _refusal([Fault(f"{root.name}:1", "no folder here holds a sop.toml: add one for each licence.")])
    _refuse(_clashes(found))
    return {definition.sop.licence_code: definition for definition in found.values()}


def load_office(path: Path) -> Office:
    """The office's own data (office.toml); raises DefinitionError as `load_licence` does."""
    file = _read_toml(path)
    office = _parsed(Office, file)
    _refuse([file.fault(place, message) for place, message in office_disagreements(office)])
    return office


def _unusable(value: object, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Places in a wording that no letter can be set from; which names a text may use is known where it is rendered."""
    if isinstance(value, dict):
        for key, child in value.items():
            yield from _unusable(child, (*path, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _unusable(child, (*path, index))
    elif isinstance(value, str):
        yield from _bad_template(value, path)
    elif not isinstance(value, bool):
        yield path, f'words stand in quotes: write "{value}".'


def _bad_template(text: str, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    try:
        Environment(autoescape=True).parse(text)
    except TemplateSyntaxError as error:
        yield path, f"the braces do not match: {(error.message or '').rstrip('.')}."


def _clashes(found: Mapping[Path, LicenceDefinition]) -> list[Fault]:
    faults, taken = [], dict[str, Path]()
    for folder, definition in found.items():
        sop = definition.sop
        series = {sop.number.series: ("number", "series"), sop.registration_series: ("registration_series",)}
        for name, path in {f"licence {sop.licence_code}": ("licence_code",), **series}.items():
            if name in taken:
                message = f"{name!r} is already used by {taken[name].name}: choose another."
                faults.append(_read_toml(folder / "sop.toml").fault(path, message))
            taken[name] = folder
    return faults


def _read_text(path: Path) -> str:
    name = _name(path)
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError as error:
        raise _refusal([Fault(f"{name}:1", "the file is missing: put it there.")]) from error
    except (OSError, UnicodeDecodeError) as error:
        message = f"the file can not be read as UTF-8 text: save it again ({error})."
        raise _refusal([Fault(f"{name}:1", message)]) from error
    return text.replace("\r\n", "\n")


def _read_toml(path: Path) -> _TomlFile:
    text = _read_text(path)
    try:
        return _TomlFile(_name(path), text, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        found = _ERROR_PLACE.search(str(error))
        line = found.group(1) if found and found.group(1) else str(text.count("\n") + 1)
        message = f"no valid TOML: {_ERROR_PLACE.sub('', str(error))}."
        raise _refusal([Fault(f"{_name(path)}:{line}", message, "toml")]) from error


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _parsed(model: type[M], file: _TomlFile) -> M:
    # Through JSON, as a stored snapshot is read: lists become tuples and dates text, all else keeps its strict type.
    try:
        return model.model_validate_json(json.dumps(file.data, default=_plain), strict=True)
    except ValidationError as error:
        raise _refusal([_pydantic_fault(file, detail) for detail in error.errors(include_url=False)]) from error


def _pydantic_fault(file: _TomlFile, detail: ErrorDetails) -> Fault:
    kind, path = detail["type"], detail["loc"]
    if kind == "extra_forbidden":
        return file.fault(path, "is no known key here: correct its spelling or remove it.", kind)
    if kind == "missing":
        return file.fault(path, "is missing: add it.", kind)
    message = detail["msg"].removeprefix("Value error, ")
    shown = "" if kind == "value_error" else f", not {_shown(detail['input'])}"
    return file.fault(path, f"{message[:1].lower()}{message[1:].rstrip('.')}{shown}.", kind)


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _plain(value: object) -> str:
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    raise TypeError(f"TOML has no {type(value).__name__}")


def _digest(sop: Sop, wording: dict[str, object], layout: str) -> str:
    # Defaults are left out: a key that a later release adds must not change the hash of a definition already in use.
    content = {"sop": sop.model_dump(mode="json", exclude_defaults=True), "wording": wording, "layout": layout}
    canonical = json.dumps(content, default=_plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _refuse(faults: Sequence[Fault]) -> None:
    if faults:
        raise _refusal(faults)


def _refusal(faults: Sequence[Fault]) -> DefinitionError:
    lines = "; ".join(f"{fault.pointer}: {fault.message}" for fault in faults)
    return DefinitionError(f"A definition is refused: {lines}", faults=faults)
