"""A real browser on a phone: apply with a photo, mend what came back, receive, verify by the QR code's address."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, expect
from sqlmodel import select

from models.db import Database
from models.rules.requirements import applicable
from models.services.inputs import ReturnItem
from models.services.inspect_upload import inspect_upload
from models.services.verify import return_to_applicant, verify
from models.tables.cases import Application
from models.tables.letters import Licence
from models.tables.work import Outbox
from ops.samples.people import applicant, holder_data
from tests.api.counter import Counter, give_passwords, password_of
from tests.cases import drive
from tests.chromium import IN_A_BROWSER, LISTEN, serving
from tests.conftest import Database as Urls
from tests.factories import Office, an_office, sikro_definition

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}

pytestmark = IN_A_BROWSER


@dataclass
class Served:
    """The office, and where its pages are."""

    office: Office
    address: str

    def case(self) -> Application:
        with self.office.db.transaction() as session:
            return session.exec(select(Application).order_by(Application.created_at.desc())).first()  # type: ignore

    def inspect(self) -> None:
        """What the intake's worker does with uploads."""
        office = self.office
        with office.db.transaction() as session:
            rows = session.exec(select(Outbox).where(Outbox.task == "paraf.inspect_document")).all()
        for row in rows:
            inspect_upload(office.db, office.clock, office.inspector, row.subject_id, row.generation)


@pytest.fixture
def served(fresh_database: Urls) -> Iterator[Served]:
    office = an_office(Database(fresh_database.app_url))
    give_passwords(office)
    with serving(lambda _: Counter(office).app) as address:
        yield Served(office, address)
    office.db.dispose()


@pytest.fixture
def opened(browser: Browser, served: Served) -> Iterator[Callable[..., Page]]:
    contexts = []

    def open_page(path: str, **options: Any) -> Page:
        context = browser.new_context(base_url=served.address, **options)
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        page.add_init_script(LISTEN)
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()


def clean(page: Page) -> None:
    """Nothing for axe, no report of the policy, nothing wider than the screen."""
    found = Axe().run(page).response["violations"]
    assert [(item["id"], [node["target"] for node in item["nodes"]]) for item in found] == [], page.url
    assert page.evaluate("reports") == [], page.url
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url


def photo(more: bytes = b"") -> FilePayload:
    """A picture as a phone's camera gives it."""
    kept = BytesIO()
    Image.new("RGB", (600, 900), (196, 40, 31)).save(kept, "JPEG")
    return {"name": "IMG_0001.jpg", "mimeType": "image/jpeg", "buffer": kept.getvalue() + more}


def pdf(name: str) -> FilePayload:
    return {"name": f"{name}.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7\n" + name.encode()}


def fill(page: Page, values: dict[str, str]) -> None:
    for name, value in values.items():
        page.locator(f"[name='{name}']").fill(value)


def required(office: Office) -> list[str]:
    items = applicable(sikro_definition().sop, "baru", office.today)
    return [item.requirement.code for item in items if item.required]


def put(page: Page, office: Office, code: str) -> None:
    """Pick a file on its card, fill what the card asks for, send."""
    card = page.locator(f"#kartu-{code}")
    image = sikro_definition().sop.requirement(code).kinds == ("image",)
    field = card.locator("input[capture]" if image else "input[type=file]:not([capture])")
    field.set_input_files(photo() if image else pdf(code))
    for field in card.locator("input[type=text]").all():
        field.fill("12/A/2026")
    for field in card.locator("input[type=date]").all():
        field.fill((office.today - timedelta(days=3)).isoformat())
    card.locator("button[type=submit]").first.click()
    page.wait_for_load_state()


def apply_on(page: Page, served: Served, look: Callable[[Page], None]) -> None:
    """From the first page to the number on the receipt."""
    office = served.office
    data = {name: str(value) for name, value in holder_data(applicant(7, on=office.today)).items() if value}
    look(page)
    page.get_by_role("link", name="Ajukan izin").last.click()
    page.get_by_label("Izin baru").check()
    look(page)
    page.get_by_role("button", name="Mulai").click()
    look(page)
    page.get_by_role("link", name="Data diri").click()
    page.get_by_role("button", name="Simpan dan lanjutkan").click()
    expect(page.get_by_role("alert")).to_contain_text("Isi NIK")
    look(page)
    fill(page, {name: data[name] for name in ("name", "nik", "birth_place", "address", "phone", "email")})
    page.get_by_role("button", name="Simpan dan lanjutkan").click()
    fill(page, {name: data[name] for name in ("str_number", "workplace_name", "workplace_address")})
    if "str_valid_until" in data:
        fill(page, {"str_valid_until": data["str_valid_until"]})
    else:
        page.get_by_label("Seumur hidup").check()
    look(page)
    page.get_by_role("button", name="Simpan dan lanjutkan").click()
    look(page)
    for code in required(office):
        put(page, office, code)
    look(page)
    page.goto("/ajukan/periksa")
    look(page)
    page.get_by_role("button", name="Kirim permohonan").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("REG/00001/SIKRO/2026")
    look(page)


