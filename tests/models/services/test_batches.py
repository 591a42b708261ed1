"""Batches: judged before anything runs, taken row by row, never twice, wherever a process dies."""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlmodel import col

from models.rules.batch_xlsx import xlsx_rows
from models.rules.errors import AlreadyDone, Forbidden, InvalidInput, NotFound, WrongStage
from models.rules.office import Retention
from models.rules.roles import APPLICANT, INTEGRATOR, Actor
from models.services.batch_control import cancel, pause, resume, standing, visible_batch, watch
from models.services.batch_files import bundle, errors_csv
from models.services.batch_intake import SameFile, commit
from models.services.batch_rows import take_row
from models.services.inputs import ReturnItem
from models.services.retention import carry_out
from models.services.verify import return_to_applicant, verify
from models.tables.batch import Batch, BatchKey, BatchMember, BatchRow
from models.tables.cases import Application, Document, Event, HolderData
from models.tables.work import MailMessage, Outbox, ReceiptFile
from tests.batch_files import a_batch, as_csv, as_ndjson, as_xlsx, as_zip, cells, files_of
from tests.cases import drive
from tests.factories import Office, office_calendar
from tests.models.services.batches import Batches
from tests.models.services.probe import kinds, only, rows


@pytest.fixture
def batches(office: Office) -> Batches:
    return Batches(office)


def test_each_row_becomes_an_ordinary_application(batches: Batches) -> None:
    sent = batches.send(a_batch(1, 2))
    assert sent.token == ""
    assert batches.places(sent.batch_id) == ["waiting", "waiting"]
    assert rows(batches.office, Application) == []
    batches.take_all()
    assert batches.places(sent.batch_id) == ["checking", "checking"]
    first = batches.items(sent.batch_id)[0]
    assert first.application_id is not None
    case = batches.office.case(first.application_id)
    assert (case.channel, case.priority, case.round) == ("batch", 7, 1)
    assert kinds(batches.office, case.id) == ["open_draft", "describe", "attach", "attach", "attach", "submit"]
    assert len(rows(batches.office, Document, Document.application_id == case.id)) == 3
    assert only(batches.office, HolderData, HolderData.application_id == case.id).name == cells(1)["name"]


@pytest.mark.parametrize("form", ["csv", "ndjson", "xlsx"])
def test_the_list_in_a_zip_may_have_any_form(batches: Batches, form: str) -> None:
    made = {"csv": as_csv([cells(1)]), "ndjson": as_ndjson([cells(1)]), "xlsx": as_xlsx([cells(1)])}[form]
    sent = batches.send(as_zip({f"manifest.{form}": made, **files_of(1)}))
    batches.take_all()
    assert batches.places(sent.batch_id) == ["checking"]


def test_nothing_of_a_batch_is_asked_before_the_counter(batches: Batches) -> None:
    batches.send(a_batch(1))
    batches.take_all()
    work = rows(batches.office, Outbox, col(Outbox.done_at).is_(None))
    assert {row.task for row in work} == {"paraf.check_completeness", "paraf.make_receipt", "paraf.send_message"}
    assert min(row.priority for row in work) == 7
    assert only(batches.office, Outbox, Outbox.task == "paraf.take_row").queue == "batch"


def test_a_row_delivered_twice_and_late_is_one_application(batches: Batches) -> None:
    batches.send(a_batch(1))
    (row,) = batches.due()
    assert batches.take(row)
    assert not batches.take(row)
    assert not batches.take(row)
    assert len(rows(batches.office, Application)) == 1
    assert len(rows(batches.office, BatchKey)) == 1


class _Dies(BaseException):
    """A process that is killed: nobody handles it."""


@pytest.mark.parametrize("at", range(1, 9))
def test_a_row_killed_anywhere_is_taken_once_when_it_comes_again(batches: Batches, at: int) -> None:
    sent = batches.send(a_batch(1))
    (row,) = batches.due()
    dying = _DyingClock(batches, at)
    with pytest.raises(_Dies):
        dying.take(row)
    assert rows(batches.office, Application) == []
    assert batches.due() == [row]
    assert batches.take(row)
    assert batches.places(sent.batch_id) == ["checking"]
    assert len(rows(batches.office, Application)) == 1


class _DyingClock:
    """Kills at the n-th look at the clock: each use case looks, so that the points lie all along the road."""

    def __init__(self, batches: Batches, at: int) -> None:
        self._batches, self._left = batches, at
        self._now = batches.office.clock.now()

    def now(self) -> object:
        self._left -= 1
        if self._left == 0:
            raise _Dies
        return self._now

    def take(self, row: object) -> None:
        office = self._batches.office
        take_row(office.db, self, self._batches.room, row, 1)  # type: ignore[arg-type]


