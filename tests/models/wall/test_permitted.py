"""Raw SQL as the application's role: what the SOP allows passes the wall."""

from __future__ import annotations

from typing import LiteralString

import pytest

from tests.models.wall.conftest import Wall
from tests.models.wall.statements import TAKE, a_case, letter, licence, move, number, paraf, queued, told

PERMITTED: tuple[tuple[str, tuple[LiteralString, ...]], ...] = (
    ("begin a draft", (a_case("draft"),)),
    ("withdraw", (move("verifying", "withdrawn"), told("verifying", "verifying"))),
    (
        "put the first paraf",
        (
            paraf("awaiting_paraf"),
            move("awaiting_paraf", "applying_paraf"),
            told("awaiting_paraf", "awaiting_paraf"),
            queued("awaiting_paraf", "paraf.apply_paraf"),
        ),
    ),
    ("put the second paraf", (paraf("paraf2", "ahli_madya"),)),
    (
        "apply the last paraf",
        (
            letter("last_paraf"),
            move("last_paraf", "awaiting_signature", ", paraf_next = 4"),
            told("last_paraf", "applying_paraf"),
        ),
    ),
    ("sign", (paraf("awaiting_signature", "kepala_dinas", kind="signature"),)),
    ("apply the first paraf", (letter("applying_paraf"), move("applying_paraf", "awaiting_paraf", ", paraf_next = 2"),
                               told("applying_paraf", "applying_paraf"))),
    (
        "send back",
        (move("paraf2", "amending", ", revision = revision + 1, paraf_next = 1"), told("paraf2", "awaiting_paraf")),
    ),
    (
        "number a signed letter",
        (
            TAKE,
            number(),
            licence(),
            move("numbering", "assembling"),
            told("numbering", "numbering"),
            queued("numbering", "paraf.assemble_licence"),
        ),
    ),
    (
        "issue",
        (
            "UPDATE licence SET sha256 = repeat('a', 64), size = 9, status = 'valid', issued_at = now()"
            " WHERE application_id = %(assembling)s",
            move("assembling", "ready"),
            told("assembling", "assembling"),
        ),
    ),
    (
        "void a number",
        (
            "UPDATE licence SET status = 'void' WHERE application_id = %(ready)s",
            "UPDATE register_entry SET state = 'void', void_reason = 'salah cetak', voided_by = %(blanko)s,"
            " voided_at = now() WHERE application_id = %(ready)s",
            move("ready", "amending", ", revision = revision + 1, paraf_next = 1"),
            told("ready", "ready"),
        ),
    ),
    (
        "hand over",
        (
            "INSERT INTO hand_over SELECT l.id, l.application_id, %(loket)s, 'R', 'pemohon', 'ktp', '', now()"
            " FROM licence l WHERE l.application_id = %(ready)s",
            move("ready", "archiving"),
            told("ready", "ready"),
            queued("ready", "paraf.assemble_dossier"),
        ),
    ),
    (
        "archive",
        (
            "INSERT INTO dossier VALUES (%(archiving)s, repeat('a', 64), 1, now())",
            move("archiving", "closed"),
            told("archiving", "archiving"),
        ),
    ),
    ("revoke", ("UPDATE licence SET status = 'revoked' WHERE application_id = %(closed)s",)),
    ("correct data at amending", ("UPDATE holder_data SET name = 'Lain' WHERE application_id = %(amending)s",)),
    ("finish work", ("UPDATE outbox SET done_at = now() WHERE subject_id = %(numbering)s AND done_at IS NULL",)),
    ("clear finished work", ("DELETE FROM outbox WHERE subject_id = %(numbering)s AND done_at IS NOT NULL",)),
    ("wipe a secret", ("UPDATE pile SET secret = NULL, wiped_at = now() WHERE secret IS NOT NULL",)),
    ("end a role", ("UPDATE role_grant SET valid_until = '2026-12-31' WHERE person_id = %(muda)s",)),
)  # fmt: skip


@pytest.mark.parametrize("statements", [case[1] for case in PERMITTED], ids=[case[0] for case in PERMITTED])
def test_it_is_permitted(wall: Wall, before: dict[str, str], statements: tuple[LiteralString, ...]) -> None:
    assert wall.rehearse(statements) >= 1
    assert wall.content() == before
