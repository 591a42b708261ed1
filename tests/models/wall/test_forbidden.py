"""Raw SQL as the application's role: what the SOP forbids is refused by name, and nothing changes."""

from __future__ import annotations

from typing import LiteralString

import pytest

from tests.models.wall.conftest import Refused
from tests.models.wall.statements import TAKE, a_case, letter, licence, move, number, only, paraf, told

RULE, RIGHT, KEY, UNIQUE, CHECK = "23001", "42501", "23503", "23505", "23514"

Case = tuple[str, str, str, tuple[LiteralString, ...]]
"""What it tries, SQLSTATE, constraint (empty: a right is missing), statements."""


BEGINNINGS: tuple[Case, ...] = (
    ("begin at the end", RULE, "application_begins_as_draft", (a_case("ready"),)),
    ("begin with a history", RULE, "application_begins_as_draft", (a_case("draft", "7"),)),
    ("begin with a round", RULE, "application_begins_as_draft", (a_case("draft", "1", "1"),)),
)

MOVES: tuple[Case, ...] = (
    ("draft to ready", RULE, "application_transition", (move("draft", "ready"),)),
    ("skip all parafs", RULE, "application_transition", (move("awaiting_paraf", "awaiting_signature"),)),
    ("skip the signature", RULE, "application_transition", (move("awaiting_signature", "numbering"),)),
    ("leave a final stage", RULE, "application_transition", (move("closed", "ready"),)),
    ("reopen a rejection", RULE, "application_transition", (move("rejected", "verifying"),)),
    ("an unknown stage", RULE, "application_transition", (move("draft", "approved"),)),
    ("submit without a round", RULE, "application_evidence", (move("returned", "checking"),)),
    ("verifying without a check", RULE, "application_evidence", (move("checking", "verifying"),)),
    ("preparing without a definition", RULE, "application_pinned", (move("verifying", "preparing"),)),
    (
        "preparing without a decision",
        RULE,
        "application_evidence",
        (
            only("sop_id = (SELECT id FROM sop_version), paraf_count = 3, complete_at = now()", "verifying"),
            move("verifying", "preparing"),
        ),
    ),
    ("returned without a decision", RULE, "application_evidence", (move("verifying", "returned"),)),
    ("rejected without a decision", RULE, "application_evidence", (move("verifying", "rejected"),)),
    ("awaiting paraf without a blanko", RULE, "application_evidence", (move("preparing", "awaiting_paraf"),)),
    ("applying a paraf nobody gave", RULE, "application_evidence", (move("awaiting_paraf", "applying_paraf"),)),
    (
        "next paraf before the letter",
        RULE,
        "application_evidence",
        (move("applying_paraf", "awaiting_paraf", ", paraf_next = 2"),),
    ),
    (
        "signature after the first paraf",
        RULE,
        "application_evidence",
        (move("applying_paraf", "awaiting_signature", ", paraf_next = 2"),),
    ),
    (
        "signature by counting on",
        RULE,
        "application_counters_move",
        (move("applying_paraf", "awaiting_signature", ", paraf_next = 4"),),
    ),
    (
        "signature before the third letter",
        RULE,
        "application_evidence",
        (move("last_paraf", "awaiting_signature", ", paraf_next = 4"),),
    ),
    (
        "apply an older paraf again",
        RULE,
        "application_counters_move",
        (move("paraf2", "applying_paraf", ", paraf_next = 1"),),
    ),
    (
        "applying a signature nobody gave",
        RULE,
        "application_evidence",
        (move("awaiting_signature", "applying_signature"),),
    ),
    ("numbering before the letter", RULE, "application_evidence", (move("applying_signature", "numbering"),)),
    ("assembling without a number", RULE, "application_evidence", (move("numbering", "assembling"),)),
    ("ready without an issued licence", RULE, "application_evidence", (move("assembling", "ready"),)),
    ("archiving without a hand-over", RULE, "application_evidence", (move("ready", "archiving"),)),
    ("closed without a dossier", RULE, "application_evidence", (move("archiving", "closed"),)),
    (
        "amending under an active number",
        RULE,
        "application_evidence",
        (move("ready", "amending", ", revision = revision + 1, paraf_next = 1"),),
    ),
    (
        "send back on the same revision",
        RULE,
        "application_counters_move",
        (move("paraf2", "amending", ", paraf_next = 1"),),
    ),
    (
        "send back and keep the parafs",
        RULE,
        "application_counters_move",
        (move("paraf2", "amending", ", revision = revision + 1"),),
    ),
    (
        "move without a new version",
        RULE,
        "application_counters_move",
        (only("stage = 'withdrawn'", "verifying"),),
    ),
    ("move without its event", RULE, "application_moved_event", (move("verifying", "withdrawn"),)),
    (
        "move with an event of another way",
        RULE,
        "application_moved_event",
        (move("verifying", "withdrawn"), told("verifying", "returned")),
    ),
    (
        "move without its work",
        RULE,
        "application_moved_work",
        (paraf("awaiting_paraf"), move("awaiting_paraf", "applying_paraf"), told("awaiting_paraf", "awaiting_paraf")),
    ),
)

