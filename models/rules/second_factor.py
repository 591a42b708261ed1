"""Who must show more than a password: a rule by role, and by how the office runs."""

from __future__ import annotations

from collections.abc import Iterable

from models.rules.roles import APPLICANT


def needs_second_factor(roles: Iterable[str], *, enforced: bool) -> bool:
    """Whoever holds a post of the office, where the rule is enforced; applicants never must."""
    return enforced and bool(set(roles) - {APPLICANT})
