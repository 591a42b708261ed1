"""A real browser over the back office: void a number by keyboard, print, order the book, search with one key."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from sqlmodel import select

from models.db import Database
from models.services.concept_prints import ConceptDesk, make_print
from models.services.figures import count_months
from models.services.register_book import BookBinder, make_book
from models.services.void import void_number
from models.tables.backoffice import ConceptPrint, RegisterBook
from tests.api.counter import Counter, give_passwords, password_of
from tests.api.pages.backoffice import PlainRegisterPress, StampPress
from tests.cases import an_application
from tests.chromium import IN_A_BROWSER, LISTEN, serving
from tests.conftest import Database as Urls
from tests.factories import Office, an_office

WIDTHS = (320, 360, 1280)
PICTURES = os.environ.get("PARAF_PICTURES", "")
"""A folder for screenshots, for who wants to look."""

pytestmark = IN_A_BROWSER


@dataclass
class Served:
    """The office, its cases, and where its pages are."""

    office: Office
    address: str
    ready: UUID
    drafted: UUID


@pytest.fixture(scope="module")
def served(new_database: Callable[[], Urls]) -> Iterator[Served]:
    office = an_office(Database(new_database().app_url))
    give_passwords(office)
    for name in ("Melur Andrasari", "Raka Bintaro Sudiarja", "Siti Nurhalmah Panjaitan-Kusumawardhani"):
        an_application(office, "closed", name=name, phone="081234567890")
    void_number(
        office.db,
        office.clock,
        office.actor("blanko"),
        an_application(office, "ready"),
        "Nama tempat kerja salah tulis",
    )
    an_application(office, "returned")
    ready, drafted = an_application(office, "ready", name="Dodi Erlambang"), an_application(office, "awaiting_paraf")
    count_months(office.db, office.clock, office.calendar)
    with serving(lambda _: Counter(office).app) as address:
        yield Served(office, address, ready, drafted)
    office.db.dispose()


@pytest.fixture
def opened(browser: Browser, served: Served) -> Iterator[Callable[..., Page]]:
    contexts = []

    def open_page(username: str, path: str, width: int = 1280, **options: Any) -> Page:
        context = browser.new_context(
            base_url=served.address, viewport={"width": width, "height": 800}, accept_downloads=True, **options
        )
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        page.add_init_script(LISTEN)
        page.goto(f"/masuk?lanjut={path.replace('?', '%3F').replace('&', '%26')}")
        page.fill("#f-username", username)
        page.fill("#f-password", password_of(username))
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


PAGES = {
    "nomor": ("blanko", "/nomor?tanggal=2026-03-02"),
    "register": ("blanko", "/register?tahun=2026"),
    "register-semua": ("blanko", "/register?tahun=2026&kolom=semua"),
    "register-kosong": ("blanko", "/register?tahun=2026&status=batal&bulan=7"),
    "cari": ("muda", "/cari?q=andra"),
    "cari-kosong": ("muda", "/cari?q=tidakada"),
    "cari-pendek": ("muda", "/cari?q=a"),
    "dasbor": ("kepala", "/dasbor?bulan=2026-03"),
    "dasbor-kosong": ("kepala", "/dasbor?bulan=2025-07"),
    "laporan": ("kepala", "/dasbor/laporan?bulan=2026-03"),
}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_each_page_is_sound_at_each_width(opened: Callable[..., Page], name: str, width: int) -> None:
    sound(opened(*PAGES[name], width), name)


@pytest.mark.parametrize("width", [320, 1280])
def test_a_blanko_and_its_print_are_sound(opened: Callable[..., Page], served: Served, width: int) -> None:
    page = opened("blanko", f"/nomor/blanko/{served.drafted}", width)
    sound(page, "blanko")
    page.click("text=/Cetak( ulang)? KONSEP/")
    page.wait_for_url("**/nomor/cetak/*")
    sound(page, "cetak")
    office = served.office
    with office.db.transaction() as session:
        waiting = session.exec(select(ConceptPrint.id).where(ConceptPrint.sha256 == "")).one()
    make_print(office.db, office.clock, ConceptDesk(office.vault, StampPress()), waiting, 1)
    expect(page.get_by_text("Siap dicetak")).to_be_visible()
    with page.expect_download() as download:
        page.click("text=Buka PDF")
    assert download.value.suggested_filename.startswith("konsep-REG-")


@pytest.mark.parametrize("width", [320, 1280])
def test_the_book_is_ordered_and_comes_by_itself(opened: Callable[..., Page], served: Served, width: int) -> None:
    page = opened("blanko", "/register?tahun=2026", width)
    page.click("text=Siapkan PDF")
    page.wait_for_url("**/register/buku/*")
    sound(page, "buku")
    office = served.office
    with office.db.transaction() as session:
        waiting = session.exec(select(RegisterBook.id).where(RegisterBook.sha256 == "")).one()
    make_book(office.db, office.clock, BookBinder(office.vault, PlainRegisterPress(), office.calendar), waiting, 1)
    expect(page.get_by_text("Siap diunduh")).to_be_visible()
    with page.expect_download() as download:
        page.click("text=Unduh PDF")
    assert download.value.suggested_filename == "register-2026-jilid-1.pdf"


def test_a_number_is_voided_by_keyboard_alone(opened: Callable[..., Page], served: Served) -> None:
    page = opened("blanko", f"/nomor/batal/{served.ready}", 360)
    sound(page, "batal")
    page.focus("text=Ya, batalkan nomor")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Belum dibatalkan")).to_be_visible()
    sound(page, "batal-salah")
    page.focus("#f-alasan")
    page.keyboard.type("Alamat tempat kerja salah tulis")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nomor sudah dibatalkan")).to_be_visible()
    assert served.office.case(served.ready).stage == "amending"


def test_one_key_leads_to_the_search_and_another_through_the_book(opened: Callable[..., Page]) -> None:
    page = opened("blanko", "/register?tahun=2026")
    page.keyboard.press("/")
    page.keyboard.type("melur")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/cari\?q=melur"))
    expect(page.get_by_text("1 yang cocok.")).to_be_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement !== document.body")


def test_all_works_without_scripts(opened: Callable[..., Page]) -> None:
    page = opened("blanko", "/nomor?tanggal=2026-03-02", 360, java_script_enabled=False)
    page.click("text=/Cetak( ulang)? KONSEP/ >> nth=0")
    page.wait_for_url("**/nomor/cetak/*")
    page.click("text=Muat ulang")
    expect(page.get_by_text("Sedang disiapkan")).to_be_visible()
    page.goto("/register?tahun=2026")
    with page.expect_download() as download:
        page.click("text=Unduh CSV")
    assert download.value.suggested_filename == "register-2026.csv"


def test_the_report_fits_one_sheet(opened: Callable[..., Page]) -> None:
    page = opened("kepala", "/dasbor/laporan?bulan=2026-03")
    page.emulate_media(media="print")
    printed = page.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