def test_two_workers_at_one_row_make_one_application(batches: Batches, office: Office) -> None:
    """The second delivery comes in the middle of the first, on a connection of its own."""
    batches.send(a_batch(1))
    (row,) = batches.due()
    office.vault.knob.before = lambda: batches.take(row)
    batches.take(row)
    assert len(rows(office, Application)) == 1
    assert len(rows(office, BatchKey)) == 1


def test_a_dry_run_runs_nothing_until_its_token_comes(batches: Batches, office: Office) -> None:
    sent = batches.send(a_batch(1, 2), dry_run=True)
    assert batches.places(sent.batch_id) == ["waiting", "waiting"]
    assert batches.due() == []
    for wrong in ("", "x", sent.token[:-1]):
        with pytest.raises(NotFound):
            commit(office.db, office.clock, batches.actor, sent.batch_id, wrong)
    commit(office.db, office.clock, batches.actor, sent.batch_id, sent.token)
    assert len(batches.due()) == 2
    with pytest.raises(AlreadyDone):
        commit(office.db, office.clock, batches.actor, sent.batch_id, sent.token)
    assert len(batches.due()) == 2


def test_a_token_ends_after_a_day_and_the_dry_run_is_forgotten(batches: Batches, office: Office) -> None:
    sent = batches.send(a_batch(1), dry_run=True)
    office.clock.advance(hours=25)
    with pytest.raises(NotFound):
        commit(office.db, office.clock, batches.actor, sent.batch_id, sent.token)
    watch(office.db, office.clock)
    assert rows(office, Batch) == []
    assert rows(office, BatchMember) == []


def test_the_same_file_twice_is_refused_with_the_first(batches: Batches, office: Office) -> None:
    first = batches.send(a_batch(1))
    again = batches.send(a_batch(1), dry_run=True)
    with pytest.raises(SameFile) as caught:
        batches.send(a_batch(1))
    assert caught.value.first == first.batch_id
    with pytest.raises(SameFile):
        commit(office.db, office.clock, batches.actor, again.batch_id, again.token)


def test_wrong_rows_are_told_before_anything_runs_and_the_others_go(batches: Batches) -> None:
    bad = [
        cells(1),
        cells(2, nik="12", birth_date="kemarin"),
        cells(3, ktp="tidak-ada.pdf"),
        cells(4, key="RS-1"),
        {**cells(5), "surat_permohonan": "", "ktp": "", "pas_foto": ""},
    ]
    sent = batches.send(as_zip({"manifest.csv": as_csv(bad), **files_of(1, 2, 3, 4)}))
    found = {
        item.row: [one["column"] for one in item.errors if one["grade"] == "error"]
        for item in batches.items(sent.batch_id)
    }
    assert found == {1: [], 2: ["nik", "birth_date"], 3: ["ktp"], 4: ["key"], 5: ["documents"]}
    batches.take_all()
    assert batches.places(sent.batch_id) == ["checking", "refused", "refused", "refused", "refused"]


def test_what_is_missing_is_a_warning_and_no_value_is_ever_repeated(batches: Batches) -> None:
    sent = batches.send(a_batch(1, nik=cells(2)["nik"]))
    (item,) = batches.items(sent.batch_id)
    assert {one["grade"] for one in item.errors} == {"warning"}
    assert "file-missing" in {one["code"] for one in item.errors}
    assert cells(2)["nik"] not in str(item.errors)
    (row,) = batches.rows(sent.batch_id)
    assert cells(2)["nik"].encode() not in row.cells


@pytest.mark.parametrize(
    ("data", "name", "sentence"),
    [
        (b"", "a.csv", "bukan NDJSON"),
        (b"\0\1\2", "a.csv", "bukan NDJSON"),
        (as_csv([cells(1, name="x")]) + b"\xff\n", "a.csv", "UTF-8"),
        (as_zip({"ktp.pdf": b"%PDF"}), "a.zip", "satu daftar"),
        (as_zip({"manifest.csv": as_csv([cells(1)]), "../x": b"x"}), "a.zip", "menunjuk ke luar"),
        (as_csv([cells(1)]).partition(b"\n")[0] + b"\n", "a.csv", "satu permohonan pun"),
        (b"x" * 300_000, "a.csv", "lebih panjang"),
    ],
    ids=["empty", "binary", "latin", "no-list", "slip", "no-rows", "one-line"],
)
def test_a_file_that_can_not_be_read_leaves_nothing_behind(
    batches: Batches, data: bytes, name: str, sentence: str
) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        batches.send(data, name)
    assert rows(batches.office, Batch) == []


