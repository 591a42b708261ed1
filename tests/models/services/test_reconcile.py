"""Number, register row, file and hand-over against each other: agreement is silent, each disagreement is named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from models.services import reconcile as module
from models.services.reconcile import reconcile
from models.services.void import void_number
from models.tables.audit import Reconciliation, ReconciliationDifference
from models.tables.letters import Licence
from tests.cases import an_application
from tests.factories import Office
from tests.models.services.probe import only, rows

NOW = timedelta(0)


def run(office: Office) -> set[str]:
    """The rules that a new run finds broken."""
    run_id = reconcile(office.db, office.clock, office.vault, every=NOW)
    assert run_id is not None
    return {row.rule for row in rows(office, ReconciliationDifference, ReconciliationDifference.run_id == run_id)}


def test_an_office_in_order_agrees(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PORTION", 2)
    an_application(office, "closed")
    spoilt = an_application(office, "ready")
    void_number(office.db, office.clock, office.actor("blanko"), spoilt, "Nomor salah cetak.")
    for stage in ("ready", "assembling", "archiving"):
        an_application(office, stage)
    assert run(office) == set()
    row = only(office, Reconciliation)
    assert (row.numbers, row.files, row.handed_over, row.differences) == (5, 4, 2, 0)
    assert row.finished_at is not None


def test_it_runs_once_a_day(office: Office) -> None:
    assert reconcile(office.db, office.clock, office.vault) is not None
    office.clock.advance(hours=19)
    assert reconcile(office.db, office.clock, office.vault) is None
    office.clock.advance(hours=2)
    assert reconcile(office.db, office.clock, office.vault) is not None


def _lose(office: Office) -> None:
    office.vault.objects.pop(only(office, Licence).sha256)


def _damage(office: Office) -> None:
    office.vault.damage(only(office, Licence).sha256)


@pytest.mark.parametrize(
    ("rule", "harm"), [("file_missing", _lose), ("file_damaged", _damage)], ids=["lost", "damaged"]
)
def test_a_file_that_is_not_there_or_not_itself_is_found(
    office: Office, rule: str, harm: Callable[[Office], None]
) -> None:
    an_application(office, "closed")
    harm(office)
    assert run(office) == {rule}
    assert only(office, Reconciliation).differences == 1


CHANGES = (
    ("number_without_row", "UPDATE number_series SET last_seq = 3"),
    ("number_without_licence", "DELETE FROM licence"),
    ("register_and_licence", "UPDATE register_entry SET state = 'void', void_reason = 'tanpa sebab'"),
    ("licence_without_file", "UPDATE licence SET sha256 = ''"),
    ("licence_without_event", "DELETE FROM event WHERE kind = 'finish_licence'"),
    ("file_size", "UPDATE licence SET size = size + 1"),
    ("handed_over_invalid", "UPDATE licence SET status = 'void'"),
    ("hand_over_without_number", "DELETE FROM register_entry"),
)


@pytest.mark.parametrize(("rule", "sql"), CHANGES, ids=[rule for rule, _ in CHANGES])
def test_each_disagreement_is_named(office: Office, superuser: Callable[[str], None], rule: str, sql: str) -> None:
    an_application(office, "closed")
    if rule == "licence_without_file":
        superuser("ALTER TABLE licence DROP CONSTRAINT licence_issued")
    superuser(sql)
    assert rule in run(office)


def test_a_number_that_comes_to_no_end_is_found(office: Office) -> None:
    case_id: UUID = an_application(office, "assembling")
    assert run(office) == set()
    office.clock.advance(days=2)
    assert run(office) == {"number_unfinished"}
    office.perform(office.ticket(case_id))
    assert run(office) == set()
