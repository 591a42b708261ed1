"""Whether a password is too easy to guess: too short, about oneself or the office, or a pattern on the keyboard.

There is no rule about kinds of characters: a sentence is better than odd signs.
"""

from __future__ import annotations

from collections.abc import Iterable

MIN_LENGTH = 12
FEWEST_DIFFERENT = 5

CONTEXT_WORDS = (
    *("paraf", "dpmptsp", "pekanbaru", "riau", "sikro", "perizinan", "izin", "pelayanan", "dinas", "kantor"),
    *("admin", "administrator", "operator", "loket", "blanko", "kepala", "sekretaris", "ahlimuda", "ahlimadya"),
    *("pemohon", "berkas", "register", "surat", "stempel", "walikota", "indonesia", "merdeka", "garuda"),
    *("password", "passwd", "katasandi", "sandi", "rahasia", "kunci", "masuk", "login", "selamatdatang", "welcome"),
    *("qwerty", "asdfgh", "zxcvbn", "iloveyou", "sayang", "bismillah", "changeme", "letmein", "bangsa"),
)
"""Words that a guesser of this office tries first; a password is not made of them alone."""

_ROWS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")
_LONGEST_RUN = 6
_SPELT = str.maketrans("013457@$", "oieastas")
"""Signs that stand for letters in what people think of as clever."""


def weakness(password: str, own: Iterable[str] = ()) -> str:
    """Why a password is refused, for its owner; "" when it is taken. `own`: his user name and the words of his name."""
    plain = password.lower()
    if len(password) < MIN_LENGTH:
        return f"Kata sandi baru paling sedikit {MIN_LENGTH} huruf."
    if any(len(word) >= 4 and word.lower() in plain for word in own):
        return "Kata sandi tidak boleh memuat nama atau nama pengguna Anda. Pilih yang lain."
    if len(set(plain)) < FEWEST_DIFFERENT or (
        _run(plain) >= _LONGEST_RUN and len(_without_runs(plain)) < MIN_LENGTH // 2
    ):
        return "Kata sandi ini mengikuti pola yang mudah ditebak. Pilih kalimat pendek yang hanya Anda tahu."
    if _is_said_by_all(plain):
        return "Kata sandi ini tersusun dari kata yang mudah ditebak. Pilih kalimat pendek yang hanya Anda tahu."
    return ""


def _is_said_by_all(plain: str) -> bool:
    """Whether next to nothing is left of the letters when the words that everyone tries are taken out."""
    for text in (plain, plain.translate(_SPELT)):
        letters = "".join(one for one in text if one.isalpha() or not one.isascii())
        if len(letters) - len(left := _taken_out(letters)) > 0 and len(left) < 4:
            return True
    return False


def _taken_out(letters: str) -> str:
    for word in sorted(CONTEXT_WORDS, key=len, reverse=True):
        letters = letters.replace(word, "")
    return letters


def _run(plain: str) -> int:
    """The longest piece that goes along a row of the keyboard or the alphabet, forth or back."""
    return max((len(piece) for piece in _runs(plain)), default=0)


def _runs(plain: str) -> list[str]:
    rows = [turned for row in _ROWS for turned in (row * 2, row[::-1] * 2)]
    found, start = [], 0
    for end in range(1, len(plain) + 1):
        if end == len(plain) or not any(plain[start : end + 1] in row for row in rows):
            found.append(plain[start:end])
            start = end
    return found


def _without_runs(plain: str) -> str:
    return "".join(piece for piece in _runs(plain) if len(piece) < _LONGEST_RUN)
