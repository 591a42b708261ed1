"""`/register`: the book by year on the screen, as files for spreadsheets, and set like paper by a worker."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import HTMLResponse, StreamingResponse
from starlette.datastructures import QueryParams
from starlette.responses import Response

from api.actors import Office
from api.cursors import after_line, encode
from api.files import download_headers
from api.pages.desk import Desk, Sent, StaffDesk, number_of, see_other
from api.pages.forms import Form
from api.pages.rendering import is_fragment, page, query
from api.refusals import MalformedRequest
from api.register_files import csv_portions, write_xlsx
from api.views.books import BookState, book_state, books_of, series_of, years_of
from models.rules.dates import MONTHS
from models.rules.errors import Fault, InvalidInput, NotFound
from models.rules.numbering import jakarta_date
from models.rules.roles import require_role
from models.services.register_book import READERS, VOLUME, ask_for_book, masked, note_export, volumes_of
from models.services.register_lines import Line, Wanted, all_lines, lines_after, lines_before

router = APIRouter(include_in_schema=False)
PAGE = 25
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_STATES = {"berlaku": "active", "batal": "void"}
_CHUNK = 1 << 16


def reader_at_desk(desk: StaffDesk) -> Desk:
    """Raises Forbidden for staff whose work is not with the register."""
    require_role(desk.actor, *READERS)
    return desk


Reader = Annotated[Desk, Depends(reader_at_desk)]


@router.get("/register")
def look(request: Request, desk: Reader, office: Office) -> HTMLResponse:
    """One page of a year; filters and place stand in the address."""
    return _page(request, desk, office, Form())


def _page(request: Request, desk: Desk, office: Office, form: Form, status: int = 200) -> HTMLResponse:
    params = request.query_params
    today = jakarta_date(office.clock.now())
    wanted = wanted_of(params, today.year)
    with office.db.transaction() as session:
        shown = _leaf(session, office, wanted, params)
        context = {
            "years": years_of(session, today.year),
            "series_options": [(one, one) for one in series_of(session, wanted.year)],
            "volumes": volumes_of(session, wanted.year),
            "books": books_of(session, wanted.year),
        }
    whole = params.get("kolom") == "semua"
    links = Links(params, shown)
    context |= {
        "form": form,
        "filters": Form({key: [value] for key, value in params.items()}),
        "wanted": wanted,
        "months": [(str(place), name) for place, name in enumerate(MONTHS, 1)],
        "per_volume": VOLUME,
        "lines": shown.lines,
        "whole": whole,
        "links": links,
        "chosen": links.chosen(wanted),
        "masked": masked,
    }
    return desk.page(request, "backoffice/register.html", context, status)


def wanted_of(params: QueryParams, this_year: int) -> Wanted:
    """The filters of an address; what can not be read is left out, so that an old link still opens."""
    year, month = params.get("tahun", ""), params.get("bulan", "")
    return Wanted(
        year=int(year) if year.isascii() and year.isdigit() and 2000 <= int(year[:5]) < 3000 else this_year,
        series=params.get("seri", "").replace("\0", "")[:20],
        month=int(month) if month.isascii() and month.isdigit() and 1 <= int(month[:3]) <= 12 else 0,
        state=_STATES.get(params.get("status", ""), ""),
        name=params.get("nama", "").replace("\0", "").strip()[:80],
    )


@dataclass(frozen=True, slots=True)
class Leaf:
    """A page of the book, and whether there are others before and after it."""

    lines: list[Line]
    before: bool
    after: bool


def _leaf(session: Any, office: Office, wanted: Wanted, params: QueryParams) -> Leaf:
    try:
        if params.get("sebelum"):
            lines, more = lines_before(session, office.calendar, wanted, after_line(params["sebelum"]), PAGE)
            return Leaf(lines, more, True)
        after = after_line(params["sesudah"]) if params.get("sesudah") else None
    except MalformedRequest:
        after = None
    lines, more = lines_after(session, office.calendar, wanted, after, PAGE)
    return Leaf(lines, after is not None, more)


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses that keep the filters of this one."""

    params: QueryParams
    leaf: Leaf

    def to(self, **changes: object) -> str:
        """The list with some filters changed, from its beginning."""
        kept = {key: value for key, value in self.params.items() if key not in ("sesudah", "sebelum")}
        return "/register" + query(kept, **changes)

    def file(self, year: int, ending: str) -> str:
        """The whole list as a file."""
        kept = {key: value for key, value in self.params.items() if key in ("seri", "bulan", "status", "nama")}
        return f"/register/unduh/{year}.{ending}{query(kept) if kept else ''}"

    @property
    def previous(self) -> str:
        lines = self.leaf.lines
        return self.to(sebelum=encode(lines[0].series, lines[0].seq)) if self.leaf.before and lines else ""

    @property
    def next(self) -> str:
        lines = self.leaf.lines
        return self.to(sesudah=encode(lines[-1].series, lines[-1].seq)) if self.leaf.after and lines else ""

    def chosen(self, wanted: Wanted) -> list[dict[str, str]]:
        """The filters that hold, each with the address that drops it."""
        held = {
            "seri": wanted.series,
            "bulan": MONTHS[wanted.month - 1] if wanted.month else "",
            "status": {"active": "berlaku", "void": "batal"}.get(wanted.state, ""),
            "nama": f"memuat {wanted.name}" if wanted.name else "",
        }
        return [{"text": text, "href": self.to(**{key: None})} for key, text in held.items() if text]


