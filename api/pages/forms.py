"""A form between two requests: what was typed stays, each fault stands at its field and in the summary.

A field's name is its JSON pointer with dots (`holder.nik` for `/holder/nik`), so faults find their field by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from starlette.datastructures import FormData

from models.rules.errors import Fault, ParafError

SECRETS = frozenset(
    {
        "password",
        "new_password",
        "new_password_again",
        "passphrase",
        "code",
        "pin",
        "token",
        "answer",
        "new_token",
        "new_answer",
    }
)
"""Fields that are never sent back to the browser."""

_SENTENCES = {
    "missing": "Isian ini wajib. Isi dahulu.",
    "string_too_short": "Isian ini terlalu pendek. Lengkapi.",
    "string_too_long": "Isian ini terlalu panjang: paling banyak {max_length} huruf.",
    "string_pattern_mismatch": "Bentuk isian ini tidak dikenal. Periksa contohnya.",
    "date_from_datetime_parsing": "Tanggal tidak dikenal. Pilih dari kalender.",
    "date_parsing": "Tanggal tidak dikenal. Pilih dari kalender.",
    "int_parsing": "Isi dengan angka saja.",
    "bool_parsing": "Pilih salah satu.",
    "literal_error": "Pilih salah satu yang ada di daftar.",
    "enum": "Pilih salah satu yang ada di daftar.",
    "uuid_parsing": "Pilihan ini tidak dikenal. Muat ulang halaman, lalu pilih lagi.",
    "greater_than_equal": "Angka terlalu kecil: paling sedikit {ge}.",
    "less_than_equal": "Angka terlalu besar: paling banyak {le}.",
    "too_short": "Pilih paling sedikit {min_length}.",
    "too_long": "Pilih paling banyak {max_length}.",
    "extra_forbidden": "Isian ini tidak dikenal. Muat ulang halaman, lalu ulangi.",
}
_UNKNOWN = "Isian ini belum benar. Periksa, lalu perbaiki."


@dataclass(frozen=True, slots=True)
class Form:
    """What a form shows: values by field name (a list for check boxes), and faults. Empty: a fresh form."""

    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()

    def value(self, name: str, default: str = "") -> str:
        """What stands in a field."""
        return next(iter(self.values.get(name, ())), default)

    def chosen(self, name: str) -> tuple[str, ...]:
        """Every value of a field: the check boxes that are ticked."""
        return tuple(self.values.get(name, ()))

    def error(self, name: str) -> str:
        """The first fault at a field, "" when there is none."""
        return next((fault.message for fault in self.faults if field_of(fault.pointer) == name), "")

    @property
    def summary(self) -> list[tuple[str, str]]:
        """Every fault once, as the address of its field on the page ("" for none) and its sentence."""
        rows = [
            (f"#{field_id(name)}" if (name := field_of(fault.pointer)) else "", fault.message) for fault in self.faults
        ]
        return list(dict.fromkeys(rows))

    def refused(self, error: ParafError) -> Form:
        """The same form with what an error of ours says; its own sentence when it names no place."""
        return Form(self.values, error.faults or (Fault("", str(error), error.code),))


def filled(values: Mapping[str, object]) -> Form:
    """A form that shows stored values: None is empty, a sequence is check boxes."""
    return Form({name: _texts(value) for name, value in values.items()})


def typed(data: FormData, faults: Iterable[Fault] = ()) -> Form:
    """A form with what came from the browser, files and secrets left out."""
    names = {name for name, _ in data.multi_items()} - SECRETS
    texts = {name: [value for value in data.getlist(name) if isinstance(value, str)] for name in names}
    return Form(texts, tuple(faults))


def nested(data: FormData, lists: Iterable[str] = ()) -> dict[str, Any]:
    """Dotted names as nested dicts, ready for a pydantic model; empty fields are left out, `lists` are lists."""
    found: dict[str, Any] = {}
    wanted = set(lists)
    for name in dict.fromkeys(name for name, _ in data.multi_items()):
        texts = [value.strip() for value in data.getlist(name) if isinstance(value, str) and value.strip()]
        if texts:
            _put(found, name.split("."), texts if name in wanted else texts[-1])
    return found


def faults_of(error: ValidationError) -> tuple[Fault, ...]:
    """What pydantic refused, in Bahasa Indonesia, without the values."""
    return tuple(_faults(error))


def field_of(pointer: str) -> str:
    """`/holder/nik` and `holder.nik` are both the field `holder.nik`."""
    return pointer.strip("/").replace("/", ".")


def field_id(name: str) -> str:
    """The id of a field's element on the page."""
    return "f-" + name.replace(".", "-").replace("_", "-")


def _faults(error: ValidationError) -> Iterator[Fault]:
    for item in error.errors(include_url=False, include_input=False):
        pointer = "".join(f"/{part}" for part in item["loc"])
        sentence = _SENTENCES.get(item["type"], _UNKNOWN).format(**_printable(item.get("ctx", {})))
        yield Fault(pointer, sentence, item["type"])


def _printable(context: Mapping[str, Any]) -> dict[str, Any]:
    return {"max_length": "", "min_length": "", "ge": "", "le": "", **context}


def _texts(value: object) -> list[str]:
    if value is None:
        return []
    if isinstance(value, list | tuple | set | frozenset):
        return [str(item) for item in value]
    return [str(value)]


def _put(into: dict[str, Any], path: list[str], value: object) -> None:
    *parents, last = path
    for part in parents:
        into = into.setdefault(part, {})
    into[last] = value
