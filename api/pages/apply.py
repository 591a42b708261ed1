"""`/ajukan`: an applicant on a phone goes from nothing to a receipt, or mends what came back."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse
from sqlmodel import Session
from starlette.responses import Response

from api.actors import Office
from api.files import download_headers
from api.pages.applicant_link import MaybeMine, Mine, MyApplication, drop_link, find_link, keep_link
from api.pages.apply_files import ENOUGH
from api.pages.desk import Sent, number_of, see_other, text_of
from api.pages.forms import Form, filled, typed
from api.pages.guesses import too_many_guesses
from api.pages.person_form import person_input, workplace_input
from api.pages.rendering import page
from api.views import letters
from api.views.berkas import Berkas, berkas_of
from api.views.offers import offered, offers
from api.views.progress import passages_of, step_lines
from api.wiring import ApiOffice
from models.ports import ReceiptSize
from models.rules.errors import Fault, InvalidInput, NotFound, StaleVersion, WrongStage
from models.rules.numbering import jakarta_date
from models.rules.roles import APPLICANT, Actor
from models.rules.stages import Stage
from models.services import draft, draft_parts, withdraw
from models.services import submit as submission
from models.services.casework import read_case
from models.services.receipts import receipt_sha256
from models.tables.cases import Application, HolderData

router = APIRouter(prefix="/ajukan", include_in_schema=False)
CHANGEABLE = draft.EDITABLE
CHOOSE = Fault("/type", "Pilih jenis permohonan.", "missing")
STALE = "Permohonan ini sudah berubah sejak Anda membukanya. Belum ada yang terkirim; keadaannya yang terbaru di bawah."


@router.get("")
def begin(request: Request, mine: MaybeMine, office: Office) -> HTMLResponse:
    """Where an application begins, or goes on."""
    return _begin_page(request, office, Form(), mine is not None)


def _begin_page(request: Request, office: ApiOffice, form: Form, has_one: bool, status: int = 200) -> HTMLResponse:
    with office.db.transaction() as session:
        sops = offered(session, jakarta_date(office.clock.now()))
    return page(request, "applicant/begin.html", {"form": form, "sops": sops, "has_one": has_one}, status=status)


@router.post("")
def open_new(request: Request, sent: Sent, mine: MaybeMine, office: Office) -> Response:
    """A new draft; its link goes into the browser's cookie."""
    licence, _, kind = text_of(sent, "type").partition(":")
    with office.db.transaction() as session:
        known = offers(session, jakarta_date(office.clock.now()), licence, kind)
    if not known:
        form = typed(sent).refused(InvalidInput("Pilih jenis permohonan.", faults=[CHOOSE]))
        return _begin_page(request, office, form, mine is not None, 422)
    made = draft.open_draft(office.db, office.clock, Actor(APPLICANT), licence, kind)
    answer = see_other("/ajukan/tugas")
    keep_link(answer, office, made.link)
    return answer


@router.get("/tugas")
def tasks(request: Request, mine: MyApplication, office: Office) -> Response:
    """What is to be done, and the link to come back with."""
    with office.db.transaction() as session:
        case = read_case(session, mine.application_id)
        if Stage(case.stage) not in CHANGEABLE:
            return see_other("/ajukan/status")
        context = _tasks(session, office, case)
    link = f"{office.settings.public_url.rstrip('/')}/ajukan/{mine.link}"
    return page(request, "applicant/tasks.html", {**context, "link": link})


def _tasks(session: Session, office: ApiOffice, case: Application) -> dict[str, Any]:
    berkas = berkas_of(session, case, jakarta_date(office.clock.now()))
    holder = session.get(HolderData, case.id)
    items = _correction_items(berkas) if berkas.correcting else _draft_items(berkas, holder)
    kind = berkas.sop.application_type(case.application_type).label
    return {"case": case, "berkas": berkas, "items": items, "kind": kind}


def _task(title: str, href: str, status: tuple[str, str], hint: str = "") -> dict[str, Any]:
    return {"title": title, "href": href, "hint": hint, "status": status[0], "colour": status[1]}


DONE, TODO, LATER, MEND = (
    ("Selesai", "green"),
    ("Belum", "blue"),
    ("Belum bisa", "grey"),
    ("Perlu diperbaiki", "yellow"),
)


def _draft_items(berkas: Berkas, holder: HolderData | None) -> list[dict[str, Any]]:
    person, place = holder is not None, bool(holder and holder.workplace_name)
    ready = place and not berkas.to_mend
    return [
        _task("Data diri", "/ajukan/data-diri", DONE if person else TODO, "Siapkan KTP"),
        _task("Tempat kerja", "/ajukan/tempat-kerja" if person else "", _after(person, place), "Siapkan STRRO"),
        _task(
            "Berkas", "/ajukan/berkas" if place else "", _after(place, not berkas.to_mend), berkas.lack if place else ""
        ),
        _task("Periksa dan kirim", "/ajukan/periksa" if ready else "", TODO if ready else LATER),
    ]


def _after(possible: bool, done: bool) -> tuple[str, str]:
    return LATER if not possible else DONE if done else TODO