COUNTERS: tuple[Case, ...] = (
    ("version without a move", RULE, "application_counters_fixed", (only("version = version + 1", "ready"),)),
    ("revision without a move", RULE, "application_counters_fixed", (only("revision = revision + 1", "paraf2"),)),
    ("paraf_next without a move", RULE, "application_counters_fixed", (only("paraf_next = 3", "paraf2"),)),
    ("round without a move", RULE, "application_counters_fixed", (only("round = 2", "verifying"),)),
    ("unpin the definition", RULE, "application_pinned", (only("sop_id = NULL", "paraf2"),)),
    ("want fewer parafs", RULE, "application_pinned", (only("paraf_count = 1", "paraf2"),)),
    ("another registration number", RULE, "application_pinned", (only("registration_number = 'REG/9'", "ready"),)),
    ("submitted at another time", RULE, "application_pinned", (only("submitted_at = now()", "ready"),)),
    ("complete at another time", RULE, "application_pinned", (only("complete_at = now()", "ready"),)),
    (
        "pin with fewer parafs",
        RULE,
        "application_paraf_count",
        (only("sop_id = (SELECT id FROM sop_version), paraf_count = 1, complete_at = now()", "verifying"),),
    ),
    ("another licence", RIGHT, "", (only("licence_code = 'SIPA'", "draft"),)),
    ("a draft with a registration", CHECK, "application_registered", (only("registration_number = 'X'", "draft"),)),
)

ENDORSING: tuple[Case, ...] = (
    ("paraf out of turn", RULE, "endorsement_turn", (paraf("awaiting_paraf", "ahli_madya", ordinal="2"),)),
    ("first paraf by another role", RULE, "endorsement_role", (paraf("awaiting_paraf", "sekretaris"),)),
    ("under someone's role", RULE, "endorsement_role", (paraf("awaiting_paraf", "sekretaris", as_role="'ahli_muda'"),)),
    (
        "with someone's grant",
        RULE,
        "endorsement_role",
        (paraf("awaiting_paraf", person="(SELECT id FROM person WHERE username = 'loket')"),),
    ),
    ("before the role was held", RULE, "endorsement_role", (paraf("awaiting_paraf", at="'2020-01-01Z'::timestamptz"),)),
    ("before the blanko was made", RULE, "endorsement_time", (paraf("awaiting_paraf", at="'2025-01-01Z'"),)),
    ("over another hash", KEY, "endorsement_of_exact_blanko", (paraf("awaiting_paraf", sha256="repeat('a', 64)"),)),
    ("with another number of parafs", KEY, "endorsement_of_exact_blanko", (paraf("awaiting_paraf", count="2"),)),
    ("on an older revision", RULE, "endorsement_current_revision", (paraf("paraf2", "ahli_madya", revision="0"),)),
    ("on a revision to come", RULE, "endorsement_current_revision", (paraf("awaiting_paraf", revision="2"),)),
    ("before there is a blanko", RULE, "case_stage", (paraf("preparing"),)),
    ("on a closed case", RULE, "case_stage", (paraf("closed"),)),
    ("twice while it is applied", RULE, "case_stage", (paraf("applying_paraf"),)),
    ("the same ordinal again", RULE, "endorsement_turn", (paraf("paraf2", ordinal="1"),)),
    (
        "second paraf by the same person",
        UNIQUE,
        "endorsement_one_person_once",
        (
            "INSERT INTO role_grant (id, person_id, role, acting, decree, valid_from, granted_at)"
            " VALUES (uuidv7(), %(muda)s, 'ahli_madya', 'Plt.', 'SK 1', '2024-01-01', now())",
            paraf("paraf2", "ahli_madya").replace("ON g.role", "ON g.acting = 'Plt.' AND g.role"),
        ),
    ),
    ("after one has left the office", RULE, "endorsement_role",
     ("UPDATE person SET active = false WHERE id = %(muda)s", paraf("awaiting_paraf"))),
    ("sign without parafs", RULE, "endorsement_turn", (
        paraf("awaiting_paraf", "kepala_dinas", ordinal="4", kind="signature"),)),
    ("sign in place of a paraf", CHECK, "endorsement_kind_by_ordinal",
     (paraf("awaiting_signature", "kepala_dinas", ordinal="3", kind="signature"),)),
    ("sign as Sekretaris", RULE, "endorsement_role", (paraf("awaiting_signature", "sekretaris", kind="signature"),)),
    ("a paraf in place of the signature", RULE, "endorsement_turn", (paraf("awaiting_signature", "kepala_dinas"),)),
    ("change an act", RIGHT, "", ("UPDATE endorsement SET acted_at = now()",)),
    ("remove an act", RIGHT, "", ("DELETE FROM endorsement WHERE application_id = %(paraf2)s",)),
)  # fmt: skip

