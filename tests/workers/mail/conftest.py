"""A certificate of our own and a message, for every way of sending."""

from __future__ import annotations

import ssl
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509

from models.ports import Message
from tests.certificates import certificate_for

SENDER = "loket@kantor.example.go.id"


@pytest.fixture
def message() -> Message:
    return Message(
        to="rani@example.org",
        subject="Berkas diterima – terima kasih",
        text="Yth. Rani,\n.titik di awal baris\nSalam\n",
        html="<p>Yth. Rani</p>",
        key="0198:received:1:1",
    )


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PEM file of a key and a certificate for 127.0.0.1."""
    return certificate_for(x509.IPAddress(IPv4Address("127.0.0.1")), tmp_path_factory.mktemp("tls"))


@pytest.fixture
def server_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def trusting(certificate: Path) -> ssl.SSLContext:
    """Trusts that certificate and no other."""
    return ssl.create_default_context(cafile=str(certificate))
