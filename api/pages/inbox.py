"""`/kotak`: what waits for me or for the office, by time left, with claims and bulk acts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from starlette.datastructures import QueryParams
from starlette.responses import Response

from api.actors import Office
from api.pages.desk import Desk, Sent, StaffDesk, see_other, text_of, texts_of
from api.pages.formats import time_of_day
from api.pages.forms import Form
from api.pages.rendering import query
from api.pages.words import STAGES, ClockChip, clock_chip
from api.views.batch_cases import batch_named
from api.views.clocks import CaseClock
from api.views.inbox_desk import LAST_PAGE, Asked, Inbox, Row, inbox, may_claim, stages_of
from api.wiring import ApiOffice
from models.rules.errors import AlreadyDone, Fault, Forbidden, NotFound, WrongStage
from models.rules.roles import Actor
from models.rules.stages import Stage
from models.services.claim import claim, release

router = APIRouter(include_in_schema=False)

MESSAGES = {
    "diambil": "Permohonan yang dipilih sekarang Anda pegang selama 15 menit, dan lebih lama bila Anda buka.",
    "dilepas": "Permohonan yang dipilih sudah dilepas.",
    "habis": "Permohonan tadi sudah lengkap dan diteruskan. Tidak ada lagi yang menunggu diperiksa.",
}
_SCOPES = ("saya", "semua")
_OFFICIALS = frozenset({Stage.AWAITING_PARAF, Stage.AWAITING_SIGNATURE})


@router.get("/kotak")
def look(request: Request, desk: StaffDesk, office: Office) -> HTMLResponse:
    """One page of the inbox; every filter stands in the address."""
    return _page(request, desk, office, request.query_params)


@router.post("/kotak")
def act(request: Request, desk: StaffDesk, office: Office, sent: Sent) -> Response:
    """One act on all that were picked, or on none: who lacks the right to one of them is told which."""
    picked, name = _ids(texts_of(sent, "pilih")), text_of(sent, "tindakan")
    fault = _refused(desk.actor, office, picked, name) or _done(desk.actor, office, picked, name)
    if fault:
        form = Form({"pilih": texts_of(sent, "pilih")}, (Fault("", fault),))
        return _page(request, desk, office, request.query_params, form, 422)
    if name == "tinjau":
        return see_other("/tinjau?" + "&".join(f"surat={case_id}" for case_id in picked))
    done = "dilepas" if name == "lepas" else "diambil"
    return see_other("/kotak" + query(dict(request.query_params), pesan=done))


def _ids(values: Sequence[str]) -> list[UUID]:
    found = []
    for value in values:
        try:
            found.append(UUID(value))
        except ValueError:
            raise NotFound("One of the picked lines is none of ours.") from None
    return list(dict.fromkeys(found))


def _refused(actor: Actor, office: ApiOffice, picked: Sequence[UUID], act_name: str) -> str:
    """Why this can not be done to all that were picked, "" when it can."""
    if act_name not in ("ambil", "lepas", "tinjau"):
        return "Tindakan ini tidak dikenal. Muat ulang halaman, lalu ulangi."
    if not picked:
        return "Belum ada yang dipilih. Centang dahulu permohonannya."
    if len(picked) > 50:
        return "Paling banyak 50 permohonan sekaligus."
    allowed: Callable[[str], bool] = (
        (lambda stage: Stage(stage) in _OFFICIALS) if act_name == "tinjau" else lambda stage: may_claim(actor, stage)
    )
    with office.db.transaction() as session:
        cases = stages_of(session, picked)
    odd = [number for number, stage in cases if not allowed(stage)]
    if odd or len(cases) < len(picked):
        return f"Tidak ada yang dikerjakan: {', '.join(odd) or 'sebagian'} tidak dapat diperlakukan begitu oleh Anda."
    return ""


def _done(actor: Actor, office: ApiOffice, picked: Sequence[UUID], act_name: str) -> str:
    if act_name == "lepas":
        release(office.db, actor, picked)
    return _claim_all(actor, office, picked) if act_name == "ambil" else ""


def _claim_all(actor: Actor, office: ApiOffice, picked: Sequence[UUID]) -> str:
    taken: list[UUID] = []
    try:
        for case_id in picked:
            claim(office.db, office.clock, actor, case_id)
            taken.append(case_id)
    except (AlreadyDone, Forbidden, WrongStage):
        release(office.db, actor, taken)
        return "Tidak ada yang diambil: sebagian baru saja diambil rekan lain atau sudah berpindah meja."
    return ""


def _page(
    request: Request, desk: Desk, office: ApiOffice, params: QueryParams, form: Form | None = None, status: int = 200
) -> HTMLResponse:
    asked = asked_of(params, desk.actor)
    now = office.clock.now()
    with office.db.transaction() as session:
        found = inbox(session, desk.actor, asked, office.calendar, now)
    shown = Shown(desk.actor, asked, found, params)
    picked = frozenset(form.chosen("pilih")) if form else frozenset()
    context = {
        "form": form or Form(),
        "filters": Form({key: [value] for key, value in params.items()}),
        "asked": asked,
        "inbox": found,
        "tabs": shown.tabs(),
        "scopes": shown.scopes(),
        "rows": shown.rows(picked),
        "chosen": shown.chosen(),
        "types": shown.types(),
        "previous": shown.page_link(asked.page - 1) if asked.page > 1 else "",
        "next": shown.page_link(asked.page + 1) if found.more and asked.page < LAST_PAGE else "",
        "clerk": any(may_claim(desk.actor, stage) for stage in Stage),
        "official": any(Stage(row.case.stage) in _OFFICIALS for row in found.rows if shown.mine(row)),
        "message": MESSAGES.get(params.get("pesan", ""), ""),
        "here": shown.link(),
    }
    return desk.page(request, "inbox/inbox.html", context, status)


def asked_of(params: QueryParams, actor: Actor) -> Asked:
    """The filters of an address; what can not be read is left out, so that an old link still opens."""
    scope = params.get("lingkup", "")
    stage = params.get("tahap", "")
    page = params.get("hal", "1")
    return Asked(
        scope=scope if scope in _SCOPES else _own_scope(actor),
        stage=Stage(stage) if stage in set(Stage) else None,
        application_type=params.get("jenis", "")[:48].replace("\0", ""),
        name=params.get("nama", "").replace("\0", "").strip()[:80],
        since=_day(params.get("sejak", "")),
        until=_day(params.get("sampai", "")),
        priority=params.get("prioritas") == "1",
        batch=batch_named(params.get("batch", "")),
        page=min(int(page), LAST_PAGE) if page.isascii() and page.isdigit() and 0 < len(page) < 4 and int(page) else 1,
    )


def _own_scope(actor: Actor) -> str:
    works = actor.roles & {"front_office", "back_office", "ahli_muda", "ahli_madya", "sekretaris", "kepala_dinas"}
    return "saya" if works else "semua"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


def chip_of(clock: CaseClock) -> ClockChip:
    """A case's clock as its chip."""
    return clock_chip(clock.left, clock.standard, paused=clock.paused, done=clock.done)