LETTERS: tuple[Case, ...] = (
    ("a letter nobody acted for", RULE, "case_stage", (letter("awaiting_paraf"),)),
    ("a letter of a later act", RULE, "letter_turn", (letter("applying_paraf", ordinal="2"),)),
    ("a letter of another revision", RULE, "letter_turn", (letter("applying_paraf", revision="2"),)),
    ("a letter from other bytes", RULE, "letter_parent", (letter("applying_paraf", parent="repeat('f', 64)"),)),
    ("a letter that shrank", RULE, "letter_parent", (letter("applying_signature", size="1"),)),
    ("change a letter", RIGHT, "", ("UPDATE letter SET sha256 = repeat('0', 64)",)),
    ("remove a letter", RIGHT, "", ("DELETE FROM letter",)),
    ("a second blanko", RULE, "case_stage", (
        "INSERT INTO blanko SELECT * FROM blanko WHERE application_id = %(paraf2)s",)),
    ("a blanko after the check", RULE, "case_stage", (
        "INSERT INTO blanko (application_id, revision, sha256, size, paraf_count, sop_id, facts, officials, made_at)"
        " SELECT id, revision + 1, repeat('a', 64), 9, 3, sop_id, '{}', '[]', now() FROM application"
        " WHERE id = %(paraf2)s",)),
    ("a blanko of another revision", RULE, "blanko_of_this_revision", (
        "INSERT INTO blanko (application_id, revision, sha256, size, paraf_count, sop_id, facts, officials, made_at)"
        " SELECT id, revision + 1, repeat('a', 64), 9, 3, sop_id, '{}', '[]', now() FROM application"
        " WHERE id = %(preparing)s",)),
    ("a blanko with fewer parafs", RULE, "blanko_of_this_revision", (
        "INSERT INTO blanko (application_id, revision, sha256, size, paraf_count, sop_id, facts, officials, made_at)"
        " SELECT id, revision, repeat('a', 64), 9, 1, sop_id, '{}', '[]', now() FROM application"
        " WHERE id = %(preparing)s",)),
    ("change a blanko", RIGHT, "", ("UPDATE blanko SET sha256 = repeat('0', 64)",)),
)  # fmt: skip

