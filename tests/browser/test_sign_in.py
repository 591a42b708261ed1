"""Signing in and the admin's pages in a real browser: passkeys of a virtual authenticator, axe, no scripts needed."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyotp
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from models.db import Database
from tests.api.counter import Counter, give_passwords, password_of
from tests.cases import an_application
from tests.chromium import IN_A_BROWSER, LISTEN, serving
from tests.conftest import Database as Urls
from tests.factories import HEAD, an_office, passphrase_of
from workers.settings import Settings

pytestmark = IN_A_BROWSER
SECURITY = "/saya/keamanan"
ADMIN = ["/admin", "/admin/orang", "/admin/orang/baru", "/admin/mandat", "/admin/kunci", "/admin/kalender"]
PAGES = [*ADMIN, "/admin/definisi", "/admin/audit", "/saya", SECURITY, f"{SECURITY}/aplikasi"]
PICTURES = os.environ.get("PARAF_SCREENS", "")


@dataclass
class Site:
    """The office behind an address."""

    counter: Counter
    address: str


@pytest.fixture(scope="module")
def site(new_database: Callable[[], Urls]) -> Iterator[Site]:
    db = Database(new_database().app_url)
    office = an_office(db)
    give_passwords(office)
    # Passkeys need a name: browsers give none to a bare address.
    made: list[Counter] = []

    def app_at(address: str) -> Any:
        made.append(Counter(office, Settings(public_url=address)))
        return made[0].app

    with serving(app_at, "localhost") as address:
        yield Site(made[0], address)
    db.dispose()


@pytest.fixture
def opened(browser: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    contexts = []

    def open_page(path: str, username: str = "", width: int = 390, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 844}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.add_init_script(LISTEN)
        page.goto(site.address + (f"/masuk?lanjut={path}" if username else path))
        if username:
            page.fill("#f-username", username)
            page.fill("#f-password", password_of(username))
            page.click("main button[data-once]")
            page.wait_for_url(f"**{path}")
        return page

    yield open_page
    for context in contexts:
        context.close()


def authenticator(page: Page) -> None:
    """A virtual platform authenticator that always finds the right finger."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": {**options, "isUserVerified": True, "automaticPresenceSimulation": True}},
    )


def faults(page: Page) -> list[Any]:
    found = Axe().run(page).response["violations"]
    return [(item["id"], [node["target"] for node in item["nodes"]]) for item in found]


def held_true(page: Page, name: str) -> None:
    """Nothing for axe, nothing for the policy, nothing wider than the screen."""
    if PICTURES:
        width = page.viewport_size["width"] if page.viewport_size else 0
        page.screenshot(path=str(Path(PICTURES) / f"{name.strip('/').replace('/', '-')}-{width}.png"), full_page=True)
    assert faults(page) == []
    assert page.evaluate("reports") == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_passkey_is_made_signs_in_and_proves_a_mandate(opened: Callable[..., Page]) -> None:
    page = opened(SECURITY, "admin")
    authenticator(page)
    page.fill("#f-name", "Ponsel admin")
    page.fill("#f-passphrase", password_of("admin"))
    page.click("text=Tambah passkey")
    page.wait_for_selector("text=Hanya sekali ini terlihat")
    held_true(page, "kode-pemulihan")
    page.click("text=Sudah saya simpan")
    page.click("text=Keluar")
    page.click("text=Masuk dengan passkey")
    page.wait_for_url("**/kotak")
    page.goto(page.url.replace("/kotak", "/admin/mandat"))
    page.select_option("#f-role", "kepala_dinas")
    page.check("#f-acting-2")
    page.select_option("#f-person", index=1)
    page.fill("#f-decree", "800/17/2026")
    page.fill("#f-first", "2026-03-03")
    page.fill("#f-last", "2026-03-10")
    page.click("text=Lanjut, periksa dahulu")
    held_true(page, "mandat-sahkan")
    page.click("text=Sahkan mandat dengan passkey")
    page.wait_for_selector("text=Mandat sudah dicatat")
    held_true(page, "mandat-dicatat")
    page.goto(page.url[: page.url.index("/admin")] + SECURITY)
    page.click("text=Hapus passkey ini")
    page.fill(".pf-device input[name=passphrase]", password_of("admin"))
    page.click("main button:has-text('Hapus Ponsel admin')")
    page.wait_for_selector("text=Passkey sudah dihapus")


