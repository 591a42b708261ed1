"""The esign client service of BSrE (Balai Besar Sertifikasi Elektronik), versions 1 and 2, as an agency installs it.

The service holds no key of ours: it is given the letter, the official's NIK and passphrase, and answers with the signed
letter. A wrong passphrase (2031) is never tried again: the service locks an account after a few.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from typing import Any, Literal

import httpx

from models.rules.errors import ParafError, PermanentFailure, TemporaryFailure, WrongPassphrase

NOT_REGISTERED, WRONG_PASSPHRASE = 2011, 2031
TIMEOUT = 60.0
PDF = "application/pdf"
WRONG = "Kata sandi tanda tangan elektronik salah; surat tidak berubah. Masukkan kata sandi yang benar, lalu ulangi."
Version = Literal["v1", "v2"]


class BsreClient:
    """One service at `base_url`, with its Basic credentials. Close it after use."""

    def __init__(
        self, base_url: str, user: str, password: str, version: Version = "v1", timeout: float = TIMEOUT
    ) -> None:
        self._version = version
        self._http = httpx.Client(base_url=base_url, auth=(user, password), timeout=timeout)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def sign(self, pdf: bytes, nik: str, passphrase: str, reason: str) -> bytes:
        """`pdf` with an invisible signature of the owner of `nik`.

        Raises WrongPassphrase, TemporaryFailure when the service can not be reached, PermanentFailure when it refuses
        or answers with something that does not begin with `pdf`.
        """
        signed = self._v1(pdf, nik, passphrase) if self._version == "v1" else self._v2(pdf, nik, passphrase, reason)
        if not signed.startswith(pdf) or len(signed) == len(pdf):
            raise PermanentFailure("The BSrE service answered with another letter than the one it was given")
        return signed

    def is_registered(self, nik: str) -> bool:
        """Whether the service knows `nik` as a user with a certificate."""
        answer = self._send("GET", f"/api/user/status/{nik}")
        if answer.is_success:
            return bool(_json(answer).get("status_code") not in {NOT_REGISTERED, str(NOT_REGISTERED)})
        if _code(answer) == NOT_REGISTERED:
            return False
        raise _refusal(answer)

    def _v1(self, pdf: bytes, nik: str, passphrase: str) -> bytes:
        form = {"nik": nik, "passphrase": passphrase, "tampilan": "invisible"}
        answer = self._send("POST", "/api/sign/pdf", data=form, files={"file": ("surat.pdf", pdf, PDF)})
        if not answer.is_success:
            raise _refusal(answer)
        if answer.headers.get("content-type", "").startswith(PDF):
            return answer.content
        document = str(_json(answer).get("id_dokumen", ""))
        if not document.replace("-", "").isalnum():
            raise PermanentFailure("The BSrE service named no document to fetch")
        fetched = self._send("GET", f"/api/sign/download/{document}")
        if not fetched.is_success:
            raise _refusal(fetched)
        return fetched.content

    def _v2(self, pdf: bytes, nik: str, passphrase: str, reason: str) -> bytes:
        body = {
            "nik": nik,
            "passphrase": passphrase,
            "signatureProperties": [{"tampilan": "INVISIBLE", "reason": reason}],
            "file": [b64encode(pdf).decode()],
        }
        answer = self._send("POST", "/api/v2/sign/pdf", json=body)
        if not answer.is_success:
            raise _refusal(answer)
        files = _json(answer).get("file")
        try:
            return b64decode(files[0], validate=True)  # type: ignore[index]
        except (TypeError, IndexError, KeyError, Base64Error) as error:
            raise PermanentFailure("The BSrE service answered without a signed file") from error

    def _send(self, method: str, path: str, **content: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **content)
        except httpx.TransportError as error:
            # The address may hold a NIK, so the cause's text stays out of the message.
            raise TemporaryFailure(f"The BSrE service can not be reached ({type(error).__name__})") from None


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _code(answer: httpx.Response) -> int:
    code = _json(answer).get("status_code", 0)
    return int(code) if str(code).isdigit() else 0


def _refusal(answer: httpx.Response) -> ParafError:
    code = _code(answer)
    if code == WRONG_PASSPHRASE:
        return WrongPassphrase(WRONG)
    if code == NOT_REGISTERED:
        return PermanentFailure("The official is not registered with BSrE (2011): register, or use another key")
    if answer.status_code >= 500 or answer.status_code == 429:
        return TemporaryFailure(f"The BSrE service failed with HTTP {answer.status_code} (code {code})")
    return PermanentFailure(f"The BSrE service refused with HTTP {answer.status_code} (code {code})")
