"""Signature dictionaries of a PDF and the CMS containers in them, read without trusting anything they say."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import pikepdf
from asn1crypto import cms
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa


@dataclass(frozen=True, slots=True)
class Signed:
    """One filled signature field."""

    name: str
    byte_range: tuple[int, int, int, int]
    contents: bytes = field(repr=False)
    dictionary: pikepdf.Object = field(repr=False)

    @property
    def end(self) -> int:
        """Where the signed revision ends, in bytes from the file's start."""
        return self.byte_range[2] + self.byte_range[3]


def signed_fields(pdf: pikepdf.Pdf) -> list[Signed]:
    """The filled signature fields in the order of their revisions."""
    fields = pdf.Root.get("/AcroForm", pikepdf.Dictionary()).get("/Fields", pikepdf.Array())
    found: list[Signed] = [_read(one) for one in fields if one.get("/FT") == pikepdf.Name.Sig and "/V" in one]
    return sorted(found, key=lambda one: one.end)


def range_is_whole(signed: Signed, data: bytes) -> bool:
    """The byte range leaves out the signature's own hexadecimal string and nothing else."""
    start, length, second, _ = signed.byte_range
    gap = data[length:second]
    return start == 0 and gap[:1] == b"<" and gap[-1:] == b">" and signed.end <= len(data) and b">" not in gap[:-1]


def is_intact(signed: Signed, data: bytes) -> bool:
    """The bytes of the range hash to what the signer's key signed."""
    try:
        content = cms.ContentInfo.load(signed.contents, strict=False)["content"]
        (signer,) = content["signer_infos"]
        attributes = signer["signed_attrs"]
        digest = next(one["values"][0].native for one in attributes if one["type"].native == "message_digest")
        certificate = _certificate(content, signer)
        signed_bytes = attributes.untag().dump()
        return bool(digest == _digest(signed, data)) and _verified(certificate, signer, signed_bytes)
    except (ValueError, TypeError, KeyError, StopIteration, AttributeError):
        return False


def _read(one: pikepdf.Object) -> Signed:
    value = one.V
    numbers = tuple(int(number) for number in value.ByteRange.as_list())
    if len(numbers) != 4:
        raise ValueError("a byte range has four numbers")
    return Signed(str(one.T), numbers, bytes(value.Contents), value)


def _digest(signed: Signed, data: bytes) -> bytes:
    first, length, second, rest = signed.byte_range
    return hashlib.sha256(data[first : first + length] + data[second : second + rest]).digest()


def _certificate(content: cms.SignedData, signer: cms.SignerInfo) -> x509.Certificate:
    serial = signer["sid"].chosen["serial_number"].native
    chosen = next(one.chosen for one in content["certificates"] if one.chosen.serial_number == serial)
    return x509.load_der_x509_certificate(chosen.dump())


def _verified(certificate: x509.Certificate, signer: cms.SignerInfo, data: bytes) -> bool:
    key, signature = certificate.public_key(), signer["signature"].native
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
        else:
            return False
    except InvalidSignature:
        return False
    return True
