"""`paraf bench pipeline`: licences a second end to end through the real office, and what the machine spends on one.

People act at once, by script. What uploads cost is measured by `bench intake`: here the berkas is small, and its
inspection and pictures, which begin at the upload, are done before the clock runs; `inspection_ms_per_licence` says
what they took. Everything else is real and counts, until the office has nothing left to do: outbox, relay, broker,
workers, five signatures, lint, store and read back, receipts, messages, and the pictures of each letter's page.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from models.rules.errors import PermanentFailure
from models.rules.numbering import jakarta_date
from ops.benchmarks.floor import floor_ms
from ops.benchmarks.machine import office_pids
from ops.benchmarks.script import Script, Tell
from ops.benchmarks.shares import Cages, cpu_by_part
from ops.home import passing_home
from ops.memory import memory
from ops.office import LocalOffice
from ops.samples.berkas import KINDS, SampleFile, paint_berkas
from ops.samples.people import applicant

WARM_UP = 8
BETWEEN_LOOKS = 1.0
"""Seconds: at each look a person does all that waits, as a pile, like people who come back to a queue of work."""

LONGEST_SECONDS = 900.0


def run(licences: int = 300, tell: Tell = lambda _: None) -> dict[str, Any]:
    """Figures by the names in brackets of the benchmark's table; raises PermanentFailure when a case was set aside."""
    with (
        passing_home() as home,
        LocalOffice(home, 8200, flower_port=5755, tell=tell) as office,
    ):
        script = Script.for_office(office)
        berkas = small_berkas(script)
        tell("warming up")
        _through(script, [script.prepare(seed, berkas) for seed in range(WARM_UP)])
        _rest(script)
        with Cages(office) as cages:
            before = cpu_by_part(office, cages)
            cases = [script.prepare(100 + seed, berkas) for seed in range(licences)]
            _rest(script)
            tell(f"{licences} drafts ready and looked at, the clock runs")
            ready, began = cpu_by_part(office, cages), time.monotonic()
            _through(script, cases)
            seconds = time.monotonic() - began
            _rest(script)
            after = cpu_by_part(office, cages)
        held = memory(office_pids())
    tell("measuring the floor")
    return {
        "licences": licences,
        "seconds": round(seconds, 1),
        "inspection_ms_per_licence": round(sum(_spent(before, ready, licences).values()), 1),
        **_figures(_spent(ready, after, licences), floor_ms()),
        "resident_mb": round(held.proportional),
        "resident_sum_mb": round(held.resident),
        "licences_per_second": round(licences / seconds, 2),
    }


def _spent(before: Mapping[str, float], after: Mapping[str, float], licences: int) -> dict[str, float]:
    """CPU milliseconds a licence, by part of the office, the most first."""
    parts = {part: (value - before.get(part, 0.0)) / licences * 1000 for part, value in after.items()}
    return dict(sorted(parts.items(), key=lambda part: -part[1]))


def _figures(spent: Mapping[str, float], floor: float) -> dict[str, Any]:
    total = sum(spent.values())
    return {
        "cpu_ms_by_part": {part: round(value, 1) for part, value in spent.items()},
        "floor_ms": round(floor, 1),
        "cpu_ms_per_licence": round(total, 1),
        "cpu_over_floor": round(total / floor, 2),
    }


def small_berkas(script: Script) -> dict[str, SampleFile]:
    """A complete berkas of one-page files."""
    today = jakarta_date(script.clock.now())
    painted = paint_berkas(applicant(1, on=today), KINDS, on=today)
    page = painted["surat_permohonan"].data
    return {
        code: file if code == "pas_foto" else SampleFile(f"{code}.pdf", "application/pdf", page, file.fields)
        for code, file in painted.items()
    }


def _through(script: Script, cases: list[Any]) -> None:
    for case_id in cases:
        script.submit(case_id)
    deadline = time.monotonic() + LONGEST_SECONDS
    while script.act():
        reasons = script.set_aside()
        if reasons or time.monotonic() > deadline:
            raise PermanentFailure(f"The run stands still: {reasons[:1] or 'time is up'}")
        time.sleep(BETWEEN_LOOKS)


def _rest(script: Script) -> None:
    """Wait until nothing is left in the outbox."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while left := script.left():
        if time.monotonic() > deadline:
            raise PermanentFailure(f"The office does not come to rest: {left} pieces of work are left.")
        time.sleep(0.2)
