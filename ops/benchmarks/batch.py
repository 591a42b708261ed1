"""`paraf bench batch`: a thousand rows with three-file berkas through the real office, the counter open beside them.

Three parts of one office. Accepted: from the first byte of the zip to the 202. Verdicts: until the machine has judged
the last row, while an officer hands in applications at the counter one after the other. Licences: scripted people act
at once until every row is issued; the rate counts from the first byte. Memory is the counter's and the batch worker's,
with 100 rows and with 10,000, each sent and worked on for a while.
"""

from __future__ import annotations

import http.client
import json
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from csv import DictWriter
from io import StringIO
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

from sqlmodel import col, func, select

from models.rules.errors import InvalidInput, PermanentFailure
from models.rules.numbering import jakarta_date
from models.tables.batch import BatchRow
from models.tables.cases import Application, CompletenessCheck
from models.tables.letters import Licence
from ops.benchmarks.applicants import Line, signed_in
from ops.benchmarks.berkas import Berkas, varied
from ops.benchmarks.script import Script, Tell
from ops.home import passing_home
from ops.memory import family, memory
from ops.office import LocalOffice
from ops.samples.berkas import paint_berkas
from ops.samples.people import applicant, holder_data
from ops.seed import demo_password

THREE: Final = ("surat_permohonan", "ktp", "pas_foto")
PAINTED: Final = 12
AT_COUNTER: Final = 40
LONGEST_SECONDS: Final = 3600.0
MEMORY_SECONDS: Final = 15.0
FEW, MANY = 100, 10_000
WHY: Final = "Sudah diserahkan langsung di loket."


def run(rows: int = 1000, tell: Tell = lambda _: None) -> dict[str, Any]:
    """Figures by the names of the benchmark's table; raises PermanentFailure when the office stands still."""
    with passing_home() as home, LocalOffice(home, 8400, flower_port=5855, tell=tell) as office:
        script = Script.for_office(office)
        on = jakarta_date(script.clock.now())
        tell(f"painting {PAINTED} berkas")
        berkas = [paint_berkas(applicant(seed, on=on), THREE, on=on) for seed in range(PAINTED)]
        headers = signed_in(office.base_url, "operator", demo_password("operator"))
        _warm_up(office, script, headers, berkas)
        figures = _thousand(office, script, headers, berkas, rows, tell)
        held = {f"rss_mb_{count}": _held(office, headers, berkas, count, tell) for count in (FEW, MANY)}
    return {"rows": rows, **figures, **held}


def _thousand(
    office: LocalOffice, script: Script, headers: Mapping[str, str], berkas: Sequence[Berkas], rows: int, tell: Tell
) -> dict[str, Any]:
    with _zip(range(10_000, 10_000 + rows), berkas) as file:
        size = file.stat().st_size
        tell(f"sending {rows} rows, {size / 1e6:.0f} MB")
        began = time.monotonic()
        batch_id = send(office.base_url, headers, file)
        accepted = time.monotonic() - began
    tell(f"accepted after {accepted:.2f} s")
    over, waits = threading.Event(), list[float]()
    counter = threading.Thread(target=_at_counter, args=(office, script, berkas, over, waits), daemon=True)
    counter.start()
    _until(lambda: _judged(script, batch_id) >= rows, script)
    judged = time.monotonic() - began
    tell(f"every row has its verdict after {judged:.0f} s")
    _issue(script, batch_id, rows)
    issued = time.monotonic() - began
    over.set()
    counter.join()
    return {
        "megabytes": round(size / 1e6, 1),
        "accepted_s": round(accepted, 2),
        "verdicts_per_second": round(rows / judged, 2),
        "licences_per_second": round(rows / issued, 2),
        "counter_p95_s": _quantile(waits, 0.95),
        "counter_applications": len(waits),
        "seconds": round(issued, 1),
    }


def _warm_up(office: LocalOffice, script: Script, headers: Mapping[str, str], berkas: Sequence[Berkas]) -> None:
    with _zip(range(8), berkas) as file:
        batch_id = send(office.base_url, headers, file)
    _until(lambda: _judged(script, batch_id) >= 8, script)
    _issue(script, batch_id, 8)


@contextmanager
def _zip(serials: range, berkas: Sequence[Berkas]) -> Iterator[Path]:
    """A zip of these rows, each with files of its own bytes."""
    head = ("key", *holder_data(applicant(1)), *THREE)
    text = StringIO()
    writer = DictWriter(text, head)
    writer.writeheader()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "batch.zip"
        with zipfile.ZipFile(place, "w", zipfile.ZIP_STORED) as archive:
            for serial in serials:
                files = varied(berkas[serial % len(berkas)], serial)
                names = {code: f"{serial}/{file.name}" for code, file in files.items()}
                for code, file in files.items():
                    archive.writestr(names[code], file.data)
                holder = {name: value or "" for name, value in holder_data(applicant(serial)).items()}
                writer.writerow({"key": f"RS-{serial}", **holder, **names})
            archive.writestr("manifest.csv", text.getvalue())
        yield place


