"""The machine steps of the SOP as Celery tasks: doorbells that name a case and ring one use case."""

from __future__ import annotations

from uuid import UUID

from models.services import apply, archive, assemble, check, number, prepare
from models.services.machine import Ticket
from workers import wiring
from workers.app import task


def _ticket(name: str, case_id: str, generation: int) -> Ticket:
    return Ticket(name, UUID(case_id), generation)


@task("paraf.check_completeness")
def check_completeness(id: str, generation: int) -> None:  # noqa: A002 - the message's own word
    """Step 2: inspect the berkas and judge each requirement."""
    ticket = _ticket("paraf.check_completeness", id, generation)
    check.check_completeness(wiring.database(), wiring.clock(), wiring.inspector(), ticket)


@task("paraf.generate_blanko")
def generate_blanko(id: str, generation: int) -> None:  # noqa: A002
    """Step 3: the letter as prepared for signature."""
    ticket = _ticket("paraf.generate_blanko", id, generation)
    prepare.generate_blanko(wiring.database(), wiring.clock(), wiring.vault(), wiring.blanko_press(), ticket)


@task("paraf.apply_paraf")
def apply_paraf(id: str, generation: int) -> None:  # noqa: A002
    """Steps 4 to 6: put a recorded paraf on the letter."""
    ticket = _ticket("paraf.apply_paraf", id, generation)
    apply.apply_paraf(wiring.database(), wiring.clock(), wiring.signing_room(), ticket)


@task("paraf.apply_signature")
def apply_signature(id: str, generation: int) -> None:  # noqa: A002
    """Step 7: put the recorded signature on the letter."""
    ticket = _ticket("paraf.apply_signature", id, generation)
    apply.apply_signature(wiring.database(), wiring.clock(), wiring.signing_room(), ticket)


@task("paraf.assign_number")
def assign_number(id: str, generation: int) -> None:  # noqa: A002
    """Step 8: the next number of the register."""
    number.assign_number(wiring.database(), wiring.clock(), _ticket("paraf.assign_number", id, generation))


@task("paraf.assemble_licence")
def assemble_licence(id: str, generation: int) -> None:  # noqa: A002
    """Step 8: fill, seal, lint, store, read back."""
    ticket = _ticket("paraf.assemble_licence", id, generation)
    assemble.assemble_licence(wiring.database(), wiring.clock(), wiring.issuing_room(), ticket)


@task("paraf.assemble_dossier")
def assemble_dossier(id: str, generation: int) -> None:  # noqa: A002
    """After step 9: the archive copy."""
    ticket = _ticket("paraf.assemble_dossier", id, generation)
    archive.assemble_dossier(wiring.database(), wiring.clock(), wiring.archive(), ticket)
