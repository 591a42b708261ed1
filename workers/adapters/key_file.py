"""Opens PKCS#12 files with `cryptography`."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12

from models.rules.errors import InvalidInput, WrongPassphrase
from models.services.signing_keys import KeyFacts

LARGEST = 64 * 1024


class Pkcs12Reader:
    """`models.services.signing_keys.KeyReader`."""

    def read(self, data: bytes, passphrase: str) -> KeyFacts:
        """Raises WrongPassphrase, InvalidInput."""
        if not data or len(data) > LARGEST or data[:1] != b"\x30":
            raise InvalidInput("Ini bukan berkas kunci. Pilih berkas .p12 atau .pfx dari penyelenggara sertifikat.")
        try:
            found = load_pkcs12(data, passphrase.encode())
        except ValueError as error:
            raise WrongPassphrase(
                "Kata sandi berkas kunci salah, atau berkasnya rusak. Belum ada yang disimpan."
            ) from error
        if found.key is None or found.cert is None:
            raise InvalidInput("Berkas ini tidak memuat kunci beserta sertifikatnya.")
        certificate = found.cert.certificate
        names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        pem = certificate.public_bytes(Encoding.PEM).decode()
        return KeyFacts(pem, str(names[0].value) if names else "", certificate.not_valid_after_utc)