def send(base_url: str, headers: Mapping[str, str], file: Path) -> str:
    """POST a batch as a stream; returns its id. Raises PermanentFailure for a refusal."""
    connection = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=300, blocksize=256 * 1024)
    own = {
        "Idempotency-Key": str(uuid4()),
        "Content-Type": "application/zip",
        "Content-Length": str(file.stat().st_size),
    }
    with file.open("rb") as body:
        connection.request("POST", f"/v1/batches?licence=SIKRO&name={file.name}", body, {**headers, **own})
        answer = connection.getresponse()
        content = answer.read()
    connection.close()
    if answer.status != http.client.ACCEPTED:
        raise PermanentFailure(f"The batch was answered with {answer.status}: {content[:300]!r}")
    return str(json.loads(content)["id"])


def _judged(script: Script, batch_id: str) -> int:
    with script.db.transaction() as session:
        return session.exec(
            select(func.count())
            .select_from(BatchRow)
            .join(CompletenessCheck, col(CompletenessCheck.application_id) == col(BatchRow.application_id))
            .where(BatchRow.batch_id == batch_id)
        ).one()


def _until(done: Any, script: Script) -> None:
    deadline = time.monotonic() + LONGEST_SECONDS
    while not done():
        if reasons := script.set_aside():
            raise PermanentFailure(f"A case was set aside: {reasons[0]}")
        if time.monotonic() > deadline:
            raise PermanentFailure("The batch stands still.")
        time.sleep(0.25)


def _issue(script: Script, batch_id: str, rows: int) -> None:
    """People act at once, on whatever waits, until every row has its licence."""
    overrides: dict[str, str] = {}

    def done() -> bool:
        try:
            script.act(overrides)
        except InvalidInput as error:
            # What is missing is the same for all: three files are not the whole list of requirements.
            overrides.update({fault.pointer.removeprefix("/overrides/"): WHY for fault in error.faults})
        return _issued(script, batch_id) >= rows

    _until(done, script)


def _issued(script: Script, batch_id: str) -> int:
    with script.db.transaction() as session:
        return session.exec(
            select(func.count())
            .select_from(BatchRow)
            .join(Licence, col(Licence.application_id) == col(BatchRow.application_id))
            .where(BatchRow.batch_id == batch_id, Licence.sha256 != "")
        ).one()


def _at_counter(
    office: LocalOffice, script: Script, berkas: Sequence[Berkas], over: threading.Event, waits: list[float]
) -> None:
    """An officer hands in one application after the other; `waits` get the seconds from submission to verdict."""
    headers = signed_in(office.base_url, "loket", demo_password("loket"))
    on = jakarta_date(script.clock.now())
    for serial in range(900_000, 900_000 + AT_COUNTER):
        if over.is_set():
            return
        with Line(office.base_url, headers) as line:
            case_id = line.hand_in(serial, varied(berkas[serial % len(berkas)], serial), on)
        while (waited := _waited(script, case_id)) is None and not over.wait(0.2):
            pass
        if waited is not None:
            waits.append(waited)
        over.wait(1.0)


def _waited(script: Script, case_id: str) -> float | None:
    with script.db.transaction() as session:
        found = session.exec(
            select(Application.submitted_at, CompletenessCheck.made_at)
            .join(CompletenessCheck, col(CompletenessCheck.application_id) == col(Application.id))
            .where(Application.id == case_id)
        ).first()
    return (found[1] - found[0]).total_seconds() if found and found[0] else None


def _held(office: LocalOffice, headers: Mapping[str, str], berkas: Sequence[Berkas], count: int, tell: Tell) -> float:
    """The most that the counter and the batch worker held while so many rows came in and were worked on, in MiB."""
    tell(f"memory with {count} rows")
    small = [{code: file for code, file in one.items() if code == "ktp"} for one in berkas]
    start = 100_000 * (1 if count == FEW else 2)
    with _zip_small(range(start, start + count), small) as file, _Watch(office) as watch:
        batch_id = send(office.base_url, headers, file)
        time.sleep(MEMORY_SECONDS)
    with Line(office.base_url, headers) as line:
        line.ask("DELETE", f"/v1/batches/{batch_id}", b"", {"If-Match": '"2"'})
    return round(watch.most, 1)


@contextmanager
def _zip_small(serials: range, berkas: Sequence[Berkas]) -> Iterator[Path]:
    """Rows with three small files each: what counts here is how many there are."""
    tiny = {code: next(iter(berkas[0].values())) for code in THREE}
    files = {
        code: type(file)(f"{code}.jpg", file.media_type, file.data[:900], file.fields) for code, file in tiny.items()
    }
    with _zip(serials, [files]) as place:
        yield place


class _Watch:
    """Looks at the resident memory of the counter and the batch worker while it is open."""

    def __init__(self, office: LocalOffice) -> None:
        self._office, self._over = office, threading.Event()
        self.most = 0.0
        self._thread = threading.Thread(target=self._look, name="memory", daemon=True)

    def __enter__(self) -> _Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.2):
            roots = self._office.supervisor.pids()
            pids = [pid for name in ("api", "mail") for pid in family(roots[name])]
            self.most = max(self.most, memory(pids).resident)


def _quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values) or [float("nan")]
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2)
