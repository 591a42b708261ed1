"""E-mail into a folder, an .eml file each: how a local office shows what it would have sent."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from models.crash_points import crash_point
from models.ports import Clock, Message
from models.rules.errors import TemporaryFailure
from workers.adapters.courier_letter import as_email, digest


class FolderCourier:
    """A `Courier` that writes `{digest of the key}.eml`: the same message twice is one file."""

    def __init__(self, folder: Path, sender: str, clock: Clock, *, sender_name: str = "") -> None:
        self._folder, self._sender, self._clock, self._sender_name = folder, sender, clock, sender_name

    def send(self, message: Message) -> None:
        """Write the message whole or not at all; raises TemporaryFailure when the folder can not be written."""
        mail = as_email(message, self._sender, self._sender_name, self._clock.now())
        target = self._folder / f"{digest(message.key)}.eml"
        draft = target.with_suffix(f".{os.getpid()}.part")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(mail.as_bytes())
            crash_point("mail.rename.before")
            draft.replace(target)
            crash_point("mail.rename.after")
        except OSError as error:
            with suppress(OSError):
                draft.unlink()
            raise TemporaryFailure(f"The mail folder can not be written: {type(error).__name__}") from error
