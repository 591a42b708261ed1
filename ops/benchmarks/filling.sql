-- Ten years of an office for measuring: sections are run in order by filling.py, each named by its head line.
-- `wanted` is one row: how many cases, over how many years, how many still open, names to draw from.

-- # the list of cases
SET session_replication_role = replica;
SET synchronous_commit = off;
SET maintenance_work_mem = '256MB';
CREATE TEMP TABLE fill AS
SELECT n, uuidv7() AS id, now() - make_interval(secs => (w.cases - n) * w.years * 31536000.0 / w.cases + 1800) AS t,
       CASE WHEN n > w.cases - w.open THEN (ARRAY['verifying', 'verifying', 'awaiting_paraf', 'awaiting_paraf',
                'awaiting_signature', 'ready', 'returned'])[1 + n % 7]
            WHEN n % 50 = 0 THEN 'rejected' WHEN n % 50 = 1 THEN 'withdrawn' ELSE 'closed' END AS stage,
       (n * 2654435761 % 4294967296)::bigint AS h
FROM wanted w, generate_series(1, w.cases) n;
ALTER TABLE fill ADD COLUMN year int, ADD COLUMN seq int, ADD COLUMN number_seq int;
UPDATE fill SET year = extract(year FROM t AT TIME ZONE 'Asia/Jakarta');
UPDATE fill f SET seq = r.seq, number_seq = r.number_seq FROM (
    SELECT n, row_number() OVER (PARTITION BY year ORDER BY n) AS seq,
           CASE WHEN stage IN ('closed', 'ready') THEN
               row_number() OVER (PARTITION BY year, stage IN ('closed', 'ready') ORDER BY n) END AS number_seq
    FROM fill) r WHERE r.n = f.n;
CREATE UNIQUE INDEX fill_n ON fill (n);
CREATE INDEX fill_year ON fill (year, n);
ANALYZE fill;

-- # applications
INSERT INTO application (id, licence_code, application_type, channel, registration_number, stage, version,
    revision, round, paraf_next, paraf_count, sop_id, priority, created_at, submitted_at, complete_at,
    promised_at, stage_since, quarantine_reason)
SELECT id, 'SIKRO', (ARRAY['baru', 'baru', 'perpanjangan', 'pindah_tempat'])[1 + n % 4], 'online',
    'REG/' || lpad(seq::text, 5, '0') || '/SIKRO/' || year, stage, 10, 1, 1,
    CASE WHEN stage = 'awaiting_paraf' THEN 1 + n % 3 ELSE 4 END, 3,
    CASE WHEN stage IN ('verifying', 'returned', 'rejected', 'withdrawn') THEN NULL
         ELSE (SELECT id FROM sop_version ORDER BY loaded_at DESC LIMIT 1) END,
    5, t, t, t + interval '20 min', t + interval '2 days',
    CASE WHEN stage IN ('closed', 'rejected', 'withdrawn') THEN t + interval '1 day' ELSE greatest(t, now() - interval '3 hours') END, ''
FROM fill ORDER BY n;

-- # people's data
INSERT INTO holder_data (application_id, name, birth_place, birth_date, sex, address, phone, email, nik_sealed,
    nik_blind, nik_tail, str_number, workplace_name, workplace_address, place_order, conditions)
SELECT id, firsts[1 + h % array_length(firsts, 1)] || ' ' || lasts[1 + h / 7 % array_length(lasts, 1)],
    'Pekanbaru', date '1970-01-01' + (h % 12000)::int, CASE WHEN n % 2 = 0 THEN 'P' ELSE 'L' END,
    'Jalan Melur Sakti ' || h % 200 || ', Sukajadi, Pekanbaru', '08127' || lpad((h % 10000000)::text, 7, '0'),
    '', decode(lpad(to_hex(h), 64, '0'), 'hex'), sha256(n::text::bytea), lpad((h % 10000)::text, 4, '0'),
    'RO-' || h % 10000 || '-' || n % 10000, 'Optik ' || lasts[1 + h / 3 % array_length(lasts, 1)],
    'Jalan Sudirman ' || h % 300, 1 + n % 3, '[]'
FROM fill, wanted ORDER BY n;

-- # checks and decisions
INSERT INTO completeness_check (application_id, round, sop_id, complete, verdicts, cross_checks, made_at)
SELECT id, 1, (SELECT id FROM sop_version ORDER BY loaded_at DESC LIMIT 1), true, '[]', '[]',
    t + interval '1 min' FROM fill ORDER BY n;
INSERT INTO verification (application_id, round, revision, decision, officer_id, note, overrides, decided_at)
SELECT id, 1, 1, CASE stage WHEN 'returned' THEN 'returned' WHEN 'rejected' THEN 'rejected' ELSE 'complete' END,
    (SELECT id FROM person WHERE username = 'loket'), '', '{}', t + interval '20 min'
FROM fill WHERE stage NOT IN ('verifying', 'withdrawn') ORDER BY n;
INSERT INTO deficiency (application_id, round, requirement, reason, note, created_at)
SELECT id, 1, (ARRAY['ktp', 'strro', 'pas_foto', 'surat_sehat'])[1 + n % 4],
    (ARRAY['ktp_tidak_terbaca', 'strro_tidak_ada', 'foto_latar', ''])[1 + n % 4], '', t + interval '20 min'
FROM fill WHERE n % 5 = 0 OR stage = 'returned';