REGISTER: tuple[Case, ...] = (
    ("a number before the signature", RULE, "case_stage", (TAKE, number("awaiting_signature"))),
    ("a number without taking it", RULE, "register_entry_next", (number(seq="77"),)),
    ("a number that is taken already", UNIQUE, "register_entry_pk", (number(),)),
    ("an older number", RULE, "register_entry_next", (TAKE, number(seq="1"))),
    ("take a number and lose it", RULE, "number_used", (TAKE,)),
    ("take two and enter one", RULE, "number_used", (TAKE, TAKE, number())),
    ("a number of another year", RULE, "register_entry_date", (
        "SELECT take_number('SIKRO', 2025)", number(year="2025"))),
    ("a date of another day", RULE, "register_entry_date", (TAKE, number(signed_on="'2026-03-01'::date"))),
    ("a number written otherwise", RULE, "register_entry_number", (TAKE, number(text="'503/0777/DPMPTSP/SIKRO/2026'"))),
    ("a series of one's own", RULE, "register_entry_number", ("SELECT take_number('OTHER', 2026)", number(
        series="'OTHER'", seq="(SELECT last_seq FROM number_series WHERE series = 'OTHER')"))),
    ("a number of an older revision", RULE, "register_entry_signed", (TAKE, number(revision="a.revision - 1"))),
    ("set the counter back", RIGHT, "", ("UPDATE number_series SET last_seq = 0",)),
    ("start a counter", RIGHT, "", ("INSERT INTO number_series VALUES ('SIKRO', 2030, 5)",)),
    ("change a number", RIGHT, "", ("UPDATE register_entry SET number = '503/0001/X'",)),
    ("change a number's date", RIGHT, "", ("UPDATE register_entry SET signed_on = '2026-01-01'",)),
    ("change what opened a pile", RIGHT, "", ("UPDATE pile SET means = 'passkey'",)),
    ("rename a line of the register", RIGHT, "", ("UPDATE register_entry SET name = 'Orang Lain'",)),
    ("remove a number", RIGHT, "", ("DELETE FROM register_entry",)),
    ("void without a reason", CHECK, "register_entry_void_reason", (
        "UPDATE register_entry SET state = 'void', voided_by = %(blanko)s, voided_at = now()"
        " WHERE application_id = %(ready)s",)),
    ("void by nobody", RULE, "register_entry_voided", (
        "UPDATE register_entry SET state = 'void', void_reason = 'salah cetak' WHERE application_id = %(ready)s",)),
    ("void after the hand-over", RULE, "case_stage", (
        "UPDATE register_entry SET state = 'void', void_reason = 'salah cetak', voided_by = %(blanko)s,"
        " voided_at = now() WHERE application_id = %(closed)s",)),
    ("edit a line of the register", RULE, "register_entry_final", (
        "UPDATE register_entry SET void_reason = '' WHERE application_id = %(ready)s",)),
    ("a licence without a number", RULE, "licence_begins_intended", (licence(seq="1"),)),
    ("a licence that is issued at once", RULE, "licence_begins_intended", (
        TAKE, number(), licence(status="valid", final="repeat('a', 64)"))),
    ("a licence from another blanko", KEY, "licence_begins_with_blanko", (
        TAKE, number(), licence(sha256="repeat('a', 64)"))),
    ("a licence of another size", KEY, "licence_begins_with_blanko", (TAKE, number(), licence(size="b.size + 1"))),
    ("a second licence", RULE, "case_stage", (licence("ready"),)),
    ("issue without bytes", CHECK, "licence_issued", (
        "UPDATE licence SET status = 'valid' WHERE application_id = %(assembling)s",)),
    ("other bytes of an issued licence", RULE, "licence_status_path", (
        "UPDATE licence SET sha256 = repeat('a', 64) WHERE application_id = %(ready)s",)),
    ("other bytes while revoking", RULE, "licence_bytes_fixed", (
        "UPDATE licence SET sha256 = repeat('a', 64), status = 'revoked' WHERE application_id = %(ready)s",)),
    ("revive a licence", RULE, "licence_status_path", (
        "UPDATE licence SET status = 'intended' WHERE application_id = %(ready)s",)),
    ("void a licence that was handed over", RULE, "case_stage", (
        "UPDATE licence SET status = 'void' WHERE application_id = %(closed)s",)),
    ("longer validity", RIGHT, "", ("UPDATE licence SET valid_until = '2099-01-01'",)),
    ("another token", RIGHT, "", ("UPDATE licence SET token = 'mine'",)),
    ("hand over before it is ready", RULE, "case_stage", (
        "INSERT INTO hand_over SELECT l.id, l.application_id, %(loket)s, 'R', 'pemohon', 'ktp', '', now()"
        " FROM licence l WHERE l.application_id = %(assembling)s",)),
    ("hand over a licence of another case", RULE, "hand_over_valid", (
        "INSERT INTO hand_over SELECT l.id, %(ready)s, %(loket)s, 'R', 'pemohon', 'ktp', '', now()"
        " FROM licence l WHERE l.application_id = %(assembling)s",)),
    ("hand over under a void number", RULE, "hand_over_valid", (
        "UPDATE register_entry SET state = 'void', void_reason = 'salah cetak', voided_by = %(blanko)s,"
        " voided_at = now() WHERE application_id = %(ready)s",
        "INSERT INTO hand_over SELECT l.id, l.application_id, %(loket)s, 'R', 'pemohon', 'ktp', '', now()"
        " FROM licence l WHERE l.application_id = %(ready)s")),
    ("a dossier before the hand-over", RULE, "case_stage", (
        "INSERT INTO dossier VALUES (%(ready)s, repeat('a', 64), 1, now())",)),
)  # fmt: skip

