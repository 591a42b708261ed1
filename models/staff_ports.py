"""The door through which the office writes to its own officials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StaffFacts:
    """What a message to an official may say: counts, registration numbers, moments; nobody's name but his own.

    `lines`: a registration number and what is to be said of it, the most pressing first, as many as fit.
    """

    kind: str
    name: str
    act: str
    done: int
    failed: int
    waiting: int
    late: int
    soon: int
    lines: tuple[tuple[str, str], ...]
    more: int
    follow_url: str
    office: str
    office_address: str
    contact: tuple[tuple[str, str], ...]
    official_domain: str


class StaffRenderer(Protocol):
    """Puts what officials are told into the office's words."""

    def render(self, facts: StaffFacts) -> tuple[str, str, str]:
        """Subject, plain text and HTML. Raises PermanentFailure when a template is faulty."""
        ...
