"""A real browser over the gallery: no reports of the policy, nothing for axe, nothing wider than the screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from api.pages.gallery import make_gallery
from tests.chromium import IN_A_BROWSER, LISTEN, serving

PATHS = [
    "/_galeri",
    "/_galeri/publik",
    "/_galeri/ajukan",
    "/_galeri/kotak",
    "/_galeri/konfirmasi",
    "/_galeri/galat/forbidden",
]

pytestmark = IN_A_BROWSER


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving(lambda _: make_gallery()) as address:
        yield address


@pytest.fixture
def opened(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    contexts = []

    def open_page(path: str, width: int = 1280, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 800}, **options)
        contexts.append(context)
        page = context.new_page()
        page.add_init_script(LISTEN)
        page.goto(address + path)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("width", [320, 1280])
def test_axe_and_the_policy_find_nothing(opened: Callable[..., Page], path: str, width: int) -> None:
    page = opened(path, width)
    found = Axe().run(page).response["violations"]
    assert [(item["id"], [node["target"] for node in item["nodes"]]) for item in found] == []
    assert page.evaluate("reports") == []


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_nothing_is_wider_than_the_screen(opened: Callable[..., Page], path: str, width: int) -> None:
    page = opened(path, width)
    assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("path", ["/_galeri", "/_galeri/ajukan", "/_galeri/kotak"])
def test_targets_are_large_enough_for_a_thumb(opened: Callable[..., Page], path: str) -> None:
    page = opened(path, 360)
    small = page.evaluate(
        """() => [...document.querySelectorAll(
            "button, .govuk-button, .pf-pick, .pf-nav__link, .pf-check__choice, input[type=text], select")]
          .map((e) => [e.className || e.tagName, e.getBoundingClientRect()])
          .filter(([, box]) => box.width && box.height && box.height < 43.5 && box.width > 1)
          .map(([name, box]) => name + " " + box.height)"""
    )
    assert small == []


def test_a_fault_in_the_summary_leads_to_its_field(opened: Callable[..., Page]) -> None:
    page = opened("/_galeri/ajukan", 360)
    assert page.evaluate("document.activeElement.className") == "govuk-error-summary"
    page.click("text=NIK harus 16 angka >> nth=0")
    assert page.evaluate("document.activeElement.id") == "f-holder-nik"


def test_the_menu_folds_on_a_phone_and_stays_open_without_scripts(opened: Callable[..., Page]) -> None:
    page = opened("/_galeri/publik", 360)
    assert not page.is_visible("text=Lacak permohonan")
    page.click("text=Menu")
    assert page.is_visible("text=Lacak permohonan")
    assert opened("/_galeri/publik", 360, java_script_enabled=False).is_visible("text=Lacak permohonan")


def test_without_scripts_nothing_pretends_to_work(opened: Callable[..., Page]) -> None:
    page = opened("/_galeri", java_script_enabled=False)
    for control in (
        "[data-copy]",
        "[data-print]",
        "[data-show]",
        "[data-viewer-tools]",
        "[data-sign]",
        "[data-pick-all]",
    ):
        assert not page.locator(control).first.is_visible()
    assert page.locator("[data-viewer-page]").nth(2).is_visible()


def test_pages_turn_by_arrow_keys(opened: Callable[..., Page]) -> None:
    page = opened("/_galeri")
    page.focus("[data-viewer]")
    page.keyboard.press("ArrowRight")
    assert page.text_content("[data-viewer-count]") == "2 / 3"
    page.keyboard.press("r")
    page.keyboard.press("+")
    assert page.get_attribute("[data-viewer-page] >> nth=1", "class") == "pf-page pf-page--in2 pf-page--turn90"
    assert page.evaluate("reports") == []


def test_shortcuts_work_outside_fields_and_can_be_switched_off(opened: Callable[..., Page]) -> None:
    page = opened("/_galeri/kotak")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "cari"
    page.keyboard.type("a?/")
    assert page.input_value("#cari") == "a?/"
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    assert page.is_visible("#pintasan")
    page.uncheck("[data-shortcuts-switch]")
    page.click("text=Tutup")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") != "cari"
    page.reload()
    page.keyboard.press("?")
    assert not page.is_visible("#pintasan")


def test_the_bar_counts_what_is_picked_and_hides_no_focus(opened: Callable[..., Page]) -> None:
    page = opened("/_galeri/kotak", 360)
    page.check("[data-pick-all] input")
    assert page.text_content("[data-picked]") == "25 dari 25 dipilih"
    page.focus("th a >> nth=0")
    for _ in range(12):
        page.keyboard.press("Tab")
        hidden = page.evaluate(
            """() => {
              const bar = document.querySelector(".pf-bulk"), at = document.activeElement;
              return !bar.contains(at) && at.getBoundingClientRect().bottom > bar.getBoundingClientRect().top + 1;
            }"""
        )
        assert not hidden


def test_a_canned_reason_fills_a_sentence_that_stays_editable(opened: Callable[..., Page]) -> None:
    page = opened("/_galeri")
    page.select_option("#f-reason-strro", "old")
    assert page.input_value("#f-note-strro") == "Masa berlaku sudah lewat."


def test_a_signature_is_drawn_and_wiped(opened: Callable[..., Page]) -> None:
    page = opened("/_galeri")
    page.locator("canvas").scroll_into_view_if_needed()
    box = page.locator("canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 120, box["y"] + 60)
    page.mouse.up()
    assert page.input_value("#f-signature").startswith("data:image/png;base64,")
    page.click("text=Ulangi tanda tangan")
    assert page.input_value("#f-signature") == ""


def test_a_passphrase_can_be_looked_at_and_is_hidden_again_when_sent(opened: Callable[..., Page]) -> None:
    page = opened("/_galeri")
    page.fill("#f-passphrase", "rahasia kantor")
    page.click("[data-show='f-passphrase']")
    assert page.get_attribute("#f-passphrase", "type") == "text"
    page.click("[data-show='f-passphrase']")
    assert page.get_attribute("#f-passphrase", "type") == "password"


def test_a_live_part_is_fetched_again(opened: Callable[..., Page]) -> None:
    page = opened("/_galeri")
    page.wait_for_selector("text=12 dari 30 surat sudah ditandatangani.", timeout=20_000)


def test_print_leaves_the_controls_out(opened: Callable[..., Page]) -> None:
    page = opened("/_galeri")
    page.emulate_media(media="print")
    for control in (".pf-nav", ".pf-bulk", ".pf-footer", ".govuk-button >> nth=0"):
        assert not page.locator(control).first.is_visible()
    assert page.locator(".pf-table").first.is_visible()
