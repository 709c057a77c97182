"""The human number of a case: short enough to say aloud, `short-YYMM-NNN`.

`short` is the unit's 2–5 letters or digits, unique in the deployment; the count starts anew each
month and grows beyond three digits when a month has more than 999 cases.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_SHORT = re.compile(r"[A-Za-z0-9]{2,5}")
# Dashes as phones offer them; full-width digits and letters are folded before.
_NUMBER = re.compile(
    r"(?<![a-z0-9])([a-z0-9]{2,5})\s?[-‐-―−—~]\s?(\d{2}(?:0[1-9]|1[0-2]))\s?[-‐-―−—~]\s?(\d{3,7})"
    r"(?![a-z0-9])",
    re.ASCII | re.IGNORECASE,
)
# full-width digits and letters, for str.translate
WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}


class CaseNumber(NamedTuple):
    """The parts of a case number: `yymm` is year and month as four digits, `n` from 1."""

    short: str
    yymm: str
    n: int

    def __str__(self) -> str:
        return f"{self.short}-{self.yymm}-{self.n:03d}"


def case_number(short: str, yymm: str, n: int) -> str:
    """The number as people see it, `short` in capitals. ValueError for impossible parts."""
    if not _SHORT.fullmatch(short) or not re.fullmatch(r"\d\d(0[1-9]|1[0-2])", yymm, re.ASCII):
        raise ValueError(f"{short!r} {yymm!r} cannot make a case number")
    if n < 1:
        raise ValueError("cases are counted from 1")
    return str(CaseNumber(short.upper(), yymm, n))


def parse_case_number(text: str) -> CaseNumber | None:
    """The first case number in a text, whatever its width, case and dashes; None if none."""
    found = _NUMBER.search(text.translate(WIDTH))
    if found is None or int(found[3]) < 1:
        return None
    return CaseNumber(found[1].upper(), found[2], int(found[3]))
