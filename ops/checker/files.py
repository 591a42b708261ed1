"""Every file that a row names lies in the vault with that hash and size, and letters begin with what they grew from."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from psycopg.rows import class_row

from ops.checker.report import Violation
from ops.checker.rows import Snapshot

VaultRead = Callable[[str], bytes | None]
"""Bytes of the object that is named by a hash as they lie there, unverified; None when there is none."""

_CLAIMS = """
SELECT 'document_stored' AS rule, application_id::text AS case_id, 'document ' || requirement || ' ' || part AS what,
    sha256, size, ''::text AS start_sha256, 0 AS start_size FROM document
 WHERE sha256 NOT IN (SELECT sha256 FROM gone_object)
UNION ALL
SELECT 'document_stored', application_id::text, 'clean copy of ' || requirement || ' ' || part,
    clean_sha256, NULL, '', 0 FROM document
 WHERE clean_sha256 <> '' AND clean_sha256 NOT IN (SELECT sha256 FROM gone_object)
UNION ALL
SELECT 'blanko_stored', application_id::text, 'blanko of revision ' || revision, sha256, size, '', 0 FROM blanko
UNION ALL
SELECT 'letter_stored', l.application_id::text, 'letter ' || l.revision || '.' || l.ordinal, l.sha256, l.size,
    l.parent_sha256, coalesce(p.size, b.size)
  FROM letter l LEFT JOIN blanko b USING (application_id, revision)
  LEFT JOIN letter p ON p.application_id = l.application_id AND p.revision = l.revision AND p.ordinal = l.ordinal - 1
UNION ALL
SELECT 'licence_stored', application_id::text, 'licence of revision ' || revision, sha256, size,
    blanko_sha256, blanko_size FROM licence WHERE sha256 <> ''
UNION ALL
SELECT 'licence_stored', v.application_id::text, 'licence of revision ' || v.revision, v.sha256, v.size,
    l.sha256, l.size
  FROM licence v JOIN register_entry r USING (series, year, seq)
  JOIN letter l ON l.application_id = r.application_id AND l.revision = r.revision AND l.ordinal = r.signature_ordinal
 WHERE v.sha256 <> ''
UNION ALL
SELECT 'dossier_stored', application_id::text, 'dossier', sha256, size, '', 0 FROM dossier
 WHERE sha256 NOT IN (SELECT sha256 FROM gone_object)
UNION ALL
SELECT 'hand_over_proof', application_id::text, 'proof of hand-over', proof_sha256, NULL, '', 0
  FROM hand_over WHERE proof_sha256 <> ''
UNION ALL
SELECT 'receipt_stored', application_id::text, 'receipt of round ' || round || ', ' || size, sha256, NULL, '', 0
  FROM receipt
UNION ALL
SELECT 'register_day_stored', 'day ' || day, 'page of the closed day', sha256, size, '', 0
  FROM register_day WHERE sha256 <> ''
UNION ALL
SELECT 'batch_stored', 'batch ' || id, 'upload of a batch', upload_sha256, size, '', 0 FROM batch
 WHERE upload_sha256 <> ''
UNION ALL
SELECT 'batch_stored', 'batch ' || id, 'licences of a batch', bundle_sha256, bundle_size, '', 0 FROM batch
 WHERE bundle_sha256 <> ''
ORDER BY 4
"""

_STARTS = {"letter_stored": "letter_prefix", "licence_stored": "licence_prefix"}


@dataclass(frozen=True, slots=True)
class Claim:
    """What a row says of a file: its hash, its size in bytes if it says so, and the bytes that it begins with."""

    rule: str
    case_id: str
    what: str
    sha256: str
    size: int | None
    start_sha256: str
    start_size: int | None


def folder_reader(root: Path) -> VaultRead:
    """Reads a vault that is a folder: two digits of the hash make the sub-folder."""

    def read(sha256: str) -> bytes | None:
        place = root / sha256[:2] / sha256
        return place.read_bytes() if place.is_file() else None

    return read


def claims(snapshot: Snapshot) -> list[Claim]:
    """All that rows say of files, those of one file together."""
    with snapshot.cursor(row_factory=class_row(Claim)) as cursor:
        return cursor.execute(_CLAIMS).fetchall()


def misfiled(found: Sequence[Claim], read: VaultRead) -> Iterator[Violation]:
    """Claims that the bytes do not bear out; each file is read once."""
    sha256, data, digest = "", None, ""
    for claim in found:
        if claim.sha256 != sha256:
            sha256, data = claim.sha256, read(claim.sha256)
            digest = hashlib.sha256(data).hexdigest() if data is not None else ""
        yield from _held_against(claim, data, digest)


def _held_against(claim: Claim, data: bytes | None, digest: str) -> Iterator[Violation]:
    if data is None:
        yield Violation(claim.rule, claim.case_id, f"{claim.what}: no file {claim.sha256[:12]} is stored")
        return
    if digest != claim.sha256:
        yield Violation(claim.rule, claim.case_id, f"{claim.what}: the bytes of {claim.sha256[:12]} are {digest[:12]}")
    if claim.size is not None and claim.size != len(data):
        yield Violation(claim.rule, claim.case_id, f"{claim.what}: has {len(data)} bytes, not {claim.size}")
    start = hashlib.sha256(data[: claim.start_size]).hexdigest() if claim.start_sha256 else ""
    if start != claim.start_sha256:
        sentence = f"{claim.what}: its first {claim.start_size} bytes are {start[:12]}, not {claim.start_sha256[:12]}"
        yield Violation(_STARTS[claim.rule], claim.case_id, sentence)
