"""`paraf bench pages`: pages of a real api over ten years of cases, asked for at a steady pace.

Requests leave at their moment whether or not the one before has come back, and each is measured from that moment:
an api that falls behind shows it. CPU (api and PostgreSQL) tells a slow page from a busy machine. The rest of the
office stands still, so that two cores serve the pages alone.
"""

from __future__ import annotations

import http.client
import itertools
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import local
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import psycopg
from sqlalchemy.engine import make_url

from models.rules.errors import PermanentFailure
from ops.benchmarks.applicants import signed_in
from ops.benchmarks.filling import FIRSTS, LASTS, fill
from ops.benchmarks.machine import cpu_seconds, office_pids
from ops.benchmarks.script import Tell
from ops.home import passing_home
from ops.office import LocalOffice
from ops.page_weight import page_weight
from ops.processes import Program
from ops.seed import demo_password

CASES = 500_000
RATE = 20.0
"""Requests a second."""

SECONDS = 60
VERIFY_SECONDS = 15
LINES = 24
WARM_UP = 3
_NAMES = (LASTS[9], FIRSTS[0], "sari", "tidakada", f"{FIRSTS[2]} {LASTS[20]}", "qx", *LASTS[30:])
"""Rare and frequent ones, some that nobody has, and one that no index of groups of three letters leads to."""

_DESKS = ("loket", "blanko", "muda", "kepala")


class ApiAlone(LocalOffice):
    """A local office of which only servers and api run."""

    def programs(self) -> list[Program]:
        """The api."""
        return [one for one in super().programs() if one.name == "api"]


@dataclass(frozen=True, slots=True)
class Page:
    """A page that is measured: who asks, and addresses of the same kind to take in turn."""

    name: str
    who: str
    paths: Sequence[str]


def run(cases: int = CASES, tell: Tell = lambda _: None) -> dict[str, Any]:
    """Figures by the names of the benchmark's table; raises PermanentFailure when a page is refused."""
    with passing_home() as home, ApiAlone(home, 8400, flower=False, tell=tell) as office:
        url = _superuser(office)
        counts = fill(url, cases, tell)
        pages, tokens = _pages(url, cases), _tokens(url)
        headers = {who: signed_in(office.base_url, who, demo_password(who)) for who in _DESKS} | {"": {}}
        tell(f"{len(pages)} kinds of pages, {RATE} requests a second, {SECONDS} seconds")
        _ask(office.base_url, pages, headers, WARM_UP * len(pages))
        before, count = cpu_seconds(office_pids()), int(SECONDS * RATE)
        taken = _ask(office.base_url, pages, headers, count)
        spent = cpu_seconds(office_pids()) - before
        tell("verification pages")
        letters = [Page("verify", "", [f"/v/{token}" for token in tokens])]
        _ask(office.base_url, letters, headers, WARM_UP)
        verify = _ask(office.base_url, letters, headers, int(VERIFY_SECONDS * RATE))
        return {
            **counts,
            "requests_per_second": RATE,
            "cpu_ms_per_request": round(spent / count * 1000, 1),
            "p95_ms": {name: _p95(found) for name, found in taken.items()},
            "verify_p95_ms": _p95(verify["verify"]),
            "page_gz_kb": _weights(office.base_url, [*pages, *letters], headers),
        }


def _superuser(office: LocalOffice) -> str:
    """The superuser's address of the office's own database."""
    database = make_url(office.servers.database_url_owner).database
    url = make_url(office.servers.database_url_superuser).set(database=database, drivername="postgresql")
    return url.render_as_string(hide_password=False)


