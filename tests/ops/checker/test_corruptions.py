"""Rows changed behind the wall's back, as the superuser could: each kind is found by the rule meant for it."""

from __future__ import annotations

from typing import LiteralString

import pytest

from tests.ops.checker.conftest import Copy

READY = "(SELECT application_id FROM licence JOIN application a ON a.id = application_id WHERE stage = 'ready' LIMIT 1)"
CLOSED = "(SELECT id FROM application WHERE stage = 'closed' ORDER BY id LIMIT 1)"
PARAF = "(SELECT id FROM application WHERE stage = 'awaiting_paraf' AND paraf_next = 3)"
SIGNING = "(SELECT id FROM application WHERE stage = 'awaiting_signature')"
NUMBERING = "(SELECT id FROM application WHERE stage = 'numbering')"
ENDPOINT: LiteralString = (
    "INSERT INTO webhook_endpoint (client_id, url, description, version, created_at, failures, disabled_at,"
    " disabled_for) VALUES (uuidv7(), 'https://rs.example.org/', '', 1, now(), 0"
)
MESSAGE: LiteralString = (
    "INSERT INTO webhook_delivery (endpoint_id, key, type, state, created_at, round, tries, attempts,"
    " next_attempt_at, trace, body) VALUES ((SELECT id FROM webhook_endpoint), 'k', 'ping', 'pending', now(), 1, 0, 0,"
    " now(), ''"
)

Kind = tuple[str, LiteralString]

STAGE: tuple[Kind, ...] = (
    ("stage_evidence", f"UPDATE application SET stage = 'awaiting_signature' WHERE id = {PARAF}"),
    ("stage_evidence", f"UPDATE application SET stage = 'numbering' WHERE id = {SIGNING}"),
    ("stage_evidence", f"UPDATE application SET paraf_next = 2 WHERE id = {PARAF}"),
    ("stage_evidence", f"UPDATE application SET revision = 2 WHERE id = {PARAF}"),
    ("stage_evidence", f"UPDATE application SET sop_id = NULL WHERE id = {PARAF}"),
    ("stage_evidence", f"UPDATE application SET complete_at = NULL WHERE id = {CLOSED}"),
    ("stage_evidence", f"DELETE FROM completeness_check WHERE application_id = {CLOSED}"),
    ("stage_evidence", f"DELETE FROM verification WHERE application_id = {PARAF}"),
    ("stage_evidence", "UPDATE verification SET decision = 'complete' WHERE decision = 'rejected'"),
    (
        "stage_evidence",
        "DELETE FROM deficiency WHERE application_id IN (SELECT id FROM application WHERE stage = 'returned')",
    ),
    ("stage_evidence", f"DELETE FROM blanko WHERE application_id = {PARAF}"),
    ("stage_evidence", f"DELETE FROM letter WHERE application_id = {SIGNING} AND ordinal = 3"),
    ("stage_evidence", f"DELETE FROM dossier WHERE application_id = {CLOSED}"),
    ("stage_evidence", f"DELETE FROM hand_over WHERE application_id = {CLOSED}"),
    ("stage_evidence", f"UPDATE application SET quarantined_at = now() WHERE id = {SIGNING}"),
    ("stage_evidence", f"UPDATE licence SET status = 'intended' WHERE application_id = {CLOSED} AND status = 'valid'"),
    (
        "stage_known",
        "ALTER TABLE application DROP CONSTRAINT application_stage_known;\n"
        f"UPDATE application SET stage = 'approved' WHERE id = {PARAF}",
    ),
)