@dataclass(frozen=True, slots=True)
class Shown:
    """The inbox in the words of its page."""

    actor: Actor
    asked: Asked
    inbox: Inbox
    params: QueryParams

    def link(self, **changes: object) -> str:
        """The address of this list with some filters changed; a new list begins at its first page."""
        kept = {key: value for key, value in self.params.items() if key not in ("hal", "pesan")}
        return "/kotak" + query(kept, **changes)

    def page_link(self, page: int) -> str:
        return self.link(hal=page if page > 1 else None)

    def scopes(self) -> list[dict[str, Any]]:
        names = {"saya": "Giliran saya", "semua": "Semua yang berjalan"}
        return [
            {"text": text, "href": self.link(lingkup=code, tahap=None), "current": self.asked.scope == code}
            for code, text in names.items()
        ]

    def tabs(self) -> list[dict[str, Any]]:
        whole = {"text": "Semua tahap", "href": self.link(tahap=None), "count": self.inbox.total}
        stages = list(self.inbox.counts)
        if self.asked.stage and self.asked.stage not in stages:
            stages.append(self.asked.stage)
        return [
            {**whole, "current": self.asked.stage is None},
            *(
                {
                    "text": STAGES[stage].staff_title,
                    "href": self.link(tahap=stage.value),
                    "count": self.inbox.counts.get(stage, 0),
                    "current": stage is self.asked.stage,
                }
                for stage in stages
            ),
        ]

    def types(self) -> list[tuple[str, str]]:
        found = {kind.code: kind.label for sop in self.inbox.sops.values() for kind in sop.application_types}
        return list(found.items())

    def chosen(self) -> list[dict[str, str]]:
        """The filters that hold, each with the address that drops it."""
        asked, labels = self.asked, dict(self.types())
        held = {
            "jenis": labels.get(asked.application_type, asked.application_type),
            "nama": f"memuat {asked.name}" if asked.name else "",
            "sejak": f"masuk sejak {asked.since:%d-%m-%Y}" if asked.since else "",
            "sampai": f"masuk sampai {asked.until:%d-%m-%Y}" if asked.until else "",
            "prioritas": "prioritas" if asked.priority else "",
            "batch": "satu kiriman massal" if asked.batch else "",
        }
        return [{"text": text, "href": self.link(**{key: None})} for key, text in held.items() if text]

    def mine(self, row: Row) -> bool:
        return row.waiting_for in self.actor.roles

    def rows(self, picked: frozenset[str]) -> list[dict[str, Any]]:
        return [self._line(row, picked) for row in self.inbox.rows]

    def _line(self, row: Row, picked: frozenset[str]) -> dict[str, Any]:
        reason = self._held(row)
        can = self.mine(row) and not (row.claimed_by and row.claimed_by != self.actor.person_id)
        return {
            "id": str(row.case.id),
            "href": f"/permohonan/{row.case.id}",
            "label": f"{row.case.registration_number or 'permohonan'}, {row.name}",
            "number": row.case.registration_number or "Belum bernomor",
            "name": row.name,
            "workplace": row.workplace,
            "kind": dict(self.types()).get(row.case.application_type, row.case.application_type),
            "stage": row.case.stage,
            "urgent": row.case.priority < 5,
            "clock": chip_of(row.clock),
            "mark": "late" if row.clock.left is not None and row.clock.left < 0 and not row.clock.done else "",
            "disabled": not can,
            "checked": str(row.case.id) in picked,
            "reason": reason,
        }

    def _held(self, row: Row) -> str:
        if row.case.quarantined_at is not None:
            return "Disisihkan: menunggu operator"
        if not row.claimed_by or row.held_until is None:
            return ""
        until = time_of_day(row.held_until)
        return (
            f"Anda pegang sampai {until}"
            if row.claimed_by == self.actor.person_id
            else (f"Dipegang {row.claimant} sampai {until}")
        )
