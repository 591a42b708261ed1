"""People who act at once: use cases called by a script, so that only the machine's pace is measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy import select as columns
from sqlmodel import and_, col, func, select

from models.catalogue import load_office
from models.db import Database
from models.ports import NikCipher, Vault
from models.rules.numbering import jakarta_date
from models.rules.roles import Actor
from models.rules.stages import Stage
from models.rules.working_time import Calendar
from models.services import draft, endorse, submit, verify
from models.services.inputs import HolderInput, PileLetter
from models.services.people import actor_of
from models.tables.cases import Application
from models.tables.letters import Blanko
from models.tables.people import Person
from models.tables.work import Outbox
from ops.office import LocalOffice
from ops.samples.berkas import SampleFile
from ops.samples.people import applicant, holder_data
from ops.seed import demo_passphrase
from workers.adapters.clock import SystemClock
from workers.adapters.hashing import Argon2Hasher
from workers.adapters.holidays_id import closed_days
from workers.adapters.nik_cipher import AesNikCipher
from workers.adapters.sealing import BoxSealer, key_from
from workers.adapters.vault import open_vault
from workers.wiring import CALENDAR_YEARS, TEMPLATES

OFFICIALS = ("muda", "madya", "sekretaris")
HEAD = "kepala"
PILE = 50
_Row = tuple[UUID, int, str, int, str]
_ON_THEIR_WAY = (
    columns(
        col(Application.id),
        col(Application.version),
        col(Application.stage),
        col(Application.paraf_next),
        col(Blanko.sha256),
    )
    .join(
        Blanko,
        and_(col(Blanko.application_id) == col(Application.id), col(Blanko.revision) == col(Application.revision)),
        isouter=True,
    )
    .where(col(Application.stage).not_in([Stage.READY.value, Stage.DRAFT.value]))
)
"""What a person sees of each case that is not ready: a look must cost next to nothing, or the looking is measured."""


@dataclass(slots=True)
class Script:
    """The people of a local office, acting through its use cases."""

    db: Database
    clock: SystemClock
    vault: Vault
    cipher: NikCipher
    calendar: Calendar
    desk: endorse.Desk
    people: dict[str, Actor]

    @staticmethod
    def for_office(office: LocalOffice) -> Script:
        db, clock = Database(office.servers.database_url_app, application_name="paraf-script"), SystemClock()
        desk = endorse.Desk(db, clock, BoxSealer(key_from(office.secrets.sealing_key)), Argon2Hasher())
        calendar = load_office(TEMPLATES / "office.toml").calendar(closed_days(*CALENDAR_YEARS))
        cipher = AesNikCipher(Path(office.secrets.nik_key).read_bytes().strip())
        return Script(db, clock, open_vault(office.settings), cipher, calendar, desk, _people(db, clock))

    def prepare(self, seed: int, berkas: dict[str, SampleFile]) -> UUID:
        """A draft with data and documents, ready to be handed in."""
        who = self.people["pemohon"]
        opened = draft.open_draft(self.db, self.clock, who, "SIKRO", "baru")
        data = HolderInput.model_validate(holder_input(seed, self.clock))
        draft.describe(self.db, self.clock, self.cipher, who, opened.application_id, data)
        for code, file in berkas.items():
            upload = draft.Upload(code, file.name, file.media_type, self.vault.put(file.data), file.fields)
            draft.attach(self.db, self.clock, who, opened.application_id, upload)
        return opened.application_id

    def submit(self, case_id: UUID) -> None:
        submit.submit(self.db, self.clock, self.calendar, self.people["pemohon"], case_id)

    def act(self, overrides: Mapping[str, str] | None = None) -> int:
        """Everything that waits for a person now is done at once; returns how many cases are still on their way.

        `overrides`: what a berkas may lack, with the reason. Raises InvalidInput for one that lacks more.
        """
        with self.db.transaction() as session:
            found = session.execute(_ON_THEIR_WAY).all()
        for case_id, _, stage, *_ in found:
            if stage == Stage.VERIFYING:
                verify.verify(self.db, self.clock, self.people["loket"], case_id, None, overrides)
        for ordinal, name in enumerate(OFFICIALS, start=1):
            self._pile(name, "paraf", _waiting(found, Stage.AWAITING_PARAF, ordinal))
        self._pile(HEAD, "signature", _waiting(found, Stage.AWAITING_SIGNATURE))
        return len(found)

    def _pile(self, name: str, kind: endorse.Kind, letters: Sequence[PileLetter]) -> None:
        for start in range(0, len(letters), PILE):
            pile = letters[start : start + PILE]
            outcome = endorse.endorse_pile(self.desk, self.people[name], kind, pile, demo_passphrase(name))
            for letter in outcome.letters:
                if letter.error:
                    raise letter.error

    def left(self) -> int:
        """How many pieces of work are not done."""
        with self.db.transaction() as session:
            return session.exec(select(func.count()).select_from(Outbox).where(col(Outbox.done_at).is_(None))).one()

    def set_aside(self) -> list[str]:
        """Why cases are in quarantine: a benchmark with any is no benchmark."""
        with self.db.transaction() as session:
            reasons = select(Application.quarantine_reason).where(col(Application.quarantined_at).is_not(None))
            return list(session.exec(reasons))


def holder_input(seed: int, clock: SystemClock) -> dict[str, object]:
    """The data of an invented applicant, as the input schema takes it."""
    return dict(holder_data(applicant(seed, on=jakarta_date(clock.now()))))


def _people(db: Database, clock: SystemClock) -> dict[str, Actor]:
    with db.transaction() as session:
        rows = session.exec(select(Person)).all()
        return {person.username: actor_of(session, person, jakarta_date(clock.now())) for person in rows}


def _waiting(found: Iterable[_Row], stage: Stage, ordinal: int = 0) -> list[PileLetter]:
    return [
        PileLetter(application_id=str(case_id), version=version, blanko_sha256=sha256)
        for case_id, version, at, paraf_next, sha256 in found
        if at == stage and ordinal in (0, paraf_next)
    ]


Tell = Callable[[str], None]
