"""What the office must do to any act at any stage: a pure table of its own, written from the SOP, not from the code.

`Model` is one case as it should stand; each method says what must come of an act and takes the model there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

OWNER, STRANGER = "pemohon", "pemohon_lain"
PARAF_BY = ("muda", "madya", "sekretaris")
SIGNER = "kepala"
STAFF = ("loket", "blanko", *PARAF_BY, SIGNER, "admin", "operator")
EVERYBODY = (OWNER, STRANGER, *STAFF)
WITH_KEY = (*PARAF_BY, SIGNER)

STAGES = (
    "draft",
    "checking",
    "verifying",
    "returned",
    "lapsed",
    "rejected",
    "withdrawn",
    "preparing",
    "awaiting_paraf",
    "applying_paraf",
    "amending",
    "awaiting_signature",
    "applying_signature",
    "numbering",
    "assembling",
    "ready",
    "archiving",
    "closed",
)
MACHINE: dict[str, str] = {
    "checking": "verifying",
    "preparing": "awaiting_paraf",
    "applying_paraf": "awaiting_paraf",
    "applying_signature": "numbering",
    "numbering": "assembling",
    "assembling": "ready",
    "archiving": "closed",
}
"""Where a machine's work leads; after the last paraf it leads to `awaiting_signature`."""

HUMAN: dict[str, dict[str, str]] = {
    "submit": {"draft": "checking", "returned": "checking", "lapsed": "checking"},
    "withdraw": {"draft": "withdrawn", "verifying": "withdrawn", "returned": "withdrawn"},
    "verify": {"verifying": "preparing"},
    "return": {"verifying": "returned"},
    "reject": {"verifying": "rejected"},
    "paraf": {"awaiting_paraf": "applying_paraf"},
    "sign": {"awaiting_signature": "applying_signature"},
    "send_back": {"awaiting_paraf": "amending", "awaiting_signature": "amending"},
    "send_back_to_verify": {"awaiting_paraf": "verifying", "awaiting_signature": "verifying"},
    "amend": {"amending": "preparing"},
    "void": {"assembling": "amending", "ready": "amending"},
    "hand_over": {"ready": "archiving"},
    "put_off": {"awaiting_paraf": "awaiting_paraf", "awaiting_signature": "awaiting_signature"},
    "claim": {"verifying": "verifying", "amending": "amending", "ready": "ready"},
}
ROLE_FIRST: dict[str, tuple[str, ...]] = {
    "submit": (OWNER, *STAFF),
    "withdraw": (OWNER, *STAFF),
    "verify": ("loket",),
    "return": ("loket",),
    "reject": ("loket",),
    "paraf": WITH_KEY,
    "sign": WITH_KEY,
    "amend": ("blanko",),
    "void": ("blanko",),
    "hand_over": ("loket",),
}
"""Acts that ask who you are before they look where the case stands, and who passes that question."""

CLAIMED_BY = {"verifying": "loket", "amending": "blanko", "ready": "loket"}
NEW_REVISION = ("send_back", "send_back_to_verify", "void")
STILL = ("put_off", "claim")
"""Acts that leave the case where it stands, under the same version."""

MAX_ATTEMPTS = 5
SECRET_LASTS = timedelta(minutes=15)


