"""The machine steps of the SOP as Celery tasks: doorbells that name a case and ring one use case.

Use cases are imported when a task runs: the parent of a pool only hands messages on and stays half as large.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from workers.app import task

if TYPE_CHECKING:
    from models.services.machine import Ticket


def _ticket(name: str, case_id: str, generation: int) -> Ticket:
    from models.services.machine import Ticket

    return Ticket(name, UUID(case_id), generation)


@task("paraf.check_completeness")
def check_completeness(id: str, generation: int) -> None:  # noqa: A002 - the message's own word
    """Step 2: inspect the berkas and judge each requirement."""
    from workers import steps

    steps.check_completeness(_ticket("paraf.check_completeness", id, generation))


@task("paraf.generate_blanko")
def generate_blanko(id: str, generation: int) -> None:  # noqa: A002 - the message's own word
    """Step 3: the letter as prepared for signature."""
    from workers import steps

    steps.generate_blanko(_ticket("paraf.generate_blanko", id, generation))


@task("paraf.apply_paraf")
def apply_paraf(id: str, generation: int) -> None:  # noqa: A002 - the message's own word
    """Steps 4 to 6: put a recorded paraf on the letter."""
    from workers import steps

    steps.apply_paraf(_ticket("paraf.apply_paraf", id, generation))


@task("paraf.apply_signature")
def apply_signature(id: str, generation: int) -> None:  # noqa: A002 - the message's own word
    """Step 7: put the recorded signature on the letter."""
    from workers import steps

    steps.apply_signature(_ticket("paraf.apply_signature", id, generation))


@task("paraf.assign_number")
def assign_number(id: str, generation: int) -> None:  # noqa: A002 - the message's own word
    """Step 8: the next number of the register."""
    from workers import steps

    steps.assign_number(_ticket("paraf.assign_number", id, generation))


@task("paraf.assemble_licence")
def assemble_licence(id: str, generation: int) -> None:  # noqa: A002 - the message's own word
    """Step 8: fill, seal, lint, store, read back."""
    from workers import steps

    steps.assemble_licence(_ticket("paraf.assemble_licence", id, generation))


@task("paraf.assemble_dossier")
def assemble_dossier(id: str, generation: int) -> None:  # noqa: A002 - the message's own word
    """After step 9: the archive copy."""
    from workers import steps

    steps.assemble_dossier(_ticket("paraf.assemble_dossier", id, generation))
