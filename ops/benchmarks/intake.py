"""`paraf bench intake`: berkas of seven files uploaded over HTTP, inspected and judged, as on a rush day.

Three runs of one office. Offered: applications come at the bar's rate, each waits for its verdict. Flood: as many as
the office takes. Counter: an officer's own applications, first alone, then while a bulk sender's batch is worked off.
The people run in this process, on the same cores; the office's CPU is counted apart from theirs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import partial
from threading import local
from typing import Any

from sqlmodel import col, func, select

from models.queues import Queue
from models.rules.errors import PermanentFailure
from models.rules.numbering import jakarta_date
from models.services import draft, submit
from models.services.inputs import HolderInput
from models.tables.cases import Application, CompletenessCheck
from ops.benchmarks.applicants import Line, signed_in
from ops.benchmarks.berkas import Berkas, mean_bytes, painted, varied
from ops.benchmarks.script import Script, Tell, holder_input
from ops.benchmarks.shares import Cages, cpu_by_part, resident_mb
from ops.home import passing_home
from ops.office import LocalOffice
from ops.seed import demo_password

RATE = 3.5
"""Applications a second: 12,000 in the peak hour of a day of 67,000."""

HANDS = {Queue.INTAKE: 2}
"""As docker-compose.yml has it: one child alone waits for its cage while a core has nothing to do."""
PAINTED = 24
WARM_UP = 6
LINES = 12
BATCH = 120
AT_COUNTER = 25
LONGEST_SECONDS = 1200.0


@dataclass(slots=True)
class _Rush:
    """One office under load. Serial numbers make every application's files and person its own."""

    office: LocalOffice
    script: Script
    berkas: Sequence[Berkas]
    on: date
    serial: int = 0

    def taken(self, count: int) -> range:
        start, self.serial = self.serial, self.serial + count
        return range(start, self.serial)

    def files(self, serial: int) -> Berkas:
        return varied(self.berkas[serial % len(self.berkas)], serial)

    def judged(self) -> int:
        with self.script.db.transaction() as session:
            return session.exec(select(func.count()).select_from(CompletenessCheck)).one()

    def wait_for(self, judged: int) -> None:
        deadline = time.monotonic() + LONGEST_SECONDS
        while self.judged() < judged:
            if reasons := self.script.set_aside():
                raise PermanentFailure(f"A case was set aside: {reasons[0]}")
            if time.monotonic() > deadline:
                raise PermanentFailure("The verdicts do not come.")
            time.sleep(0.25)

    def verdict_seconds(self, channel: str, since: int) -> list[float]:
        """From submission to verdict, of the channel's cases after the first `since` of them."""
        with self.script.db.transaction() as session:
            rows = session.exec(
                select(Application.submitted_at, CompletenessCheck.made_at)
                .join(CompletenessCheck, col(CompletenessCheck.application_id) == col(Application.id))
                .where(Application.channel == channel)
                .order_by(col(Application.submitted_at))
            ).all()
        return [(made - submitted).total_seconds() for submitted, made in rows if submitted][since:]


def run(applications: int = 1000, tell: Tell = lambda _: None) -> dict[str, Any]:
    """Figures by the names of the benchmark's table; raises PermanentFailure when the office stands still."""
    with passing_home() as home, LocalOffice(home, 8300, flower_port=5655, hands=HANDS, tell=tell) as office:
        script = Script.for_office(office)
        on = jakarta_date(script.clock.now())
        tell(f"painting {PAINTED} berkas")
        rush = _Rush(office, script, painted(PAINTED, on), on)
        _warm_up(rush)
        started_with = resident_mb(office, "api")
        offered = _offered(rush, applications, tell)
        flood = _flood(rush, applications, tell)
        ended_with = resident_mb(office, "api")
        counter = _counter(rush, tell)
    return {
        "applications": applications,
        "megabytes_each": round(mean_bytes(rush.berkas) / 1e6, 2),
        **flood,
        **offered,
        **counter,
        "api_rss_mb_start": started_with,
        "api_rss_mb_end": ended_with,
    }


def _warm_up(rush: _Rush) -> None:
    before = rush.judged()
    with ThreadPoolExecutor(LINES) as pool:
        list(pool.map(_applicant(rush), rush.taken(WARM_UP)))
    rush.wait_for(before + WARM_UP)


def _applicant(rush: _Rush) -> Callable[[int], str]:
    """Hands in the application of a serial number, on a line of the calling thread's own."""
    mine = local()

    def hand_in(serial: int) -> str:
        if not hasattr(mine, "line"):
            mine.line = Line(rush.office.base_url)
        return str(mine.line.hand_in(serial, rush.files(serial), rush.on))

    return hand_in


