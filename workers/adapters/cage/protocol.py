"""Frames: JSON lines with file descriptors to the server, one length-prefixed reply out of the fork.

Nothing that comes out of a fork is ever unpickled or evaluated: it is JSON of bounded size and raw bytes.
"""

from __future__ import annotations

import json
import os
import socket
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

LINE_LIMIT = 64 * 1024
HEADER_LIMIT = 8 * 1024 * 1024
_CHUNK = 1 << 20


class Broken(Exception):
    """The other side is gone or speaks nonsense."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a caged function gave back."""

    header: dict[str, Any]
    body: bytes = field(default=b"", repr=False)


def send_line(control: socket.socket, message: Mapping[str, Any], descriptors: Sequence[int] = ()) -> None:
    """One JSON line, with file descriptors on its first byte; raises Broken."""
    line = json.dumps(message).encode() + b"\n"
    try:
        sent = socket.send_fds(control, [line], list(descriptors)) if descriptors else 0
        control.sendall(line[sent:])
    except OSError as error:
        raise Broken(str(error)) from error


def receive_line(control: socket.socket, descriptors: int = 0) -> tuple[dict[str, Any], list[int]]:
    """The next JSON line and the descriptors that came with it; raises Broken at the end or on a timeout."""
    line, handles = b"", list[int]()
    try:
        while not line.endswith(b"\n"):
            part, got, _, _ = socket.recv_fds(control, LINE_LIMIT, descriptors)
            handles += got
            line += part
            if not part or len(line) > LINE_LIMIT:
                raise Broken("end of the conversation")
        message = json.loads(line)
    except (OSError, ValueError) as error:
        raise Broken(str(error)) from error
    return message, handles


def read_all(descriptor: int) -> bytes:
    """Everything from the start of a file descriptor."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    parts = []
    while part := os.read(descriptor, _CHUNK):
        parts.append(part)
    return b"".join(parts)


def write_reply(descriptor: int, reply: Reply) -> None:
    """Length of the header, header, body."""
    header = json.dumps(reply.header).encode()
    rest = memoryview(struct.pack("!I", len(header)) + header + reply.body)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def parse_reply(data: bytes) -> Reply | None:
    """The reply, or None when the fork died before it was whole or wrote something else."""
    if len(data) < 4:
        return None
    (size,) = struct.unpack("!I", data[:4])
    if size > HEADER_LIMIT or len(data) < 4 + size:
        return None
    try:
        header = json.loads(data[4 : 4 + size])
    except ValueError:
        return None
    return Reply(header, data[4 + size :]) if isinstance(header, dict) else None
