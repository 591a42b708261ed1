"""Applications that the real services drive to where a test wants them.

case_id = an_application(office, "awaiting_paraf", paraf_next=2)
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from models.rules.requirements import applicable
from models.rules.sop import Requirement
from models.rules.stages import TASKS, Stage
from models.services.casework import holder_of, read_case
from models.services.definitions import current_sop
from models.services.draft import Upload, attach, describe, open_draft
from models.services.endorse import Kind, PileOutcome, endorse_pile
from models.services.hand_over import hand_over
from models.services.inputs import HandOverInput, HolderInput, PileLetter, ReturnItem
from models.services.send_back import send_back
from models.services.submit import submit
from models.services.verify import reject, return_to_applicant, verify
from models.services.withdraw import lapse_overdue, withdraw
from models.tables.cases import HolderData
from models.tables.letters import Blanko
from ops.samples.people import SampleApplicant, applicant, holder_data
from tests.factories import HEAD, INITIALLERS, Office, passphrase_of, sikro_definition


def holder_input(sample: SampleApplicant, **changes: object) -> HolderInput:
    """The sample's data as the applicant types it."""
    return HolderInput.model_validate({**holder_data(sample), **changes})


def a_draft(office: Office, *, application_type: str = "baru", channel: str = "online", **changes: object) -> UUID:
    """A draft of the seeded applicant with his data filled in and no document yet; `changes` go to the data."""
    mine = office.actor("pemohon")
    draft = open_draft(office.db, office.clock, mine, "SIKRO", application_type, channel)
    sample = applicant(next(office.seeds), on=office.today)
    describe(office.db, office.clock, office.cipher, mine, draft.application_id, holder_input(sample, **changes))
    return draft.application_id


def hand_in(office: Office, case_id: UUID, *, without: tuple[str, ...] = ()) -> list[str]:
    """Attach one fitting file for each requirement that applies, but for `without`; returns the codes."""
    with office.db.transaction() as session:
        case, holder = read_case(session, case_id), holder_of(session, case_id)
        _, sop = current_sop(session, case.licence_code, office.today)
        items = applicable(sop, case.application_type, office.today, frozenset(holder.conditions))
    wanted = [item.requirement for item in items if item.required and item.requirement.code not in without]
    mine = office.actor("pemohon")
    for requirement in wanted:
        values = _fields(office, holder, requirement)
        attach(office.db, office.clock, mine, case_id, _upload(office, case_id, requirement, "", values))
    return [requirement.code for requirement in wanted]


def attach_file(
    office: Office,
    case_id: UUID,
    requirement: str,
    content: str = "",
    *,
    username: str = "pemohon",
    fields: dict[str, str] | None = None,
) -> UUID:
    """One invented file under a requirement, its fields filled in as the SOP asks unless `fields` says otherwise."""
    asked = sikro_definition().sop.requirement(requirement)
    with office.db.transaction() as session:
        holder = holder_of(session, case_id)
    values = _fields(office, holder, asked) if fields is None else fields
    upload = _upload(office, case_id, asked, content, values)
    return attach(office.db, office.clock, office.actor(username), case_id, upload)


def _upload(office: Office, case_id: UUID, requirement: Requirement, content: str, values: dict[str, str]) -> Upload:
    image = "pdf" not in requirement.kinds
    head = "\xff\xd8\xff" if image else "%PDF-1.7\n"
    stored = office.vault.put(f"{head}{requirement.code} of {case_id} {content}".encode("latin-1"))
    name = f"{requirement.code}.{'jpg' if image else 'pdf'}"
    return Upload(requirement.code, name, "image/jpeg" if image else "application/pdf", stored, values)


def _fields(office: Office, holder: HolderData, requirement: Requirement) -> dict[str, str]:
    own = requirement.evidence_of == "str"
    ends = holder.str_valid_until if own else None
    values = {
        "number": holder.str_number if own else "12/A/2026",
        "date": (office.today - timedelta(days=3)).isoformat(),
        "expiry": ends.isoformat() if ends else "seumur hidup",
        "issuer": "Dinas Kesehatan",
    }
    return {item.code: values[item.code] for item in requirement.fields}


def letter_of(office: Office, case_id: UUID) -> PileLetter:
    """The letter as an official looks at it now."""
    with office.db.transaction() as session:
        case = read_case(session, case_id)
        blanko = session.get(Blanko, (case.id, case.revision))
        sha256 = blanko.sha256 if blanko else "0" * 64
        return PileLetter(application_id=str(case.id), version=case.version, blanko_sha256=sha256)