def _correction_items(berkas: Berkas) -> list[dict[str, Any]]:
    data = (
        [
            _task("Data diri", "/ajukan/data-diri", MEND, " ".join(berkas.about_data)),
            _task("Tempat kerja", "/ajukan/tempat-kerja", MEND, " ".join(berkas.about_data)),
        ]
        if berkas.about_data
        else []
    )
    files = [
        _task(
            item.requirement.label,
            f"/ajukan/berkas#kartu-{item.requirement.code}",
            MEND if item.holds_up else DONE,
            " ".join(item.sentences),
        )
        for item in berkas.open_items
        if item.required or item.sentences
    ]
    ready = not berkas.to_mend
    return [*data, *files, _task("Kirim perbaikan", "/ajukan/periksa" if ready else "", TODO if ready else LATER)]


@router.get("/data-diri")
def person(request: Request, mine: MyApplication, office: Office) -> Response:
    """Who applies."""
    with office.db.transaction() as session:
        holder = _changeable_data(session, mine)
        form = _person_form(holder)
    return page(request, "applicant/person.html", {"form": form, "tail": holder.nik_tail if holder else ""})


def _person_form(holder: HolderData | None) -> Form:
    if holder is None:
        return Form()
    names = {"name", "birth_place", "birth_date", "sex", "address", "phone", "email"}
    represented = "ya" if draft_parts.REPRESENTED in holder.conditions else None
    return filled({**holder.model_dump(include=names), "represented": represented})


@router.post("/data-diri")
def put_person(request: Request, sent: Sent, mine: MyApplication, office: Office) -> Response:
    """Keep who applies; what was typed comes back with its faults."""
    with office.db.transaction() as session:
        holder = _changeable_data(session, mine)
    try:
        data = person_input(sent, jakarta_date(office.clock.now()), nik_known=holder is not None)
        draft_parts.describe_person(office.db, office.clock, office.cipher, mine.actor, mine.application_id, data)
    except InvalidInput as error:
        context = {"form": typed(sent).refused(error), "tail": holder.nik_tail if holder else ""}
        return page(request, "applicant/person.html", context, status=422)
    first = holder is None or not holder.workplace_name
    return see_other("/ajukan/tempat-kerja" if first else "/ajukan/tugas")


@router.get("/tempat-kerja")
def workplace(request: Request, mine: MyApplication, office: Office) -> Response:
    """Registration and workplace."""
    with office.db.transaction() as session:
        holder = _changeable_data(session, mine)
        if holder is None:
            return see_other("/ajukan/data-diri")
        return page(request, "applicant/workplace.html", {"form": _workplace_form(holder)})


def _workplace_form(holder: HolderData) -> Form:
    if not holder.workplace_name:
        return filled({"place_order": 1})
    names = {"str_number", "str_valid_until", "workplace_name", "workplace_address", "place_order"}
    return filled({**holder.model_dump(include=names), "str_lifelong": None if holder.str_valid_until else "ya"})


@router.post("/tempat-kerja")
def put_workplace(request: Request, sent: Sent, mine: MyApplication, office: Office) -> Response:
    """Keep registration and workplace."""
    with office.db.transaction() as session:
        _changeable_data(session, mine)
    try:
        data = workplace_input(sent)
        draft_parts.describe_workplace(office.db, office.clock, mine.actor, mine.application_id, data)
    except InvalidInput as error:
        return page(request, "applicant/workplace.html", {"form": typed(sent).refused(error)}, status=422)
    return see_other("/ajukan/berkas")


def _changeable_data(session: Session, mine: Mine) -> HolderData | None:
    """The applicant's data while they may be changed. Raises WrongStage; a correction opens what came back only."""
    case = read_case(session, mine.application_id)
    if Stage(case.stage) not in CHANGEABLE:
        raise WrongStage(f"The berkas can not be changed while the case is {case.stage}.")
    if Stage(case.stage) is not Stage.DRAFT and not _data_came_back(session, case):
        raise WrongStage("Only what came back is mended.")
    return session.get(HolderData, case.id)


def _data_came_back(session: Session, case: Application) -> bool:
    day = jakarta_date(case.stage_since)
    return bool(berkas_of(session, case, day).about_data)


@router.get("/periksa")
def review(request: Request, mine: MyApplication, office: Office) -> Response:
    """Everything once more before it is handed in."""
    return _review_page(request, mine, office, Form())


def _review_page(
    request: Request, mine: Mine, office: ApiOffice, form: Form, status: int = 200, notice: str = ""
) -> Response:
    today = jakarta_date(office.clock.now())
    with office.db.transaction() as session:
        case = read_case(session, mine.application_id)
        if Stage(case.stage) not in CHANGEABLE:
            return see_other("/ajukan/status")
        holder = session.get(HolderData, case.id)
        if holder is None or not holder.workplace_name:
            return see_other("/ajukan/tugas")
        berkas = berkas_of(session, case, today)
    promised = office.calendar.promised_at(office.clock.now(), berkas.sop.promise_working_days)
    context = {"form": form, "case": case, "holder": holder, "berkas": berkas, "promised": promised, "notice": notice}
    return page(request, "applicant/review.html", context, status=status)


