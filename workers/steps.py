"""What each task rings: a use case with this process's ports. Loaded by the child that first needs it, never before."""

from __future__ import annotations

from uuid import UUID

from models.services import (
    alarms,
    apply,
    archive,
    assemble,
    audit,
    batch_control,
    batch_files,
    batch_rows,
    check,
    concept_prints,
    digest,
    figures,
    heartbeat,
    inspect_upload,
    notify,
    number,
    page_images,
    prepare,
    receipts,
    reconcile,
    register_book,
    register_close,
    retention,
    rule_news,
    sweep,
    webhook_delivery,
    webhook_watch,
)
from models.services.machine import Ticket
from workers import wiring


def check_completeness(ticket: Ticket) -> None:
    check.check_completeness(wiring.database(), wiring.clock(), wiring.inspector(), ticket)


def generate_blanko(ticket: Ticket) -> None:
    prepare.generate_blanko(wiring.database(), wiring.clock(), wiring.vault(), wiring.blanko_press(), ticket)


def apply_paraf(ticket: Ticket) -> None:
    apply.apply_paraf(wiring.database(), wiring.clock(), wiring.signing_room(), ticket)


def apply_signature(ticket: Ticket) -> None:
    apply.apply_signature(wiring.database(), wiring.clock(), wiring.signing_room(), ticket)


def assign_number(ticket: Ticket) -> None:
    number.assign_number(wiring.database(), wiring.clock(), ticket)


def assemble_licence(ticket: Ticket) -> None:
    assemble.assemble_licence(wiring.database(), wiring.clock(), wiring.issuing_room(), ticket)


def assemble_dossier(ticket: Ticket) -> None:
    archive.assemble_dossier(wiring.database(), wiring.clock(), wiring.archive(), ticket)


def inspect_document(document_id: UUID, generation: int) -> None:
    inspect_upload.inspect_upload(wiring.database(), wiring.clock(), wiring.inspector(), document_id, generation)


def make_page_images(subject_id: UUID, generation: int) -> None:
    page_images.make_page_images(wiring.database(), wiring.clock(), wiring.picture_room(), subject_id, generation)


def make_receipt(case_id: UUID, generation: int) -> None:
    receipts.make_receipt(wiring.database(), wiring.clock(), wiring.receipt_desk(), case_id, generation)


def send_message(message_id: UUID, generation: int) -> None:
    notify.send_message(wiring.database(), wiring.clock(), wiring.mailroom(), message_id, generation)


def print_concept(print_id: UUID, generation: int) -> None:
    concept_prints.make_print(wiring.database(), wiring.clock(), wiring.concept_desk(), print_id, generation)


def make_register_book(book_id: UUID, generation: int) -> None:
    register_book.make_book(wiring.database(), wiring.clock(), wiring.book_binder(), book_id, generation)


def take_row(row_id: UUID, generation: int) -> None:
    batch_rows.take_row(wiring.database(), wiring.clock(), wiring.row_room(), row_id, generation)


def watch_batches() -> None:
    batch_control.watch(wiring.database(), wiring.clock())


def bundle_batch(batch_id: UUID, generation: int) -> None:
    batch_files.bundle(wiring.database(), wiring.clock(), wiring.vault(), batch_id, generation)


def deliver_webhook(delivery_id: UUID, generation: int) -> None:
    webhook_delivery.deliver_webhook(wiring.database(), wiring.clock(), wiring.post_room(), delivery_id, generation)


def watch_webhooks() -> None:
    webhook_watch.watch_webhooks(wiring.database(), wiring.clock())


def tell_of_webhook(endpoint_id: UUID, generation: int) -> None:
    webhook_watch.tell_of_webhook(wiring.database(), wiring.clock(), wiring.notice_room(), endpoint_id, generation)


def count_months() -> None:
    figures.count_months(wiring.database(), wiring.clock(), wiring.calendar())
    heartbeat.beat(wiring.database(), wiring.clock(), "count-months")


def sweep_stages() -> None:
    sweep.sweep(wiring.database(), wiring.clock(), wiring.calendar())


def carry_out_retention() -> None:
    retention.carry_out(wiring.database(), wiring.clock(), wiring.vault(), wiring.office().retention)


def tell_rule_changes() -> None:
    rule_news.tell_rule_changes(wiring.database(), wiring.clock())


def send_digests() -> None:
    digest.send_digests(wiring.database(), wiring.clock(), wiring.calendar())


def tell_official(message_id: UUID, generation: int) -> None:
    post, calendar = wiring.staff_post(), wiring.calendar()
    digest.tell_official(wiring.database(), wiring.clock(), post, calendar, message_id, generation)


def keep_audit() -> None:
    audit.keep_audit(wiring.database(), wiring.clock(), wiring.checkpoint_book(), wiring.pace())


def close_register() -> None:
    register_close.close_register(wiring.database(), wiring.clock(), wiring.closing_desk())


def reconcile_all() -> None:
    reconcile.reconcile(wiring.database(), wiring.clock(), wiring.vault())


def raise_alarms() -> None:
    alarms.raise_alarms(wiring.database(), wiring.clock(), wiring.courier(), wiring.settings().alarm_to)


def canary(queue: str) -> None:
    heartbeat.beat(wiring.database(), wiring.clock(), f"canary.{queue}")
