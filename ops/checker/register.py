"""The register: numbers without gap or double, dated by the signature; one licence a number; hand-over after issue."""

from __future__ import annotations

from ops.checker.rows import RowRule

RULES = (
    RowRule(
        "number_gapless",
        """SELECT n.series || ' ' || n.year, 'number ' || s || ' was taken and is not in the register'
        FROM number_series n CROSS JOIN LATERAL generate_series(1, n.last_seq) s
        LEFT JOIN register_entry r ON r.series = n.series AND r.year = n.year AND r.seq = s
        LEFT JOIN lost_number l ON l.series = n.series AND l.year = n.year AND l.seq = s
        WHERE r.seq IS NULL AND l.seq IS NULL
        UNION ALL
        SELECT r.series || ' ' || r.year, 'number ' || r.seq || ' was never taken from its series'
        FROM register_entry r LEFT JOIN number_series n USING (series, year)
        WHERE n.last_seq IS NULL OR r.seq NOT BETWEEN 1 AND n.last_seq""",
    ),
    RowRule(
        "number_lost",
        """SELECT l.series || ' ' || l.year, 'number ' || l.seq || ' was declared lost and '
            || CASE WHEN r.seq IS NULL THEN 'never taken' ELSE 'stands in the register' END
        FROM lost_number l LEFT JOIN number_series n USING (series, year)
        LEFT JOIN register_entry r ON r.series = l.series AND r.year = l.year AND r.seq = l.seq
        WHERE r.seq IS NOT NULL OR n.last_seq IS NULL OR l.seq > n.last_seq""",
    ),
    RowRule(
        "number_unique",
        """SELECT min(application_id::text), 'the number ' || number || ' was given ' || count(*) || ' times'
        FROM register_entry GROUP BY number HAVING count(*) > 1""",
    ),
    RowRule(
        "number_one_active",
        """SELECT application_id, 'has ' || count(*) || ' active numbers: ' || string_agg(number, ', ' ORDER BY number)
        FROM register_entry WHERE state = 'active' GROUP BY application_id HAVING count(*) > 1""",
    ),
    RowRule(
        "number_date",
        """SELECT r.application_id, 'number ' || r.number || ' is of ' || r.signed_on || ', series ' || r.year
            || '; signed ' || coalesce((e.acted_at AT TIME ZONE 'Asia/Jakarta')::date::text, 'never')
        FROM register_entry r LEFT JOIN endorsement e ON e.application_id = r.application_id
            AND e.revision = r.revision AND e.ordinal = r.signature_ordinal AND e.kind = 'signature'
        WHERE r.signed_on IS DISTINCT FROM (e.acted_at AT TIME ZONE 'Asia/Jakarta')::date
           OR r.year IS DISTINCT FROM extract(year FROM e.acted_at AT TIME ZONE 'Asia/Jakarta')""",
    ),
    RowRule(
        "number_signed",
        """SELECT r.application_id, 'number ' || r.number || ' was given to a letter that is not signed'
        FROM register_entry r LEFT JOIN letter l ON l.application_id = r.application_id
            AND l.revision = r.revision AND l.ordinal = r.signature_ordinal
        WHERE l.sha256 IS NULL""",
    ),
    RowRule(
        "number_void",
        """SELECT r.application_id, 'number ' || r.number || ' is ' || r.state || ' with reason "' || r.void_reason
            || '", by ' || coalesce(p.name, 'nobody') || ', at ' || coalesce(r.voided_at::text, 'no time')
        FROM register_entry r LEFT JOIN person p ON p.id = r.voided_by
        WHERE CASE r.state
            WHEN 'active' THEN r.void_reason <> '' OR r.voided_by IS NOT NULL OR r.voided_at IS NOT NULL
            WHEN 'void' THEN length(r.void_reason) < 5 OR p.id IS NULL OR r.voided_at IS NULL
            ELSE true END""",
    ),
    RowRule(
        "licence_one_a_number",
        """SELECT r.application_id, 'number ' || r.number || ' has ' || count(l.id) || ' licences'
        FROM register_entry r LEFT JOIN licence l USING (series, year, seq)
        GROUP BY r.application_id, r.number HAVING count(l.id) <> 1
        UNION ALL
        SELECT l.application_id, 'a licence bears number ' || l.seq || ' of ' || l.series || ' ' || l.year
            || ', which is not in the register'
        FROM licence l LEFT JOIN register_entry r USING (series, year, seq) WHERE r.seq IS NULL""",
    ),
    RowRule(
        "licence_register",
        """SELECT r.application_id, 'number ' || r.number || ' (' || r.state || ', revision ' || r.revision
            || ') and its licence (' || l.status || ', revision ' || l.revision || ', case ' || l.application_id
            || ') do not say the same'
        FROM register_entry r JOIN licence l USING (series, year, seq)
        WHERE (l.application_id, l.revision) <> (r.application_id, r.revision)
           OR (l.status = 'void') <> (r.state = 'void')""",
    ),
    RowRule(
        "licence_blanko",
        """SELECT l.application_id, 'licence of revision ' || l.revision || ' begins with ' || left(l.blanko_sha256, 12)
            || ' (' || l.blanko_size || ' bytes), the blanko is ' || coalesce(left(b.sha256, 12), 'missing')
            || ' (' || coalesce(b.size, 0) || ')'
        FROM licence l LEFT JOIN blanko b USING (application_id, revision)
        WHERE (l.blanko_sha256, l.blanko_size) IS DISTINCT FROM (b.sha256, b.size)""",
    ),
    RowRule(
        "licence_issued",
        """SELECT l.application_id, 'licence is ' || l.status || ', issued ' || coalesce(l.issued_at::text, 'never')
            || ', with hash "' || left(l.sha256, 12) || '" and ' || l.size || ' bytes'
        FROM licence l
        WHERE (l.status IN ('valid', 'revoked', 'replaced')
               AND (l.sha256 = '' OR l.size <= l.blanko_size OR l.issued_at IS NULL))
           OR (l.status = 'intended' AND (l.sha256 <> '' OR l.issued_at IS NOT NULL))
           OR l.issued_at < l.intended_at
           OR l.status NOT IN ('intended', 'valid', 'revoked', 'replaced', 'void')""",
    ),
    RowRule(
        "licence_token",
        """SELECT min(application_id::text),
            'the token ' || left(token, 6) || '... belongs to ' || count(*) || ' licences'
        FROM licence GROUP BY token HAVING count(*) > 1
        UNION ALL
        SELECT application_id::text, 'the token has ' || length(token) || ' characters, too few for 128 bits'
        FROM licence WHERE length(token) < 22""",
    ),
    RowRule(
        "hand_over_licence",
        """SELECT h.application_id, 'handed over at ' || h.handed_over_at || ': a licence of case '
            || coalesce(l.application_id::text, 'none') || ', ' || coalesce(l.status, 'unknown') || ', issued '
            || coalesce(l.issued_at::text, 'never') || ', number ' || coalesce(r.number, 'none')
        FROM hand_over h JOIN application a ON a.id = h.application_id
        LEFT JOIN licence l ON l.id = h.licence_id LEFT JOIN register_entry r USING (series, year, seq)
        WHERE l.application_id IS DISTINCT FROM h.application_id OR l.revision IS DISTINCT FROM a.revision
           OR l.status IN ('intended', 'void') OR r.state IS DISTINCT FROM 'active'
           OR coalesce(h.handed_over_at < l.issued_at, true)""",
    ),
    RowRule(
        "registration_gapless",
        """SELECT s.series || ' ' || s.year,
            s.last_seq || ' registrations were taken, ' || count(DISTINCT a.id) || ' are there'
        FROM registration_series s
        LEFT JOIN sop_version v ON v.sop ->> 'registration_series' = s.series
        LEFT JOIN application a ON a.licence_code = v.licence_code
            AND extract(year FROM a.submitted_at AT TIME ZONE 'Asia/Jakarta') = s.year
        -- A licence that changed its series on the way can not be counted so.
        WHERE (SELECT count(DISTINCT o.sop ->> 'registration_series') FROM sop_version o
                WHERE o.licence_code = v.licence_code) = 1
        GROUP BY s.series, s.year, s.last_seq HAVING count(DISTINCT a.id) <> s.last_seq""",
    ),
)
