"""`make screens`: every page of a real office in a real browser at three widths, to be looked at.

It opens a passing office with a case on every desk and writes PNGs into the folder that is named, `var/screens` else.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from models.rules.numbering import jakarta_date
from ops.benchmarks.applicants import signed_in
from ops.demonstration.opening import furnish, sign_in
from ops.home import passing_home
from ops.office import LocalOffice
from ops.seed import demo_password
from tests.chromium import CHROMIUM, SWITCHES
from workers.adapters.clock import SystemClock

WIDTHS = (360, 768, 1280)
HEIGHT = {360: 740, 768: 1024, 1280: 900}
LONGEST = 2400
"""Pixels of a page that are kept: what lies below is more of the same."""

PUBLIC = {
    "beranda": "/",
    "syarat": "/syarat/SIKRO",
    "ajukan": "/ajukan",
    "lacak": "/lacak",
    "verifikasi": "/verifikasi",
    "sop": "/sop",
    "masuk": "/masuk",
}
STAFF: Mapping[str, Mapping[str, str]] = {
    "loket": {"kotak": "/kotak", "loket": "/loket", "serah": "/serah", "cari": "/cari?q=REG/0000", "saya": "/saya"},
    "blanko": {"nomor": "/nomor", "register": "/register", "penutupan": "/register/penutupan"},
    "operator": {"ops": "/ops", "batch": "/batch"},
    "muda": {"tinjau-paraf": "/tinjau"},
    "kepala": {
        "tinjau": "/tinjau",
        "dasbor": "/dasbor",
        "laporan": "/dasbor/laporan",
        "kotak-semua": "/kotak?lingkup=semua",
    },
    "admin": {
        "admin": "/admin",
        "orang": "/admin/orang",
        "hari": "/admin/kalender",
        "mandat": "/admin/mandat",
        "definisi": "/admin/definisi",
        "kunci": "/admin/kunci",
        "jejak": "/admin/audit",
    },
}


def main(folder: Path) -> int:
    """Returns how many pages did not answer 200."""
    folder.mkdir(parents=True, exist_ok=True)
    with passing_home() as home, ExitStack() as open_, LocalOffice(home, 8500, flower=False, tell=tell) as office:
        furnish(sign_in(office.base_url, open_), jakarta_date(SystemClock().now()), tell)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=SWITCHES.split())
            failed = sum(_taken(browser, office.base_url, *one, folder) for one in shots(office.base_url))
            browser.close()
    return failed


def shots(base_url: str) -> Iterator[tuple[dict[str, str], str, str]]:
    """Headers, name and path of every page."""
    for name, path in PUBLIC.items():
        yield {}, name, path
    for who, pages in STAFF.items():
        headers = signed_in(base_url, who, demo_password(who))
        for name, path in {**pages, **_found(base_url, headers, who)}.items():
            yield headers, name, path


def _found(base_url: str, headers: dict[str, str], who: str) -> dict[str, str]:
    """Pages of single cases: one that waits for the front office, one that was handed over, and its verification."""
    if who != "loket":
        return {}
    asked = httpx.get(f"{base_url}/v1/applications", params={"limit": 50}, headers=headers, timeout=30)
    by_stage = {case["stage"]: case["id"] for case in asked.json()["items"]}
    return {f"permohonan-{stage}": f"/permohonan/{case_id}" for stage, case_id in by_stage.items()}


def _taken(browser: Browser, base_url: str, headers: dict[str, str], name: str, path: str, folder: Path) -> bool:
    """Three pictures of one page; True when it did not answer 200."""
    failed = False
    for width in WIDTHS:
        context = browser.new_context(
            viewport={"width": width, "height": HEIGHT[width]}, extra_http_headers=headers, locale="id-ID"
        )
        page = context.new_page()
        answer = page.goto(f"{base_url}{path}")
        failed = failed or answer is None or answer.status != 200
        _shoot(page, folder / f"{name}-{width}.png", width)
        context.close()
    tell(f"{name}: {path}{' did not answer 200' if failed else ''}")
    return failed


def _shoot(page: Page, target: Path, width: int) -> None:
    tall = min(LONGEST, max(HEIGHT[width], int(page.evaluate("document.documentElement.scrollHeight"))))
    # As tall as the page: else what sticks to the screen's edge would lie across the middle.
    page.set_viewport_size({"width": width, "height": tall})
    page.screenshot(path=target)


def tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(1 if main(Path(sys.argv[1] if len(sys.argv) > 1 else "var/screens")) else 0)
