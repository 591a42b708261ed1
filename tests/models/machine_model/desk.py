"""Every act of a person as one call: name of the act, case, user name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from models.rules.errors import InvalidInput
from models.services.claim import claim
from models.services.endorse import Kind
from models.services.hand_over import hand_over
from models.services.inputs import Amendment, PileLetter, ReturnItem
from models.services.put_off import put_off
from models.services.send_back import Target, amend, send_back
from models.services.submit import submit
from models.services.verify import reject, return_to_applicant, verify
from models.services.void import void_number
from models.services.withdraw import withdraw
from tests.cases import TAKEN, endorse, letter_of
from tests.factories import Office
from tests.fakes import Knob

Act = Callable[[Office, UUID, str, int], object]


def _submit(office: Office, case: UUID, who: str, version: int) -> object:
    return submit(office.db, office.clock, office.calendar, office.actor(who), case, version)


def _withdraw(office: Office, case: UUID, who: str, version: int) -> object:
    return withdraw(office.db, office.clock, office.actor(who), case, version)


def _verify(office: Office, case: UUID, who: str, version: int) -> object:
    """Once more with a reason for each point that the check holds against the berkas."""
    actor = office.actor(who)
    try:
        return verify(office.db, office.clock, actor, case, version)
    except InvalidInput as error:
        codes = [fault.pointer.removeprefix("/overrides/") for fault in error.faults]
        return verify(office.db, office.clock, actor, case, version, dict.fromkeys(codes, "sudah dilihat"))


def _return(office: Office, case: UUID, who: str, version: int) -> object:
    items = [ReturnItem(requirement="ktp", reason="ktp_tidak_terbaca")]
    return return_to_applicant(office.db, office.clock, office.actor(who), case, items, version)


def _reject(office: Office, case: UUID, who: str, version: int) -> object:
    return reject(office.db, office.clock, office.actor(who), case, "Bukan refraksionis optisien.", version)


def _endorse(kind: Kind) -> Act:
    def act(office: Office, case: UUID, who: str, version: int) -> object:
        looked_at = letter_of(office, case)
        letter = PileLetter(
            application_id=looked_at.application_id, version=version, blanko_sha256=looked_at.blanko_sha256
        )
        outcome = endorse(office, who, kind, letter)
        if outcome.letters[0].error is not None:
            raise outcome.letters[0].error
        return outcome

    return act


def _send_back(target: Target) -> Act:
    def act(office: Office, case: UUID, who: str, version: int) -> object:
        return send_back(office.db, office.clock, office.actor(who), case, "Nama salah tulis.", target, version)

    return act


def _amend(office: Office, case: UUID, who: str, version: int) -> object:
    changes = Amendment(workplace_address=f"Jalan Uji {version}")
    return amend(office.db, office.clock, office.actor(who), case, changes, version)


def _void(office: Office, case: UUID, who: str, version: int) -> object:
    return void_number(office.db, office.clock, office.actor(who), case, "Salah cetak.", version)


def _hand_over(office: Office, case: UUID, who: str, version: int) -> object:
    return hand_over(office.db, office.clock, office.actor(who), case, TAKEN, version)


def _put_off(office: Office, case: UUID, who: str, version: int) -> None:
    until = office.today + timedelta(days=3)
    put_off(office.db, office.clock, office.actor(who), case, until, "besok", version)


def _claim(office: Office, case: UUID, who: str, version: int) -> object:
    return claim(office.db, office.clock, office.actor(who), case)


ACTS: dict[str, Act] = {
    "submit": _submit,
    "withdraw": _withdraw,
    "verify": _verify,
    "return": _return,
    "reject": _reject,
    "paraf": _endorse("paraf"),
    "sign": _endorse("signature"),
    "send_back": _send_back("blanko"),
    "send_back_to_verify": _send_back("verification"),
    "amend": _amend,
    "void": _void,
    "hand_over": _hand_over,
    "put_off": _put_off,
    "claim": _claim,
}


def knob_of(office: Office, stage: str) -> Knob:
    """What fails at a machine stage when its world does."""
    return {
        "checking": office.scanner.knob,
        "preparing": office.press.knob,
        "applying_paraf": office.signer.knob,
        "applying_signature": office.signer.knob,
        "assembling": office.press.knob,
        "archiving": office.dossiers.knob,
    }.get(stage, Knob())
