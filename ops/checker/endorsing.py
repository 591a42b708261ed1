"""Parafs and signature: in order, by different people in office, over one blanko; letters only grow."""

from __future__ import annotations

from ops.checker.rows import RowRule

_CASE = "e.application_id, 'revision ' || e.revision || ', act ' || e.ordinal || ': '"

RULES = (
    RowRule(
        "paraf_order",
        f"""SELECT {_CASE} || 'comes after act ' || coalesce(e.before::text, 'none')
        FROM (SELECT *, lag(ordinal) OVER (PARTITION BY application_id, revision ORDER BY ordinal) AS before
                FROM endorsement) e
        WHERE e.ordinal <> coalesce(e.before, 0) + 1""",
    ),
    RowRule(
        "paraf_time",
        f"""SELECT {_CASE} || 'done at ' || e.acted_at || ', before what it follows (' || e.floor_at || ')'
        FROM (SELECT e.*, greatest(b.made_at, lag(e.acted_at)
                  OVER (PARTITION BY e.application_id, e.revision ORDER BY e.ordinal)) AS floor_at
                FROM endorsement e LEFT JOIN blanko b USING (application_id, revision)) e
        WHERE e.acted_at < e.floor_at""",
    ),
    RowRule(
        "paraf_person",
        """SELECT e.application_id,
            'revision ' || e.revision || ': ' || e.person_id || ' acted ' || count(*) || ' times'
        FROM endorsement e GROUP BY e.application_id, e.revision, e.person_id HAVING count(*) > 1""",
    ),
    RowRule(
        "paraf_hash",
        f"""SELECT {_CASE} || 'over ' || left(e.blanko_sha256, 12) || ', the blanko is '
            || coalesce(left(b.sha256, 12), 'missing')
        FROM endorsement e LEFT JOIN blanko b USING (application_id, revision)
        WHERE b.sha256 IS DISTINCT FROM e.blanko_sha256 OR b.paraf_count IS DISTINCT FROM e.paraf_count""",
    ),
    RowRule(
        "paraf_role",
        f"""SELECT {_CASE} || e.kind || ' as ' || e.role || ', the definition wants '
            || coalesce(e.wanted, 'no such act')
        FROM (SELECT e.*, CASE WHEN e.ordinal <= jsonb_array_length(s.sop -> 'initiallers')
                      THEN s.sop -> 'initiallers' ->> (e.ordinal - 1)
                      WHEN e.ordinal = jsonb_array_length(s.sop -> 'initiallers') + 1
                      THEN s.sop ->> 'signatory' END AS wanted,
                  e.ordinal = jsonb_array_length(s.sop -> 'initiallers') + 1 AS last
                FROM endorsement e JOIN application a ON a.id = e.application_id
                LEFT JOIN sop_version s ON s.id = a.sop_id) e
        WHERE e.role IS DISTINCT FROM e.wanted OR (e.kind = 'signature') IS DISTINCT FROM e.last""",
    ),
    RowRule(
        "paraf_mandate",
        f"""SELECT {_CASE} || 'the role ' || e.role || ' was not held on '
            || (e.acted_at AT TIME ZONE 'Asia/Jakarta')::date
        FROM endorsement e LEFT JOIN role_grant g ON g.id = e.grant_id
        WHERE (g.person_id = e.person_id AND g.role = e.role
            AND g.valid_from <= (e.acted_at AT TIME ZONE 'Asia/Jakarta')::date
            AND coalesce(g.valid_until >= (e.acted_at AT TIME ZONE 'Asia/Jakarta')::date, true)) IS NOT TRUE""",
    ),
    RowRule(
        "paraf_signer_named",
        f"""SELECT {_CASE} || 'signed by someone whom the letter does not name'
        FROM endorsement e JOIN blanko b USING (application_id, revision)
        WHERE e.kind = 'signature' AND b.officials -> -1 ->> 'person_id' IS DISTINCT FROM e.person_id::text""",
    ),
    RowRule(
        "letter_chain",
        """SELECT l.application_id, 'revision ' || l.revision || ', letter ' || l.ordinal || ': grows from '
            || left(l.parent_sha256, 12) || ', the one before is ' || coalesce(left(l.before, 12), 'missing')
        FROM (SELECT l.*, CASE l.ordinal WHEN 1 THEN b.sha256 ELSE p.sha256 END AS before,
                  CASE l.ordinal WHEN 1 THEN b.size ELSE p.size END AS before_size
                FROM letter l LEFT JOIN blanko b USING (application_id, revision)
                LEFT JOIN letter p ON p.application_id = l.application_id AND p.revision = l.revision
                   AND p.ordinal = l.ordinal - 1) l
        WHERE l.before IS DISTINCT FROM l.parent_sha256 OR l.size < l.before_size""",
    ),
    RowRule(
        "letter_applied",
        """SELECT l.application_id, 'revision ' || l.revision || ', letter ' || l.ordinal || ': nobody acted for it'
        FROM letter l LEFT JOIN endorsement e USING (application_id, revision, ordinal)
        WHERE e.ordinal IS NULL""",
    ),
    RowRule(
        "definition_pinned",
        """SELECT a.id, 'pinned to ' || coalesce(s.licence_code || ' ' || s.version, 'an unknown definition')
            || ' with ' || a.paraf_count || ' parafs, revision ' || coalesce(b.revision::text, '-') || ' was made from '
            || coalesce(b.sop_id::text, 'none') || ' with ' || coalesce(b.paraf_count::text, 'no') || ' parafs'
        FROM application a LEFT JOIN sop_version s ON s.id = a.sop_id
        LEFT JOIN blanko b ON b.application_id = a.id
        WHERE a.sop_id IS NOT NULL AND (s.id IS NULL OR s.licence_code <> a.licence_code
            OR a.paraf_count <> jsonb_array_length(s.sop -> 'initiallers')
            OR b.sop_id <> a.sop_id OR b.paraf_count <> a.paraf_count)
           OR a.sop_id IS NULL AND b.sop_id IS NOT NULL""",
    ),
)
