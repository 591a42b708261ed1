"""`/admin/kalender`: closures, odd days and weeks over the office's file, and what the months look like with them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from starlette.datastructures import FormData
from starlette.responses import Response

from api.actors import Office
from api.pages.admin import AdminDesk, admin_page
from api.pages.admin_people import _day
from api.pages.desk import Desk, Sent, see_other, text_of
from api.pages.forms import Form, typed
from api.wiring import ApiOffice
from models.rules.errors import AlreadyDone, Fault, InvalidInput
from models.rules.numbering import jakarta_date
from models.rules.office import WEEKDAYS
from models.services.office_calendar import close_office, entered, override_day, remove_day, set_week

router = APIRouter(include_in_schema=False)
HOME = "/admin/kalender"
MESSAGES = {"simpan": "Kalender sudah diubah. Janji baru memakainya mulai sekarang.", "hapus": "Baris sudah dihapus."}
DESKS = [("counter", "Loket"), ("back_office", "Kantor")]
WEEKS_SHOWN = 9


@router.get(HOME)
def calendar(request: Request, desk: AdminDesk, office: Office, pesan: str = Query("", max_length=20)) -> HTMLResponse:
    """The coming weeks as they count, what was entered, and forms."""
    return _page(request, desk, office, Form(), message=MESSAGES.get(pesan, ""))


def _page(
    request: Request, desk: Desk, office: ApiOffice, form: Form, status: int = 200, message: str = ""
) -> HTMLResponse:
    with office.db.transaction() as session:
        rows = entered(session)
    context = {
        "form": form,
        "message": message,
        "rows": rows,
        "weeks": _weeks(office),
        "desks": DESKS,
        "weekdays": WEEKDAYS,
        "file": request.app.state.pages.office,
        "today": jakarta_date(office.clock.now()),
        "sample": _sample(office),
    }
    return admin_page(request, desk, "calendar.html", context, HOME, status)


def _weeks(office: ApiOffice) -> list[list[dict[str, Any]]]:
    """The coming weeks, Monday first: each day with the counter's hours, or why it is closed."""
    today = jakarta_date(office.clock.now())
    monday = today - timedelta(days=today.weekday())
    days = [monday + timedelta(days=offset) for offset in range(7 * WEEKS_SHOWN)]
    calendar = office.calendar
    found = []
    for one in days:
        spans = calendar.spans(one, "counter")
        hours = f"{spans[0][0]:%H.%M}-{spans[-1][1]:%H.%M}" if spans else ""
        found.append({"day": one, "hours": hours, "today": one == today, "why": "" if spans else _why(office, one)})
    return [found[start : start + 7] for start in range(0, len(found), 7)]


def _why(office: ApiOffice, day: date) -> str:
    calendar = office.calendar
    own = [one.reason for one in calendar.overrides if one.day == day and not one.worked]
    closed = [one.reason for one in calendar.closures if one.first <= day <= one.last]
    if own or closed:
        return (own or closed)[0]
    return "Libur nasional" if day in calendar.holidays and day.weekday() < 5 else "Libur"


def _sample(office: ApiOffice) -> Any:
    """What a berkas handed in now would be promised: the calendar's effect in one line."""
    return office.calendar.promised_at(office.clock.now(), 2)


def _entered(
    request: Request, desk: Desk, office: ApiOffice, sent: FormData, prefix: str, act: Callable[[], None]
) -> Response:
    try:
        act()
    except (InvalidInput, AlreadyDone) as error:
        faults = error.faults or (Fault(f"/{prefix}", str(error)),)
        return _page(request, desk, office, typed(sent, faults), 422)
    office.days.forget()
    return see_other(HOME, pesan="simpan")


@router.post(f"{HOME}/tutup")
def close(request: Request, desk: AdminDesk, office: Office, sent: Sent) -> Response:
    """The office is closed for some days."""

    def act() -> None:
        reason = _reason(sent, "reason")
        close_office(office.db, office.clock, desk.actor, _day(sent, "first"), _day(sent, "last"), reason)

    return _entered(request, desk, office, sent, "last", act)


@router.post(f"{HOME}/hari")
def override(request: Request, desk: AdminDesk, office: Office, sent: Sent) -> Response:
    """One day against the calendar."""

    def act() -> None:
        worked, hours = text_of(sent, "worked") == "1", text_of(sent, "hours")
        override_day(office.db, office.clock, desk.actor, _day(sent, "day"), worked, hours, _reason(sent, "why"))

    return _entered(request, desk, office, sent, "hours", act)


@router.post(f"{HOME}/minggu")
def week(request: Request, desk: AdminDesk, office: Office, sent: Sent) -> Response:
    """A desk's week for a range of dates: Ramadan, a trial."""

    def act() -> None:
        last = _day(sent, "week_last")
        hours = [text_of(sent, f"hours_{day}") for day in WEEKDAYS]
        if text_of(sent, "desk") not in dict(DESKS):
            raise InvalidInput("", faults=[Fault("/desk", "Pilih loket atau kantor.")])
        until = last + timedelta(days=1)
        note = _reason(sent, "note")
        set_week(
            office.db, office.clock, desk.actor, text_of(sent, "desk"), _day(sent, "week_first"), until, hours, note
        )

    return _entered(request, desk, office, sent, "hours_senin", act)


@router.post(f"{HOME}/{{kind}}/{{row_id}}/hapus")
def remove(kind: str, row_id: UUID, desk: AdminDesk, office: Office) -> Response:
    """Take an entered row back."""
    remove_day(office.db, office.clock, desk.actor, kind, row_id)
    office.days.forget()
    return see_other(HOME, pesan="hapus")


def _reason(sent: FormData, name: str) -> str:
    text = text_of(sent, name)
    if not 3 <= len(text) <= 200:
        raise InvalidInput("", faults=[Fault(f"/{name}", "Tulis alasannya dengan beberapa kata.")])
    return text