def _offered(rush: _Rush, count: int, tell: Tell) -> dict[str, Any]:
    """One application every 1/RATE seconds, whether or not the office keeps up."""
    tell(f"offering {count} applications at {RATE} a second")
    done, before = rush.judged(), len(rush.verdict_seconds("online", 0))
    began = time.monotonic()
    hand_in = _applicant(rush)

    def in_turn(place: int, serial: int) -> None:
        time.sleep(max(0.0, began + place / RATE - time.monotonic()))
        hand_in(serial)

    with ThreadPoolExecutor(LINES) as pool:
        list(pool.map(in_turn, range(count), rush.taken(count)))
    rush.wait_for(done + count)
    seconds = time.monotonic() - began
    waits = rush.verdict_seconds("online", before)
    return {
        "offered_per_second": RATE,
        "offered_done_per_second": round(count / seconds, 2),
        "verdict_p50_s": _quantile(waits, 0.5),
        "verdict_p95_s": _quantile(waits, 0.95),
    }


def _flood(rush: _Rush, count: int, tell: Tell) -> dict[str, Any]:
    """As many as twelve busy lines bring, until the last has its verdict."""
    tell(f"{count} applications as fast as the office takes them")
    done = rush.judged()
    with Cages(rush.office) as cages:
        cpu, own, began = cpu_by_part(rush.office, cages), time.process_time(), time.monotonic()
        with ThreadPoolExecutor(LINES) as pool:
            list(pool.map(_applicant(rush), rush.taken(count)))
        rush.wait_for(done + count)
        seconds, own = time.monotonic() - began, time.process_time() - own
        spent = {part: value - cpu.get(part, 0.0) for part, value in cpu_by_part(rush.office, cages).items()}
    each = {part: round(value / count * 1000, 1) for part, value in spent.items()}
    verdict = sum(value for part, value in each.items() if part not in AFTER_THE_VERDICT)
    return {
        "applications_per_second": round(count / seconds, 2),
        "cpu_ms_per_application": round(verdict, 1),
        "cpu_ms_by_part": each,
        "cpu_ms_of_the_people": round(own / count * 1000, 1),
    }


AFTER_THE_VERDICT = ("archive", "mail", "letters", "page pictures")
"""What an application costs besides its verdict: page pictures, messages, receipts. They wait for idle cores."""


def _counter(rush: _Rush, tell: Tell) -> dict[str, Any]:
    headers = signed_in(rush.office.base_url, "loket", demo_password("loket"))
    tell("an officer at the counter, alone")
    alone = _at_counter(rush, headers)
    tell(f"the same while a batch of {BATCH} is worked off")
    _send_batch(rush)
    began = rush.judged()
    with_batch = _at_counter(rush, headers)
    left = BATCH - (rush.judged() - began - len(with_batch))
    if left <= 0:
        raise PermanentFailure("The batch was done before the counter was: nothing was compared.")
    return {
        "counter_p95_s_alone": _quantile(alone, 0.95),
        "counter_p95_s_with_batch": _quantile(with_batch, 0.95),
        "batch_left_at_the_end": left,
    }


def _at_counter(rush: _Rush, headers: dict[str, str]) -> list[float]:
    before = len(rush.verdict_seconds("counter", 0))
    with Line(rush.office.base_url, headers) as line:
        for serial in rush.taken(AT_COUNTER):
            line.hand_in(serial, rush.files(serial), rush.on)
            _wait_counter(rush, before := before + 1)
    return rush.verdict_seconds("counter", before - AT_COUNTER)


def _wait_counter(rush: _Rush, count: int) -> None:
    deadline = time.monotonic() + LONGEST_SECONDS
    while len(rush.verdict_seconds("counter", 0)) < count:
        if time.monotonic() > deadline:
            raise PermanentFailure("The counter's verdict does not come.")
        time.sleep(0.1)


def _send_batch(rush: _Rush) -> None:
    """A bulk sender's applications, all handed in within a few seconds."""
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(partial(_batch_application, rush), rush.taken(BATCH)))


def _batch_application(rush: _Rush, serial: int) -> None:
    one = rush.script
    who = one.people["pemohon"]
    opened = draft.open_draft(one.db, one.clock, who, "SIKRO", "baru", "batch")
    data = HolderInput.model_validate(holder_input(serial, one.clock))
    draft.describe(one.db, one.clock, one.cipher, who, opened.application_id, data)
    for code, file in rush.files(serial).items():
        upload = draft.Upload(code, file.name, file.media_type, one.vault.put(file.data), file.fields)
        draft.attach(one.db, one.clock, who, opened.application_id, upload)
    submit.submit(one.db, one.clock, one.calendar, who, opened.application_id)


def _quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2)
