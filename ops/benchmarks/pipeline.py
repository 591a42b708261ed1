"""`paraf bench pipeline`: licences a second end to end through the real office, and what the machine spends on one.

People act at once, by script. The berkas is small, since the inspection of large ones is measured by `bench intake`;
everything else is real: outbox, relay, broker, workers, five signatures, lint, store and read back.
"""

from __future__ import annotations

import time
from typing import Any

from models.rules.errors import PermanentFailure
from models.rules.numbering import jakarta_date
from ops.benchmarks.floor import floor_ms
from ops.benchmarks.machine import cpu_seconds, office_pids
from ops.benchmarks.script import Script, Tell
from ops.home import passing_home
from ops.memory import memory
from ops.office import LocalOffice
from ops.samples.berkas import KINDS, SampleFile, paint_berkas
from ops.samples.people import applicant

WARM_UP = 8
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
        cases = [script.prepare(100 + seed, berkas) for seed in range(licences)]
        tell(f"{licences} drafts ready, the clock runs")
        cpu, began = cpu_seconds(office_pids()), time.monotonic()
        _through(script, cases)
        seconds, spent = time.monotonic() - began, cpu_seconds(office_pids()) - cpu
        held = memory(office_pids())
    tell("measuring the floor")
    floor = floor_ms()
    return {
        "licences": licences,
        "seconds": round(seconds, 1),
        "licences_per_second": round(licences / seconds, 2),
        "cpu_ms_per_licence": round(spent / licences * 1000, 1),
        "floor_ms": round(floor, 1),
        "cpu_over_floor": round(spent / licences * 1000 / floor, 2),
        "resident_mb": round(held.proportional),
        "resident_sum_mb": round(held.resident),
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
        time.sleep(0.05)
