"""One walk over all objects of a PDF, and one over its page tree; neither recurses, both are bounded."""

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
_COUNTED_PAGES: Final = 20_000


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


def count_pages(pdf: Pdf) -> int:
    """Leaves of the page tree. Raises Refused for a tree that is no tree, or has too many or no leaves."""
    seen: set[tuple[int, int]] = set()
    waiting: list[Any] = [pdf.Root.get("/Pages")]
    pages = 0
    while waiting and pages <= _COUNTED_PAGES:
        node = waiting.pop()
        if kind(node) != ObjectType.dictionary:
            continue
        if "/Kids" not in node:
            pages += 1
            continue
        if node.is_indirect and node.objgen in seen:
            raise Refused("page-tree")
        seen.add(node.objgen)
        waiting.extend(list(node.Kids))
    if pages > bounds.MAX_PAGES:
        raise Refused("too-many-pages", pages=pages, limit=bounds.MAX_PAGES)
    return pages


def check_pages(pdf: Pdf) -> int:
    """The number of pages that qpdf, too, finds. Raises Refused."""
    count_pages(pdf)
    pages = len(pdf.pages)
    if pages < 1:
        raise Refused("no-pages")
    if pages > bounds.MAX_PAGES:
        raise Refused("too-many-pages", pages=pages, limit=bounds.MAX_PAGES)
    return pages
