"""`/permohonan/{id}`: one case, its pages and checks, and what the person in front of it may do."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from api.actors import Office, visible_case
from api.pages.case_words import EVENTS, FLASHES, SEEN, step_title
from api.pages.checklist import check_items, checks_of, machine_form
from api.pages.desk import Desk, StaffDesk, see_other
from api.pages.formats import day
from api.pages.forms import Form, filled
from api.pages.inbox import chip_of
from api.pages.picks import Pick
from api.views.case_desk import CaseView, case_view
from api.wiring import ApiOffice
from models.rules.errors import AlreadyDone, Forbidden, WrongStage
from models.rules.masking import mask_nik
from models.rules.numbering import jakarta_date
from models.rules.roles import BACK_OFFICE, FRONT_OFFICE, Actor
from models.rules.stages import Stage
from models.services.claim import CLERKS, claim, release
from models.services.page_images import MAX_PAGES
from models.services.viewing import note_view, reveal_nik

router = APIRouter(include_in_schema=False)

_LETTER = frozenset({Stage.AWAITING_PARAF, Stage.AWAITING_SIGNATURE})
_VOIDABLE = frozenset({Stage.ASSEMBLING, Stage.READY})


@router.get("/permohonan/{application_id}")
def look(
    application_id: UUID, request: Request, desk: StaffDesk, office: Office, pesan: str = "", isi: str = ""
) -> HTMLResponse:
    """The case as it stands. Whose work it is claims it by opening it; that papers were seen is recorded."""
    with office.db.transaction() as session:
        stage = visible_case(session, desk.actor, application_id).stage
    _hold(office, desk.actor, application_id, stage)
    note_view(office.db, office.clock, desk.actor, application_id)
    return show(request, desk, office, application_id, message=FLASHES.get(pesan, ""), by_machine=isi == "mesin")


def _hold(office: ApiOffice, actor: Actor, application_id: UUID, stage: str) -> None:
    if CLERKS.get(Stage(stage), "-") not in actor.roles:
        return
    try:
        claim(office.db, office.clock, actor, application_id)
    except (AlreadyDone, Forbidden, WrongStage):
        # Somebody else has it open: the page says who.
        return


def show(
    request: Request,
    desk: Desk,
    office: ApiOffice,
    application_id: UUID,
    form: Form | None = None,
    *,
    status: int = 200,
    message: str = "",
    stale: bool = False,
    by_machine: bool = False,
    nik: str = "",
) -> HTMLResponse:
    """The page, also with a form that came back: what was typed stays."""
    now = office.clock.now()
    with office.db.transaction() as session:
        case = visible_case(session, desk.actor, application_id)
        view = case_view(session, case, desk.actor, office.calendar, now)
    started = form or (machine_form(view) if by_machine else Form())
    context = {
        **_shared(view, desk.actor, nik),
        "put_off": view.put_off if view.put_off and view.put_off.until > jakarta_date(now) else None,
        "form": started if started.values or case.stage != Stage.AMENDING else amend_form(view, started),
        "message": message,
        "stale": stale,
        "acts": acts_of(view, desk.actor),
        "items": check_items(view),
        "against": checks_of(view),
    }
    return desk.page(request, "case/case.html", context, status)


def acts_of(view: CaseView, actor: Actor) -> frozenset[str]:
    """What this person may do to the case now: the page shows nothing else, and use cases check it again."""
    stage, found = Stage(view.case.stage), set[str]()
    if view.case.quarantined_at is not None and stage not in _VOIDABLE:
        return frozenset()
    held = view.claim is not None and view.claim[0].person_id != actor.person_id
    if stage is Stage.VERIFYING and FRONT_OFFICE in actor.roles and not held:
        found.add("verify")
    if stage is Stage.AMENDING and BACK_OFFICE in actor.roles and not held:
        found.add("amend")
    if stage in _VOIDABLE and BACK_OFFICE in actor.roles:
        found.add("void")
    if stage in _LETTER and view.waiting_for in actor.roles:
        found.add("letter")
    if view.claim is not None and not held:
        found.add("release")
    if FRONT_OFFICE in actor.roles:
        found.add("nik")
    return frozenset(found)


def amend_form(view: CaseView, form: Form) -> Form:
    """What the letter says now, to be corrected."""
    holder = view.holder
    if holder is None:
        return form
    names = ("name", "birth_place", "birth_date", "sex", "address", "str_number", "str_valid_until")
    values = {name: getattr(holder, name) for name in (*names, "workplace_name", "workplace_address")}
    return Form(filled(values).values, form.faults)


def _shared(view: CaseView, actor: Actor, nik: str) -> dict[str, Any]:
    case, pages = view.case, _pages(view)
    mine = view.claim is not None and view.claim[0].person_id == actor.person_id
    return {
        "view": view,
        "case": case,
        "title": view.holder.name if view.holder else "Permohonan tanpa data",
        "type_label": view.sop.application_type(case.application_type).label,
        "clock": chip_of(view.clock),
        "pages": pages,
        "missing": _undrawn(view),
        "facts": _facts(view, nik),
        "steps": [
            {"number": s.number, "title": step_title(view.sop, s.code, s.actor), "state": s.state, "at": s.at}
            for s in view.steps
        ],
        "events": _events(view),
        "seen": [
            {"by": name, "what": SEEN[event.kind], "at": event.at} for event, name in view.events if event.kind in SEEN
        ],
        "waits": view.sop.role_title(view.waiting_for) if view.waiting_for else "",
        "holder_of_claim": "" if view.claim is None or mine else view.claim[1],
        "claim_ends": view.claim[0].expires_at if view.claim else None,
        "pick": Pick(case.id, case.version, view.blanko.sha256).text if view.blanko else "",
        "reasons": {reason.code: reason.label for reason in view.sop.return_reasons},
        "document_labels": {item.requirement.code: item.requirement.label for item in view.items},
    }


def _pages(view: CaseView) -> list[dict[str, Any]]:
    """Pages of the viewer: the letter first where it is what is looked at, then the berkas."""
    letter = [
        {
            "id": f"hal-surat-{one.page}",
            "src": one.small,
            "large": one.large,
            "alt": f"Surat izin, revisi {view.case.revision}",
            "text": one.text,
            "original": f"/v1/applications/{view.case.id}/blanko",
        }
        for one in view.letter
    ]
    berkas = [
        {
            "id": f"hal-{shown.document.requirement}-{shown.document.part}-{one.page}",
            "src": one.small,
            "large": one.large,
            "alt": f"{shown.label}, halaman {one.page} dari {shown.document.pages or len(shown.pictures)}",
            "text": one.text,
            "original": f"/v1/documents/{shown.document.id}/clean",
        }
        for shown in view.shown
        for one in shown.pictures
    ]
    return [*letter, *berkas]


def _undrawn(view: CaseView) -> list[dict[str, str]]:
    """Files whose pages are not all drawn, each with why and a way to it."""
    found = []
    if view.blanko is not None and not view.letter:
        found.append(
            {"label": "Surat izin", "why": "gambar sedang dibuat", "href": f"/v1/applications/{view.case.id}/blanko"}
        )
    for shown in view.shown:
        row = shown.document
        if not row.clean_sha256:
            why = "ditolak pemeriksaan, tidak digambar" if row.inspected_at else "sedang diperiksa"
            found.append({"label": shown.label, "why": why, "href": f"/v1/documents/{row.id}/original"})
        elif len(shown.pictures) < min(max(row.pages, 1), MAX_PAGES):
            found.append({"label": shown.label, "why": "gambar sedang dibuat", "href": f"/v1/documents/{row.id}/clean"})
        elif row.pages > MAX_PAGES:
            why = f"{row.pages} halaman; di sini {MAX_PAGES} yang pertama"
            found.append({"label": shown.label, "why": why, "href": f"/v1/documents/{row.id}/clean"})
    return found


def _facts(view: CaseView, nik: str) -> list[dict[str, str]]:
    holder = view.holder
    if holder is None:
        return []
    sex = {"L": "Laki-laki", "P": "Perempuan"}[holder.sex]
    ends = day(holder.str_valid_until) if holder.str_valid_until else "seumur hidup"
    return [
        {"key": "NIK", "value": nik or mask_nik(f"{'0' * 12}{holder.nik_tail}")},
        {"key": "Tempat, tanggal lahir", "value": f"{holder.birth_place}, {day(holder.birth_date)}"},
        {"key": "Jenis kelamin", "value": sex},
        {"key": "STR", "value": f"{holder.str_number}, berlaku sampai {ends}"},
        {"key": "Tempat kerja", "value": f"{holder.workplace_name}, {holder.workplace_address}"},
        {"key": "Tempat ke", "value": f"{holder.place_order} dari paling banyak {view.sop.max_places}"},
    ]


def _events(view: CaseView) -> list[dict[str, Any]]:
    return [
        {
            "title": _event_title(event.kind, event.revision),
            "by": "sistem" if name == "system" else "pemohon" if name == "link" else name,
            "at": event.at,
            "text": _event_text(view, event.kind, event.revision, event.detail or {}),
        }
        for event, name in view.events
        if event.kind not in SEEN
    ]


def _event_title(kind: str, revision: int | None) -> str:
    title = EVENTS.get(kind, kind)
    return f"{title} (revisi {revision})" if kind == "finish_blanko" and revision and revision > 1 else title


def _event_text(view: CaseView, kind: str, revision: int | None, detail: dict[str, Any]) -> str:
    if kind in ("send_back", "send_back_to_verify") and revision:
        return next((row.reason for row, _ in view.sent_back if row.revision == revision - 1), "")
    if kind in ("verify", "return", "reject"):
        decision = {"verify": "complete", "return": "returned", "reject": "rejected"}[kind]
        rounds = [row for row, _ in view.decisions if row.decision == decision]
        if kind == "return":
            rounds = [row for row in rounds if row.round == detail.get("round")]
        return rounds[-1].note if rounds else ""
    if kind == "assign_number" or kind == "void":
        return str(detail.get("number", ""))
    return ""


@router.post("/permohonan/{application_id}/ambil")
def take(application_id: UUID, desk: StaffDesk, office: Office) -> Response:
    """Claim the case; the page says who has it when somebody was faster."""
    with office.db.transaction() as session:
        stage = visible_case(session, desk.actor, application_id).stage
    _hold(office, desk.actor, application_id, stage)
    return see_other(f"/permohonan/{application_id}", pesan="diambil")


@router.post("/permohonan/{application_id}/lepas")
def let_go(application_id: UUID, desk: StaffDesk, office: Office) -> Response:
    """Let go of the case, and back to the inbox: opening it again would claim it again."""
    with office.db.transaction() as session:
        visible_case(session, desk.actor, application_id)
    release(office.db, desk.actor, [application_id])
    return see_other("/kotak", pesan="dilepas")


@router.post("/permohonan/{application_id}/nik")
def show_nik(application_id: UUID, request: Request, desk: StaffDesk, office: Office) -> HTMLResponse:
    """The NIK in full for who must hold it against the KTP; the look is recorded."""
    with office.db.transaction() as session:
        visible_case(session, desk.actor, application_id)
    nik = reveal_nik(office.db, office.clock, office.cipher, desk.actor, application_id)
    return show(request, desk, office, application_id, nik=nik)
