"""Work and secrets: nothing is stuck, nothing runs on, no passphrase is kept, no NIK lies where it must not."""

from __future__ import annotations

from ops.checker.rows import NOW, RowRule
from ops.checker.stages import FINAL, MACHINE_TASKS

_TASKS = ", ".join(f"('{stage}', '{task}')" for stage, task in MACHINE_TASKS.items())
_FINAL = ", ".join(f"'{stage}'" for stage in FINAL)

GRACE = "interval '15 minutes'"
"""How long after its end a sealed passphrase may still wait for the sweeper."""

# Digits that touch a letter or digit belong to a hash or a longer number, such as an 18-digit NIP.
_NIK = "'(^|[^0-9a-zA-Z])[0-9]{16}([^0-9a-zA-Z]|$)'"

_TEXTS = (
    ("event_nik", "event", "coalesce(application_id::text, 'event ' || id)", "concat_ws(' ', kind, actor, detail)"),
    ("outbox_nik", "outbox", "subject_id", "concat_ws(' ', task, queue, error)"),
    ("mail_nik", "mail_message", "application_id", "concat_ws(' ', key, kind, error)"),
    ("staff_mail_nik", "staff_message", "'message ' || id", "concat_ws(' ', key, kind, error)"),
    ("case_nik", "application", "id", "concat_ws(' ', registration_number, channel, quarantine_reason)"),
    ("pile_nik", "pile_item", "application_id", "message"),
    ("webhook_nik", "webhook_delivery", "'message ' || id", "concat_ws(' ', key, body)"),
    ("answer_nik", "webhook_attempt", "'message ' || delivery_id", "excerpt"),
    ("session_nik", "heartbeat", "name", "detail"),
)

RULES = (
    RowRule(
        "work_waiting",
        # A passphrase that ran out leaves the case to its official: then no work waits.
        f"""SELECT a.id, 'at ' || a.stage || ', version ' || a.version || ': no ' || t.task || ' waits in the outbox'
        FROM application a JOIN (VALUES {_TASKS}) AS t (stage, task) ON t.stage = a.stage
        LEFT JOIN endorsement e ON e.application_id = a.id AND e.revision = a.revision AND e.ordinal = a.paraf_next
        LEFT JOIN sop_version s ON s.id = a.sop_id
        WHERE a.quarantined_at IS NULL AND NOT EXISTS (
            SELECT FROM outbox o WHERE o.subject_id = a.id AND o.task = t.task AND o.generation = a.version
               AND o.done_at IS NULL)
          AND NOT (a.stage LIKE 'applying%' AND (e.kind = 'signature' OR s.sop ->> 'paraf_mode' = 'signed')
            AND EXISTS (SELECT FROM outbox o WHERE o.subject_id = a.id AND o.task = t.task
                           AND o.generation = a.version)
            AND NOT EXISTS (
                SELECT FROM pile_item i JOIN pile p ON p.id = i.pile_id
                 WHERE i.application_id = a.id AND i.revision = a.revision AND i.ordinal = a.paraf_next
                   AND p.secret IS NOT NULL AND p.expires_at > {NOW}))""",
    ),
    RowRule(
        "work_over",
        f"""SELECT a.id, 'is ' || a.stage || ', and ' || o.task || ' still waits in the outbox (' || o.id || ')'
        FROM application a JOIN outbox o ON o.subject_id = a.id JOIN (VALUES {_TASKS}) AS t (stage, task) USING (task)
        WHERE a.stage IN ({_FINAL}) AND o.done_at IS NULL""",
    ),
    RowRule(
        "work_known",
        """SELECT o.subject_id, o.task || ' waits for something that does not exist (' || o.id || ')'
        FROM outbox o WHERE o.done_at IS NULL
           AND NOT EXISTS (SELECT FROM application WHERE id = o.subject_id)
           AND NOT EXISTS (SELECT FROM mail_message WHERE id = o.subject_id)
           AND NOT EXISTS (SELECT FROM staff_message WHERE id = o.subject_id)
           AND NOT EXISTS (SELECT FROM batch_row WHERE id = o.subject_id)
           AND NOT EXISTS (SELECT FROM batch WHERE id = o.subject_id)
           AND NOT EXISTS (SELECT FROM webhook_delivery WHERE id = o.subject_id)
           AND NOT EXISTS (SELECT FROM webhook_endpoint WHERE id = o.subject_id)
           AND NOT EXISTS (SELECT FROM document WHERE id = o.subject_id)""",
    ),
    RowRule(
        "mail_waiting",
        """SELECT m.application_id,
            'the message ' || m.kind || ' was neither sent nor given up, and no work waits for it'
        FROM mail_message m WHERE m.sent_at IS NULL AND m.error = '' AND NOT EXISTS (
            SELECT FROM outbox o WHERE o.subject_id = m.id AND (o.done_at IS NULL OR o.error <> ''))""",
    ),
    RowRule(
        "staff_mail_waiting",
        """SELECT 'message ' || m.id, 'to an official was neither sent nor given up, and no work waits for it'
        FROM staff_message m WHERE m.sent_at IS NULL AND m.error = '' AND NOT EXISTS (
            SELECT FROM outbox o WHERE o.subject_id = m.id AND (o.done_at IS NULL OR o.error <> ''))""",
    ),
    RowRule(
        "webhook_over",
        """SELECT 'message ' || d.id, 'waits for an endpoint that is switched off or removed'
        FROM webhook_delivery d JOIN webhook_endpoint e ON e.id = d.endpoint_id
        WHERE d.state = 'pending' AND (e.disabled_at IS NOT NULL OR e.removed_at IS NOT NULL)
          AND NOT EXISTS (SELECT FROM outbox o WHERE o.subject_id = d.id AND o.done_at IS NULL)""",
    ),
    RowRule(
        "secret_expired",
        f"""SELECT 'pile ' || p.id, 'the sealed passphrase ended at ' || p.expires_at || ' and is still kept'
        FROM pile p WHERE p.secret IS NOT NULL AND p.expires_at + {GRACE} < {NOW}""",
    ),
    RowRule(
        "secret_finished",
        """SELECT 'pile ' || p.id, 'all its letters are done and the sealed passphrase is still kept'
        FROM pile p WHERE p.secret IS NOT NULL
           AND EXISTS (SELECT FROM pile_item i WHERE i.pile_id = p.id)
           AND NOT EXISTS (SELECT FROM pile_item i WHERE i.pile_id = p.id AND i.state = 'pending')""",
    ),
    RowRule(
        "secret_wiped",
        """SELECT 'pile ' || p.id, 'says it was wiped and still holds a secret, or the other way round'
        FROM pile p WHERE (p.secret IS NULL) <> (p.wiped_at IS NOT NULL)""",
    ),
    *(
        RowRule(name, f"SELECT {case}, 'holds a number of 16 digits, as a NIK has' FROM {table} WHERE {text} ~ {_NIK}")
        for name, table, case, text in _TEXTS
    ),
)
