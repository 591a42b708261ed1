"""The audit events: every change of stage has one, they join without a gap, and every human act has its own."""

from __future__ import annotations

from ops.checker.rows import RowRule
from ops.checker.stages import NEW_REVISION, WAYS

_WAYS = ", ".join(
    f"('{left}', '{entered}', {int((left, entered) in NEW_REVISION)})"
    for left, ways in WAYS.items()
    for entered in ways
)

# The values come from this package's own table, never from outside.
_MOVES = f"""WITH way (stage_from, stage_to, renews) AS (VALUES {_WAYS}),
move AS (
    SELECT e.*, w.renews, lag(e.stage_to, 1, 'draft') OVER passage AS stage_before,
        lag(e.version, 1, 1) OVER passage AS version_before, lag(e.revision, 1, 1) OVER passage AS revision_before
    FROM event e LEFT JOIN way w ON w.stage_from = e.stage_from AND w.stage_to = e.stage_to
    WHERE e.stage_from <> '' AND e.application_id IS NOT NULL
    WINDOW passage AS (PARTITION BY e.application_id ORDER BY e.id))"""

RULES = (
    RowRule(
        "event_version",
        f"""{_MOVES} SELECT application_id, 'event ' || id || ' has version ' || coalesce(version::text, 'none')
            || ' after version ' || version_before
        FROM move WHERE version IS DISTINCT FROM version_before + 1""",
    ),
    RowRule(
        "event_chain",
        f"""{_MOVES} SELECT application_id, 'event ' || id || ' leaves ' || stage_from || ', the case stood at '
            || stage_before
        FROM move WHERE stage_from <> stage_before""",
    ),
    RowRule(
        "event_way",
        f"""{_MOVES} SELECT application_id, 'event ' || id || ' goes from ' || stage_from || ' to ' || stage_to
            || ' with revision ' || coalesce(revision::text, 'none') || ': there is no such way'
        FROM move WHERE renews IS NULL OR revision IS DISTINCT FROM revision_before + renews""",
    ),
    RowRule(
        "event_present",
        """SELECT a.id, 'stands at ' || a.stage || ', version ' || a.version || ', revision ' || a.revision
            || '; its events end at ' || coalesce(m.stage_to, 'draft') || ', version ' || coalesce(m.version, 1)
            || ', revision ' || coalesce(m.revision, 1)
        FROM application a LEFT JOIN LATERAL (
            SELECT e.stage_to, e.version, e.revision FROM event e
             WHERE e.application_id = a.id AND e.stage_from <> '' ORDER BY e.id DESC LIMIT 1) m ON true
        WHERE (a.stage, a.version, a.revision)
            IS DISTINCT FROM (coalesce(m.stage_to, 'draft'), coalesce(m.version, 1), coalesce(m.revision, 1))""",
    ),
    RowRule(
        "event_opened",
        """SELECT a.id, 'has no event of its beginning' FROM application a
        WHERE NOT EXISTS (SELECT FROM event e WHERE e.application_id = a.id AND e.kind = 'open_draft')""",
    ),
    RowRule(
        "event_case",
        """SELECT e.application_id, 'event ' || min(e.id) || ' is of a case that does not exist'
        FROM event e LEFT JOIN application a ON a.id = e.application_id
        WHERE e.application_id IS NOT NULL AND a.id IS NULL GROUP BY e.application_id""",
    ),
    RowRule(
        "event_of_act",
        """SELECT t.application_id, 'revision ' || t.revision || ', act ' || t.ordinal
            || ': no event says that this person did it over this blanko'
        FROM endorsement t WHERE NOT EXISTS (
            SELECT FROM event e WHERE e.application_id = t.application_id AND e.revision = t.revision
               AND e.kind = CASE t.kind WHEN 'paraf' THEN 'initial' ELSE 'sign' END AND e.actor_id = t.person_id
               AND e.at = t.acted_at AND e.detail ->> 'ordinal' = t.ordinal::text
               AND e.detail ->> 'blanko_sha256' = t.blanko_sha256)""",
    ),
    RowRule(
        "event_of_decision",
        """SELECT t.application_id, 'round ' || t.round || ': no event says that this officer decided ' || t.decision
        FROM verification t WHERE NOT EXISTS (
            SELECT FROM event e WHERE e.application_id = t.application_id AND e.actor_id = t.officer_id
               AND e.at = t.decided_at AND e.kind = CASE t.decision WHEN 'complete' THEN 'verify'
                   WHEN 'returned' THEN 'return' ELSE 'reject' END)""",
    ),
    RowRule(
        "event_of_number",
        """SELECT t.application_id, 'number ' || t.number || ': no event of its ' || k.kind
        FROM register_entry t JOIN (VALUES ('assign_number'), ('void')) AS k (kind)
          ON k.kind = 'assign_number' OR t.state = 'void'
        WHERE NOT EXISTS (
            SELECT FROM event e WHERE e.application_id = t.application_id AND e.kind = k.kind
               AND e.detail ->> 'number' = t.number)""",
    ),
    RowRule(
        "event_of_licence",
        """SELECT t.application_id, 'licence ' || left(t.sha256, 12) || ': no event of its issue with this hash'
        FROM licence t WHERE t.sha256 <> '' AND NOT EXISTS (
            SELECT FROM event e WHERE e.application_id = t.application_id AND e.kind = 'finish_licence'
               AND e.detail ->> 'sha256' = t.sha256)""",
    ),
    RowRule(
        "event_of_hand_over",
        """SELECT t.application_id, 'no event says that this officer handed the licence over'
        FROM hand_over t WHERE NOT EXISTS (
            SELECT FROM event e WHERE e.application_id = t.application_id AND e.kind = 'hand_over'
               AND e.actor_id = t.officer_id AND e.at = t.handed_over_at)""",
    ),
    RowRule(
        "event_of_definition",
        """SELECT t.licence_code || ' ' || t.version, 'was loaded with another hash than it bears now'
        FROM sop_version t WHERE NOT EXISTS (
            SELECT FROM event e WHERE e.kind = 'definition_loaded' AND e.detail ->> 'licence_code' = t.licence_code
               AND e.detail ->> 'version' = t.version AND e.detail ->> 'sha256' = t.sha256)""",
    ),
)