@dataclass
class Model:
    """One case. `rows`: attempts of each open piece of its present work; `secret_until`: end of the passphrase."""

    stage: str = "draft"
    version: int = 1
    revision: int = 1
    paraf_next: int = 1
    set_aside: bool = False
    inspected: bool = False
    rows: list[int] = field(default_factory=list)
    secret_until: datetime | None = None

    def turn(self) -> str:
        """Whose paraf or signature is awaited."""
        return SIGNER if self.stage == "awaiting_signature" else PARAF_BY[min(self.paraf_next, 3) - 1]

    def refusal(self, act: str, who: str) -> str:
        """The error that `who` must get for `act`, or nothing when the act must succeed."""
        if who not in ROLE_FIRST.get(act, EVERYBODY):
            return "Forbidden"
        if self._his_own_act_is_applied(act, who):
            return "AlreadyDone"  # unless its passphrase ran out: see `renews`
        if self.stage not in HUMAN[act]:
            return "WrongStage"
        if act in ("paraf", "sign", "send_back", "send_back_to_verify", "put_off") and who != self.turn():
            return "Forbidden"
        if act == "claim" and who != CLAIMED_BY[self.stage]:
            return "Forbidden"
        return ""

    def _his_own_act_is_applied(self, act: str, who: str) -> bool:
        if act == "paraf":
            return self.stage == "applying_paraf" and who == PARAF_BY[self.paraf_next - 1]
        return act == "sign" and self.stage == "applying_signature" and who == SIGNER

    def renews(self, act: str, who: str, now: datetime) -> bool:
        """Whether the act gives again a passphrase that ran out: accepted, and the case stays where it is."""
        return self._his_own_act_is_applied(act, who) and not self._opens(now)

    def _opens(self, now: datetime) -> bool:
        return self.secret_until is not None and self.secret_until > now

    def acted(self, act: str, now: datetime) -> None:
        """Take the case where a successful act leads."""
        if act in STILL:
            return
        self._go(HUMAN[act][self.stage])
        if act in NEW_REVISION:
            self.revision, self.paraf_next, self.set_aside = self.revision + 1, 1, False
        if act in ("paraf", "sign"):
            self.secret_until = now + SECRET_LASTS

    def renewed(self, now: datetime) -> None:
        self.rows.append(0)
        self.secret_until = now + SECRET_LASTS

    def _go(self, stage: str) -> None:
        self.stage, self.version = stage, self.version + 1
        self.rows = [0] if stage in MACHINE else []

    def taken_up(self) -> bool:
        """A worker takes the message and counts the attempt; False when there is nothing to do."""
        if self.stage not in MACHINE or self.set_aside or not self.rows:
            self.rows = [] if self.set_aside else self.rows
            return False
        self.rows = [attempts + 1 for attempts in self.rows]
        if max(self.rows) > MAX_ATTEMPTS:
            self._aside()
            return False
        return True

    def delivered(self, failure: str, now: datetime) -> bool:
        """One delivery to a world that fails in this way ("" for not at all); True when the step must be done."""
        if not self.taken_up():
            return False
        if self.stage.startswith("applying") and not self._opens(now):
            self.rows = []
            return False
        if failure and self.can_fail():
            self._failed(failure)
            return False
        self._finished()
        return True

    def can_fail(self) -> bool:
        """Whether the step asks anything of the world: a number does not, nor does a berkas that was looked at."""
        return self.stage != "numbering" and not (self.stage == "checking" and self.inspected)

    def _failed(self, failure: str) -> None:
        if failure == "permanent" and self.stage.startswith("applying"):
            self.secret_until = None
        if failure == "permanent" or max(self.rows) >= MAX_ATTEMPTS:
            self._aside()

    def _aside(self) -> None:
        self.set_aside, self.rows = True, []

    def _finished(self) -> None:
        self.inspected = self.inspected or self.stage == "checking"
        last = self.stage == "applying_paraf" and self.paraf_next == len(PARAF_BY)
        target = "awaiting_signature" if last else MACHINE[self.stage]
        if self.stage == "applying_paraf":
            self.paraf_next += 1
        self._go(target)

    def retried(self) -> bool:
        """An operator tries again; False when there is nothing to try."""
        if not self.set_aside:
            return False
        self.set_aside, self.rows = False, [0]
        return True

    def swept(self, now: datetime) -> None:
        """What the sweeper must do: work that got lost is asked for again, unless only a person can go on."""
        lost = self.stage in MACHINE and not self.set_aside and not self.rows
        if lost and not (self.stage.startswith("applying") and not self._opens(now)):
            self.rows = [0]

    def lapsed(self) -> None:
        if self.stage == "returned":
            self._go("lapsed")