ENDORSING: tuple[Kind, ...] = (
    ("paraf_order", f"DELETE FROM endorsement WHERE application_id = {SIGNING} AND ordinal = 2"),
    (
        "paraf_time",
        f"UPDATE endorsement SET acted_at = acted_at - interval '1 d' WHERE application_id = {CLOSED} AND ordinal = 3",
    ),
    (
        "paraf_person",
        "ALTER TABLE endorsement DROP CONSTRAINT endorsement_one_person_once;\n"
        f"UPDATE endorsement e SET person_id = f.person_id FROM endorsement f WHERE e.application_id = {CLOSED}"
        " AND f.application_id = e.application_id AND f.revision = e.revision AND e.ordinal = 3 AND f.ordinal = 2",
    ),
    (
        "paraf_hash",
        f"UPDATE endorsement SET blanko_sha256 = repeat('a', 64) WHERE application_id = {SIGNING} AND ordinal = 2",
    ),
    ("paraf_role", f"UPDATE endorsement SET role = 'sekretaris' WHERE application_id = {SIGNING} AND ordinal = 1"),
    ("paraf_role", "UPDATE sop_version SET sop = jsonb_set(sop, '{initiallers,0}', '\"back_office\"')"),
    ("paraf_mandate", "UPDATE role_grant SET valid_until = '2025-12-31' WHERE role = 'ahli_madya'"),
    (
        "paraf_mandate",
        "UPDATE endorsement SET grant_id = (SELECT id FROM role_grant WHERE role = 'front_office')"
        f" WHERE application_id = {SIGNING} AND ordinal = 1",
    ),
    (
        "paraf_signer_named",
        "UPDATE blanko SET officials = jsonb_set(officials, '{3,person_id}', '\"someone else\"')"
        f" WHERE application_id = {CLOSED}",
    ),
    ("letter_chain", f"UPDATE letter SET parent_sha256 = sha256 WHERE application_id = {SIGNING} AND ordinal = 2"),
    ("letter_chain", f"UPDATE letter SET size = 1 WHERE application_id = {NUMBERING} AND ordinal = 4"),
    ("letter_applied", f"DELETE FROM endorsement WHERE application_id = {NUMBERING} AND ordinal = 4"),
    ("definition_pinned", f"UPDATE application SET paraf_count = 2 WHERE id = {PARAF}"),
    ("definition_pinned", f"UPDATE blanko SET sop_id = gen_random_uuid() WHERE application_id = {PARAF}"),
)

REGISTER: tuple[Kind, ...] = (
    ("number_gapless", "DELETE FROM register_entry WHERE seq = 2"),
    ("number_gapless", "UPDATE number_series SET last_seq = last_seq - 1"),
    ("number_gapless", "DELETE FROM number_series"),
    ("number_gapless", "UPDATE register_entry SET seq = 900 WHERE seq = 1"),
    (
        "number_unique",
        "ALTER TABLE register_entry DROP CONSTRAINT register_entry_number_once;\n"
        "UPDATE register_entry SET number = (SELECT number FROM register_entry WHERE seq = 1) WHERE seq = 2",
    ),
    (
        "number_one_active",
        "DROP INDEX register_entry_one_active;\n"
        "UPDATE register_entry SET state = 'active', void_reason = '' WHERE state = 'void'",
    ),
    ("number_date", "UPDATE register_entry SET signed_on = signed_on + 1 WHERE seq = 1"),
    ("number_date", "UPDATE endorsement SET acted_at = acted_at + interval '1 year' WHERE kind = 'signature'"),
    ("number_signed", f"DELETE FROM letter WHERE application_id = {CLOSED} AND ordinal = 4"),
    ("number_void", "UPDATE register_entry SET voided_by = NULL WHERE state = 'void'"),
    ("number_void", "UPDATE register_entry SET void_reason = '-' WHERE state = 'void'"),
    ("number_format", "UPDATE register_entry SET number = '503/9999/DPMPTSP/SIKRO/2026' WHERE seq = 1"),
    ("licence_validity", f"UPDATE licence SET valid_until = valid_until + 365 WHERE application_id = {CLOSED}"),
    ("licence_one_a_number", f"DELETE FROM licence WHERE application_id = {CLOSED}"),
    ("licence_one_a_number", "UPDATE licence SET seq = 77 WHERE seq = 1"),
    ("licence_register", "UPDATE licence SET status = 'valid' WHERE status = 'void'"),
    ("licence_register", f"UPDATE licence SET application_id = {PARAF} WHERE seq = 1"),
    ("licence_blanko", "UPDATE licence SET blanko_sha256 = repeat('b', 64) WHERE seq = 1"),
    ("licence_issued", "UPDATE licence SET issued_at = intended_at - interval '1 hour' WHERE issued_at IS NOT NULL"),
    ("licence_issued", "UPDATE licence SET size = 0 WHERE sha256 <> ''"),
    (
        "licence_token",
        "ALTER TABLE licence DROP CONSTRAINT licence_token_once;\nUPDATE licence SET token = repeat('t', 22)",
    ),
    ("licence_token", "UPDATE licence SET token = 'short' WHERE seq = 1"),
    ("hand_over_licence", "UPDATE hand_over SET handed_over_at = handed_over_at - interval '3 days'"),
    (
        "hand_over_licence",
        "UPDATE hand_over SET licence_id = (SELECT id FROM licence WHERE status = 'void')"
        f" WHERE application_id = {CLOSED}",
    ),
    ("number_lost", "INSERT INTO lost_number VALUES ('SIKRO', 2026, 1, 'tidak hilang', now())"),
    ("number_lost", "INSERT INTO lost_number VALUES ('SIKRO', 2026, 900, 'tidak pernah', now())"),
    ("registration_gapless", "UPDATE registration_series SET last_seq = last_seq + 1"),
)

