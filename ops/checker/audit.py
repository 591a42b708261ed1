"""`verify`: events, seals, checkpoints, closed days and printed pages held against each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import psycopg
from psycopg import IsolationLevel

from ops.checker.chain import Chain, walk
from ops.checker.checkpoints import hold
from ops.checker.register_days import misclosed
from ops.checker.report import Violation


@dataclass(frozen=True, slots=True)
class AuditFindings:
    """All that does not hold, and how much was looked at."""

    violations: tuple[Violation, ...]
    checked: Mapping[str, int]

    @property
    def ok(self) -> bool:
        return not self.violations

    def as_json(self) -> dict[str, Any]:
        """Plain values: `ok`, `checked`, `violations`."""
        return {"ok": self.ok, "checked": dict(self.checked), "violations": [asdict(one) for one in self.violations]}

    def lines(self) -> list[str]:
        """One line a violation, then one that sums up."""
        found = [f"{one.rule}  {one.case}  {one.sentence}" for one in self.violations]
        looked_at = ", ".join(f"{number} {name}" for name, number in self.checked.items())
        return [*found, f"Verified {looked_at}: {'all holds' if self.ok else f'{len(found)} do not hold'}."]


def verify(database_url: str, file: bytes, keys: Sequence[bytes], printed: Iterable[str] = ()) -> AuditFindings:
    """Verify every event. `file`: the checkpoint file; `keys`: PEM of the keys that sign it; `printed`: "SEAL:HASH".

    Any role that may read the tables will do. Raises psycopg.OperationalError when the database can not be reached.
    """
    chain = Chain()
    with psycopg.connect(database_url.replace("postgresql+psycopg://", "postgresql://", 1)) as snapshot:
        snapshot.isolation_level = IsolationLevel.REPEATABLE_READ
        snapshot.read_only = True
        found = [*walk(snapshot, chain), *hold(snapshot, chain, file, keys, printed), *misclosed(snapshot)]
        days = snapshot.execute("SELECT count(*) FROM register_day").fetchone()
    checked = {
        "events": chain.events,
        "unsealed": chain.unsealed,
        "seals": len(chain.hashes),
        "checkpoints": len(file.splitlines()),
        "days": int(days[0]) if days else 0,
    }
    return AuditFindings(tuple(sorted(set(found))), checked)