def endorse(
    office: Office, username: str, kind: Kind, *letters: PileLetter | UUID, passphrase: str | None = None
) -> PileOutcome:
    """Paraf or sign letters, given as ids or as they were looked at."""
    pile = [letter if isinstance(letter, PileLetter) else letter_of(office, letter) for letter in letters]
    return endorse_pile(office.desk, office.actor(username), kind, pile, passphrase or passphrase_of(username))


TAKEN = HandOverInput(receiver="Pemohon sendiri", relation="pemohon", identity="ktp")


def _take_next(office: Office, case_id: UUID) -> None:
    """One step along the straight road from draft to closed."""
    case = office.case(case_id)
    stage, db, clock = Stage(case.stage), office.db, office.clock
    if stage in TASKS:
        assert office.perform(office.ticket(case_id)), f"the step at {stage} did not run"
    elif stage is Stage.DRAFT:
        hand_in(office, case_id)
        submit(db, clock, office.calendar, office.actor("pemohon"), case_id, case.version)
    elif stage in (Stage.RETURNED, Stage.LAPSED):
        submit(db, clock, office.calendar, office.actor("pemohon"), case_id, case.version)
    elif stage is Stage.VERIFYING:
        verify(db, clock, office.actor("loket"), case_id, case.version)
    elif stage is Stage.AWAITING_PARAF:
        _must(endorse(office, INITIALLERS[case.paraf_next - 1], "paraf", case_id))
    elif stage is Stage.AWAITING_SIGNATURE:
        _must(endorse(office, HEAD, "signature", case_id))
    elif stage is Stage.READY:
        hand_over(db, clock, office.actor("loket"), case_id, TAKEN, case.version)
    else:
        raise AssertionError(f"no straight road leads on from {stage}")


def _must(outcome: PileOutcome) -> None:
    for letter in outcome.letters:
        if letter.error is not None:
            raise letter.error


def _return(office: Office, case_id: UUID) -> None:
    item = ReturnItem(requirement="ktp", reason="ktp_tidak_terbaca")
    return_to_applicant(office.db, office.clock, office.actor("loket"), case_id, [item])


def _lapse(office: Office, case_id: UUID) -> None:
    _return(office, case_id)
    office.clock.advance(days=40)
    lapse_overdue(office.db, office.clock, office.calendar)


def _reject(office: Office, case_id: UUID) -> None:
    reject(office.db, office.clock, office.actor("loket"), case_id, "Pemohon bukan refraksionis optisien.")


def _send_back(office: Office, case_id: UUID) -> None:
    send_back(office.db, office.clock, office.actor("muda"), case_id, "Nama tempat kerja salah tulis.")


def _withdraw(office: Office, case_id: UUID) -> None:
    withdraw(office.db, office.clock, office.actor("pemohon"), case_id)


_SIDE_ROADS: dict[Stage, tuple[Stage, Callable[[Office, UUID], None]]] = {
    Stage.RETURNED: (Stage.VERIFYING, _return),
    Stage.LAPSED: (Stage.VERIFYING, _lapse),
    Stage.REJECTED: (Stage.VERIFYING, _reject),
    Stage.WITHDRAWN: (Stage.VERIFYING, _withdraw),
    Stage.AMENDING: (Stage.AWAITING_PARAF, _send_back),
}


def drive(office: Office, case_id: UUID, stage: str, *, paraf_next: int = 1) -> UUID:
    """Take a case along the straight road (people and machines doing their part) until it stands at `stage`."""
    target = Stage(stage)
    if target in _SIDE_ROADS:
        through, turn = _SIDE_ROADS[target]
        drive(office, case_id, through)
        turn(office, case_id)
        return case_id
    with_ordinal = target in (Stage.AWAITING_PARAF, Stage.APPLYING_PARAF)
    for _ in range(40):
        case = office.case(case_id)
        if case.stage == target and (not with_ordinal or case.paraf_next == paraf_next):
            return case_id
        office.clock.advance(minutes=1)
        _take_next(office, case_id)
    raise AssertionError(f"{stage} was not reached")


def an_application(
    office: Office,
    stage: str = "draft",
    *,
    paraf_next: int = 1,
    application_type: str = "baru",
    channel: str = "online",
    **holder: object,
) -> UUID:
    """An application of the seeded applicant at a stage; `holder` changes what he fills in."""
    case_id = a_draft(office, application_type=application_type, channel=channel, **holder)
    return drive(office, case_id, stage, paraf_next=paraf_next)
