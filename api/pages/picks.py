"""A letter as it was looked at, carried through forms: case, version and the exact blanko."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from models.rules.errors import NotFound
from models.services.inputs import PileLetter

_WHOLE = re.compile(r"([0-9a-f-]{36})\.([1-9][0-9]{0,8})\.([0-9a-f]{64})")
_BARE = re.compile(r"([0-9a-f-]{36})()()")


@dataclass(frozen=True, slots=True)
class Pick:
    """One picked letter; `version` 0 and an empty hash for an id alone."""

    application_id: UUID
    version: int
    blanko_sha256: str

    @staticmethod
    def of(letter: PileLetter) -> Pick:
        """The pick that a letter comes from."""
        return Pick(UUID(letter.application_id), letter.version, letter.blanko_sha256)

    @property
    def text(self) -> str:
        """As a form carries it."""
        return f"{self.application_id}.{self.version}.{self.blanko_sha256}"

    @property
    def letter(self) -> PileLetter:
        """As the desk takes it."""
        return PileLetter(
            application_id=str(self.application_id), version=self.version, blanko_sha256=self.blanko_sha256
        )


def parse_picks(values: Iterable[str], *, bare: bool = False) -> list[Pick]:
    """Picks in their order, each once; `bare` takes ids alone. Raises NotFound for anything else."""
    return list(dict.fromkeys(_pick(value, bare) for value in values))


def _pick(value: str, bare: bool) -> Pick:
    found = (_BARE if bare else _WHOLE).fullmatch(value)
    try:
        if found is not None:
            return Pick(UUID(found[1]), int(found[2] or 0), found[3])
    except ValueError:
        pass
    raise NotFound("One of the picked letters is none of ours.")
