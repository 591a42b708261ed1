"""Time-based one-time codes through pyotp."""

from __future__ import annotations

from datetime import datetime

import pyotp

STEP = 30
_NEAR = (0, -1, 1)


class TotpCodes:
    """`models.sign_in_ports.OneTimeCodes`."""

    def new_secret(self) -> str:
        return pyotp.random_base32()

    def step_of(self, secret: str, code: str, at: datetime) -> int | None:
        """A phone's clock may be one step off."""
        if len(code) != 6 or not code.isascii() or not code.isdigit():
            return None
        now = int(at.timestamp()) // STEP
        maker = pyotp.TOTP(secret)
        return next(
            (now + near for near in _NEAR if pyotp.utils.strings_equal(maker.generate_otp(now + near), code)), None
        )

    def address(self, secret: str, account: str, issuer: str) -> str:
        return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)
