"""Choices that depend on nothing but a seed and a label, so that a new choice never shifts an old one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import TypeVar

Item = TypeVar("Item")


def number(seed: int, label: str, below: int) -> int:
    """A whole number in [0, below), the same for the same seed and label on every machine."""
    digest = hashlib.sha256(f"{label}/{seed}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % below


def pick(seed: int, label: str, options: Sequence[Item]) -> Item:
    """One of `options`."""
    return options[number(seed, label, len(options))]


def fraction(seed: int, label: str) -> float:
    """A number in [0, 1)."""
    return number(seed, label, 1 << 20) / (1 << 20)


def between(seed: int, label: str, low: float, high: float) -> float:
    """A number in [low, high)."""
    return low + (high - low) * fraction(seed, label)


@lru_cache(maxsize=4)
def grain(size: int) -> bytes:
    """`size` bytes of noise, always the same."""
    return hashlib.shake_256(b"grain").digest(size)
