"""Webhooks by the specification: signatures that others verify, waits that grow, rests that are fair."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.stages import Command
from models.rules.webhooks import (
    BATCH_FINISHED,
    LONGEST_REST,
    OF_A_CASE,
    SCHEDULE,
    SECRET_BYTES,
    EventType,
    body_of,
    headers_of,
    rest_after,
    retry_after,
    secret_text,
    signature,
    type_of,
    wait_before,
)
from tests.webhook_receiver import verified

NOW = datetime(2026, 3, 2, 2, 0, 0, 123456, tzinfo=UTC)


def test_the_signature_is_that_of_the_specification() -> None:
    body = '{"event_type":"ping","data":{"success":true}}'
    made = signature("whsec_plJ3nmyCDGBKInavdOK15jsl", "msg_loFOjxBNrRLzqYUf", 1731705121, body)
    assert made == "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0="


@given(st.binary(min_size=24, max_size=64), st.binary(min_size=24, max_size=64), st.text())
def test_whoever_holds_one_of_the_secrets_can_verify(first: bytes, second: bytes, text: str) -> None:
    body = body_of("ping", NOW, {"text": text})
    headers = headers_of("msg_1", NOW, body, [secret_text(first), secret_text(second)])
    for secret in (first, second):
        assert verified(secret_text(secret), headers, body.encode(), at=NOW.timestamp())["data"] == {"text": text}
    assert len(headers["webhook-signature"].split(" ")) == 2


def test_a_changed_body_id_or_moment_is_not_verified() -> None:
    secret = secret_text(b"k" * SECRET_BYTES)
    body = body_of("ping", NOW, {})
    headers = headers_of("msg_1", NOW, body, [secret])
    wrong = [
        (headers, body.replace("ping", "pong"), NOW.timestamp()),
        ({**headers, "webhook-id": "msg_2"}, body, NOW.timestamp()),
        ({**headers, "webhook-timestamp": str(int(NOW.timestamp()) + 1)}, body, NOW.timestamp()),
        (headers, body, NOW.timestamp() + 301),
    ]
    for given_headers, text, at in wrong:
        with pytest.raises(ValueError, match=r"signature|old"):
            verified(secret, given_headers, text.encode(), at=at)


def test_a_secret_reads_as_promised() -> None:
    text = secret_text(bytes(range(SECRET_BYTES)))
    assert text.startswith("whsec_")
    assert base64.b64decode(text.removeprefix("whsec_")) == bytes(range(SECRET_BYTES))
    assert 24 <= SECRET_BYTES <= 64


def test_a_payload_says_type_moment_and_data() -> None:
    assert json.loads(body_of("licence.issued", NOW, {"application_id": "x"})) == {
        "type": "licence.issued",
        "timestamp": "2026-03-02T02:00:00.123Z",
        "data": {"application_id": "x"},
    }


def test_every_type_can_be_asked_for_and_every_kind_is_one_of_the_office() -> None:
    assert set(get_args(EventType)) == {*OF_A_CASE.values(), BATCH_FINISHED}
    assert set(OF_A_CASE) <= {command.value for command in Command} | {"licence_revoked", "licence_replaced"}


@pytest.mark.parametrize(
    ("kind", "stage_from", "told"),
    [
        ("return", "verifying", "application.returned"),
        ("finish_licence", "assembling", "licence.issued"),
        ("void", "ready", "licence.voided"),
        ("void", "assembling", ""),
        ("initial", "awaiting_paraf", ""),
        ("viewed_nik", "", ""),
    ],
)
def test_what_concerns_the_office_alone_is_not_told(kind: str, stage_from: str, told: str) -> None:
    assert type_of(kind, stage_from) == told


def test_the_waits_are_those_of_the_specification_and_jitter_only_lengthens() -> None:
    hours = [one.total_seconds() / 3600 for one in SCHEDULE[3:]]
    assert SCHEDULE[:3] == (timedelta(0), timedelta(seconds=5), timedelta(minutes=5))
    assert hours == [0.5, 2, 5, 10, 14, 20, 24]
    assert wait_before(1, 0.9) == timedelta(0)
    assert wait_before(len(SCHEDULE) + 1, 0.5) is None
    for attempt in range(2, len(SCHEDULE) + 1):
        shortest, longest = wait_before(attempt, 0.0), wait_before(attempt, 1.0)
        assert shortest == SCHEDULE[attempt - 1]
        assert longest == SCHEDULE[attempt - 1] * 1.2


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("0", 0),
        ("", 0),
        ("-5", 0),
        ("1.5", 0),
        ("bald", 0),
        ("٣", 0),
        ("999999999999999999999", LONGEST_REST.total_seconds()),
        ("Mon, 02 Mar 2026 02:01:00 GMT", 59.876544),
        ("Mon, 02 Mar 2026 01:00:00 GMT", 0),
        ("Mon, 02 Mar 2026 02:01:00", 59.876544),
        ("Mon, 02 Mar 2099 02:01:00 GMT", LONGEST_REST.total_seconds()),
        ("Mon, 99 Mar 2026 02:01:00 GMT", 0),
    ],
)
def test_retry_after_is_believed_within_reason(value: str, seconds: float) -> None:
    assert retry_after(value, NOW).total_seconds() == pytest.approx(seconds)


@given(st.text(max_size=40))
def test_any_retry_after_gives_a_wait(value: str) -> None:
    assert timedelta(0) <= retry_after(value, NOW) <= LONGEST_REST


def test_a_slow_endpoint_rests_longer_than_it_kept_a_sender_and_a_failing_one_ever_longer() -> None:
    assert rest_after(0, timedelta(seconds=0.4)) == timedelta(0)
    assert rest_after(0, timedelta(seconds=10)) == timedelta(seconds=30)
    rests = [rest_after(failures, timedelta(0)).total_seconds() for failures in range(1, 12)]
    assert rests == [0, 0, 30, 60, 120, 240, 480, 960, 1800, 1800, 1800]
    assert rest_after(100_000, timedelta(0)) == timedelta(minutes=30)
