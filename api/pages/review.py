"""`/tinjau`: the pile for paraf and signature, one step-up for all of it, and a result for each letter."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from api.actors import Office
from api.pages.desk import Desk, Sent, StaffDesk, see_other, text_of, texts_of
from api.pages.formats import day
from api.pages.forms import Form, typed
from api.pages.inbox import chip_of
from api.pages.picks import Pick, parse_picks
from api.pages.rendering import query
from api.pages.step_up import shown_in
from api.refusals import TooManyAttempts
from api.routes.piles import no_guessing
from api.views.batch_cases import batch_named
from api.views.pile_desk import PILE, Kind, PileLetterView, kinds_of, pile_of
from api.views.pile_result import PileResult, result_of, titles_of, waiting_again
from api.views.turns import all_sops
from api.wiring import ApiOffice
from models.rules.errors import Fault, Forbidden, InvalidInput, ParafError, WrongPassphrase
from models.services.endorse import PileOutcome, active_key, endorse_pile
from models.services.passkeys import passkeys_of
from models.services.pile_step_up import KEY_NEEDED, endorse_pile_by_passkey, passkey_suffices, pile_subject
from models.services.step_up import Shown

router = APIRouter(include_in_schema=False)

WORDS: dict[str, dict[str, str]] = {
    "paraf": {"act": "Paraf", "noun": "paraf", "done": "diparaf", "waits": "menunggu paraf Anda"},
    "signature": {
        "act": "Tandatangani",
        "noun": "tanda tangan",
        "done": "ditandatangani",
        "waits": "menunggu tanda tangan Anda",
    },
}
MESSAGES = {
    "ditunda": "Surat ditunda. Ia kembali ke tumpukan Anda pada hari itu.",
    "dikembalikan": "Surat dikembalikan dengan alasan Anda.",
}
REFUSED = {
    "stale-version": "Surat ini berubah sejak Anda melihatnya. Tinjau lagi.",
    "already-done": "Anda sudah bertindak pada revisi ini.",
    "wrong-stage": "Surat ini sudah berpindah meja.",
    "forbidden": "Surat ini bukan giliran jabatan Anda, atau menamai pejabat lain.",
    "temporary": "Surat ini sedang dipegang proses lain. Coba lagi sebentar.",
    "invalid-input": "STR pemohon sudah berakhir; izin tidak dapat berlaku.",
    "not-found": "Surat ini tidak ada.",
}
_WARN_BEFORE = timedelta(days=30)
_STILL = timedelta(minutes=1)
"""After a pile is done its page asks for news this much longer."""
STOP_POLLING = 286


@router.get("/tinjau")
def look(request: Request, desk: StaffDesk, office: Office) -> HTMLResponse:
    """The pile: what deviates first, then what passed every automatic check."""
    return _pile(request, desk, office)


@router.post("/tinjau")
def take_out(request: Request, desk: StaffDesk, office: Office, sent: Sent) -> HTMLResponse:
    """One letter out of the pile that is being looked at, without a script; nothing is kept of it."""
    out = text_of(sent, "keluarkan")
    left = [value for value in texts_of(sent, "surat") if value != out]
    return _pile(request, desk, office, Form({"surat": left}))


def _pile(request: Request, desk: Desk, office: ApiOffice, form: Form | None = None, status: int = 200) -> HTMLResponse:
    now, params = office.clock.now(), request.query_params
    only = [pick.application_id for pick in parse_picks(params.getlist("surat"), bare=True)]
    with office.db.transaction() as session:
        kinds = kinds_of(desk.actor, all_sops(session))
        if not kinds:
            raise Forbidden("No post of yours puts a paraf or signs.")
        kind = _kind(params.get("jenis", ""), kinds)
        batch = batch_named(params.get("batch", ""))
        pile = pile_of(session, desk.actor, kind, office.calendar, now, only, batch)
        key = active_key(session, desk.person.id, now)
        again = waiting_again(session, desk.actor, now)
    kept = set(form.chosen("surat")) if form is not None else None
    context = {
        "form": form or Form(),
        "kind": kind,
        "kinds": _kind_tabs(kinds, kind),
        "words": WORDS[kind],
        "attention": [card(one, kept) for one in pile.attention],
        "passed": [card(one, kept) for one in pile.passed],
        "left_out": [card(one, kept) for one in pile.left_out],
        "put_off": [card(one, kept) for one in pile.put_off],
        "waiting": pile.waiting,
        "after": max(0, pile.waiting - PILE),
        "only": bool(only or batch),
        "key_ends": key.not_after if key and key.not_after - now <= _WARN_BEFORE else None,
        "has_key": key is not None,
        "again": again,
        "message": MESSAGES.get(params.get("pesan", ""), ""),
    }
    return desk.page(request, "review/pile.html", context, status)


def _kind(wanted: str, kinds: Sequence[Kind]) -> Kind:
    return next((kind for kind in kinds if kind == wanted), kinds[-1])


def _kind_tabs(kinds: Sequence[Kind], chosen: Kind) -> list[dict[str, Any]]:
    names = {"paraf": "Paraf", "signature": "Tanda tangan"}
    return [{"text": names[k], "href": f"/tinjau?jenis={k}", "current": k == chosen} for k in kinds]


def card(one: PileLetterView, kept: set[str] | None) -> dict[str, Any]:
    """A letter as its card shows it; `kept` are the picks of a form that came back."""
    pick = Pick(one.case.id, one.case.version, one.blanko.sha256).text
    holder = one.holder
    ends = day(one.valid_until) if one.valid_until else "seumur hidup"
    ends_str = day(holder.str_valid_until) if holder.str_valid_until else "seumur hidup"
    facts = [
        ("Tempat kerja", f"{holder.workplace_name}, {holder.workplace_address}"),
        ("STR", f"{holder.str_number}, {ends_str}"),
        ("Jenis", one.type_label),
        ("Berlaku sampai", ends if not one.reason else "-"),
        ("Diverifikasi", one.verifier or "-"),
        ("Tempat ke", str(holder.place_order)),
    ]
    return {
        "id": pick,
        "case_id": one.case.id,
        "name": holder.name,
        "number": one.case.registration_number,
        "facts": facts,
        "deviations": one.deviations,
        "reason": one.reason,
        "hash": one.blanko.sha256,
        "src": one.picture.small if one.picture else "",
        "large": one.picture.large if one.picture else "",
        "href": f"/permohonan/{one.case.id}",
        "file": f"/v1/applications/{one.case.id}/blanko",
        "clock": chip_of(one.clock),
        "checked": kept is None or pick in kept,
        "until": one.put_off.until if one.put_off else None,
        "why": one.put_off.reason if one.put_off else "",
    }


@router.post("/tinjau/ringkasan")
def sum_up(request: Request, desk: StaffDesk, office: Office, sent: Sent) -> HTMLResponse:
    """What will be signed, above the passphrase; nothing moves here."""
    picks = parse_picks(texts_of(sent, "surat"))
    if not picks:
        form = typed(sent, [Fault("", "Belum ada surat yang dipilih. Centang paling sedikit satu.")])
        return _pile(request, desk, office, form, 422)
    return _summary(request, desk, office, picks, text_of(sent, "jenis"), Form())


def _summary(
    request: Request, desk: Desk, office: ApiOffice, picks: Sequence[Pick], wanted: str, form: Form, status: int = 200
) -> HTMLResponse:
    with office.db.transaction() as session:
        kind = _kind(wanted, kinds_of(desk.actor, all_sops(session)) or ("paraf",))
        titles = titles_of(session, [pick.application_id for pick in picks])
        suffices = passkey_suffices(session, desk.person.id, kind, list(titles), office.clock.now())
        has_passkey = bool(passkeys_of(session, desk.person.id))
    known = [pick for pick in picks if pick.application_id in titles]
    items = [{**titles[pick.application_id], "hash": pick.blanko_sha256} for pick in known]
    context = {
        "form": form,
        "kind": kind,
        "words": WORDS[kind],
        "items": items,
        "hidden": {"surat": [pick.text for pick in known], "jenis": kind},
        "username": desk.person.username,
        "subject": pile_subject(kind, [pick.letter for pick in known]) if suffices else "",
        "has_passkey": has_passkey,
        "back": "/tinjau" + query({"jenis": kind}),
    }
    return desk.page(request, "review/summary.html", context, status)


@router.post("/tinjau/bubuhkan")
def endorse(request: Request, desk: StaffDesk, office: Office, sent: Sent) -> Response:
    """One step-up for the pile, a passphrase or a passkey. A wrong one is told at once and nothing has moved."""
    picks, wanted = parse_picks(texts_of(sent, "surat")), text_of(sent, "jenis")
    kind: Kind = "signature" if wanted == "signature" else "paraf"
    shown = shown_in(sent)
    try:
        if not shown.secret and not shown.answer:
            raise WrongPassphrase("empty")
        with no_guessing(office, desk.actor):
            outcome = _put(office, desk, kind, picks, shown)
    except (WrongPassphrase, TooManyAttempts, Forbidden, InvalidInput) as error:
        status = 429 if isinstance(error, TooManyAttempts) else 422
        form = Form({}, (Fault("/passphrase", _said(error, shown)),))
        return _summary(request, desk, office, picks, wanted, form, status)
    return see_other(f"/tinjau/tumpukan/{outcome.pile_id}" + _refused_query(outcome))


def _put(office: ApiOffice, desk: Desk, kind: Kind, picks: Sequence[Pick], shown: Shown) -> PileOutcome:
    letters = [pick.letter for pick in picks]
    if shown.answer:
        return endorse_pile_by_passkey(office.desk, office.sign_in_room, desk.actor, kind, letters, shown)
    return endorse_pile(office.desk, desk.actor, kind, letters, shown.secret)


def _said(error: ParafError, shown: Shown) -> str:
    if isinstance(error, TooManyAttempts):
        return f"Terlalu banyak percobaan. Tunggu {error.retry_after} detik, lalu coba lagi. Belum ada yang berubah."
    if isinstance(error, Forbidden):
        return KEY_NEEDED if shown.answer else "Anda belum mempunyai kunci tanda tangan yang berlaku. Hubungi admin."
    if isinstance(error, InvalidInput):
        return "Tumpukan ini tidak dapat diterima. Kembali, lalu pilih lagi suratnya."
    if shown.answer:
        return "Passkey tidak dikenal atau sudah kedaluwarsa. Belum ada yang berubah; coba lagi."
    return (
        "Kata sandi kunci salah. Belum ada yang berubah; ketik lagi."
        if shown.secret
        else "Isi kata sandi kunci tanda tangan."
    )


def _refused_query(outcome: PileOutcome) -> str:
    refused = [f"{one.application_id}.{one.error.code}" for one in outcome.letters if one.error is not None]
    return query({}, ditolak=refused)


@router.get("/tinjau/tumpukan/{pile_id}")
def follow(pile_id: UUID, request: Request, desk: StaffDesk, office: Office) -> HTMLResponse:
    """A result a letter. The signing goes on in the workers, whoever looks."""
    result, refused, left = _follow(pile_id, request, desk, office)
    context = {**_result_context(result), "refused": refused, "left": left}
    return desk.page(request, "review/result.html", context)


@router.get("/tinjau/tumpukan/{pile_id}/kemajuan")
def progress(pile_id: UUID, request: Request, desk: StaffDesk, office: Office) -> HTMLResponse:
    """The part of the page that changes; says when there is nothing more to ask for."""
    now = office.clock.now()
    with office.db.transaction() as session:
        result = result_of(session, desk.actor, pile_id, now)
    if result.finished and now - result.last_change > _STILL:
        return HTMLResponse("", STOP_POLLING)
    return desk.page(request, "review/progress.html", _result_context(result))


def _follow(
    pile_id: UUID, request: Request, desk: Desk, office: ApiOffice
) -> tuple[PileResult, list[dict[str, str]], int]:
    now: datetime = office.clock.now()
    given = (one.partition(".") for one in request.query_params.getlist("ditolak")[:PILE])
    codes = {application_id: code for application_id, _, code in given}
    refused = parse_picks(list(codes), bare=True)
    with office.db.transaction() as session:
        result = result_of(session, desk.actor, pile_id, now)
        titles = titles_of(session, [pick.application_id for pick in refused])
        kind: Kind = "signature" if result.kind == "signature" else "paraf"
        left = pile_of(session, desk.actor, kind, office.calendar, now).waiting
    rows = [
        {
            **titles[pick.application_id],
            "href": f"/permohonan/{pick.application_id}",
            "why": REFUSED.get(codes[str(pick.application_id)], "Surat ini tidak dapat diikutkan."),
        }
        for pick in refused
        if pick.application_id in titles
    ]
    return result, rows, left


def _result_context(result: PileResult) -> dict[str, Any]:
    retry = result.of("retry")
    return {
        "result": result,
        "words": WORDS[result.kind],
        "done": result.of("done"),
        "pending": result.of("pending"),
        "retry": retry,
        "stuck": result.of("stuck"),
        "again": [Pick.of(one.again).text for one in retry if one.again],
    }
