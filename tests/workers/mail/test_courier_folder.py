"""Mail as files: whole, one a message."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from models.ports import Message
from models.rules.errors import TemporaryFailure
from tests.fakes import FakeClock
from tests.workers.mail.conftest import SENDER
from workers.adapters.courier_folder import FolderCourier


def test_a_message_is_one_file_however_often_it_is_sent(tmp_path: Path, message: Message) -> None:
    clock = FakeClock()
    courier = FolderCourier(tmp_path / "mails", SENDER, clock)
    courier.send(message)
    clock.advance(hours=1)
    courier.send(message)
    (path,) = (tmp_path / "mails").iterdir()
    assert path.suffix == ".eml"
    mail = message_from_bytes(path.read_bytes(), policy=default)
    assert mail["To"] == "rani@example.org"
    assert mail["Subject"] == message.subject


def test_another_event_is_another_file(tmp_path: Path, message: Message) -> None:
    courier = FolderCourier(tmp_path, SENDER, FakeClock())
    courier.send(message)
    courier.send(Message(message.to, message.subject, message.text, message.html, "0198:ready:1:1"))
    assert len(list(tmp_path.iterdir())) == 2


def test_a_folder_that_can_not_be_written_is_temporary(tmp_path: Path, message: Message) -> None:
    (tmp_path / "mails").write_text("a file stands in the way")
    with pytest.raises(TemporaryFailure):
        FolderCourier(tmp_path / "mails", SENDER, FakeClock()).send(message)


def test_a_failed_write_leaves_no_half_file(tmp_path: Path, message: Message) -> None:
    courier = FolderCourier(tmp_path, SENDER, FakeClock())
    courier.send(message)
    (path,) = tmp_path.iterdir()
    path.unlink()
    path.mkdir()
    with pytest.raises(TemporaryFailure):
        courier.send(message)
    assert list(tmp_path.iterdir()) == [path]
