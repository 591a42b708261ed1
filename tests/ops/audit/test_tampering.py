"""What a superuser can do to the events, and to everything that holds them: each kind is planted and found."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Callable
from datetime import datetime
from typing import Any, LiteralString

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from models.services.audit import CheckpointFacts
from tests.ops.audit.conftest import Copy
from workers.adapters.checkpoints import CheckpointFile, canonical

SECOND = "(SELECT ids[2] FROM audit_seal WHERE n = 3)"
THIRD = "(SELECT ids[3] FROM audit_seal WHERE n = 3)"
NULLED = "overlay(leaves placing '\\x00' from 1)"
CASE = "(SELECT id FROM application LIMIT 1)"
LAST = "(SELECT max(n) FROM audit_seal)"
A_NEW_EVENT = "INSERT INTO event (at, kind, actor, stage_from, stage_to, trace, tx) SELECT"

ROWS: tuple[tuple[str, str, LiteralString], ...] = (
    ("edit what was done", "event_changed", f"UPDATE event SET kind = 'verify' WHERE id = {SECOND}"),
    ("edit who did it", "event_changed", f"UPDATE event SET actor_id = gen_random_uuid() WHERE id = {SECOND}"),
    ("edit a detail", "event_changed", f"UPDATE event SET detail = '{{\"ordinal\": 2}}' WHERE id = {SECOND}"),
    ("edit its trace", "event_changed", f"UPDATE event SET trace = 'none' WHERE id = {SECOND}"),
    ("back-date an event", "event_changed", f"UPDATE event SET at = at - interval '2 d' WHERE id = {SECOND}"),
    (
        "give it to another case",
        "event_changed",
        f"UPDATE event SET application_id = gen_random_uuid() WHERE id = {SECOND}",
    ),
    ("move it before others", "event_added", f"UPDATE event SET tx = 1 WHERE id = {SECOND}"),
    ("hide it in the future", "event_future", f"UPDATE event SET tx = 9000000000 WHERE id = {SECOND}"),
    (
        "swap two events",
        "event_changed",
        f"UPDATE event e SET kind = o.kind, detail = o.detail, at = o.at FROM event o WHERE e.id IN ({SECOND}, {THIRD})"
        f" AND o.id IN ({SECOND}, {THIRD}) AND o.id <> e.id",
    ),
    ("delete an event", "event_gone", f"DELETE FROM event WHERE id = {SECOND}"),
    ("delete a case's events", "event_gone", f"DELETE FROM event WHERE application_id = {CASE}"),
    ("delete the newest event", "event_gone", "DELETE FROM event WHERE id = (SELECT max(id) FROM event)"),
    ("truncate the events", "event_gone", "TRUNCATE event"),
    (
        "insert among sealed ones",
        "event_added",
        f"{A_NEW_EVENT} at, 'sign', '', '', '', '', tx FROM event WHERE id = {SECOND}",
    ),
    ("delete a seal", "seal_missing", "DELETE FROM audit_seal WHERE n = 2"),
    ("edit a seal's leaves", "seal_hash", f"UPDATE audit_seal SET leaves = {NULLED} WHERE n = 2"),
    ("re-date a seal", "seal_hash", "UPDATE audit_seal SET sealed_at = sealed_at - interval '1 d' WHERE n = 2"),
    (
        "delete an event and its place in the seal",
        "seal_hash",
        f"DELETE FROM event WHERE id = {SECOND};\n"
        "UPDATE audit_seal SET ids = ids[1:1] || ids[3:], leaves = substring(leaves from 1 for 32) ||"
        " substring(leaves from 65) WHERE n = 3",
    ),
    (
        "cut the newest events and seals off",
        "checkpoint_ahead",
        f"DELETE FROM event WHERE id = ANY (SELECT unnest(ids) FROM audit_seal WHERE n = {LAST});\n"
        f"DELETE FROM audit_seal WHERE n = {LAST}",
    ),
    (
        "cut them off, and what the database knows of the checkpoint",
        "checkpoint_ahead",
        f"DELETE FROM event WHERE id = ANY (SELECT unnest(ids) FROM audit_seal WHERE n = {LAST});\n"
        f"DELETE FROM audit_seal WHERE n = {LAST};\n"
        "DELETE FROM audit_checkpoint WHERE n = (SELECT max(n) FROM audit_checkpoint)",
    ),
    (
        "forget the checkpoints",
        "checkpoint_forgotten",
        "DELETE FROM audit_checkpoint WHERE n > 1",
    ),
)  # fmt: skip


def test_what_was_left_alone_holds(sealed: Copy) -> None:
    findings = sealed.verify()
    assert findings.violations == ()
    assert findings.checked["events"] > 40
    assert findings.checked["seals"] >= 5
    assert findings.checked["checkpoints"] >= 5
    assert findings.checked["unsealed"] == 0


@pytest.mark.parametrize(("rule", "sql"), [kind[1:] for kind in ROWS], ids=[kind[0] for kind in ROWS])
def test_tampering_with_rows_is_found(copy: Copy, rule: str, sql: LiteralString) -> None:
    copy.corrupt(sql)
    assert rule in copy.rules()


def test_the_event_that_was_changed_is_named(copy: Copy) -> None:
    event_id = copy.rows(f"SELECT {SECOND}")[0][0]
    copy.corrupt(f"UPDATE event SET actor = 'orang lain' WHERE id = {SECOND}")
    assert [(one.rule, one.case) for one in copy.verify().violations] == [("event_changed", f"event {event_id}")]


def chained_anew(copy: Copy, first: int, *, remembered: bool = False) -> None:
    """Give every seal from `first` on the leaves and the hash that its events have now, as an insider with the code."""
    with psycopg.connect(copy.url) as connection:
        connection.execute("SET session_replication_role = replica")
        previous = connection.execute("SELECT hash FROM audit_seal WHERE n = %s", [first - 1]).fetchone()
        digest = previous[0] if previous else ""
        seals = connection.execute(
            """SELECT n, ids, last_tx, (extract(epoch FROM sealed_at) * 1000000)::bigint FROM audit_seal
            WHERE n >= %s ORDER BY n""",
            [first],
        ).fetchall()
        for n, ids, last_tx, at in seals:
            digest = _rehashed(connection, n, ids, last_tx, at, digest)
            if remembered:
                connection.execute("UPDATE audit_checkpoint SET hash = %s WHERE seal = %s", [digest, n])


def _rehashed(connection: psycopg.Connection[Any], n: int, ids: list[int], last_tx: int, at: int, before: str) -> str:
    lines = connection.execute(
        """SELECT jsonb_build_array(id, tx, (extract(epoch FROM at) * 1000000)::bigint, kind, application_id, actor_id,
            actor, stage_from, stage_to, revision, version, detail, trace)::text
        FROM event WHERE id = ANY (%s) ORDER BY tx, id""",
        [ids],
    ).fetchall()
    leaves = b"".join(hashlib.sha256(line.encode()).digest() for (line,) in lines)
    content = hashlib.sha256(struct.pack(f">{len(ids)}q", *ids) + leaves).hexdigest()
    words = ("paraf-seal-1", n, before, len(ids), last_tx, at, content)
    digest = hashlib.sha256("\n".join(map(str, words)).encode()).hexdigest()
    connection.execute(
        "UPDATE audit_seal SET previous = %s, leaves = %s, hash = %s WHERE n = %s", [before, leaves, digest, n]
    )
    return digest


def edited(copy: Copy) -> None:
    copy.corrupt(f"UPDATE event SET actor = 'orang lain' WHERE id = {SECOND}")


def test_one_seal_made_anew_breaks_the_chain(copy: Copy) -> None:
    edited(copy)
    with psycopg.connect(copy.url) as connection:
        connection.execute("SET session_replication_role = replica")
        n, ids, last_tx, at, before = connection.execute(
            """SELECT n, ids, last_tx, (extract(epoch FROM sealed_at) * 1000000)::bigint, previous
            FROM audit_seal WHERE n = 3"""
        ).fetchall()[0]
        _rehashed(connection, n, ids, last_tx, at, before)
    assert "seal_chain" in copy.rules()


def test_the_whole_chain_made_anew_differs_from_the_checkpoints(copy: Copy) -> None:
    edited(copy)
    chained_anew(copy, 3)
    found = copy.rules()
    assert "checkpoint_hash" in found
    assert not found & {"event_changed", "seal_hash", "seal_chain"}


def test_also_when_the_database_forgets_what_they_said(copy: Copy) -> None:
    edited(copy)
    chained_anew(copy, 3, remembered=True)
    assert {"checkpoint_hash", "checkpoint_differs"} <= copy.rules()


def test_a_new_chain_with_a_new_file_under_another_key(copy: Copy) -> None:
    edited(copy)
    chained_anew(copy, 3, remembered=True)
    _signed_anew(copy, Ed25519PrivateKey.generate())
    assert "checkpoint_signature" in copy.rules()


def test_even_the_right_key_does_not_get_around_the_printed_page(copy: Copy, sealed: Copy) -> None:
    ((seal, digest),) = sealed.rows("SELECT n, hash FROM audit_seal WHERE n = 4")
    edited(copy)
    chained_anew(copy, 3, remembered=True)
    _signed_anew(copy, copy.key)
    assert copy.rules() == set()
    assert copy.rules(f"{seal}: {digest[:16]}") == {"printed_differs"}
    assert sealed.rules(f"{seal}: {digest[:16]}") == set()


def _signed_anew(copy: Copy, key: Ed25519PrivateKey) -> None:
    """The file written again over the chain as it stands, and the database told of it."""
    hashes = dict(copy.rows("SELECT n, hash FROM audit_seal"))
    old = [json.loads(line) for line in copy.lines()]
    copy.file.unlink()
    book = CheckpointFile(copy.file.parent, key)
    with psycopg.connect(copy.url) as connection:
        connection.execute("SET session_replication_role = replica")
        for content in old:
            written = book.append(_facts(content, hashes))
            connection.execute(
                "UPDATE audit_checkpoint SET hash = %s, line_sha256 = %s WHERE n = %s",
                [written.hash, written.line_sha256, written.n],
            )


def _facts(content: dict[str, Any], hashes: dict[int, str]) -> CheckpointFacts:
    seal = content["seal"]
    return CheckpointFacts(content["n"], datetime.fromisoformat(content["at"]), seal, hashes[seal], content["numbers"])


def _without(place: int) -> Callable[[list[bytes]], list[bytes]]:
    return lambda lines: [line for at, line in enumerate(lines) if at != place % len(lines)]


def _changed(lines: list[bytes]) -> list[bytes]:
    content = json.loads(lines[1])
    content["seal"] += 1
    return [lines[0], canonical(content) + b"\n", *lines[2:]]


FILES: tuple[tuple[str, str, Callable[[list[bytes]], list[bytes]]], ...] = (
    ("remove the last checkpoint", "checkpoint_missing", _without(-1)),
    ("remove one in the middle", "checkpoint_chain", _without(1)),
    ("remove the first", "checkpoint_chain", _without(0)),
    ("remove all", "checkpoint_missing", lambda lines: []),
    ("change one", "checkpoint_signature", _changed),
    ("swap two", "checkpoint_chain", lambda lines: [lines[1], lines[0], *lines[2:]]),
    ("say one twice", "checkpoint_chain", lambda lines: [*lines, lines[-1]]),
    ("write nonsense", "checkpoint_form", lambda lines: [*lines[:-1], b"tidak ada apa-apa\n"]),
)


@pytest.mark.parametrize(("rule", "change"), [kind[1:] for kind in FILES], ids=[kind[0] for kind in FILES])
def test_tampering_with_the_file_is_found(copy: Copy, rule: str, change: Callable[[list[bytes]], list[bytes]]) -> None:
    copy.file.write_bytes(b"".join(change(copy.lines())))
    assert rule in copy.rules()


def test_an_event_inserted_later_with_an_early_date_is_found(copy: Copy) -> None:
    copy.corrupt(
        f"{A_NEW_EVENT} at - interval '30 d', 'sign', '', '', '', '', audit_tx() FROM event WHERE id = {SECOND}"
    )
    assert copy.rules() == {"event_unsealed"}
