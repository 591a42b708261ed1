"""What the counter acknowledged, written down outside of the office: one JSON line an act, after its 2xx."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Ack:
    """One acknowledged act. `kind` is its audit event's; `version` the case's after it (0: not told).

    `value` is what was told with it: a registration number, a file's SHA-256.
    """

    case: str
    kind: str
    version: int = 0
    value: str = ""


class History:
    """Append-only; safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self._path, self._guard = path, threading.Lock()
        self._file = path.open("a", encoding="ascii")

    def note(self, ack: Ack) -> None:
        with self._guard:
            self._file.write(json.dumps(asdict(ack)) + "\n")
            self._file.flush()

    def close(self) -> None:
        self._file.close()

    def acks(self) -> Iterator[Ack]:
        """All of them, in the order in which they came."""
        with self._path.open(encoding="ascii") as lines:
            for line in lines:
                yield Ack(**json.loads(line))
