"""Which bytes are the blanko and the licence of a case."""

from __future__ import annotations

from sqlmodel import Session, col, select

from models.rules.errors import NotFound, WrongStage
from models.rules.roles import Actor
from models.tables.cases import Application
from models.tables.letters import Blanko, HandOver, Licence, RegisterEntry


def blanko_sha256(session: Session, case: Application, revision: int | None) -> str:
    """Of that revision, else of the present one; raises NotFound when none was made."""
    blanko = session.get(Blanko, (case.id, revision or case.revision))
    if blanko is None:
        raise NotFound("There is no blanko of this revision yet; it is made after the verification.")
    return blanko.sha256


def licence_sha256(session: Session, actor: Actor, case: Application) -> tuple[str, str]:
    """Hash and number of the issued licence. Raises NotFound before it is issued, WrongStage for an applicant who
    has not received it yet."""
    row = session.exec(
        select(Licence.sha256, RegisterEntry.number, HandOver.licence_id)
        .join(
            RegisterEntry,
            (col(RegisterEntry.series) == col(Licence.series))
            & (col(RegisterEntry.year) == col(Licence.year))
            & (col(RegisterEntry.seq) == col(Licence.seq)),
        )
        .outerjoin(HandOver, col(HandOver.licence_id) == col(Licence.id))
        .where(Licence.application_id == case.id, Licence.sha256 != "", Licence.status != "void")
        .order_by(col(Licence.revision).desc())
        .limit(1)
    ).first()
    if row is None:
        raise NotFound("The licence is not issued yet.")
    sha256, number, handed_over = row
    if handed_over is None and not actor.is_staff:
        raise WrongStage(
            "Izin sudah terbit dan menunggu Anda di loket. Setelah diserahkan, Anda dapat mengunduhnya di sini."
        )
    return sha256, number
