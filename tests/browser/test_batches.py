"""A real browser over batches and the operators' room: sent, judged, run, followed, on a phone and on a desk."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from models.db import Database
from models.services.heartbeat import beat
from models.services.machine import set_aside
from tests.api.counter import Counter, give_passwords, password_of
from tests.batch_files import as_csv, as_zip, cells, files_of
from tests.cases import an_application
from tests.chromium import IN_A_BROWSER, LISTEN, serving
from tests.conftest import Database as Urls
from tests.factories import Office, an_office
from tests.models.services.batches import Batches

PICTURES = os.environ.get("PARAF_PICTURES", "")
"""A folder for screenshots, for who wants to look."""

pytestmark = IN_A_BROWSER


@dataclass
class Served:
    """The office, its counter, and where its pages are."""

    office: Office
    counter: Counter
    address: str


@pytest.fixture(scope="module")
def served(new_database: Callable[[], Urls]) -> Iterator[Served]:
    office = an_office(Database(new_database().app_url))
    give_passwords(office)
    an_application(office, "checking")
    set_aside(office.db, office.clock, office.due()[0], "permanent: the stored file is damaged")
    for name in ("relay", "sweep", "canary.intake", "canary.letters", "backup"):
        beat(office.db, office.clock, name)
    counter = Counter(office)
    with serving(lambda _: counter.app) as address:
        yield Served(office, counter, address)
    office.db.dispose()


@pytest.fixture
def opened(browser: Browser, served: Served) -> Iterator[Callable[..., Page]]:
    contexts = []

    def open_page(path: str, width: int, scripts: bool = True) -> Page:
        context = browser.new_context(
            base_url=served.address, viewport={"width": width, "height": 800}, java_script_enabled=scripts
        )
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        page.add_init_script(LISTEN)
        page.goto(f"/masuk?lanjut={path}")
        page.fill("#f-username", "operator")
        page.fill("#f-password", password_of("operator"))
        page.press("#f-password", "Enter")
        page.wait_for_url(f"**{path}")
        return page

    yield open_page
    for context in contexts:
        context.close()


def sound(page: Page, name: str) -> None:
    """Nothing for axe, no report of the policy, nothing wider than the screen."""
    width = page.viewport_size["width"] if page.viewport_size else 0
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}-{width}.png", full_page=True)
    found = Axe().run(page).response["violations"]
    assert [(item["id"], [node["target"] for node in item["nodes"]]) for item in found] == [], name
    assert page.evaluate("reports") == []
    assert page.evaluate("document.documentElement.scrollWidth") == width, name


def a_file(*seeds: int) -> bytes:
    """Rows of which the last has a wrong NIK."""
    rows = [cells(seed) for seed in seeds[:-1]] + [cells(seeds[-1], nik="147101", birth_date="kemarin")]
    return as_zip({"manifest.csv": as_csv(rows), **files_of(*seeds)})


@pytest.mark.parametrize("width", [360, 1280])
def test_a_batch_is_sent_judged_run_and_followed(opened: Callable[..., Page], served: Served, width: int) -> None:
    page = opened("/batch", width)
    sound(page, "batch-kosong")
    page.set_input_files(
        "#f-file", {"name": "rs.zip", "mimeType": "application/zip", "buffer": a_file(*range(width, width + 4))}
    )
    page.click("text=Periksa kiriman")
    expect(page.locator("h1")).to_contain_text("belum dijalankan")
    sound(page, "batch-diperiksa")
    page.click("text=Jalankan 3 baris")
    expect(page.locator("h1")).to_contain_text("Berjalan")
    Batches(served.office, cipher=served.counter.app.state.office.answer_cipher).take_all()
    expect(page.locator("#kemajuan")).to_contain_text("Pemeriksaan sistem")
    sound(page, "batch-berjalan")


def test_without_scripts_it_is_the_same(opened: Callable[..., Page]) -> None:
    page = opened("/batch", 1280, scripts=False)
    page.set_input_files("#f-file", {"name": "rs.zip", "mimeType": "application/zip", "buffer": a_file(81, 82)})
    page.click("text=Periksa kiriman")
    page.click("text=Jalankan 1 baris")
    page.click("button:has-text('Jeda')")
    expect(page.locator("h1")).to_contain_text("Dijeda")


@pytest.mark.parametrize("width", [360, 1280])
def test_the_operators_room_is_sound(opened: Callable[..., Page], width: int) -> None:
    page = opened("/ops", width)
    expect(page.locator("main")).to_contain_text("the stored file is damaged")
    sound(page, "ops")
    page.click("#disisihkan ~ .pf-table-wrap a")
    sound(page, "ops-ulang")
