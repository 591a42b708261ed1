"""What the checker finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, order=True)
class Violation:
    """One thing that does not hold. `case` is an application's id, or the name of what is wrong beside the cases."""

    rule: str
    case: str
    sentence: str


@dataclass(frozen=True, slots=True)
class CheckReport:
    """All violations, and how much was looked at: `checked` counts rows, files and signatures by kind."""

    violations: tuple[Violation, ...]
    checked: Mapping[str, int]
    verb: str = "Checked"

    @property
    def ok(self) -> bool:
        return not self.violations

    def as_json(self) -> dict[str, Any]:
        """Plain values: `ok`, `checked`, `violations`."""
        return {"ok": self.ok, "checked": dict(self.checked), "violations": [asdict(v) for v in self.violations]}

    def lines(self) -> list[str]:
        """One line a violation, then one that sums up."""
        found = [f"{v.rule}  {v.case}  {v.sentence}" for v in self.violations]
        looked_at = ", ".join(f"{number} {name}" for name, number in self.checked.items())
        verdict = "all holds" if self.ok else f"{len(found)} violation{'s' if len(found) > 1 else ''}"
        return [*found, f"{self.verb} {looked_at}: {verdict}."]
