"""SQL that tests put together: an endorsement, a letter, a number, a move, each with one thing wrong on demand."""

from __future__ import annotations

from typing import LiteralString


def paraf(
    case: LiteralString,
    role: LiteralString = "ahli_muda",
    *,
    ordinal: LiteralString = "a.paraf_next",
    kind: LiteralString = "paraf",
    revision: LiteralString = "a.revision",
    person: LiteralString = "g.person_id",
    grant: LiteralString = "g.id",
    as_role: LiteralString = "g.role",
    sha256: LiteralString = "b.sha256",
    count: LiteralString = "b.paraf_count",
    at: LiteralString = "now()",
) -> LiteralString:
    """An endorsement of the case that is parameter `case`, as the holder of `role`."""
    return f"""INSERT INTO endorsement (application_id, revision, ordinal, kind, role, person_id, grant_id,
            blanko_sha256, paraf_count, acted_at)
        SELECT a.id, {revision}, {ordinal}, '{kind}', {as_role}, {person}, {grant}, {sha256}, {count}, {at}
        FROM application a JOIN role_grant g ON g.role = '{role}'
        LEFT JOIN blanko b ON b.application_id = a.id AND b.revision = a.revision WHERE a.id = %({case})s"""


def letter(
    case: LiteralString,
    *,
    ordinal: LiteralString = "a.paraf_next",
    parent: LiteralString = "coalesce(l.sha256, b.sha256)",
    size: LiteralString = "coalesce(l.size, b.size) + 1",
    revision: LiteralString = "a.revision",
) -> LiteralString:
    """The letter after the act that is being applied."""
    return f"""INSERT INTO letter (application_id, revision, ordinal, sha256, size, parent_sha256, made_at)
        SELECT a.id, {revision}, {ordinal}, repeat('e', 64), {size}, {parent}, now()
        FROM application a JOIN blanko b ON b.application_id = a.id AND b.revision = a.revision
        LEFT JOIN letter l ON l.application_id = a.id AND l.revision = a.revision AND l.ordinal = a.paraf_next - 1
        WHERE a.id = %({case})s"""


def move(case: LiteralString, stage: LiteralString, more: LiteralString = "") -> LiteralString:
    """The case goes to `stage`, one version on; `more` begins with a comma."""
    return f"UPDATE application SET stage = '{stage}', version = version + 1{more} WHERE id = %({case})s"


def told(case: LiteralString, stage_from: LiteralString) -> LiteralString:
    """The event of the move that was just made."""
    return f"""INSERT INTO event (at, kind, application_id, actor, stage_from, stage_to, revision, version, trace)
        SELECT now(), 'test', id, '', '{stage_from}', stage, revision, version, '' FROM application
        WHERE id = %({case})s"""


def queued(case: LiteralString, task: LiteralString) -> LiteralString:
    """The work that the case's present stage calls for."""
    return f"""INSERT INTO outbox (task, queue, subject_id, generation, priority, created_at, due_at, sent_count,
            attempts, error, trace)
        SELECT '{task}', 'letters', id, version, 5, now(), now(), 0, 0, '', '' FROM application WHERE id = %({case})s"""


TAKE: LiteralString = "SELECT take_number('SIKRO', 2026)"


def number(
    case: LiteralString = "numbering",
    *,
    seq: LiteralString = "(SELECT last_seq FROM number_series WHERE series = 'SIKRO' AND year = 2026)",
    series: LiteralString = "'SIKRO'",
    year: LiteralString = "2026",
    text: LiteralString = "'503/' || lpad(s.seq::text, 4, '0') || '/DPMPTSP/SIKRO/2026'",
    signed_on: LiteralString = "(e.acted_at AT TIME ZONE 'Asia/Jakarta')::date",
    revision: LiteralString = "a.revision",
) -> LiteralString:
    """The line of the register for the number that was taken."""
    return f"""INSERT INTO register_entry (series, year, seq, number, application_id, revision, signature_ordinal,
            signed_on, state, void_reason, assigned_at)
        SELECT {series}, {year}, s.seq, {text}, a.id, {revision}, a.paraf_count + 1, {signed_on}, 'active', '', now()
        FROM application a CROSS JOIN (SELECT {seq} AS seq) s
        LEFT JOIN endorsement e ON e.application_id = a.id AND e.revision = a.revision AND e.kind = 'signature'
        WHERE a.id = %({case})s"""


def licence(
    case: LiteralString = "numbering",
    *,
    seq: LiteralString = "r.seq",
    sha256: LiteralString = "b.sha256",
    size: LiteralString = "b.size",
    status: LiteralString = "intended",
    final: LiteralString = "''",
) -> LiteralString:
    """The licence that is intended with the case's active number."""
    return f"""INSERT INTO licence (application_id, revision, series, year, seq, token, blanko_sha256, blanko_size,
            sha256, size, intended_at, issued_at, status, status_reason)
        SELECT a.id, a.revision, 'SIKRO', 2026, {seq}, 'token-of-a-test-licence', {sha256}, {size}, {final}, 0, now(),
            CASE WHEN {final} <> '' THEN now() END, '{status}', ''
        FROM application a JOIN blanko b ON b.application_id = a.id AND b.revision = a.revision
        LEFT JOIN register_entry r ON r.application_id = a.id AND r.state = 'active' WHERE a.id = %({case})s"""


def a_case(stage: LiteralString, version: LiteralString = "1", more: LiteralString = "0") -> LiteralString:
    return (
        "INSERT INTO application (licence_code, application_type, channel, stage, version, revision, round, paraf_next,"
        " paraf_count, priority, created_at, stage_since, quarantine_reason)"
        f" VALUES ('SIKRO', 'baru', 'online', '{stage}', {version}, 1, {more}, 1, 0, 5, now(), now(), '')"
    )


def only(change: LiteralString, case: LiteralString) -> LiteralString:
    return f"UPDATE application SET {change} WHERE id = %({case})s"