BERKAS: tuple[Case, ...] = (
    ("another name after verification", RULE, "case_stage", (
        "UPDATE holder_data SET name = 'Lain' WHERE application_id = %(preparing)s",)),
    ("another name on a signed letter", RULE, "case_stage", (
        "UPDATE holder_data SET workplace_name = 'Lain' WHERE application_id = %(awaiting_signature)s",)),
    ("swap a document after verification", RULE, "case_stage", (
        "UPDATE document SET replaced_at = now() WHERE application_id = %(preparing)s",)),
    ("add a document after verification", RULE, "case_stage", (
        "INSERT INTO document (application_id, requirement, part, name, media_type, sha256, size, fields, uploaded_at,"
        " answer, pages, clean_sha256, clean_media_type) VALUES (%(ready)s, 'ktp', 9, 'x', 'image/jpeg', '', 1, '{}',"
        " now(), '', 0, '', '')",)),
    ("other bytes of a document", RIGHT, "", ("UPDATE document SET sha256 = repeat('a', 64)",)),
    ("another inspection of a document", RULE, "document_inspected", (
        "UPDATE document SET clean_sha256 = repeat('a', 64) WHERE application_id = %(ready)s",)),
    ("other dates beside a document", RULE, "case_stage", (
        "UPDATE document SET fields = '{\"number\": \"1\"}' WHERE application_id = %(ready)s",)),
    ("revive a document", RULE, "document_replaced", (
        "UPDATE document SET replaced_at = now() WHERE application_id = %(draft)s",
        "UPDATE document SET replaced_at = NULL WHERE application_id = %(returned)s AND false",
        "INSERT INTO document (application_id, requirement, part, name, media_type, sha256, size, fields, uploaded_at,"
        " answer, pages, clean_sha256, clean_media_type, replaced_at) VALUES (%(draft)s, 'ktp', 9, 'x', 'image/jpeg',"
        " '', 1, '{}', now(), '', 0, '', '', now())",
        "UPDATE document SET replaced_at = NULL WHERE application_id = %(draft)s")),
    ("a check of another round", RULE, "check_of_this_round", (
        "INSERT INTO completeness_check SELECT id, round + 1, (SELECT id FROM sop_version), true, '[]', '[]', now()"
        " FROM application WHERE id = %(checking)s",)),
    ("a check after the decision", RULE, "case_stage", (
        "INSERT INTO completeness_check SELECT id, round, (SELECT id FROM sop_version), true, '[]', '[]', now()"
        " FROM application WHERE id = %(ready)s",)),
    ("change a check", RIGHT, "", ("UPDATE completeness_check SET complete = true",)),
    ("decide before the check", RULE, "case_stage", (
        "INSERT INTO verification SELECT id, round, revision, 'complete', %(loket)s, '', '{}', now()"
        " FROM application WHERE id = %(checking)s",)),
    ("decide on another round", RULE, "verification_of_this_round", (
        "INSERT INTO verification SELECT id, round + 1, revision, 'complete', %(loket)s, '', '{}', now()"
        " FROM application WHERE id = %(verifying)s",)),
    ("change a decision", RIGHT, "", ("UPDATE verification SET decision = 'complete'",)),
)  # fmt: skip