@router.get("/register/unduh/{year}.{ending}")
def download(
    request: Request,
    year: Annotated[int, Path(ge=2000, lt=3000)],
    ending: Literal["csv", "xlsx"],
    desk: Reader,
    office: Office,
) -> Response:
    """The whole list with its filters; that it left the office is in the events before its first line."""
    wanted = wanted_of(request.query_params, year)
    wanted = Wanted(year, wanted.series, wanted.month, wanted.state, wanted.name)
    note_export(office.db, office.clock, desk.actor, ending, wanted)
    lines = all_lines(office.db, office.calendar, wanted)
    headers = {key: value for key, value in download_headers(f"register-{year}.{ending}", "").items() if key != "ETag"}
    if ending == "csv":
        return StreamingResponse(csv_portions(lines), media_type="text/csv; charset=utf-8", headers=headers)
    return StreamingResponse(_xlsx(lines, year), media_type=XLSX, headers=headers)


def _xlsx(lines: Iterator[Line], year: int) -> Iterator[bytes]:
    with tempfile.TemporaryFile() as target:
        write_xlsx(lines, f"Register {year}", target)
        target.seek(0)
        yield from _chunks(target)


def _chunks(target: IO[bytes]) -> Iterator[bytes]:
    while chunk := target.read(_CHUNK):
        yield chunk


@router.post("/register/buku")
def order(request: Request, desk: Reader, office: Office, sent: Sent) -> Response:
    """Have one volume set as a PDF."""
    year, volume = number_of(sent, "tahun") or 0, number_of(sent, "jilid") or 0
    try:
        book = ask_for_book(office.db, office.clock, desk.actor, year, volume)
    except InvalidInput:
        form = Form({}, (Fault("/jilid", "Jilid ini tidak ada. Pilih salah satu dari daftar.", "unknown"),))
        return _page(request, desk, office, form, 422)
    return see_other(f"/register/buku/{book}")


@router.get("/register/buku/{book_id}")
def book(request: Request, book_id: UUID, desk: Reader, office: Office) -> HTMLResponse:
    """Whether the volume is made yet; the part that changes alone when htmx or a timer asks."""
    found = _state(office, book_id)
    if is_fragment(request):
        return page(request, "backoffice/book_state.html", {"book": found})
    return desk.page(request, "backoffice/book.html", {"book": found})


@router.get("/register/buku/{book_id}/berkas.pdf")
def book_file(book_id: UUID, desk: Reader, office: Office) -> Response:
    """The volume."""
    found = _state(office, book_id)
    if not found.sha256:
        raise NotFound("This volume is not made yet.")
    note_export(office.db, office.clock, desk.actor, "pdf", Wanted(found.year))
    headers = download_headers(f"register-{found.year}-jilid-{found.volume}.pdf", found.sha256)
    return Response(office.vault.get(found.sha256), headers=headers, media_type="application/pdf")


def _state(office: Office, book_id: UUID) -> BookState:
    with office.db.transaction() as session:
        return book_state(session, book_id)
