"""What anybody may know of a licence: whether it stands, whose it is, for which workplace; no NIK, address or phone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from models.rules.validity import holds_on
from models.tables.definitions import SopVersion
from models.tables.letters import Blanko, Licence, RegisterEntry

Verdict = Literal["valid", "expired", "replaced", "revoked", "void"]


@dataclass(frozen=True, slots=True)
class Standing:
    """A licence of the register as its letter says; `reason` is told for a revoked or replaced one."""

    verdict: Verdict
    number: str
    licence_name: str
    name: str
    workplace: str
    signed_on: date
    valid_until: date | None
    signer: str
    signer_title: str
    reason: str
    sha256: str


def by_token(session: Session, token: str, today: date) -> Standing | None:
    """By the token of a QR code; None for an unknown one, and for a licence that was never issued."""
    return _one(session, col(Licence.token) == token, today) if token else None


def by_code(session: Session, code: str, today: date) -> Standing | None:
    """By the code beneath the QR code, as `typed_code.read_code` gives it."""
    return _one(session, col(Licence.code) == code, today) if code else None


def by_number(session: Session, number: str, signed_on: date, today: date) -> Standing | None:
    """By number and date as the letter shows them: who guesses a number must guess its day too."""
    here = (col(RegisterEntry.number) == number) & (col(RegisterEntry.signed_on) == signed_on)
    return _one(session, here, today)


def by_sha256(session: Session, sha256: str, today: date) -> Standing | None:
    """By the hash of the whole file."""
    return _one(session, col(Licence.sha256) == sha256, today)


def by_vouched_number(session: Session, number: str, blanko_sha256: str, today: date) -> Standing | None:
    """By what the office's own signature in a file vouches for."""
    here = (col(RegisterEntry.number) == number) & (col(Licence.blanko_sha256) == blanko_sha256)
    return _one(session, here, today)


def _one(session: Session, where: ColumnElement[bool], today: date) -> Standing | None:
    same: Any = (
        (col(Licence.series) == col(RegisterEntry.series))
        & (col(Licence.year) == col(RegisterEntry.year))
        & (col(Licence.seq) == col(RegisterEntry.seq))
    )
    of_blanko: Any = (col(Blanko.application_id) == col(Licence.application_id)) & (
        col(Blanko.revision) == col(Licence.revision)
    )
    licence_name: Any = col(SopVersion.sop)["licence_name"].as_string()
    found = session.exec(
        select(Licence, RegisterEntry, Blanko, licence_name)
        .join(RegisterEntry, same)
        .join(Blanko, of_blanko)
        .join(SopVersion, col(SopVersion.id) == col(Blanko.sop_id))
        .where(where, col(Licence.issued_at).is_not(None))
        .limit(1)
    ).first()
    return _standing(*found, today) if found else None


def _standing(licence: Licence, entry: RegisterEntry, blanko: Blanko, name: str, today: date) -> Standing:
    signer: dict[str, Any] = blanko.officials[-1] if blanko.officials else {}
    return Standing(
        verdict=_verdict(licence, entry, today),
        number=entry.number,
        licence_name=name,
        name=str(blanko.facts["holder"]["name"]),
        workplace=str(blanko.facts["workplace"]["name"]),
        signed_on=entry.signed_on,
        valid_until=licence.valid_until,
        signer=str(signer.get("name", "")),
        signer_title=" ".join(filter(None, (str(signer.get("acting", "")), str(signer.get("title", ""))))),
        reason=licence.status_reason if licence.status in ("revoked", "replaced") else "",
        sha256=licence.sha256,
    )


def _verdict(licence: Licence, entry: RegisterEntry, today: date) -> Verdict:
    if entry.state == "void" or licence.status in ("void", "intended"):
        return "void"
    if licence.status == "revoked":
        return "revoked"
    if licence.status == "replaced":
        return "replaced"
    return "valid" if holds_on(licence.valid_until, today) else "expired"
