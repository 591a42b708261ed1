"""Rights by row: what has ended does not begin again, whatever the application's role says."""

from __future__ import annotations

from contextlib import closing
from typing import LiteralString

import psycopg
import pytest

from tests.models.wall.conftest import Wall

A_KEY = "(SELECT id FROM signing_key WHERE person_id = %(muda)s LIMIT 1)"
A_SESSION: LiteralString = (
    "INSERT INTO login_session (person_id, token_sha256, device, address, created_at, seen_at, expires_at)"
    " VALUES (%(muda)s, 'x', '', '', now(), now(), now())"
)
A_STOP: LiteralString = "INSERT INTO issuance_stop (reason, stopped_at) VALUES ('Cap diganti', now())"
LIFT: LiteralString = "UPDATE issuance_stop SET resumed_at = now() WHERE resumed_at IS NULL"
A_RUN: LiteralString = (
    "INSERT INTO reconciliation (started_at, numbers, files, handed_over, differences) VALUES (now(), 0, 0, 0, 0)"
)
A_DAY: LiteralString = (
    "INSERT INTO register_day (day, n, previous, hash, given, issued, void, handed_over, unfinished, seal, seal_hash,"
    " closed_at, sha256, size) VALUES ('2026-03-02', 1, '', 'h', 0, 0, 0, 0, 0, 0, '', now(), '{}', 0)"
)

UNSEEN: tuple[tuple[str, tuple[LiteralString, ...]], ...] = (
    (
        "take a revoked key up again",
        (
            f"UPDATE signing_key SET revoked_at = now() WHERE id = {A_KEY}",
            f"UPDATE signing_key SET revoked_at = NULL WHERE id = {A_KEY}",
        ),
    ),
    (
        "date a revocation anew",
        (
            f"UPDATE signing_key SET revoked_at = now() WHERE id = {A_KEY}",
            f"UPDATE signing_key SET revoked_at = now() + interval '1 year' WHERE id = {A_KEY}",
        ),
    ),
    (
        "take a revoked sign-in up again",
        (
            A_SESSION,
            "UPDATE login_session SET revoked_at = now() WHERE person_id = %(muda)s",
            "UPDATE login_session SET revoked_at = NULL WHERE person_id = %(muda)s",
        ),
    ),
    ("say when a lifted stop was lifted again", (A_STOP, LIFT, "UPDATE issuance_stop SET resumed_at = now()")),
    (
        "count a finished comparison again",
        (
            A_RUN,
            "UPDATE reconciliation SET finished_at = now()",
            "UPDATE reconciliation SET differences = 0, finished_at = NULL",
        ),
    ),
    (
        "put another page in place of a closed day's",
        (
            A_DAY.replace("{}", ""),
            "UPDATE register_day SET sha256 = repeat('a', 64), made_at = now()",
            "UPDATE register_day SET sha256 = repeat('b', 64)",
        ),
    ),
)  # fmt: skip

REFUSED: tuple[tuple[str, tuple[LiteralString, ...]], ...] = (
    ("a stop that is lifted from the beginning", (A_STOP.replace("stopped_at) VALUES ('Cap diganti', now())",
        "stopped_at, resumed_at) VALUES ('Cap diganti', now(), now())"),)),
    ("a comparison that is finished from the beginning", (A_RUN.replace("(started_at,", "(finished_at, started_at,")
        .replace("VALUES (now(),", "VALUES (now(), now(),"),)),
    ("a closed day that brings its page along", (A_DAY.replace("{}", "page"),)),
    ("take the page off a closed day", (A_DAY.replace("{}", ""), "UPDATE register_day SET sha256 = '', size = 1")),
    ("leave a stop open and change who lifted it", (A_STOP, "UPDATE issuance_stop SET resumed_by = %(muda)s")),
)  # fmt: skip


@pytest.mark.parametrize("statements", [case[1] for case in UNSEEN], ids=[case[0] for case in UNSEEN])
def test_a_row_that_has_ended_can_not_be_changed(
    wall: Wall, before: dict[str, str], statements: tuple[LiteralString, ...]
) -> None:
    assert wall.rehearse(statements[:-1]) == 1
    assert wall.rehearse(statements) == 0
    assert wall.content() == before


@pytest.mark.parametrize("statements", [case[1] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_a_row_that_breaks_its_policy_is_refused(
    wall: Wall, before: dict[str, str], statements: tuple[LiteralString, ...]
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
        wall.run(statements)
    assert wall.content() == before


def test_the_application_can_not_leave_the_policies(wall: Wall) -> None:
    for statement in (
        "ALTER TABLE signing_key DISABLE ROW LEVEL SECURITY",
        "DROP POLICY ended ON signing_key",
        "CREATE POLICY more ON signing_key FOR UPDATE TO paraf_app USING (true)",
        "SET ROLE paraf_owner",
        "ALTER ROLE paraf_app BYPASSRLS",
    ):
        with closing(psycopg.connect(wall.app_url)) as connection, pytest.raises(psycopg.Error) as caught:
            connection.execute(statement)
        assert caught.value.sqlstate == "42501"


def test_with_the_policies_off_for_a_query_nothing_is_shown(wall: Wall) -> None:
    with closing(psycopg.connect(wall.app_url)) as connection:
        connection.execute("SET row_security = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("UPDATE signing_key SET revoked_at = NULL")
