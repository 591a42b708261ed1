"""An office in which nothing is wrong gives no violation, and everything of it was looked at."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from ops.checker import check as checking
from ops.checker.check import RULES, run_check
from ops.checker.stages import WAYS
from tests.ops.checker.conftest import Copy


def test_a_clean_office_has_no_violation(furnished: Copy) -> None:
    report = furnished.check(quick=False)
    assert report.violations == ()
    assert report.ok


def test_every_stage_was_among_what_was_checked(furnished: Copy) -> None:
    stages = furnished.one("SELECT string_agg(DISTINCT stage, ' ') FROM application").split()
    assert sorted(stages) == sorted(WAYS)


def test_the_counts_say_how_much_was_looked_at(furnished: Copy) -> None:
    counted = furnished.check(quick=False).checked
    assert counted["cases"] == len(WAYS) + 3
    assert counted["licences"] == counted["numbers"] == int(furnished.one("SELECT count(*) FROM register_entry"))
    # Three parafs, the head and the seal on each.
    assert counted["signatures"] == 5 * int(furnished.one("SELECT count(*) FROM licence WHERE sha256 <> ''"))
    assert counted["files"] <= len(furnished.files)
    assert furnished.check().checked["signatures"] == 0


def test_many_files_are_judged_in_processes_of_their_own(copy: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    sha256 = copy.one(
        "SELECT l.sha256 FROM licence l JOIN application a ON a.id = application_id AND stage = 'ready'"
        " WHERE status = 'valid'"
    )
    copy.files[sha256] = copy.files[sha256][:-9] + b"123456789"
    here = copy.check()
    monkeypatch.setattr(checking, "FEW", 0)
    assert copy.check() == here
    assert not here.ok


def test_run_check_prints_a_verdict(furnished: Copy, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_check(furnished.url, furnished.files.get, furnished.trust, quick=True, at=furnished.at) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("Checked 21 cases, ")
    assert line.endswith(": all holds.")


def test_run_check_tells_each_violation_and_fails(copy: Copy, capsys: pytest.CaptureFixture[str]) -> None:
    case_id = copy.one("SELECT id FROM application WHERE stage = 'ready' ORDER BY id LIMIT 1")
    copy.corrupt(
        "UPDATE application SET stage = 'closed' WHERE id = (SELECT min(id::text) FROM application"
        " WHERE stage = 'ready')::uuid"
    )
    assert run_check(copy.url, copy.files.get, copy.trust, quick=True, at=copy.at) == 1
    lines = capsys.readouterr().out.splitlines()
    assert f"stage_evidence  {case_id}  at closed: 0 hand-overs, not 1" in lines
    assert lines[-1].endswith(f"{len(lines) - 1} violations.")


def test_json_holds_the_same_as_the_lines(copy: Copy, capsys: pytest.CaptureFixture[str]) -> None:
    copy.corrupt("UPDATE number_series SET last_seq = last_seq + 1")
    assert run_check(copy.url, copy.files.get, copy.trust, json=True, quick=True, at=copy.at) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["ok"] is False
    assert said["checked"]["cases"] == 21
    (violation,) = said["violations"]
    assert violation["rule"] == "number_gapless"
    assert violation["case"] == "SIKRO 2026"


def test_a_passphrase_that_ran_out_leaves_the_case_to_its_official(copy: Copy) -> None:
    copy.corrupt(
        "UPDATE pile SET secret = NULL, wiped_at = expires_at WHERE secret IS NOT NULL;\n"
        "UPDATE outbox SET done_at = now() FROM application a WHERE a.id = subject_id AND a.stage LIKE 'applying%'"
    )
    assert copy.check().ok


def test_rules_have_names_of_their_own() -> None:
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)


def test_the_checker_loads_nothing_of_the_office_that_it_judges() -> None:
    code = "import ops.checker.check, sys; print([m for m in sys.modules if m.split('.')[0] in %r])"
    shown = subprocess.run(
        [sys.executable, "-c", code % (["models", "workers", "api"],)], capture_output=True, text=True, check=True
    )
    assert shown.stdout.strip() == "[]"
