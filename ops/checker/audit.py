"""`verify`: events, seals, checkpoints, closed days and printed pages held against each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import psycopg
from psycopg import IsolationLevel

from ops.checker.chain import Chain, walk
from ops.checker.checkpoints import hold
from ops.checker.register_days import misclosed
from ops.checker.report import CheckReport


def verify(database_url: str, file: bytes, keys: Sequence[bytes], printed: Iterable[str] = ()) -> CheckReport:
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
    return CheckReport(tuple(sorted(set(found))), checked, verb="Verified")
