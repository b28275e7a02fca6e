"""Numbers that identify people and businesses: citizen, tax, health insurance and bank account numbers.

Sources: Circular 59/2021/TT-BCA (citizen number), Circular 86/2024/TT-BTC (tax code; since July 2025 a person's tax code is the
citizen number), Decision 1666/QD-BHXH 2020 (health insurance card). They are personal data: values never go into messages.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from nhip.kernel.text import fold
from nhip.kernel.time import today
from nhip.kernel.values.cleaning import LONGEST, blank, clean
from nhip.kernel.values.fastpath import (
    BANK_ACCOUNT,
    HEALTH_INSURANCE,
    OLD_PROVINCES,
    TAX_CODE,
    TAX_WEIGHTS,
    citizen_id_pattern,
)
from nhip.kernel.values.model import Parsed

_LABEL = re.compile(
    r"^(?:so )?(?:cccd|cmnd|cmtnd|cc|dinh danh|can cuoc|mst|ma so thue|ma so|bhyt|stk|tk|tai khoan)[ .:]*(?:so)?[ .:]*"
)
_DECORATION = re.compile(r"[ .\-_']")
_PROVINCE = re.compile(OLD_PROVINCES).match
_TAX = re.compile(TAX_CODE).fullmatch
_HEALTH = re.compile(HEALTH_INSURANCE).fullmatch
_ACCOUNT = re.compile(BANK_ACCOUNT).fullmatch
_SCIENTIFIC = re.compile(r"[0-9](?:[.,][0-9]+)?e\+?[0-9]{1,2}").fullmatch


@lru_cache(maxsize=4)
def _citizen(year: int) -> Callable[[str], re.Match[str] | None]:
    return re.compile(citizen_id_pattern(year)).fullmatch


def _bare(text: str) -> tuple[str, Parsed | None]:
    """Upper-case letters and digits without label and decoration, or at once the answer for an empty or too long text."""
    cleaned = clean(text)
    empty = blank(cleaned) or (Parsed(None, "identity.unreadable", "error") if len(cleaned) > LONGEST else None)
    if empty:
        return "", empty
    folded = _LABEL.sub("", fold(cleaned))
    if _SCIENTIFIC(folded):
        return "", Parsed(None, "identity.digitsLost", "error")
    return _DECORATION.sub("", folded.removesuffix(".0")).upper(), None


def parse_citizen_id(text: str) -> Parsed:
    """Read a citizen number; canonical is twelve digits: province of the old 63, century and sex, year of birth, six digits.

    Nine digits are an identity card of before 2021 (`citizen.old`). Digits that Excel dropped in front are suggested.
    """
    valid = _citizen(today().year)
    if valid(text):
        return Parsed(text)
    digits, answer = _bare(text)
    return answer or _citizen_of(digits, valid)


def _citizen_of(digits: str, valid: Callable[[str], re.Match[str] | None]) -> Parsed:
    if not (digits.isdecimal() and digits.isascii()):
        return Parsed(None, "citizen.unreadable", "error")
    if len(digits) == 12:
        return _twelve(digits, valid)
    if len(digits) == 9:
        return Parsed(digits, "citizen.old", "warning")
    if len(digits) in (10, 11) and valid(digits.zfill(12)):
        return Parsed(None, "citizen.leadingZero", "error", digits.zfill(12))
    return Parsed(None, "citizen.unreadable", "error")


def _twelve(digits: str, valid: Callable[[str], re.Match[str] | None]) -> Parsed:
    if valid(digits):
        return Parsed(digits, "citizen.form")
    return Parsed(None, "citizen.birthYear" if _PROVINCE(digits) else "citizen.province", "error")


def tax_check_digit_ok(code: str) -> bool:
    """Whether the tenth digit of a tax code is 10 minus the weighted sum of the first nine modulo 11."""
    total = sum(weight * int(digit) for weight, digit in zip(TAX_WEIGHTS, code, strict=False))
    return 10 - total % 11 == int(code[9])


def parse_tax_code(text: str) -> Parsed:
    """Read a tax code; canonical is ten digits, `0123456789-001` for a branch, or a citizen number."""
    valid = _citizen(today().year)
    if (_TAX(text) and tax_check_digit_ok(text)) or valid(text):
        return Parsed(text)
    digits, answer = _bare(text)
    if answer:
        return answer
    if len(digits) == 12 and valid(digits):
        return Parsed(digits, "taxCode.form")
    return _tax_code_of(digits)


def _tax_code_of(digits: str) -> Parsed:
    if not (digits.isdecimal() and digits.isascii()) or len(digits) not in (9, 10, 12, 13):
        return Parsed(None, "taxCode.unreadable", "error")
    padded = digits.zfill(10 if len(digits) < 11 else 13)
    if not tax_check_digit_ok(padded):
        rule = "taxCode.checkDigit" if padded == digits else "taxCode.unreadable"
        return Parsed(None, rule, "error")
    code = padded[:10] + (f"-{padded[10:]}" if padded[10:] else "")
    return Parsed(code, "taxCode.form") if padded == digits else Parsed(None, "taxCode.leadingZero", "error", code)


def parse_health_insurance(text: str) -> Parsed:
    """Read the number of a health insurance card; canonical is 15 characters `GD4750123456789` or ten digits."""
    return _by_form(text, _HEALTH, "healthInsurance")


def parse_bank_account(text: str) -> Parsed:
    """Read a bank account number; canonical is 6 to 19 digits."""
    return _by_form(text, _ACCOUNT, "bankAccount")


def _by_form(text: str, valid: Callable[[str], re.Match[str] | None], name: str) -> Parsed:
    if valid(text):
        return Parsed(text)
    bare, answer = _bare(text)
    if answer:
        return answer
    return Parsed(bare, f"{name}.form") if valid(bare) else Parsed(None, f"{name}.unreadable", "error")
