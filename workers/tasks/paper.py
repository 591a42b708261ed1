"""Work beside the steps of the SOP: look at an upload, make a receipt, send a message."""

from __future__ import annotations

from uuid import UUID

from models.services import inspect_upload, notify, receipts
from workers import wiring
from workers.app import task


@task("paraf.inspect_document")
def inspect_document(id: str, generation: int) -> None:  # noqa: A002 - the message's own word
    """Look at one upload in the cage."""
    inspect_upload.inspect_upload(wiring.database(), wiring.clock(), wiring.inspector(), UUID(id), generation)


@task("paraf.make_receipt")
def make_receipt(id: str, generation: int) -> None:  # noqa: A002
    """The receipts of one submission."""
    receipts.make_receipt(wiring.database(), wiring.clock(), wiring.receipt_desk(), UUID(id), generation)


@task("paraf.send_message")
def send_message(id: str, generation: int) -> None:  # noqa: A002
    """One message to one applicant."""
    notify.send_message(wiring.database(), wiring.clock(), wiring.mailroom(), UUID(id), generation)
