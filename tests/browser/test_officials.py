"""Officials at work in a real browser: three parafs and a pile signed on a phone, by keyboard, and without scripts.

The machines' work is done in between by the services themselves, on the office of fakes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from models.db import Database
from models.ports import PageLook
from tests.api.counter import Counter, give_passwords, password_of
from tests.api.pages.officials import draw
from tests.cases import an_application
from tests.chromium import IN_A_BROWSER, LISTEN, serving
from tests.conftest import Database as Urls
from tests.factories import HEAD, INITIALLERS, an_office, passphrase_of

PHONE = {"width": 390, "height": 844}

pytestmark = IN_A_BROWSER


class PaintedReader:
    """Draws every page as a plain sheet, so that a browser has a picture to show."""

    def look_at_page(self, data: bytes, media_type: str, page: int, widths: Sequence[int]) -> PageLook:
        return PageLook(tuple(_sheet(width) for width in widths), "SURAT CONTOH")


def _sheet(width: int) -> bytes:
    sheet, out = Image.new("RGB", (width, int(width * 1.414)), "#f7f5ee"), BytesIO()
    sheet.paste("#b7cabf", (width // 8, width // 6, width * 7 // 8, width // 5))
    sheet.save(out, "JPEG", quality=60)
    return out.getvalue()


@dataclass
class Site:
    """The office behind an address."""

    counter: Counter
    address: str

    def work(self) -> None:
        self.counter.office.work()
        draw(self.counter.office, PaintedReader())


@pytest.fixture
def site(fresh_database: Urls) -> Iterator[Site]:
    db = Database(fresh_database.app_url)
    office = an_office(db)
    give_passwords(office)
    counter = Counter(office)
    with serving(lambda _: counter.app) as address:
        yield Site(counter, address)
    db.dispose()


Open = Callable[..., Page]


@pytest.fixture
def opened(browser: Browser, site: Site) -> Iterator[Open]:
    contexts = []

    def open_as(username: str, path: str = "/tinjau", viewport: dict[str, int] = PHONE, **options: Any) -> Page:
        context = browser.new_context(viewport=viewport, **options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.add_init_script(LISTEN)
        page.goto(f"{site.address}{path}")
        page.fill("#f-username", username)
        page.fill("#f-password", password_of(username))
        page.press("#f-password", "Enter")
        page.wait_for_url(f"**{path.partition('?')[0]}*")
        return page

    yield open_as
    for context in contexts:
        context.close()


def clean(page: Page) -> None:
    """Nothing for axe, no report of the policy, nothing wider than the screen."""
    found = Axe().run(page).response["violations"]
    assert [(item["id"], [node["target"] for node in item["nodes"]]) for item in found] == []
    assert page.evaluate("reports") == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def give(page: Page, username: str, act: str) -> None:
    """From the pile to the result: two taps and the passphrase."""
    page.click(f"text=Lanjut: {act.lower()} yang dicentang")
    page.fill("#f-passphrase", passphrase_of(username))
    page.click(f".pf-stepup button[type=submit]:has-text('{act}')")
    page.wait_for_url("**/tinjau/tumpukan/*")


def piled(site: Site, stage: str, count: int) -> list[UUID]:
    cases = [an_application(site.counter.office, stage) for _ in range(count)]
    site.work()
    return cases


@pytest.mark.parametrize("scripts", [True, False])
def test_three_parafs_and_a_pile_signed_on_a_phone(site: Site, opened: Open, scripts: bool) -> None:
    office = site.counter.office
    cases = piled(site, "awaiting_paraf", 4)
    for username in (*INITIALLERS, HEAD):
        page = opened(username, java_script_enabled=scripts)
        assert page.locator(".pf-letter img").count() == len(cases)
        if scripts:
            clean(page)
        act = "Tandatangani" if username == HEAD else "Paraf"
        give(page, username, act)
        expect(page.locator("main")).to_contain_text("0 dari 4 surat")
        site.work()
        if scripts:
            page.wait_for_selector("strong:has-text('4 dari 4')")
            clean(page)
        else:
            page.click("text=Muat ulang")
            expect(page.locator("main")).to_contain_text("4 dari 4 surat")
    assert {office.case(case).stage for case in cases} == {"ready"}


def test_thirty_letters_are_signed_in_three_taps(site: Site, opened: Open) -> None:
    cases = piled(site, "awaiting_signature", 30)
    page = opened(HEAD)
    small = page.evaluate(
        """() => [...document.querySelectorAll("main button, main .pf-pick, main .pf-letter__acts a")]
          .map((e) => [e.innerText, e.getBoundingClientRect()])
          .filter(([, box]) => box.height < 43.5 || box.width < 24).map(([text, box]) => text + " " + box.height)"""
    )
    assert small == []
    give(page, HEAD, "Tandatangani")
    site.work()
    page.wait_for_selector("strong:has-text('30 dari 30')")
    assert {site.counter.office.case(case).stage for case in cases} == {"ready"}


def test_a_wrong_passphrase_leaves_everything_and_says_so(site: Site, opened: Open) -> None:
    (case,) = piled(site, "awaiting_signature", 1)
    page = opened(HEAD)
    page.click("text=Lanjut: tandatangani yang dicentang")
    clean(page)
    page.fill("#f-passphrase", "bukan-ini")
    page.press("#f-passphrase", "Enter")
    page.wait_for_selector(".govuk-error-summary")
    clean(page)
    assert "Belum ada yang berubah" in page.inner_text("main")
    assert page.input_value("#f-passphrase") == ""
    assert site.counter.office.case(case).stage == "awaiting_signature"


def test_the_pile_by_keyboard_alone(site: Site, opened: Open) -> None:
    cases = piled(site, "awaiting_paraf", 2)
    page = opened("muda", viewport={"width": 1280, "height": 800})

    def tab_to(selector: str) -> None:
        for _ in range(80):
            page.keyboard.press("Tab")
            if page.evaluate("(s) => document.activeElement.matches(s)", selector):
                return
        raise AssertionError(f"the keyboard does not reach {selector}")

    tab_to(".pf-pick input")
    tab_to("[data-remove]")
    page.keyboard.press("Enter")
    assert page.locator(".pf-pick input:checked").count() == 1
    tab_to(".pf-bulk button")
    page.keyboard.press("Enter")
    page.wait_for_selector("#f-passphrase")
    tab_to("#f-passphrase")
    page.keyboard.type(passphrase_of("muda"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/tinjau/tumpukan/*")
    site.work()
    assert sorted(site.counter.office.case(case).paraf_next for case in cases) == [1, 2]


@pytest.mark.parametrize("width", [320, 1280])
def test_the_other_pages_are_clean_in_their_states(site: Site, opened: Open, width: int) -> None:
    office = site.counter.office
    verifying, amending = an_application(office, "verifying"), an_application(office, "amending")
    paraf, ready = an_application(office, "awaiting_paraf"), an_application(office, "ready")
    site.work()
    paths = {
        "loket": ["/kotak", "/kotak?nama=zzz", "/kotak?lingkup=semua", f"/permohonan/{verifying}", "/saya", "/keluar"],
        "blanko": [f"/permohonan/{amending}", f"/permohonan/{ready}"],
        "muda": ["/kotak", f"/permohonan/{paraf}", f"/permohonan/{paraf}/tunda", f"/permohonan/{paraf}/kembalikan"],
        HEAD: ["/tinjau"],
    }
    for username, addresses in paths.items():
        page = opened(username, addresses[0], {"width": width, "height": 800})
        for address in addresses:
            page.goto(site.address + address)
            clean(page)
    page = opened("loket", f"/permohonan/{verifying}", {"width": width, "height": 800})
    page.click("text=Lengkap, lanjutkan")
    page.wait_for_selector(".govuk-error-summary")
    clean(page)


def test_the_viewer_turns_by_arrow_keys_and_by_the_checklist(site: Site, opened: Open) -> None:
    case = an_application(site.counter.office, "verifying")
    site.work()
    page = opened("loket", f"/permohonan/{case}", {"width": 1280, "height": 800})
    page.focus("[data-viewer]")
    page.keyboard.press("ArrowRight")
    assert page.inner_text("[data-viewer-count]").startswith("2 /")
    page.click("a[href^='#hal-strro']")
    assert page.locator("figure[id^='hal-strro']:visible").count() == 1
    page.click("[data-viewer-act=rotate]")
    assert page.locator(".pf-page--turn90:visible").count() == 1