-- # letters
INSERT INTO blanko (application_id, revision, sha256, size, paraf_count, sop_id, facts, officials, made_at)
SELECT f.id, 1, encode(sha256(n::text::bytea), 'hex'), 60000, 3,
    (SELECT id FROM sop_version ORDER BY loaded_at DESC LIMIT 1),
    jsonb_build_object('registration_number', 'REG/' || seq, 'application_date', t::date, 'revision', 1,
        'holder', jsonb_build_object('name', h.name, 'birth_place', h.birth_place, 'birth_date', h.birth_date,
            'sex', h.sex, 'address', h.address),
        'str_number', h.str_number, 'str_valid_until', NULL,
        'workplace', jsonb_build_object('name', h.workplace_name, 'address', h.workplace_address, 'order', h.place_order),
        'head', o.officials -> 3, 'initiallers', o.officials - 3),
    o.officials, t + interval '21 min'
FROM fill f JOIN holder_data h ON h.application_id = f.id, (
    SELECT jsonb_agg(jsonb_build_object('person_id', p.id, 'role', g.role, 'name', p.name, 'title', p.title,
        'rank', p.rank, 'nip', p.nip, 'acting', '') ORDER BY g.place) AS officials
    FROM (SELECT DISTINCT ON (role) role, person_id, array_position(ARRAY['ahli_muda', 'ahli_madya', 'sekretaris',
        'kepala_dinas'], role) AS place FROM role_grant ORDER BY role, granted_at) g JOIN person p ON p.id = g.person_id
    WHERE g.place IS NOT NULL) o
WHERE stage IN ('closed', 'ready', 'awaiting_paraf', 'awaiting_signature') ORDER BY n;
INSERT INTO endorsement (application_id, revision, ordinal, kind, role, person_id, grant_id, blanko_sha256,
    paraf_count, acted_at)
SELECT f.id, 1, o, CASE o WHEN 4 THEN 'signature' ELSE 'paraf' END, g.role, g.person_id, g.id,
    encode(sha256(f.n::text::bytea), 'hex'), 3, f.t + make_interval(mins => 30 + 15 * o)
FROM fill f CROSS JOIN generate_series(1, 4) o
JOIN LATERAL (SELECT * FROM role_grant g WHERE g.role = (ARRAY['ahli_muda', 'ahli_madya', 'sekretaris',
    'kepala_dinas'])[o] LIMIT 1) g ON true
WHERE f.stage IN ('closed', 'ready') OR f.stage = 'awaiting_signature' AND o < 4
   OR f.stage = 'awaiting_paraf' AND o < 1 + f.n % 3 ORDER BY f.n, o;

-- # numbers and licences
INSERT INTO register_entry (series, year, seq, number, application_id, revision, signature_ordinal, signed_on,
    state, void_reason, assigned_at, name)
SELECT 'SIKRO', year, number_seq, '503/' || lpad(number_seq::text, greatest(4, length(number_seq::text)), '0') || '/DPMPTSP/SIKRO/' || year, id,
    1, 4, (t AT TIME ZONE 'Asia/Jakarta')::date, 'active', '', t + interval '91 min', h.name
FROM fill JOIN holder_data h ON h.application_id = fill.id WHERE number_seq IS NOT NULL ORDER BY n;
INSERT INTO licence (application_id, revision, series, year, seq, token, blanko_sha256, blanko_size,
    valid_until, sha256, size, intended_at, issued_at, status, status_reason)
SELECT id, 1, 'SIKRO', year, number_seq, substr(encode(sha256(('token' || n)::bytea), 'hex'), 1, 22),
    encode(sha256(n::text::bytea), 'hex'), 60000, (t + interval '5 years')::date,
    encode(sha256(('licence' || n)::bytea), 'hex'), 180000, t + interval '91 min', t + interval '92 min',
    'valid', ''
FROM fill WHERE number_seq IS NOT NULL ORDER BY n;
INSERT INTO hand_over (licence_id, application_id, officer_id, receiver, relation, identity, proof_sha256,
    handed_over_at)
SELECT l.id, l.application_id, (SELECT id FROM person WHERE username = 'loket'), 'Pemohon sendiri', 'pemohon',
    'ktp', '', f.t + interval '1 day'
FROM fill f JOIN licence l ON l.application_id = f.id WHERE f.stage = 'closed';
INSERT INTO number_series (series, year, last_seq)
SELECT 'SIKRO', year, max(number_seq) FROM fill WHERE number_seq IS NOT NULL GROUP BY year
ON CONFLICT (series, year) DO UPDATE SET last_seq = excluded.last_seq;
INSERT INTO registration_series (series, year, last_seq) SELECT 'REG-SIKRO', year, max(seq) FROM fill GROUP BY year
ON CONFLICT (series, year) DO UPDATE SET last_seq = excluded.last_seq;

-- # documents of the newest
INSERT INTO document (application_id, requirement, part, name, media_type, sha256, size, fields, uploaded_at,
    answer, pages, findings, clean_sha256, clean_media_type, inspected_at)
SELECT id, r, 1, r || '.pdf', 'application/pdf', encode(sha256((r || n)::bytea), 'hex'), 90000, '{}', t,
    'accept', 1, '[]', encode(sha256((r || n)::bytea), 'hex'), 'application/pdf', t
FROM fill CROSS JOIN unnest(ARRAY['surat_permohonan', 'ktp', 'ijazah', 'strro', 'surat_sehat', 'pas_foto',
    'tempat_kerja']) r WHERE n > (SELECT max(n) FROM fill) - 20000 ORDER BY n;