def test_a_batch_has_a_largest_number_of_rows(batches: Batches) -> None:
    batches.most_rows = 2
    with pytest.raises(InvalidInput, match="Paling banyak 2 baris"):
        batches.send(a_batch(1, 2, 3))


def test_a_row_sent_before_is_refused_and_a_returned_one_is_mended(batches: Batches, office: Office) -> None:
    first = batches.send(a_batch(1, 2))
    batches.take_all()
    office.work()
    returned = batches.items(first.batch_id)[0].application_id
    assert returned is not None
    item = ReturnItem(requirement="ktp", note="Foto KTP buram.")
    return_to_applicant(office.db, office.clock, office.actor("loket"), returned, [item])
    assert batches.places(first.batch_id)[0] == "returned"
    rows_again = [cells(1, address="Jalan Baru 7"), cells(2)]
    again = batches.send(as_csv(rows_again), "errors.csv", mends=first.batch_id)
    assert batches.places(again.batch_id) == ["waiting", "refused"]
    batches.take_all()
    assert batches.places(again.batch_id) == ["checking", "refused"]
    assert batches.places(first.batch_id)[0] == "checking"
    assert office.case(returned).round == 2
    assert only(office, HolderData, HolderData.application_id == returned).address == "Jalan Baru 7"
    assert len(rows(office, Application)) == 2


def test_pause_stops_what_has_not_begun_and_resume_goes_on(batches: Batches, office: Office) -> None:
    sent = batches.send(a_batch(1, 2, 3))
    one, two, _ = batches.due()
    batches.take(one)
    pause(office.db, office.clock, batches.actor, sent.batch_id)
    assert batches.due() == []
    assert not batches.take(two)
    assert batches.places(sent.batch_id) == ["checking", "waiting", "waiting"]
    with pytest.raises(WrongStage):
        pause(office.db, office.clock, batches.actor, sent.batch_id)
    watch(office.db, office.clock)
    resume(office.db, office.clock, batches.actor, sent.batch_id)
    batches.take_all()
    assert batches.places(sent.batch_id) == ["checking"] * 3
    assert len(rows(office, Application)) == 3


def test_cancel_ends_what_has_not_begun_and_leaves_the_rest(batches: Batches, office: Office) -> None:
    sent = batches.send(a_batch(1, 2))
    one, two = batches.due()
    batches.take(one)
    cancel(office.db, office.clock, batches.actor, sent.batch_id)
    assert not batches.take(two)
    assert batches.places(sent.batch_id) == ["checking", "cancelled"]
    with pytest.raises(WrongStage):
        resume(office.db, office.clock, batches.actor, sent.batch_id)
    assert watch(office.db, office.clock) == 0, "an application of it still runs"


def test_a_store_that_stays_away_ends_the_row_with_a_sentence(batches: Batches, office: Office) -> None:
    sent = batches.send(a_batch(1))
    office.vault.knob.fail_temporarily(99)
    for _ in range(6):
        batches.take_all()
    office.vault.knob.heal()
    assert batches.places(sent.batch_id) == ["waiting"]
    watch(office.db, office.clock)
    (item,) = batches.items(sent.batch_id)
    assert (item.place, item.errors[0]["code"]) == ("refused", "given-up")
    assert only(office, Batch).state == "finished"


def test_a_file_that_is_none_refuses_its_row_alone(batches: Batches) -> None:
    files = {**files_of(1, 2), "1/ktp.pdf": b"MZ program"}
    sent = batches.send(as_zip({"manifest.csv": as_csv([cells(1), cells(2)]), **files}))
    batches.take_all()
    assert batches.places(sent.batch_id) == ["refused", "checking"]


def test_others_do_not_know_of_it(batches: Batches, office: Office) -> None:
    sent = batches.send(a_batch(1))
    client = Actor("RS", frozenset({INTEGRATOR}), client="client:x", scopes=frozenset({"batch:SIKRO"}))
    stranger = Actor("RS", client.roles, client="c", client_id=uuid4(), scopes=client.scopes)
    with office.db.transaction() as session:
        with pytest.raises(NotFound):
            visible_batch(session, stranger, sent.batch_id)
        with pytest.raises(Forbidden):
            visible_batch(session, Actor("x", frozenset({APPLICANT})), sent.batch_id)
        assert visible_batch(session, office.actor("kepala"), sent.batch_id).id == sent.batch_id
    batches.actor = Actor("RS", client.roles, client_id=stranger.client_id, scopes=frozenset({"batch:LAIN"}))
    with pytest.raises(Forbidden):
        batches.send(a_batch(5))