HISTORY: tuple[Kind, ...] = (
    ("event_version", f"DELETE FROM event WHERE application_id = {CLOSED} AND kind = 'verify'"),
    (
        "event_chain",
        f"UPDATE event SET stage_from = 'returned' WHERE application_id = {CLOSED} AND kind = 'finish_blanko'",
    ),
    ("event_way", f"UPDATE event SET stage_to = 'closed' WHERE application_id = {CLOSED} AND kind = 'verify'"),
    ("event_way", f"UPDATE event SET revision = 5 WHERE application_id = {CLOSED} AND kind = 'hand_over'"),
    ("event_present", f"DELETE FROM event WHERE application_id = {CLOSED} AND kind = 'finish_dossier'"),
    ("event_present", f"UPDATE application SET version = version + 1 WHERE id = {PARAF}"),
    ("event_opened", f"DELETE FROM event WHERE application_id = {PARAF} AND kind = 'open_draft'"),
    ("event_case", "UPDATE event SET application_id = gen_random_uuid() WHERE kind = 'withdraw'"),
    (
        "event_of_act",
        "UPDATE event SET actor_id = (SELECT id FROM person WHERE username = 'admin')"
        f" WHERE application_id = {CLOSED} AND kind = 'sign'",
    ),
    (
        "event_of_act",
        "UPDATE event SET detail = jsonb_set(detail, '{blanko_sha256}', '\"other\"')"
        f" WHERE application_id = {PARAF} AND kind = 'initial'",
    ),
    ("event_of_decision", "UPDATE verification SET officer_id = (SELECT id FROM person WHERE username = 'admin')"),
    ("event_of_number", f"DELETE FROM event WHERE application_id = {CLOSED} AND kind = 'assign_number'"),
    ("event_of_number", "DELETE FROM event WHERE kind = 'void'"),
    ("event_of_licence", "UPDATE licence SET sha256 = repeat('c', 64) WHERE seq = 1"),
    ("event_of_hand_over", "UPDATE hand_over SET officer_id = (SELECT id FROM person WHERE username = 'admin')"),
    ("event_of_definition", "UPDATE sop_version SET sha256 = repeat('d', 64)"),
)

