"""Definitions are loaded once, pinned by cases, and told apart by the day on which they begin."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from models.catalogue import LicenceDefinition
from models.rules.errors import DefinitionError, InvalidInput, NotFound
from models.rules.requirements import Change
from models.rules.sop import Requirement, Sop
from models.services.definitions import current_sop, load_definitions, pinned_row, pinned_sop
from models.services.rule_changes import rule_changes
from models.services.rule_news import tell_rule_changes
from models.services.verify import verify
from models.tables.cases import CompletenessCheck, Verification
from models.tables.definitions import SopVersion
from models.tables.letters import RegisterEntry
from models.tables.work import MailMessage
from tests.cases import an_application, attach_file, drive
from tests.factories import Office, sikro_definition
from tests.models.services.probe import only, rows

BPJS = Requirement(code="bpjs", label="Kartu BPJS", need="mandatory", hint="Unggah kartunya.")


def changed(version: str, effective_on: date, **changes: Any) -> LicenceDefinition:
    """The shipped definition with another version and content."""
    shipped = sikro_definition()
    sop = shipped.sop.model_copy(update={"version": version, "effective_on": effective_on, **changes})
    return LicenceDefinition(sop, shipped.wording, shipped.layout, version.encode().hex().ljust(64, "0"))


def with_bpjs(version: str, effective_on: date) -> LicenceDefinition:
    return changed(version, effective_on, requirements=(*sikro_definition().sop.requirements, BPJS))


def load(office: Office, *definitions: LicenceDefinition) -> list[str]:
    return load_definitions(office.db, office.clock, definitions)


def in_force(office: Office, day: date) -> Sop:
    with office.db.transaction() as session:
        return current_sop(session, "SIKRO", day)[1]


def changes(office: Office, case_id: UUID) -> tuple[Change, ...]:
    with office.db.transaction() as session:
        return rule_changes(session, office.case(case_id), office.today)


def test_loading_twice_stores_once(office: Office) -> None:
    assert load(office, sikro_definition()) == []
    row = only(office, SopVersion)
    assert (row.licence_code, row.sha256) == ("SIKRO", sikro_definition().sha256)
    assert in_force(office, office.today) == sikro_definition().sop


def test_the_same_version_with_other_content_stops_the_start_and_loads_nothing(office: Office) -> None:
    other = changed(sikro_definition().sop.version, date(2023, 5, 10), promise_working_days=3)
    with pytest.raises(DefinitionError, match="new version"):
        load(office, with_bpjs("2026.1", date(2026, 1, 1)), other)
    assert only(office, SopVersion).sha256 == sikro_definition().sha256


def test_the_version_that_began_last_is_in_force_whenever_it_was_loaded(office: Office) -> None:
    load(office, changed("2027.1", date(2027, 1, 1)))
    office.clock.advance(days=1)
    load(office, changed("2023-fix", date(2023, 6, 1)))
    assert in_force(office, date(2026, 12, 31)).version == "2023-fix"
    assert in_force(office, date(2027, 1, 1)).version == "2027.1"
    with pytest.raises(NotFound, match="in force"):
        in_force(office, date(2020, 1, 1))


def test_of_two_that_begin_together_the_correction_wins(office: Office) -> None:
    office.clock.advance(days=1)
    load(office, changed("corrected", sikro_definition().sop.effective_on))
    assert in_force(office, office.today).version == "corrected"


def test_a_pinned_case_finishes_under_its_rules_and_a_new_one_follows_the_new(office: Office) -> None:
    old = an_application(office, "awaiting_paraf")
    pinned = office.case(old).sop_id
    office.clock.advance(days=1)
    load(office, changed("2026.2", date(2026, 1, 1), number=_other_format()))
    drive(office, old, "ready")
    new = an_application(office, "ready")
    assert office.case(old).sop_id == pinned
    assert office.case(new).sop_id != pinned
    numbers = {row.application_id: row.number for row in rows(office, RegisterEntry)}
    assert numbers == {old: "503/0001/DPMPTSP/SIKRO/2026", new: "SIPRO/0002/2026"}


def _other_format() -> object:
    return sikro_definition().sop.number.model_copy(update={"format": "SIPRO/{seq:04}/{year}"})


def test_rules_that_changed_before_completeness_are_shown_and_must_be_met(office: Office) -> None:
    case_id = an_application(office, "verifying")
    assert changes(office, case_id) == ()
    load(office, with_bpjs("2026.3", date(2026, 1, 1)))
    (change,) = changes(office, case_id)
    assert (change.kind, change.requirement) == ("added", "bpjs")
    with pytest.raises(InvalidInput) as refused:
        verify(office.db, office.clock, office.actor("loket"), case_id)
    assert [fault.pointer for fault in refused.value.faults] == ["/overrides/bpjs"]
    assert "Kartu BPJS sekarang diminta" in refused.value.faults[0].message
    verify(office.db, office.clock, office.actor("loket"), case_id, overrides={"bpjs": "kartu dilihat di loket"})
    case = office.case(case_id)
    assert case.sop_id is not None
    with office.db.transaction() as session:
        assert pinned_sop(session, case.sop_id).version == "2026.3"
    assert only(office, Verification).overrides == {"bpjs": "kartu dilihat di loket"}
    assert changes(office, case_id) == ()


def test_each_change_is_told_once_to_those_whose_berkas_waits(office: Office) -> None:
    for stage in ("lapsed", "draft", "awaiting_paraf"):
        an_application(office, stage)
    waiting = {an_application(office, stage) for stage in ("verifying", "returned")}
    assert tell_rule_changes(office.db, office.clock) == 0
    load(office, with_bpjs("2026.7", office.today))
    assert [tell_rule_changes(office.db, office.clock) for _ in range(2)] == [2, 0]
    office.clock.advance(days=1)
    assert tell_rule_changes(office.db, office.clock) == 0
    load(office, changed("2026.6", office.today, requirements=sikro_definition().sop.requirements[1:]))
    assert [tell_rule_changes(office.db, office.clock) for _ in range(2)] == [2, 0]
    news = [row.application_id for row in rows(office, MailMessage) if row.kind == "rules_changed"]
    assert (len(news), set(news)) == (4, waiting)


def test_what_is_no_longer_asked_holds_nobody_up(office: Office) -> None:
    load(office, with_bpjs("2026.3", date(2026, 1, 1)))
    case_id = an_application(office, "draft")
    drive(office, case_id, "verifying")
    load(office, changed("2026.4", date(2026, 2, 1)))
    assert [(change.kind, change.requirement) for change in changes(office, case_id)] == [("removed", "bpjs")]
    verify(office.db, office.clock, office.actor("loket"), case_id)
    assert office.case(case_id).stage == "preparing"


def test_a_requirement_that_begins_tomorrow_is_asked_of_what_was_checked_today(office: Office) -> None:
    soon = BPJS.model_copy(update={"valid_from": office.today + timedelta(days=1)})
    load(office, changed("2026.5", date(2026, 1, 1), requirements=(*sikro_definition().sop.requirements, soon)))
    case_id = an_application(office, "verifying")
    assert changes(office, case_id) == ()
    office.clock.advance(days=1)
    assert [change.requirement for change in changes(office, case_id)] == ["bpjs"]


def test_a_returned_berkas_is_checked_by_the_new_rules(office: Office) -> None:
    case_id = an_application(office, "returned")
    load(office, with_bpjs("2026.3", date(2026, 1, 1)))
    attach_file(office, case_id, "ktp", "again")
    drive(office, case_id, "verifying")
    check = only(office, CompletenessCheck, CompletenessCheck.round == 2)
    assert check.complete is False
    assert [v["requirement"] for v in check.verdicts if v["required"] and v["state"] != "ada"] == ["bpjs"]


def test_an_unknown_definition_is_not_found(office: Office) -> None:
    with office.db.transaction() as session, pytest.raises(NotFound):
        pinned_row(session, UUID(int=0))