def test_pace_and_end_are_told(batches: Batches, office: Office) -> None:
    sent = batches.send(a_batch(1, 2, 3))
    one, two, _ = batches.due()
    batches.take(one)
    batches.take(two)
    office.clock.advance(seconds=10)
    with office.db.transaction() as session:
        found = standing(session, office_calendar(), session.get_one(Batch, sent.batch_id), 2, office.clock.now())
    assert (found.counts, found.rate, found.open_rows, found.letters) == ({"checking": 2, "waiting": 1}, 0.2, 3, 3)
    assert found.taken_by == office.clock.now() + timedelta(seconds=5)
    assert found.expected is not None
    assert found.expected > office.clock.now()


def test_a_thousand_rows_go_in_at_once(office: Office) -> None:
    batches = Batches(office, most_rows=2000)
    sent = batches.send(as_csv([cells(seed) for seed in range(1, 1001)]), "a.csv")
    assert only(office, Batch).row_count == len(batches.rows(sent.batch_id)) == 1000


def test_a_batch_writes_no_personal_value_into_events(batches: Batches, office: Office) -> None:
    batches.send(a_batch(1))
    batches.take_all()
    told = str([event.detail for event in rows(office, Event)])
    assert cells(1)["nik"] not in told
    assert cells(1)["name"] not in told
    assert rows(office, ReceiptFile) == []
    assert len(rows(office, MailMessage)) == 1


def test_after_a_month_the_upload_and_the_cells_are_gone(batches: Batches, office: Office) -> None:
    sent = batches.send(a_batch(1))
    cancel(office.db, office.clock, batches.actor, sent.batch_id)
    watch(office.db, office.clock)
    upload = only(office, Batch).upload_sha256
    office.clock.advance(days=29)
    watch(office.db, office.clock)
    assert only(office, Batch).upload_sha256 == upload
    office.clock.advance(days=2)
    watch(office.db, office.clock)
    assert only(office, Batch).upload_sha256 == ""
    assert only(office, BatchRow).cells == b""
    assert rows(office, BatchMember) == []
    carry_out(office.db, office.clock, office.vault, Retention())
    assert not office.vault.has(upload)
    with pytest.raises(SameFile):
        batches.send(a_batch(1))


def test_errors_csv_holds_refused_and_returned_rows_in_their_own_columns(batches: Batches, office: Office) -> None:
    sent = batches.send(as_zip({"manifest.csv": as_csv([cells(1), cells(2, nik="7")]), **files_of(1, 2)}))
    batches.take_all()
    office.work()
    case_id = batches.items(sent.batch_id)[0].application_id
    assert case_id is not None
    item = ReturnItem(requirement="ktp", note="Foto KTP buram.")
    return_to_applicant(office.db, office.clock, office.actor("loket"), case_id, [item])
    found = list(csv.DictReader("".join(errors_csv(office.db, batches.cipher, only(office, Batch))).splitlines()))
    assert [(row["row"], row["column"]) for row in found] == [("1", "ktp"), ("2", "nik")]
    assert "Foto KTP buram." in found[0]["message"]
    assert list(found[0]) == [*cells(1), "row", "column", "message"]


def test_the_licences_come_as_a_zip_with_a_register(batches: Batches, office: Office) -> None:
    """The whole road: the batch is finished when its letters are issued, and the zip is made of them once."""
    sent = batches.send(a_batch(1, 2))
    batches.take_all()
    cases = [item.application_id for item in batches.items(sent.batch_id)]
    for case_id in cases:
        assert case_id is not None
        office.work()
        with pytest.raises(InvalidInput) as caught:
            verify(office.db, office.clock, office.actor("loket"), case_id)
        missing = {fault.pointer.removeprefix("/overrides/"): "Diserahkan di loket." for fault in caught.value.faults}
        verify(office.db, office.clock, office.actor("loket"), case_id, None, missing)
        office.work()
        assert watch(office.db, office.clock) == 0
        drive(office, case_id, "ready")
    assert watch(office.db, office.clock) == 1
    assert only(office, Batch).state == "finished"
    assert bundle(office.db, office.clock, office.vault, sent.batch_id, 1)
    assert not bundle(office.db, office.clock, office.vault, sent.batch_id, 1)
    row = only(office, Batch)
    data = office.vault.get(row.bundle_sha256)
    assert len(data) == row.bundle_size
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        *letters, register = archive.namelist()
        assert register == "register.xlsx"
        sheet = list(xlsx_rows(io.BytesIO(archive.read(register))))
        assert [line[0] for line in sheet] == ["Kunci", "RS-1", "RS-2"]
        for name, line in zip(letters, sheet[1:], strict=True):
            assert line[6] == name
            assert hashlib.sha256(archive.read(name)).hexdigest() == line[7]
