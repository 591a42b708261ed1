"""Whatever breaks, and however deep the value sits: no NIK reaches a log line."""

from __future__ import annotations

import io
import json
import logging  # noqa: TID251 - a library's own lines are what is tested
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from api.logs import configure
from api.shapes import SessionToken
from workers.logs import adopt, mask_numbers
from workers.settings import Settings

NIK = "1471014101900001"


@pytest.fixture(autouse=True)
def own_logs() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_an_exception_that_repeats_a_value_is_masked(log_format: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure(Settings.model_validate({"log_format": log_format}))
    log = structlog.get_logger()
    try:
        raise ValueError(f"could not store {NIK}")
    except ValueError:
        log.exception("request_broke", path=f"/cari?nik={NIK}", seen=[{"nik": NIK}])
    out = capsys.readouterr().out
    assert "request_broke" in out
    assert NIK not in out
    if log_format == "json":
        assert json.loads(out)["exception"][0]["exc_value"] == "could not store 1471********0001"


def test_the_cause_of_an_exception_is_masked_too(capsys: pytest.CaptureFixture[str]) -> None:
    configure(Settings())
    try:
        try:
            raise ValueError(f"inner {NIK}")
        except ValueError as error:
            raise RuntimeError("outer") from error
    except RuntimeError:
        structlog.get_logger().exception("request_broke")
    out = capsys.readouterr().out
    assert "inner" in out
    assert NIK not in out


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_what_a_library_says_of_a_broken_task_is_masked_and_has_its_trace(log_format: str) -> None:
    said = io.StringIO()
    logger, handler = logging.getLogger("celery.uji"), logging.StreamHandler(said)
    logger.addHandler(handler)
    adopt(Settings.model_validate({"log_format": log_format}), "celery.uji")
    with structlog.contextvars.bound_contextvars(trace_id="a" * 32):
        try:
            raise ValueError(f"could not store {NIK}")
        except ValueError as error:
            words = {"name": "paraf.take_row", "exc": repr(error)}
            logger.error("Task %(name)s raised unexpected: %(exc)s", words, exc_info=True)
    logger.removeHandler(handler)
    assert NIK not in said.getvalue()
    assert "paraf.take_row raised unexpected: ValueError" in said.getvalue()
    if log_format == "json":
        line = json.loads(said.getvalue())
        assert (line["trace_id"], line["level"]) == ("a" * 32, "error")
        assert line["exception"][0]["exc_value"] == "could not store 1471********0001"


def test_local_variables_are_never_logged(capsys: pytest.CaptureFixture[str]) -> None:
    configure(Settings())
    passphrase = "rahasia-paraf-2026"
    try:
        raise ValueError(str(len(passphrase)))
    except ValueError:
        structlog.get_logger().exception("request_broke")
    assert passphrase not in capsys.readouterr().out


def test_an_answer_that_does_not_fit_is_told_without_its_values() -> None:
    with pytest.raises(ValidationError) as caught:
        SessionToken.model_validate({"token": "t", "username": "u", "name": "n", "roles": [], "rahasia": "Melur Sari"})
    assert "Melur Sari" not in str(caught.value)


VALUES = st.recursive(
    st.text(max_size=20) | st.just(f"NIK {NIK}.") | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=4))
def test_no_depth_hides_a_number(event: dict[str, object]) -> None:
    masked = mask_numbers(structlog.get_logger(), "info", dict(event))
    assert NIK not in str(masked)
    assert masked.keys() == event.keys()