def _pages(url: str, cases: int) -> list[Page]:
    with psycopg.connect(url) as connection:
        ids = [row[0] for row in connection.execute("SELECT id FROM application ORDER BY id DESC LIMIT 40")]
        numbers = [
            row[0] for row in connection.execute("SELECT number FROM register_entry ORDER BY assigned_at LIMIT 40")
        ]
        years = [row[0] for row in connection.execute("SELECT DISTINCT year FROM number_series ORDER BY year")]
    words = [
        *LASTS[:20],
        *(f"{first} {last}" for first, last in zip(FIRSTS, LASTS, strict=False)),
        *FIRSTS[:10],
        "tidakada",
    ]
    tails = [f"{tail:04}" for tail in range(17, cases, max(cases // 40, 1))][:40]
    return [
        Page("inbox", "loket", ["/kotak", "/kotak?tahap=verifying", "/kotak?hal=3"]),
        Page("inbox_whole_office", "muda", ["/kotak?lingkup=semua", "/kotak?lingkup=semua&tahap=awaiting_paraf"]),
        Page("inbox_by_name", "loket", [f"/kotak?lingkup=semua&nama={quote(word)}" for word in LASTS[:20]]),
        Page("search_name", "loket", [f"/cari?q={quote(word)}" for word in words]),
        Page("search_number", "loket", [f"/cari?q={quote(number)}" for number in numbers]),
        Page("search_nik_tail", "loket", [f"/cari?q={tail[-4:]}" for tail in tails]),
        Page("case", "loket", [f"/permohonan/{case_id}" for case_id in ids]),
        Page("register", "blanko", [f"/register?tahun={year}" for year in years]),
        Page("register_all_columns", "blanko", [f"/register?tahun={year}&kolom=semua" for year in years]),
        Page(
            "register_by_name",
            "blanko",
            [f"/register?tahun={year}&nama={quote(word)}" for year, word in zip(years, _NAMES, strict=False)],
        ),
        Page("numbers", "blanko", ["/nomor"]),
        Page("dashboard", "kepala", ["/dasbor"]),
    ]


def _tokens(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute("SELECT token FROM licence TABLESAMPLE SYSTEM (1) LIMIT 300")]


def _ask(
    base_url: str, pages: Sequence[Page], headers: Mapping[str, Mapping[str, str]], count: int
) -> dict[str, list[float]]:
    """Seconds of each answer by page, taken in turn at the pace; raises PermanentFailure for a refusal."""
    addresses = {page.name: itertools.cycle(page.paths) for page in pages}
    asked = [(page, next(addresses[page.name])) for page in itertools.islice(itertools.cycle(pages), count)]
    fetch, began = _fetcher(base_url), time.monotonic() + 0.2

    def in_turn(place: int) -> tuple[str, float]:
        page, path = asked[place]
        due = began + place / RATE
        time.sleep(max(0.0, due - time.monotonic()))
        fetch(path, headers[page.who])
        return page.name, time.monotonic() - due

    found: dict[str, list[float]] = defaultdict(list)
    with ThreadPoolExecutor(LINES) as pool:
        for name, seconds in pool.map(in_turn, range(count)):
            found[name].append(seconds)
    return found


def _fetcher(base_url: str) -> Callable[[str, Mapping[str, str]], None]:
    """GETs a page on a kept connection of the calling thread's own."""
    mine, place = local(), urlsplit(base_url).netloc

    def fetch(path: str, headers: Mapping[str, str]) -> None:
        if not hasattr(mine, "line"):
            mine.line = http.client.HTTPConnection(place, timeout=60)
        mine.line.request("GET", path, headers={"Accept": "text/html", "Accept-Encoding": "gzip", **headers})
        answer = mine.line.getresponse()
        body = answer.read()
        if answer.status != http.client.OK:
            raise PermanentFailure(f"{path} answered {answer.status}: {body[:200]!r}")

    return fetch


def _p95(seconds: Sequence[float]) -> float:
    ordered = sorted(seconds)
    return round(ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))] * 1000, 1)


def _weights(base_url: str, pages: Sequence[Page], headers: Mapping[str, Mapping[str, str]]) -> dict[str, float]:
    """Of a first visit: the page, its style sheets, scripts and fonts, compressed."""
    return dict(_weighed(base_url, pages, headers))


def _weighed(
    base_url: str, pages: Sequence[Page], headers: Mapping[str, Mapping[str, str]]
) -> Iterator[tuple[str, float]]:
    for page in pages:
        with httpx.Client(base_url=base_url, headers=dict(headers[page.who]), timeout=60) as client:
            yield page.name, round(sum(page_weight(client, page.paths[0]).values()) / 1024, 1)
