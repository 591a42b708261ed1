"""The Scanner and PageReader ports over the cage."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import BinaryIO, Final

from models.ports import Inspection, PageLook
from models.rules.errors import PermanentFailure
from workers.adapters.cage.client import Cage, Stopped
from workers.adapters.cage.protocol import Reply
from workers.adapters.inspect.sentences import finding
from workers.adapters.inspect.wire import inspection_from_reply

_LOCKS: Final = frozenset({"encrypted", "protected"})
_PROFILES: Final = frozenset({"document", "photo"})
_LARGEST_PAGE_IMAGES: Final = 16 * 1024 * 1024
_JPEG: Final = b"\xff\xd8\xff"


def _rejected(reason: str) -> Inspection:
    return Inspection("reject", "", 0, (finding(f"stopped-{reason}"),))


def _pictures(answer: Reply, count: int) -> tuple[bytes, ...] | None:
    sizes = answer.header.get("sizes")
    if not isinstance(sizes, list) or len(sizes) != count or not all(isinstance(size, int) for size in sizes):
        return None
    ends = list(accumulate(sizes, initial=0))
    pictures = tuple(answer.body[start:end] for start, end in pairwise(ends))
    whole = ends[-1] == len(answer.body) <= _LARGEST_PAGE_IMAGES
    return pictures if whole and all(one[:3] == _JPEG for one in pictures) else None


class CageScanner:
    """Judges uploads and draws their pages; never parses in this process."""

    def __init__(self, cage: Cage | None = None) -> None:
        self._cage = cage or Cage()

    def inspect(self, data: bytes, name: str, profile: str) -> Inspection:
        """See `models.ports.Scanner`; a file that gets its fork killed is rejected with a sentence."""
        if profile not in _PROFILES:
            raise ValueError(f"no such profile: {profile!r}")
        outcome = self._cage.run("inspect", data, {"name": name[-200:], "profile": profile})
        if isinstance(outcome, Stopped):
            return _rejected(outcome.reason)
        try:
            return inspection_from_reply(outcome.header, outcome.body)
        except (KeyError, TypeError, ValueError):
            return _rejected("crash")  # only a fork that was taken over speaks like that

    def why_locked(self, file: BinaryIO) -> str:
        """See `models.ports.Scanner`; what only the full inspection can tell is left to it."""
        outcome = self._cage.run("open", file, {})
        refusal = outcome.header.get("refusal") if isinstance(outcome, Reply) else ""
        return finding(refusal).message if refusal in _LOCKS else ""

    def look_at_page(self, data: bytes, media_type: str, page: int, widths: Sequence[int]) -> PageLook:
        """See `models.ports.PageReader`."""
        arguments = {"media_type": media_type, "page": page, "widths": list(widths)}
        answer = self._answered("look_at_page", data, arguments)
        pictures = _pictures(answer, len(widths))
        if pictures is None:
            raise PermanentFailure("the cage gave no page image")
        return PageLook(pictures, str(answer.header.get("text", "")))

    def guarantees(self) -> Sequence[str]:
        """What the cage holds back on this machine (names in `cage.confine`); for the operator's report."""
        return self._cage.guarantees()

    def close(self) -> None:
        """End the cage's server."""
        self._cage.close()

    def _answered(self, call: str, data: bytes, arguments: dict[str, object]) -> Reply:
        outcome = self._cage.run(call, data, arguments)
        if isinstance(outcome, Stopped):
            raise PermanentFailure(f"{call} was stopped: {outcome.reason}: {outcome.detail}")
        return outcome