@router.post("/kirim")
def hand_in(request: Request, sent: Sent, mine: MyApplication, office: Office) -> Response:
    """Hand the berkas in. What lacks is named; a berkas that moved meanwhile is shown as it is now."""
    with office.db.transaction() as session:
        case = read_case(session, mine.application_id)
        lacks = berkas_of(session, case, jakarta_date(office.clock.now())).lack
    if lacks and Stage(case.stage) in CHANGEABLE:
        refused = Form().refused(InvalidInput(f"{lacks}. Unggah dahulu, lalu kirim."))
        return _review_page(request, mine, office, refused, 422)
    try:
        version = number_of(sent, "version")
        submission.submit(office.db, office.clock, office.calendar, mine.actor, mine.application_id, version)
    except (StaleVersion, WrongStage):
        return _review_page(request, mine, office, Form(), 409, STALE)
    except InvalidInput as error:
        return _review_page(request, mine, office, Form().refused(error), 422)
    return see_other("/ajukan/status", baru="1")


@router.get("/status")
def status(request: Request, mine: MyApplication, office: Office, baru: str = "") -> Response:
    """The number, the promise and the nine steps."""
    with office.db.transaction() as session:
        case = read_case(session, mine.application_id)
        if Stage(case.stage) is Stage.DRAFT:
            return see_other("/ajukan/tugas")
        berkas = berkas_of(session, case, jakarta_date(office.clock.now()))
        steps = step_lines(berkas.sop, case, passages_of(session, case.id))
        context = {"case": case, "steps": steps, "new": baru == "1", "berkas": berkas}
        context |= {"receipt": _has_receipt(session, case), "letter": _has_letter(session, mine, case)}
    return page(request, "applicant/status.html", context)


def _has_receipt(session: Session, case: Application) -> bool:
    try:
        return bool(receipt_sha256(session, case.id, "a5", case.round))
    except NotFound:
        return False


def _has_letter(session: Session, mine: Mine, case: Application) -> bool:
    try:
        return bool(letters.licence_sha256(session, mine.actor, case))
    except (NotFound, WrongStage):
        return False


@router.get("/status/tanda-terima")
def receipt_part(request: Request, mine: MyApplication, office: Office) -> Response:
    """The part of the status page that waits for the receipt."""
    with office.db.transaction() as session:
        made = _has_receipt(session, read_case(session, mine.application_id))
    return page(request, "applicant/_receipt.html", {"receipt": made}, status=ENOUGH if made else 200)


@router.get("/tanda-terima/{size}")
def receipt(size: Annotated[ReceiptSize, Path()], mine: MyApplication, office: Office) -> Response:
    """The newest receipt as a PDF of one of two sizes."""
    with office.db.transaction() as session:
        sha256 = receipt_sha256(session, mine.application_id, size)
    headers = download_headers(f"tanda-terima-{size}.pdf", sha256)
    return Response(office.vault.get(sha256), headers=headers, media_type="application/pdf")


@router.get("/surat-izin")
def letter(mine: MyApplication, office: Office) -> Response:
    """The licence, once it was handed over."""
    with office.db.transaction() as session:
        case = read_case(session, mine.application_id)
        sha256, number = letters.licence_sha256(session, mine.actor, case)
    headers = download_headers(f"izin-{number.replace('/', '-')}.pdf", sha256)
    return Response(office.vault.get(sha256), headers=headers, media_type="application/pdf")


@router.get("/cabut")
def ask_withdraw(request: Request, mine: MyApplication, office: Office) -> HTMLResponse:
    """Asks before the application is taken back."""
    with office.db.transaction() as session:
        case = read_case(session, mine.application_id)
    asked = {
        "question": "Cabut permohonan ini?",
        "text": "Permohonan berhenti dan tidak dapat dibuka lagi. Anda boleh mengajukan yang baru.",
        "action": "/ajukan/cabut",
        "yes": "Ya, cabut permohonan",
        "no_href": "/ajukan/status",
        "danger": True,
        "hidden_fields": {"version": case.version},
    }
    return page(request, "confirm.html", asked)


@router.post("/cabut")
def take_back(sent: Sent, mine: MyApplication, office: Office) -> Response:
    """Take the application back."""
    withdraw.withdraw(office.db, office.clock, mine.actor, mine.application_id, number_of(sent, "version"))
    return see_other("/ajukan/status")


@router.post("/tutup")
def forget(office: Office) -> Response:
    """Have this device forget the application; its link still opens it."""
    answer = see_other("/ajukan")
    drop_link(answer, office)
    return answer


@router.get("/{link}")
def resume(link: Annotated[str, Path(min_length=20, max_length=64)], request: Request, office: Office) -> Response:
    """Open an application by its link; an unknown link is no page, and who tries many waits."""
    found = find_link(office, link)
    if found is None:
        too_many_guesses(office, request, "link")
        raise NotFound("There is no such application.")
    answer = see_other("/ajukan/tugas")
    keep_link(answer, office, link)
    return answer
