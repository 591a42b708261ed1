"""Wording to plain strings: every string of wording.toml is a Jinja template in an immutable sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from models.ports import LetterDefinition
from models.rules.errors import Fault, PermanentFailure
from models.rules.letter import LetterFacts, Official
from workers.adapters.letter import phrases

Json = dict[str, Any]
PARAF_TIP = "Paraf {{ ordinal }}: {{ official.title }}"


def _finished(value: object) -> object:
    """What `{{ … }}` prints: an address typed on three lines must not break a row of the letter."""
    return phrases.one_line(value) if isinstance(value, str) else value


def _environment() -> ImmutableSandboxedEnvironment:
    # Not HTML: the text becomes JSON for Typst, so autoescape would print "&amp;" on letters.
    environment = ImmutableSandboxedEnvironment(autoescape=False, undefined=StrictUndefined, finalize=_finished)
    environment.filters.update(
        tanggal=phrases.long_date,
        jenis_kelamin=phrases.sex_in_words,
        nip=phrases.grouped_nip,
        terbilang_urutan=phrases.ordinal_in_words,
    )
    return environment


_ENVIRONMENT = _environment()


@lru_cache(maxsize=2048)
def _template(source: str) -> Template:
    return _ENVIRONMENT.from_string(source)


def render(value: object, names: Mapping[str, object], where: str = "wording") -> Any:
    """`value` with every string in it rendered; raises PermanentFailure that names the key."""
    if isinstance(value, str):
        return _render_text(value, names, where)
    if isinstance(value, Mapping):
        return {key: render(item, names, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [render(item, names, f"{where}[{index}]") for index, item in enumerate(value)]
    return value


def _render_text(source: str, names: Mapping[str, object], where: str) -> str:
    if "{" not in source:
        return source
    try:
        return _template(source).render(names)
    # A template is a clerk's text: whatever it raises is a fault of that text.
    except (TemplateError, SecurityError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        message = f"The wording at {where} can not be rendered: {error}"
        raise PermanentFailure(message, faults=(Fault(where, str(error), "wording"),)) from error


def letter_content(definition: LetterDefinition, facts: LetterFacts, verification_url: str, has_photo: bool) -> Json:
    """What the layout sets, as plain JSON; raises PermanentFailure when the wording lacks a key."""
    names = _names(facts, verification_url)
    wording = definition.wording
    try:
        descriptions = wording["descriptions"]
        content: Json = render({k: v for k, v in wording.items() if k not in {"descriptions", "signature"}}, names)
        content["head"] = _signature(wording["signature"], facts.head, names)
        content["emblem_alt"] = render(descriptions["emblem"], names, "wording.descriptions.emblem")  # type: ignore[index]
        content["photo_alt"] = render(descriptions["photo"], names, "wording.descriptions.photo")  # type: ignore[index]
        content["rows"] = [{"strong": False, **row} for row in content["rows"]]
    except (KeyError, TypeError) as error:
        raise PermanentFailure(f"The wording of {definition.licence_code} is not complete: {error}") from error
    day = facts.application_date
    initiallers = [_initialler(n, o, definition.paraf_count) for n, o in enumerate(facts.initiallers, 1)]
    return content | {
        "date": [day.year, day.month, day.day],
        "has_photo": has_photo,
        "initiallers": initiallers,
        "late_fields": list(definition.late_fields),
    }


def descriptions(definition: LetterDefinition, facts: LetterFacts, verification_url: str) -> dict[str, str]:
    """The tooltip of every field, by field name."""
    names = _names(facts, verification_url)
    source: Mapping[str, str] = definition.wording["descriptions"]  # type: ignore[assignment]
    wanted = (*definition.late_fields, "kepala", "segel")
    tips = {name: render(source.get(name, name), names, f"wording.descriptions.{name}") for name in wanted}
    for ordinal, official in enumerate(facts.initiallers[: definition.paraf_count], 1):
        here = names | {"ordinal": ordinal, "official": official}
        tips[f"paraf{ordinal}"] = render(source.get("paraf", PARAF_TIP), here, "wording.descriptions.paraf")
    return tips


def _names(facts: LetterFacts, verification_url: str) -> dict[str, object]:
    return {
        "registration_number": facts.registration_number,
        "application_date": facts.application_date,
        "holder": facts.holder,
        "str_number": facts.str_number,
        "str_valid_until": facts.str_valid_until,
        "workplace": facts.workplace,
        "head": facts.head,
        "initiallers": facts.initiallers,
        "revision": facts.revision,
        "verification_url": verification_url,
    }


def _signature(wording: object, head: Official, names: Mapping[str, object]) -> Json:
    rendered = render(wording, names, "wording.signature")
    lines = [line for line in rendered["lines"] if line.strip()]
    return {"title": rendered["title"], "name": phrases.one_line(head.name), "lines": lines}


def _initialler(ordinal: int, official: Official, paraf_count: int) -> Json:
    title = f"{official.acting} {official.title}".strip()
    return {
        "title": phrases.one_line(title),
        "name": phrases.one_line(official.name),
        "field": f"paraf{ordinal}" if ordinal <= paraf_count else None,
    }
