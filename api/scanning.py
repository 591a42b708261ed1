"""The cage as the counter uses it: rarely, and always from one thread."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO, Protocol

from models.ports import Inspection, LetterJudge, LetterJudgement, Scanner


class ClosableScanner(Scanner, Protocol):
    """A scanner that holds a process."""

    def close(self) -> None: ...


class OneThreadScanner:
    """A Scanner whose calls all run in one lasting thread.

    The kernel ends the cage's server with the thread that started it, and the threads that answer requests come and go.
    """

    def __init__(self, scanner: ClosableScanner) -> None:
        self._scanner = scanner
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="cage")

    def inspect(self, data: bytes, name: str, profile: str) -> Inspection:
        """See `models.ports.Scanner`."""
        return self._thread.submit(self._scanner.inspect, data, name, profile).result()

    def why_locked(self, file: BinaryIO) -> str:
        """See `models.ports.Scanner`."""
        return self._thread.submit(self._scanner.why_locked, file).result()

    def close(self) -> None:
        """End the scanner's process; the thread stays for a later call."""
        self._thread.submit(self._scanner.close).result()


class ClosableJudge(LetterJudge, Protocol):
    """A judge that holds a process."""

    def close(self) -> None: ...


class OneThreadJudge:
    """A LetterJudge whose calls all run in one lasting thread, as those of `OneThreadScanner`."""

    def __init__(self, judge: ClosableJudge) -> None:
        self._judge = judge
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="judge")

    def judge(self, data: bytes) -> LetterJudgement:
        """See `models.ports.LetterJudge`."""
        return self._thread.submit(self._judge.judge, data).result()

    def close(self) -> None:
        """End the judge's process; the thread stays for a later call."""
        self._thread.submit(self._judge.close).result()
