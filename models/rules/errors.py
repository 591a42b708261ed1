"""The error tree: every refusal names what, where and how to mend it.

HTTP statuses are chosen at the edge (`api.problems`); adapters say whether a failure is
temporary. `code` is a stable machine name, `str(error)` the sentence for a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong at one place; `pointer` is a JSON pointer or a place in a file."""

    pointer: str
    message: str
    code: str = "invalid"


class ParafError(Exception):
    """Root of every error that Paraf raises on purpose."""

    code = "error"

    def __init__(self, message: str, *, faults: Sequence[Fault] = ()) -> None:
        super().__init__(message)
        self.faults = tuple(faults)


class InvalidInput(ParafError):
    """What was handed in can not be taken as it is; `faults` say where and how to mend it."""

    code = "invalid-input"


class NotFound(ParafError):
    """There is no such thing, or the asker may not know of it."""

    code = "not-found"


class Forbidden(ParafError):
    """The person is known but holds no role that allows this act."""

    code = "forbidden"


class NotSignedIn(ParafError):
    """The act needs a signed-in person."""

    code = "not-signed-in"


class WrongStage(ParafError):
    """The case is at another desk: this act is not possible now."""

    code = "wrong-stage"


class StaleVersion(ParafError):
    """The case changed since it was looked at: reload, look again, repeat the act."""

    code = "stale-version"


class AlreadyDone(ParafError):
    """The same act was already recorded; nothing was done twice."""

    code = "already-done"


class WrongPassphrase(ParafError):
    """The step-up secret is wrong: nothing has moved."""

    code = "wrong-passphrase"


class DefinitionError(ParafError):
    """A definition file (SOP, wording, office) is refused: file, key and line are in the faults."""

    code = "definition"


class AdapterError(ParafError):
    """The world outside failed."""

    code = "adapter"


class TemporaryFailure(AdapterError):
    """May work when tried again: the sweeper will."""

    code = "temporary"


class PermanentFailure(AdapterError):
    """Will fail the same way again: a person must look."""

    code = "permanent"


class DamagedObject(PermanentFailure):
    """Stored bytes do not have the hash they are named by."""

    code = "damaged-object"
