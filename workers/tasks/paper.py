"""Work beside the steps of the SOP: look at an upload, draw its pages, make receipts, prints and books, send mail."""

from __future__ import annotations

from uuid import UUID

from workers.app import task


@task("paraf.inspect_document")
def inspect_document(id: str, generation: int) -> None:  # noqa: A002 - the message's own word
    """Look at one upload in the cage."""
    from workers import steps

    steps.inspect_document(UUID(id), generation)


@task("paraf.make_page_images")
def make_page_images(id: str, generation: int) -> None:  # noqa: A002 - the message's own word
    """The pages of a document or a blanko as pictures, when nothing else waits."""
    from workers import steps

    steps.make_page_images(UUID(id), generation)


@task("paraf.make_receipt")
def make_receipt(id: str, generation: int) -> None:  # noqa: A002 - the message's own word
    """The receipts of one submission."""
    from workers import steps

    steps.make_receipt(UUID(id), generation)


@task("paraf.print_concept")
def print_concept(id: str, generation: int) -> None:  # noqa: A002 - the message's own word
    """A paper print of a blanko."""
    from workers import steps

    steps.print_concept(UUID(id), generation)


@task("paraf.make_register_book")
def make_register_book(id: str, generation: int) -> None:  # noqa: A002 - the message's own word
    """One volume of the register."""
    from workers import steps

    steps.make_register_book(UUID(id), generation)


@task("paraf.tell_official")
def tell_official(id: str, generation: int) -> None:  # noqa: A002 - the message's own word
    """One message to an official: how a pile went, or what waits for him today."""
    from workers import steps

    steps.tell_official(UUID(id), generation)


@task("paraf.send_message")
def send_message(id: str, generation: int) -> None:  # noqa: A002 - the message's own word
    """One message to one applicant."""
    from workers import steps

    steps.send_message(UUID(id), generation)
