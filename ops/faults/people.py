"""Applicants and officials at work over HTTP while things break; each acknowledged act goes into the history."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from typing import Any

import psycopg

from models.rules.errors import TemporaryFailure
from ops.faults.caller import Caller, Refused
from ops.faults.eyes import Eyes, Waiting
from ops.faults.history import Ack, History
from ops.samples.berkas import SampleFile, paint_berkas
from ops.samples.people import applicant, holder_data
from ops.seed import demo_passphrase, demo_password

BROUGHT = ("pas_foto", "surat_permohonan")
"""What an applicant brings: the rest is overridden by the officer with a reason, so that a case costs little."""

OFFICIALS = ("muda", "madya", "sekretaris")
HEAD = "kepala"
LOOK_EVERY = 0.3
PILE = 50
SENT_BACK_EVERY = 12
"""One letter in so many is sent back once by the third official, amended, and initialled again."""


@dataclass(slots=True)
class Load:
    """What all people share: where the counter is, what was promised, when to stop, how far they may go."""

    base_url: str
    database_url: str
    history: History
    today: date
    cases: int
    allowed: Callable[[], int]
    over: threading.Event = field(default_factory=threading.Event)
    begun: int = 0
    _people: Iterator[int] = field(default_factory=lambda: count(10_000))
    errors: list[str] = field(default_factory=list)
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _sent_back: set[str] = field(default_factory=set)

    def next_case(self) -> int | None:
        """A number for the next applicant: he waits until the run has got far enough. None when all have come."""
        while not self.over.is_set():
            with self._guard:
                if self.begun >= self.cases:
                    return None
                if self.begun < self.allowed():
                    self.begun += 1
                    return next(self._people)
            self.over.wait(LOOK_EVERY)
        return None

    def one_more(self) -> None:
        """An applicant gave up before he had handed in: somebody else comes in his place."""
        with self._guard:
            self.begun -= 1

    def caller(self, username: str) -> Caller:
        return Caller(self.base_url, username, demo_password(username), self.over)

    def to_send_back(self, case: Waiting) -> bool:
        """Whether this letter is one of those that are sent back, once."""
        chosen = case.revision == 1 and int(case.id[-2:], 16) % SENT_BACK_EVERY == 0 and case.id not in self._sent_back
        if chosen:
            self._sent_back.add(case.id)
        return chosen


def berkas(today: date) -> dict[str, SampleFile]:
    """The few small files that every applicant brings."""
    return paint_berkas(applicant(1, on=today), BROUGHT, on=today)


def hand_in(load: Load, files: dict[str, SampleFile]) -> None:
    """Applicants, one after the other, until all have come."""
    caller = load.caller("pemohon")
    while (number := load.next_case()) is not None:
        try:
            _application(load, caller, number, files)
        except (Refused, TemporaryFailure) as error:
            load.errors.append(str(error))
            if not load.over.is_set():
                load.one_more()
    caller.close()


def _application(load: Load, caller: Caller, number: int, files: dict[str, SampleFile]) -> None:
    case = str(caller.post("/applications", {"licence_code": "SIKRO", "application_type": "baru"})["id"])
    load.history.note(Ack(case, "open_draft"))
    path = f"/applications/{case}"
    caller.put(f"{path}/holder", holder_data(applicant(number, on=load.today)))
    load.history.note(Ack(case, "describe"))
    for code, file in files.items():
        data = file.data + f"\n% {number}".encode() if file.media_type == "application/pdf" else file.data
        stored = caller.upload(
            f"{path}/documents/{code}", file.name, file.media_type, data, json.dumps(dict(file.fields))
        )
        load.history.note(Ack(case, "attach", 0, stored["document"]["sha256"]))
    _submit(load, caller, case)


def _submit(load: Load, caller: Caller, case: str) -> None:
    version = caller.get(f"/applications/{case}")["version"]
    try:
        done = caller.post(f"/applications/{case}/submission", {}, version)
    except Refused:
        # The answer to a first try was lost on the way: the case itself says what became of it.
        done = caller.get(f"/applications/{case}")
        if done["stage"] == "draft":
            raise
    load.history.note(Ack(case, "submit", version + 1, done["registration_number"]))


Act = Callable[[Load, Caller, Waiting], None]


def clerk(load: Load, username: str, picks: Callable[[Waiting], bool], act: Act) -> None:
    """A person who works off, one by one, whatever `picks` finds on the desk."""
    caller, eyes = load.caller(username), Eyes(load.database_url)
    while not load.over.wait(LOOK_EVERY):
        for case in _look(eyes, picks):
            _once(load, caller, case, act)
    eyes.close()
    caller.close()


def official(load: Load, username: str, kind: str, ordinal: int) -> None:
    """An official who puts a paraf or a signature on all that waits, a pile at a time."""
    caller, eyes = load.caller(username), Eyes(load.database_url)
    while not load.over.wait(LOOK_EVERY):
        waiting = [case for case in _look(eyes, lambda case: _his(case, kind, ordinal)) if not case.set_aside]
        back = [case for case in waiting if ordinal == len(OFFICIALS) and kind == "paraf" and load.to_send_back(case)]
        for case in back:
            _once(load, caller, case, _send_back)
        pile = [case for case in waiting if case not in back][:PILE]
        if pile:
            _endorse(load, caller, username, kind, pile)
    eyes.close()
    caller.close()


def _his(case: Waiting, kind: str, ordinal: int) -> bool:
    # A case that is being applied may wait for its passphrase anew: asking once more does no harm.
    stages = ("awaiting_paraf", "applying_paraf") if kind == "paraf" else ("awaiting_signature", "applying_signature")
    return case.stage == stages[0] and (kind == "signature" or case.paraf_next == ordinal)


def _look(eyes: Eyes, picks: Callable[[Waiting], bool]) -> list[Waiting]:
    try:
        return [case for case in eyes.waiting() if picks(case)]
    except psycopg.Error:
        eyes.close()
        return []


def _once(load: Load, caller: Caller, case: Waiting, act: Act) -> None:
    try:
        act(load, caller, case)
    except Refused as error:
        load.errors.append(str(error))  # somebody else was faster, or its answer was lost: it is looked at again
    except TemporaryFailure as error:
        load.errors.append(str(error))


def _verify(load: Load, caller: Caller, case: Waiting) -> None:
    body = {"overrides": dict.fromkeys(case.against, "Berkas uji: dilihat di loket.")}
    _acted(load, case, "verify", caller.post(f"/applications/{case.id}/verification", body, case.version))


def _send_back(load: Load, caller: Caller, case: Waiting) -> None:
    body = {"reason": "Alamat tempat kerja kurang lengkap.", "target": "blanko"}
    _acted(load, case, "send_back", caller.post(f"/applications/{case.id}/send-back", body, case.version))


def _amend(load: Load, caller: Caller, case: Waiting) -> None:
    body = {"workplace_address": "Ruko Blok B No. 2, Jalan Uji"}
    _acted(load, case, "amend", caller.post(f"/applications/{case.id}/amendment", body, case.version))


def _hand_over(load: Load, caller: Caller, case: Waiting) -> None:
    body = {"receiver": "Pemohon sendiri", "relation": "pemohon", "identity": "ktp"}
    _acted(load, case, "hand_over", caller.post(f"/applications/{case.id}/hand-over", body, case.version))


def _acted(load: Load, case: Waiting, kind: str, _answer: Any) -> None:
    load.history.note(Ack(case.id, kind, case.version + 1))


def _endorse(load: Load, caller: Caller, username: str, kind: str, pile: Sequence[Waiting]) -> None:
    letters = [
        {"application_id": case.id, "version": case.version, "blanko_sha256": case.blanko_sha256} for case in pile
    ]
    body = {"kind": kind, "letters": letters, "passphrase": demo_passphrase(username)}
    try:
        answer = caller.post("/piles", body)
    except (Refused, TemporaryFailure) as error:
        load.errors.append(str(error))
        return
    versions = {case.id: case.version for case in pile}
    for letter in answer["letters"]:
        if letter["state"] in ("pending", "done"):
            event = "initial" if kind == "paraf" else "sign"
            load.history.note(Ack(letter["application_id"], event, versions[letter["application_id"]] + 1))


def crew(load: Load, files: dict[str, SampleFile]) -> list[threading.Thread]:
    """Everybody, a thread each, not yet at work."""
    jobs: list[tuple[Callable[..., None], tuple[Any, ...]]] = [
        *[(hand_in, (load, files))] * 2,
        (clerk, (load, "loket", lambda case: case.stage == "verifying", _verify)),
        (clerk, (load, "loket", lambda case: case.stage == "ready", _hand_over)),
        (clerk, (load, "blanko", lambda case: case.stage == "amending", _amend)),
        *[(official, (load, name, "paraf", ordinal)) for ordinal, name in enumerate(OFFICIALS, start=1)],
        (official, (load, HEAD, "signature", 0)),
    ]
    return [threading.Thread(target=job, args=given, name=f"people {job.__name__}") for job, given in jobs]
