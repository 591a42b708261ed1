"""One bounded walk over all objects of a PDF, without recursion."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from pikepdf import Object, ObjectType, Pdf, Stream

from workers.adapters.inspect import bounds
from workers.adapters.inspect.report import Refused

_TELLING: Final = frozenset({
    "/JS", "/AA", "/A", "/S", "/OpenAction", "/Next", "/XFA", "/AF", "/EmbeddedFiles", "/JavaScript", "/Annots",
    "/Collection", "/EncryptedPayload", "/EP", "/FT", "/FontName", "/Requirements", "/EF",
})  # fmt: skip
_CONTAINERS: Final = frozenset({ObjectType.dictionary, ObjectType.array})


@dataclass(slots=True)
class Walked:
    """All streams, and the dictionaries with a key that may mean active content, files, signatures or fonts."""

    streams: list[Stream] = field(default_factory=list)
    telling: list[Any] = field(default_factory=list)


def kind(value: Any) -> ObjectType | None:
    """The type of a PDF object; None for the plain Python values that numbers and booleans become."""
    return value._type_code if isinstance(value, Object) else None


def _direct_containers(values: list[Any]) -> list[Any]:
    return [v for v in values if isinstance(v, Object) and v._type_code in _CONTAINERS and not v.is_indirect]


def _children(value: Any, walked: Walked) -> list[Any]:
    """The values of a container; notes it when it is telling."""
    code = kind(value)
    if code == ObjectType.array:
        return list(value)
    if code not in {ObjectType.dictionary, ObjectType.stream}:
        return []
    if code == ObjectType.stream:
        walked.streams.append(value)
        value = value.stream_dict
    entries = dict(value.items())
    if not _TELLING.isdisjoint(entries):
        walked.telling.append(value)
    return list(entries.values())


def walk(pdf: Pdf) -> Walked:
    """Look at every object once. Raises Refused("too-complex") beyond the bounds."""
    if len(pdf.objects) > bounds.MAX_OBJECTS:
        raise Refused("too-complex")
    walked, entries = Walked(), 0
    waiting: list[Any] = [*pdf.objects, pdf.trailer]
    while waiting:
        values = _children(waiting.pop(), walked)
        entries += len(values)
        if entries > bounds.MAX_ENTRIES:
            raise Refused("too-complex")
        waiting.extend(_direct_containers(values))
    return walked


def check_pages(pdf: Pdf) -> int:
    """The number of pages; qpdf has walked the tree, and refused circles, while it opened the file. Raises Refused."""
    pages = len(pdf.pages)
    if pages < 1:
        raise Refused("no-pages")
    if pages > bounds.MAX_PAGES:
        raise Refused("too-many-pages", pages=pages, limit=bounds.MAX_PAGES)
    return pages


def refuse_lost_objects(pdf: Pdf) -> None:
    """For a file that had to be rebuilt: an object that is named but gone, or a page without content, is a loss.

    Raises Refused("content-lost").
    """
    if any(found is None for found in pdf.objects) or any("/Contents" not in page.obj for page in pdf.pages):
        raise Refused("content-lost")
