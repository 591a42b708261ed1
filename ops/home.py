"""Where a local office keeps what it must not lose: one folder, `var/` or `PARAF_HOME`."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from models.rules.errors import TemporaryFailure


@dataclass(frozen=True, slots=True)
class Home:
    """The layout below `root`; every property is a path, `make` creates the folders."""

    root: Path

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"

    @property
    def servers(self) -> Path:
        return self.root / "servers"

    @property
    def logs(self) -> Path:
        return self.root / "log"

    @property
    def run(self) -> Path:
        return self.root / "run"

    def make(self) -> Home:
        """Create the folders; secrets are for the owner alone."""
        for folder in (self.root, self.servers, self.logs, self.run):
            folder.mkdir(parents=True, exist_ok=True)
        self.secrets.mkdir(mode=0o700, exist_ok=True)
        self.secrets.chmod(0o700)
        return self

    def secret(self, name: str) -> str:
        """The secret of that name, made at its first use: 43 random URL-safe characters, mode 600."""
        path = self.secrets / name
        if not path.exists():
            write_private(path, secrets.token_urlsafe(32))
        return path.read_text(encoding="ascii").strip()

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Held while an office is open here, so that two never share one data folder. Raises TemporaryFailure."""
        with (self.run / "office.lock").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as taken:
                raise TemporaryFailure(f"an office is already open in {self.root}: stop it first") from taken
            yield

    def is_locked(self) -> bool:
        """Whether an office is open here."""
        if not (self.run / "office.lock").exists():
            return False
        try:
            with self.lock():
                return False
        except TemporaryFailure:
            return True


@contextmanager
def passing_home() -> Iterator[Path]:
    """A home for servers that nobody needs afterwards; every user may enter it, as servers may not run as root."""
    folder = Path(tempfile.mkdtemp(prefix="paraf-"))
    folder.chmod(0o755)
    try:
        yield folder / "var"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_private(path: Path, text: str) -> None:
    """Write `text` so that no other user can read it and no reader sees half of it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    draft.replace(path)
