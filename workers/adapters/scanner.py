"""The Scanner and PageReader ports over the cage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from models.ports import Inspection
from models.rules.errors import PermanentFailure
from workers.adapters.cage.client import Cage, Stopped
from workers.adapters.cage.protocol import Reply
from workers.adapters.inspect.sentences import finding
from workers.adapters.inspect.wire import inspection_from_reply

_PROFILES: Final = frozenset({"document", "photo"})
_LARGEST_PAGE_IMAGE: Final = 16 * 1024 * 1024


def _rejected(reason: str) -> Inspection:
    return Inspection("reject", "", 0, (finding(f"stopped-{reason}"),))


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

    def render_page(self, data: bytes, media_type: str, page: int, width: int) -> bytes:
        """See `models.ports.PageReader`."""
        arguments = {"media_type": media_type, "page": page, "width": width}
        picture = self._answered("render_page", data, arguments).body
        if picture[:4] != b"RIFF" or picture[8:12] != b"WEBP" or len(picture) > _LARGEST_PAGE_IMAGE:
            raise PermanentFailure("the cage gave no page image")
        return picture

    def page_texts(self, data: bytes) -> Sequence[str]:
        """See `models.ports.PageReader`."""
        texts = self._answered("page_texts", data, {}).header.get("texts")
        if not isinstance(texts, list):
            raise PermanentFailure("the cage gave no page texts")
        return [str(text) for text in texts]

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
