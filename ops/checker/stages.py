"""The SOP's stages and ways between them, written down once more so that a slip in the office's own table shows."""

from __future__ import annotations

WAYS: dict[str, tuple[str, ...]] = {
    "draft": ("checking", "withdrawn"),
    "checking": ("verifying",),
    "verifying": ("preparing", "returned", "rejected", "withdrawn"),
    "returned": ("checking", "lapsed", "withdrawn"),
    "lapsed": ("checking",),
    "rejected": (),
    "withdrawn": (),
    "preparing": ("awaiting_paraf",),
    "awaiting_paraf": ("applying_paraf", "amending", "verifying"),
    "applying_paraf": ("awaiting_paraf", "awaiting_signature"),
    "amending": ("preparing",),
    "awaiting_signature": ("applying_signature", "amending", "verifying"),
    "applying_signature": ("numbering",),
    "numbering": ("assembling",),
    "assembling": ("ready", "amending"),
    "ready": ("archiving", "amending"),
    "archiving": ("closed",),
    "closed": (),
}

NEW_REVISION = frozenset(
    (left, entered)
    for left in ("awaiting_paraf", "awaiting_signature", "assembling", "ready")
    for entered in ("amending", "verifying")
    if entered in WAYS[left]
)
"""Ways on which a letter gets a new revision, so that older parafs count no more."""

MACHINE_TASKS = {
    "checking": "paraf.check_completeness",
    "preparing": "paraf.generate_blanko",
    "applying_paraf": "paraf.apply_paraf",
    "applying_signature": "paraf.apply_signature",
    "numbering": "paraf.assign_number",
    "assembling": "paraf.assemble_licence",
    "archiving": "paraf.assemble_dossier",
}
"""Stages that a machine ends, and the work that must then wait in the outbox."""

FINAL = ("rejected", "withdrawn", "closed")
