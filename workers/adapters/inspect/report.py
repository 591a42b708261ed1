"""What is collected while one file is judged."""

from __future__ import annotations

from dataclasses import dataclass, field

from models.ports import Finding
from workers.adapters.inspect.sentences import finding


class Refused(Exception):
    """Ends the inspection: the applicant must send another file. `code` is one of `sentences.REJECT`."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.finding = finding(code, **values)


@dataclass(slots=True)
class Report:
    """Findings in the order they were made, each code once."""

    findings: list[Finding] = field(default_factory=list)

    def add(self, code: str, **values: object) -> None:
        """Note a finding; a code that is there already is not repeated."""
        if not self.has(code):
            self.findings.append(finding(code, **values))

    def has(self, code: str) -> bool:
        """Whether this code was found."""
        return any(known.code == code for known in self.findings)

    @property
    def mended(self) -> bool:
        """Whether anything had to be repaired or converted, so that a clean copy is needed."""
        return any(known.grade == "repair" for known in self.findings)


@dataclass(frozen=True, slots=True)
class Judged:
    """A file that can stay: its pages, and the clean copy with its type when the bytes can not be kept."""

    pages: int
    clean: bytes | None = None
    clean_media_type: str = ""


def page_list(numbers: list[int]) -> str:
    """Page numbers for a sentence: the first eight, then an ellipsis."""
    shown = ", ".join(str(number) for number in numbers[:8])
    return f"{shown}, …" if len(numbers) > 8 else shown