def test_the_head_signs_a_pile_by_passkey_alone(opened: Callable[..., Page], site: Site) -> None:
    office = site.counter.office
    cases = [an_application(office, "awaiting_signature") for _ in range(2)]
    page = opened(SECURITY, HEAD)
    authenticator(page)
    page.fill("#f-name", "Ponsel kepala")
    page.fill("#f-passphrase", password_of(HEAD))
    page.click("text=Tambah passkey")
    page.click("text=Sudah saya simpan")
    page.fill("input[name=key_passphrase]", passphrase_of(HEAD))
    page.click("text=Titipkan, agar passkey cukup")
    expect(page.locator("#kunci")).to_contain_text("Passkey cukup untuk satu tumpukan")
    held_true(page, "kunci-dititipkan")
    page.goto(f"{site.address}/tinjau")
    page.click("text=Lanjut: tandatangani yang dicentang")
    page.wait_for_selector("[data-passkey]:not([hidden])")
    held_true(page, "tumpukan-passkey")
    page.click("text=Tandatangani 2 surat dengan passkey")
    page.wait_for_url("**/tinjau/tumpukan/*")
    office.work()
    page.wait_for_selector("strong:has-text('2 dari 2')")
    assert {office.case(case).stage for case in cases} == {"ready"}


def test_a_cancelled_passkey_says_so_and_leaves_the_password(opened: Callable[..., Page]) -> None:
    page = opened("/masuk")
    authenticator(page)
    page.click("text=Masuk dengan passkey")
    page.wait_for_selector("text=Passkey tidak dipakai")
    assert page.is_enabled("text=Masuk dengan passkey")
    assert faults(page) == []


def test_two_steps_without_scripts(opened: Callable[..., Page], site: Site) -> None:
    page = opened(f"{SECURITY}/aplikasi", "loket", java_script_enabled=False)
    page.click("text=Tidak dapat memindai?")
    secret = page.inner_text(".pf-copy code").strip()
    page.fill("#f-code", pyotp.TOTP(secret).at(site.counter.office.clock.now()))
    page.fill("#f-passphrase", password_of("loket"))
    page.click("main button[data-once]")
    code = page.inner_text(".pf-codes li >> nth=0").strip()
    page.click("text=Sudah saya simpan")
    page.click("text=Keluar")
    page.fill("#f-username", "loket")
    page.fill("#f-password", password_of("loket"))
    page.click("main button[data-once]")
    page.wait_for_url("**/masuk/kode")
    expect(page).to_have_title(re.compile("Langkah kedua"))
    page.fill("#f-code", "000000")
    page.click("main button[data-once]")
    expect(page.locator("text=Kode salah atau sudah dipakai >> nth=0")).to_be_visible()
    page.fill("#f-code", code)
    page.click("main button[data-once]")
    page.wait_for_url("**/kotak")


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("path", PAGES)
def test_axe_and_the_policy_find_nothing(opened: Callable[..., Page], path: str, width: int) -> None:
    held_true(opened(path, "admin", width), path)


@pytest.mark.parametrize(
    ("path", "button"),
    [("/admin/orang/baru", "Tambah"), ("/admin/mandat", "Lanjut, periksa dahulu"), ("/admin/kunci", "Daftarkan")],
)
def test_refused_forms_are_as_clean_and_lead_to_their_fields(
    opened: Callable[..., Page], path: str, button: str
) -> None:
    page = opened(path, "admin", 360)
    page.click(f"main button[data-once]:has-text('{button}')")
    assert page.evaluate("document.activeElement.className") == "govuk-error-summary"
    held_true(page, path + "-salah")


@pytest.mark.parametrize("width", [320, 1280])
def test_one_person_and_one_definition(opened: Callable[..., Page], width: int) -> None:
    page = opened("/admin/orang", "admin", width)
    page.click("css=main tbody th a >> nth=0")
    held_true(page, "orang-satu")
    page.goto(page.url[: page.url.index("/admin")] + "/admin/definisi")
    page.click("css=main tbody th a >> nth=0")
    held_true(page, "definisi-satu")
