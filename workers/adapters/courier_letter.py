"""A message as an e-mail: plain and HTML parts, and an identity that stays the same however often it is sent."""

from __future__ import annotations

import hashlib
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from models.ports import Message
from models.rules.errors import PermanentFailure


def digest(key: str) -> str:
    """A name made of a message's key, which itself may stay inside."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def message_id(key: str, sender: str) -> str:
    """The Message-ID of a key: mail servers and programs drop what they already have under it."""
    return f"<{digest(key)}@{Address(addr_spec=sender).domain}>"


def as_email(message: Message, sender: str, sender_name: str, at: datetime) -> EmailMessage:
    """`message` from `sender` (an address), dated `at` (timezone-aware). Raises PermanentFailure for no address."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(sender_name, addr_spec=sender)
    mail["To"] = _recipient(message.to)
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = message_id(message.key, sender)
    # Out-of-office replies must not answer a machine.
    mail["Auto-Submitted"] = "auto-generated"
    mail["Content-Language"] = "id"
    mail.set_content(message.text)
    mail.add_alternative(message.html, subtype="html")
    return mail


def _recipient(address: str) -> Address:
    try:
        return Address(addr_spec=address)
    except (ValueError, MessageError) as error:
        raise PermanentFailure("The recipient's e-mail address is none.") from error