WORK: tuple[Case, ...] = (
    ("undo work", RULE, "outbox_done", ("UPDATE outbox SET done_at = NULL WHERE subject_id = %(closed)s",)),
    ("drop work", RULE, "outbox_undone", ("DELETE FROM outbox WHERE subject_id = %(numbering)s",)),
    ("turn work into other work", RIGHT, "", ("UPDATE outbox SET task = 'paraf.apply_signature'",)),
    ("replace a secret", RULE, "pile_secret", ("UPDATE pile SET secret = 'mine'",)),
    ("put a secret back", RULE, "pile_secret", ("UPDATE pile SET secret = 'mine' WHERE secret IS NULL",)),
    ("lengthen a secret's life", RIGHT, "", ("UPDATE pile SET expires_at = now() + interval '1 year'",)),
    ("take over a pile", RIGHT, "", ("UPDATE pile SET person_id = %(admin)s",)),
    ("change an event", RIGHT, "", ("UPDATE event SET actor = 'nobody'",)),
    ("remove an event", RIGHT, "", ("DELETE FROM event",)),
    ("choose an event's place", "428C9", "", (
        "INSERT INTO event (id, at, kind, actor, stage_from, stage_to, trace)"
        " VALUES (1, now(), 'x', '', '', '', '')",)),
    ("edit the definition", RIGHT, "", ("UPDATE sop_version SET sop = '{}'",)),
    ("the same version again", UNIQUE, "sop_version_once", (
        "INSERT INTO sop_version (licence_code, version, sha256, sop, wording, layout, loaded_at)"
        " SELECT licence_code, version, 'x', '{}', '{}', '', now() FROM sop_version",)),
    ("a way of one's own", RIGHT, "", ("INSERT INTO stage_transition VALUES ('draft', 'ready', false)",)),
    ("backdate a role", RIGHT, "", ("UPDATE role_grant SET valid_from = '2000-01-01'",)),
    ("another key's material", RIGHT, "", ("UPDATE signing_key SET material = 'mine'",)),
    ("another person's number", RIGHT, "", ("UPDATE person SET nip = '1'",)),
)  # fmt: skip

POWERS: tuple[Case, ...] = tuple(
    (name, RIGHT, "", (statement,))
    for name, statement in (
        ("truncate events", "TRUNCATE event"),
        ("truncate everything", "TRUNCATE application CASCADE"),
        ("delete a case", "DELETE FROM application WHERE id = %(draft)s"),
        ("drop a table", "DROP TABLE endorsement"),
        ("drop a guard", "DROP TRIGGER endorsement_guard ON endorsement"),
        ("switch a guard off", "ALTER TABLE endorsement DISABLE TRIGGER ALL"),
        ("drop a key", "ALTER TABLE endorsement DROP CONSTRAINT endorsement_one_person_once"),
        ("create a table", "CREATE TABLE mine (id integer)"),
        ("create a schema", "CREATE SCHEMA mine"),
        ("replace a guard", "CREATE OR REPLACE FUNCTION take_number(text, integer) RETURNS integer LANGUAGE sql"
                            " AS 'SELECT 1'"),
        ("create a function", "CREATE FUNCTION mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'"),
        ("become the owner", "SET ROLE paraf_owner"),
        ("become the superuser", "SET SESSION AUTHORIZATION postgres"),
        ("sleep the triggers", "SET session_replication_role = replica"),
        ("read password hashes", "SELECT rolpassword FROM pg_authid"),
        ("read files", "SELECT pg_read_file('postgresql.conf')"),
        ("run a program", "COPY event TO PROGRAM 'cat'"),
        ("create a role", "CREATE ROLE mine"),
        ("give rights away", "ALTER ROLE paraf_app SUPERUSER"),
    )
)  # fmt: skip

FORBIDDEN = (*BEGINNINGS, *MOVES, *COUNTERS, *ENDORSING, *LETTERS, *REGISTER, *BERKAS, *WORK, *POWERS)


@pytest.mark.parametrize(
    ("sqlstate", "constraint", "statements"), [case[1:] for case in FORBIDDEN], ids=[c[0] for c in FORBIDDEN]
)
def test_it_is_refused(refused: Refused, sqlstate: str, constraint: str, statements: tuple[LiteralString, ...]) -> None:
    error = refused(statements)
    assert (error.sqlstate, error.diag.constraint_name or "") == (sqlstate, constraint)