WORK: tuple[Kind, ...] = (
    ("work_waiting", "DELETE FROM outbox USING application a WHERE a.id = subject_id AND a.stage = 'preparing'"),
    (
        "work_waiting",
        "UPDATE outbox SET done_at = now() FROM application a WHERE a.id = subject_id AND a.stage = 'numbering'",
    ),
    (
        "work_waiting",
        "UPDATE outbox SET generation = 99 FROM application a WHERE a.id = subject_id AND a.stage = 'checking'",
    ),
    ("work_waiting", "DELETE FROM outbox USING application a WHERE a.id = subject_id AND a.stage = 'applying_paraf'"),
    ("work_over", f"UPDATE outbox SET done_at = NULL WHERE subject_id = {CLOSED}"),
    ("work_known", "UPDATE outbox SET subject_id = gen_random_uuid() WHERE done_at IS NULL"),
    ("mail_waiting", "DELETE FROM outbox WHERE task = 'paraf.send_message'"),
    ("secret_expired", "UPDATE pile SET expires_at = created_at - interval '1 day' WHERE secret IS NOT NULL"),
    ("secret_finished", "UPDATE pile_item SET state = 'done'"),
    ("secret_wiped", "UPDATE pile SET secret = 'sealed' WHERE wiped_at IS NOT NULL"),
    ("event_nik", "UPDATE event SET detail = '{\"note\": \"NIK 1471014101900001\"}' WHERE kind = 'describe'"),
    ("outbox_nik", "UPDATE outbox SET error = 'nik 1471014101900001 refused' WHERE task = 'paraf.send_message'"),
    ("mail_nik", "UPDATE mail_message SET error = 'to (1471014101900001)'"),
    ("case_nik", f"UPDATE application SET quarantine_reason = '1471014101900001' WHERE id = {PARAF}"),
    ("pile_nik", "UPDATE pile_item SET message = 'for 1471014101900001.'"),
    ("webhook_over", f"{ENDPOINT}, now(), 'hand');\n{MESSAGE}, '')"),
    ("webhook_nik", f"{ENDPOINT}, NULL, '');\n{MESSAGE}, '1471014101900001')"),
    (
        "answer_nik",
        "INSERT INTO webhook_attempt (delivery_id, number, started_at, outcome, excerpt)"
        " VALUES (uuidv7(), 1, now(), 'refused', 'nik 1471014101900001')",
    ),
    ("session_nik", "INSERT INTO heartbeat (name, detail) VALUES ('queue.mail', '1471014101900001')"),
)

WALL: tuple[Kind, ...] = (
    ("wall_guards", "ALTER TABLE endorsement DISABLE TRIGGER endorsement_guard"),
    ("wall_guards", "DROP TRIGGER application_move ON application"),
    ("wall_keys", "ALTER TABLE endorsement DROP CONSTRAINT endorsement_follows_previous CASCADE"),
    ("wall_keys", "ALTER TABLE letter DISABLE TRIGGER ALL"),
    ("wall_rights", "GRANT DELETE ON event TO paraf_app"),
    ("wall_rights", "GRANT UPDATE (acted_at) ON endorsement TO paraf_app"),
    ("wall_rows", "ALTER TABLE signing_key DISABLE ROW LEVEL SECURITY"),
    ("wall_rows", "DROP POLICY live ON login_session"),
    ("wall_rights", "GRANT UPDATE ON audit_seal TO paraf_app"),
    ("wall_rights", "GRANT DELETE ON register_day TO paraf_app"),
    ("wall_ways", "INSERT INTO stage_transition VALUES ('draft', 'ready', false)"),
    ("wall_ways", "DELETE FROM stage_transition WHERE stage_to = 'amending'"),
    ("wall_ways", "UPDATE stage_transition SET new_revision = false WHERE stage_to = 'amending'"),
)

KINDS = (*STAGE, *ENDORSING, *REGISTER, *HISTORY, *WORK, *WALL)


@pytest.mark.parametrize(("rule", "sql"), KINDS, ids=[f"{n}-{rule}" for n, (rule, _) in enumerate(KINDS)])
def test_a_changed_row_is_found_by_its_rule(copy: Copy, rule: str, sql: LiteralString) -> None:
    copy.corrupt(sql)
    assert rule in {violation.rule for violation in copy.check().violations}