def test_apply_correct_receive_and_verify_on_a_phone(opened: Callable[..., Page], served: Served) -> None:
    office, page = served.office, opened("/", **PHONE)
    apply_on(page, served, clean)
    office.work()
    case = served.case()
    item = ReturnItem(requirement="pas_foto", reason="foto_latar")
    return_to_applicant(office.db, office.clock, office.actor("loket"), case.id, [item])
    office.clock.advance(minutes=10)

    page.goto("/ajukan/status")
    page.goto("/ajukan/tugas")
    expect(page.get_by_text("Latar pas foto bukan merah.")).to_be_visible()
    clean(page)
    page.get_by_role("link", name="Pas foto").click()
    card = page.locator("#kartu-pas_foto")
    card.locator("input[type=file]:not([capture])").set_input_files(photo(b"newer"))
    card.get_by_role("button", name="Simpan").click()
    clean(page)
    served.inspect()
    page.goto("/ajukan/periksa")
    page.get_by_role("button", name="Kirim perbaikan").click()
    assert served.case().stage == "checking"
    office.work()
    verify(office.db, office.clock, office.actor("loket"), case.id, served.case().version)
    drive(office, case.id, "ready")

    follow = opened("/lacak?nomor=REG/00001/SIKRO/2026", **PHONE)
    follow.get_by_label("4 angka terakhir nomor telepon").fill(applicant(7).phone[-4:])
    clean(follow)
    follow.get_by_role("button", name="Lihat posisi permohonan").click()
    expect(follow.get_by_text("Siap diambil")).to_be_visible()
    clean(follow)

    with office.db.transaction() as session:
        token = session.exec(select(Licence.token)).one()
    seen = opened(f"/v/{token}#summary-of-the-qr", **PHONE)
    expect(seen.get_by_role("heading", level=1)).to_have_text("Surat izin ini berlaku")
    clean(seen)
    unknown = opened("/v/tidak-ada", **PHONE)
    expect(unknown.get_by_role("heading", level=1)).to_have_text("Surat izin ini tidak dikenal")
    clean(unknown)


def test_the_finding_comes_by_itself(opened: Callable[..., Page], served: Served) -> None:
    page = opened("/", **PHONE)
    data = {name: str(value) for name, value in holder_data(applicant(7, on=served.office.today)).items() if value}
    page.goto("/ajukan")
    page.get_by_label("Izin baru").check()
    page.get_by_role("button", name="Mulai").click()
    page.goto("/ajukan/data-diri")
    page.locator("[name=nik]").fill(data["nik"])
    assert page.locator("[name=birth_date]").input_value() == data["birth_date"]
    assert page.locator(f"[name=sex][value={data['sex']}]").is_checked()
    fill(page, {name: data[name] for name in ("name", "birth_place", "address", "phone")})
    page.get_by_role("button", name="Simpan dan lanjutkan").click()
    page.goto("/ajukan/berkas")
    put(page, served.office, "ktp")
    finding = page.locator("#kartu-ktp .pf-finding")
    expect(finding).to_have_text("Sedang diperiksa")
    served.inspect()
    expect(finding).to_have_text("Sudah ada", timeout=15_000)


def test_everything_works_without_scripts(opened: Callable[..., Page], served: Served) -> None:
    page = opened("/", java_script_enabled=False, **PHONE)
    apply_on(page, served, lambda _: None)
    assert served.case().stage == "checking"


def signed_in(opened: Callable[..., Page], path: str, **options: Any) -> Page:
    page = opened("/lacak", **options)
    body = {"username": "loket", "password": password_of("loket")}
    assert page.request.post("/v1/session", data=body).status == 201
    page.goto(path)
    return page


@pytest.mark.parametrize("scripts", [True, False])
def test_intake_and_hand_over_by_keyboard(opened: Callable[..., Page], served: Served, scripts: bool) -> None:
    office = served.office
    look = clean if scripts else lambda _: None
    page = signed_in(opened, "/loket", java_script_enabled=scripts)
    look(page)
    page.goto("/loket/baru")
    look(page)
    data = {name: str(value) for name, value in holder_data(applicant(7, on=office.today)).items() if value}
    page.locator("[name=type]").select_option("SIKRO:baru")
    names = ("nik", "name", "birth_place", "address", "phone", "str_number", "workplace_name", "workplace_address")
    for name in names:
        page.locator(f"[name={name}]").focus()
        page.keyboard.type(data[name])
    if "str_valid_until" in data:
        page.locator("[name=str_valid_until]").fill(data["str_valid_until"])
    page.locator("[name=workplace_address]").focus()
    page.locator("[name=place_order]").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/loket/permohonan/*")
    look(page)
    for code in required(office):
        put(page, office, code)
    page.get_by_role("button", name="Kirim dan cetak tanda terima").click()
    expect(page.get_by_text("Berkas diterima")).to_be_visible()
    look(page)

    case = served.case()
    drive(office, case.id, "ready")
    page = signed_in(opened, "/serah", java_script_enabled=scripts)
    look(page)
    page.get_by_role("link", name="REG/00001/SIKRO/2026").click()
    look(page)
    if scripts:
        pad = page.locator("canvas")
        pad.scroll_into_view_if_needed()
        box = pad.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 30, box["y"] + 40)
        page.mouse.down()
        page.mouse.move(box["x"] + 160, box["y"] + 90, steps=8)
        page.mouse.up()
    page.get_by_role("button", name="Serahkan surat izin").click()
    expect(page.get_by_role("heading", name="Bukti serah terima")).to_be_visible()
    assert page.locator("img.pf-proof").count() == (1 if scripts else 0)
    look(page)
    survey = page.get_by_role("link", name="/survei/").get_attribute("href")
    assert survey is not None
    answering = opened(survey.partition("8000")[2], **PHONE)
    clean(answering)
    for radio in answering.locator("input[value='4']").all():
        radio.check(force=True)
    answering.get_by_role("button", name="Kirim jawaban").click()
    expect(answering.get_by_text("Terima kasih")).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/syarat/SIKRO", "/verifikasi", "/sop", "/lacak", "/ajukan"])
@pytest.mark.parametrize("width", [320, 1280])
def test_public_pages_are_clean(opened: Callable[..., Page], path: str, width: int) -> None:
    clean(opened(path, viewport={"width": width, "height": 800}))
