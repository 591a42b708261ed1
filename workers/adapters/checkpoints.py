"""Checkpoints in a file outside of the database: one signed JSON line each, over the hash of the line before.

The folder may be a mount of another machine, or of a store that only appends; copies of the file are worth as much.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from models.rules.errors import TemporaryFailure
from models.services.audit import CheckpointFacts, Written

NAME = "checkpoints.jsonl"
_TAIL = 64 * 1024
_REFUSED = "The checkpoint file can not be written; nothing is issued before it can."


class CheckpointFile:
    """`models.services.audit.CheckpointBook`."""

    def __init__(self, folder: Path, key: Ed25519PrivateKey) -> None:
        self._folder, self._key = folder, key

    @property
    def path(self) -> Path:
        return self._folder / NAME

    def last(self) -> Written | None:
        """Raises TemporaryFailure when the file can not be read or its last line is no checkpoint."""
        line = self._last_line()
        if not line:
            return None
        try:
            found = json.loads(line)
            at = datetime.fromisoformat(found["at"])
            return Written(found["n"], found["seal"], found["hash"], _sha256(line), at)
        except (ValueError, KeyError) as error:
            raise TemporaryFailure("The checkpoint file ends with something that is no checkpoint.") from error

    def append(self, facts: CheckpointFacts) -> Written:
        """A checkpoint. Raises TemporaryFailure when the disk refuses."""
        return self._write("checkpoint", facts, {})

    def append_restored(self, facts: CheckpointFacts, reason: str) -> Written:
        """A line that says: from here the chain goes on from an earlier seal, because a backup was restored."""
        return self._write("restored", facts, {"reason": reason})

    def _write(self, kind: str, facts: CheckpointFacts, more: dict[str, Any]) -> Written:
        before = self._last_line()
        day = facts.register_day
        content = {
            "kind": kind,
            "n": facts.n,
            "at": facts.at.isoformat(),
            "seal": facts.seal,
            "hash": facts.hash,
            "numbers": dict(facts.numbers),
            "register": {"day": day.isoformat(), "hash": facts.register_hash} if day else None,
            "previous": _sha256(before) if before else "",
            "key": self._fingerprint(),
            **more,
        }
        content["signature"] = base64.b64encode(self._key.sign(canonical(content))).decode()
        line = canonical(content)
        self._add(line)
        return Written(facts.n, facts.seal, facts.hash, _sha256(line), facts.at)

    def _fingerprint(self) -> str:
        raw = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return hashlib.sha256(raw).hexdigest()[:16]

    def _last_line(self) -> bytes:
        try:
            with self.path.open("rb") as handle:
                handle.seek(max(0, self.path.stat().st_size - _TAIL))
                # What has no end was never acknowledged: the disk or the machine went away in the middle of it.
                lines = handle.read().rpartition(b"\n")[0].splitlines()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise TemporaryFailure("The checkpoint file can not be read.") from error
        return lines[-1] if lines else b""

    def _add(self, line: bytes) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            new = not self.path.exists()
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                self._append_whole(descriptor, line + b"\n")
            finally:
                os.close(descriptor)
            if new:
                _sync_folder(self._folder)
        except OSError as error:
            raise TemporaryFailure(_REFUSED) from error

    def _append_whole(self, descriptor: int, data: bytes) -> None:
        """All of the line or nothing of it: half a line would end the file for good."""
        size = self._whole_size()
        try:
            os.ftruncate(descriptor, size)
            if os.write(descriptor, data) != len(data):
                raise OSError("the disk took half of the line")
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, size)
            raise

    def _whole_size(self) -> int:
        """Bytes up to the end of the last whole line."""
        with self.path.open("rb") as handle:
            size = self.path.stat().st_size
            handle.seek(max(0, size - _TAIL))
            tail = handle.read()
        return size - len(tail) + tail.rfind(b"\n") + 1


def canonical(content: dict[str, Any]) -> bytes:
    """JSON with sorted keys and no spaces: what is signed, and what stands in the file."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _sha256(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
