"""Recognisers of identifiers of people, as DuckDB predicates (RE2) over a cell; the policy says which block and which warn."""

from __future__ import annotations

import re
from functools import cache

import msgspec

from nhip.datasets.engine import literal
from nhip.kernel.i18n import _
from nhip.kernel.text import fold
from nhip.kernel.time import today
from nhip.kernel.values.fastpath import HEALTH_INSURANCE, OLD_PROVINCES, citizen_id_pattern

SHARE, FEWEST = 0.9, 5
"""Numbers are identifiers when this part of a column's cells, and at least so many, have the form; amounts do not."""


class Recogniser(msgspec.Struct, frozen=True, kw_only=True):
    """`pattern` finds it in a text cell. With `context` (RE2 over folded text) only where the column's names or the cell has
    that word. `numeric`: the form of the whole number in an integer column, which has lost its leading zero."""

    title: str
    pattern: str
    context: str = ""
    numeric: str = ""

    def matches(self, cell: str, about: str = "") -> str:
        """The predicate for a text column whose names and titles are `about`."""
        found = f"regexp_matches({cell}, {literal(self.pattern)})"
        if not self.context or self.speaks_of(about):
            return f"({found})"
        return f"({found} and {_says(cell, self.context)})"

    def speaks_of(self, about: str) -> bool:
        """Whether a column's names say that it holds this."""
        return bool(self.context) and re.search(self.context, fold(about).replace("_", " ")) is not None


def _says(cell: str, context: str) -> str:
    folded = f"replace(strip_accents(lower({cell})), 'đ', 'd')"
    return f"regexp_matches({folded}, {literal(context)})"


_START = r"(?:^|[^0-9A-Za-z.,_/\-]|(?:^|[^0-9])[.,]|\p{Ll}[\-/_])"
_END = r"(?:[^0-9A-Za-z]|$)"
"""A number within a code, behind a decimal point or behind capitals with a hyphen is none of these."""
_SEP = r"[ .\-]?"
_CALL = r"(?i:s?[dđ]t(?:d[dđ])?|tel|phone|zalo|mobile)[ .:\-]{0,2}"
_CARRIER = r"(?:3[2-9]|5[25689]|7[06-9]|8[1-9]|9[0-9])"
_PRIVATE = r"(?i:gmail|yahoo|hotmail|outlook|icloud|live|ymail|proton|protonmail|aol)\.[A-Za-z.]{2,}"
_MAILBOX = r"[A-Za-z0-9._%+\-]+@"
_FAMILIES = (
    "Nguyễn|Trần|Lê|Phạm|Hoàng|Huỳnh|Phan|Vũ|Võ|Đặng|Bùi|Đỗ|Hồ|Ngô|Dương|Lý|Đinh|Đoàn|Trịnh|Trương|Lương|Mai|Tôn|Phùng|Hà|Tạ|Cao"
    "|Thái|Châu|Đào|Lâm|Tô|Văn|Thân|Kiều|Chu|Quách|Công|Hứa|La|Lại|Mạc|Nghiêm|Ông|Tăng|Tống|Triệu|Từ|Vương"
)
_SYLLABLE = r"(?:\p{Lu}\p{Ll}*|\p{Lu}+)"
PERSON_NAME = rf"(?:(?i:ông|bà|anh|chị)[ .:]+)?(?i:{_FAMILIES})(?: {_SYLLABLE}){{1,5}}"
"""A full name as Vietnamese write it: the family name first."""
_BORN = (
    rf"(?i:{_FAMILIES})(?: {_SYLLABLE}){{1,5}}[ ,;:(\-–]{{1,4}}"
    r"(?i:sinh(?: ngày| năm)?|s\.?n\.?|n\.?s\.?|ngày sinh|năm sinh)[ .:]{0,3}"
    r"(?:[0-3]?[0-9][/.\-][01]?[0-9][/.\-])?(?:19|20)[0-9]{2}"
)
_LIVES = "(?i:thường trú|tạm trú|cư trú|trú tại|chỗ ở|nhà riêng|hktt)"
_HOME = (
    rf"{_LIVES}(?i:[ :,.]|tại|số nhà|số|nhà|kiệt|hẻm|ngõ){{1,6}}"
    r"[0-9]{1,4}[A-Za-z]?(?:/[0-9]+[A-Za-z]?){0,4}[ ,]"
)
_LIKELY = rf"[0-9](?:[ .\-/)]{{0,2}}[0-9]){{3}}|@|{_LIVES}"
"""What every cell has in which something is found: four digits, a mailbox, or a word for where somebody lives."""
_GROUPED = rf"{OLD_PROVINCES}[ .\-][0-3][0-9]{{2}}[ .\-][0-9]{{3}}[ .\-][0-9]{{3}}"
"""A citizen number as people write it down: in threes."""


@cache
def recognisers(year: int | None = None) -> dict[str, Recogniser]:
    """All by name; citizen numbers are of people born up to `year` (default: this one)."""
    return {**_papers(citizen_id_pattern(year or today().year)), **_contacts(), **_accounts(), **_lives()}


def _papers(citizen: str) -> dict[str, Recogniser]:
    return {
        "citizen_id": Recogniser(
            title=_("Citizen numbers"),
            pattern=f"{_START}(?:{citizen}|{_GROUPED}){_END}",
            numeric=citizen,
        ),
        "old_citizen_id": Recogniser(
            title=_("Old identity card numbers"),
            pattern=f"{_START}[0-9]{{9}}{_END}",
            context=r"\b(cmnd|cmt|cmtnd|chung minh( thu)?( nhan dan)?)\b",
        ),
        "passport": Recogniser(
            title=_("Passport numbers"),
            pattern=f"{_START}[A-Z]{{1,2}}[0-9]{{7}}{_END}",
            context=r"\b(ho chieu|passport)\b",
        ),
    }


def _lives() -> dict[str, Recogniser]:
    return {
        "name_birth": Recogniser(title=_("Names with dates of birth"), pattern=_BORN),
        "home_address": Recogniser(title=_("Homes in texts"), pattern=_HOME),
    }


def _contacts() -> dict[str, Recogniser]:
    return {
        "phone": Recogniser(
            title=_("Mobile phone numbers"),
            pattern=rf"(?:{_START}|{_CALL})(?:\+84[ .\-]?|84[ ]?|0[ \-]?){_CARRIER}(?:{_SEP}[0-9]){{7}}{_END}",
            numeric=rf"0{_CARRIER}[0-9]{{7}}",
        ),
        "landline": Recogniser(
            title=_("Land line numbers"),
            pattern=rf"(?:{_START}|{_CALL})\(?(?:\+84[ .\-]?|0)2(?:[48]|[0-9]{{2}})\)?(?:{_SEP}[0-9]){{7,8}}{_END}",
        ),
        "email": Recogniser(title=_("Private e-mail addresses"), pattern=_MAILBOX + _PRIVATE),
        "work_email": Recogniser(
            title=_("Other e-mail addresses"), pattern=_MAILBOX + r"[A-Za-z0-9\-]+\.[A-Za-z.]{2,}"
        ),
        "plate": Recogniser(
            title=_("Vehicle plates"),
            pattern=r"(?:^|[^0-9A-Za-z])[1-9][0-9][A-Z][A-Z0-9]?(?:[ \-][0-9]{4}|[ \-]?[0-9]{3}\.?[0-9]{2})(?:[^0-9A-Za-z]|$)",
        ),
    }


def _accounts() -> dict[str, Recogniser]:
    return {
        "health_insurance": Recogniser(
            title=_("Health insurance numbers"),
            pattern=f"{_START}{HEALTH_INSURANCE}{_END}",
            context=r"\b(bhyt|bao hiem y te)\b",
        ),
        "social_insurance": Recogniser(
            title=_("Social insurance numbers"),
            pattern=f"{_START}[0-9]{{10}}{_END}",
            context=r"\b(bhxh|bao hiem xa hoi)\b",
        ),
        "personal_tax_code": Recogniser(
            title=_("Tax codes of people"),
            pattern=f"{_START}8[0-9]{{9}}{_END}",
            context=r"\b(mst|ma so thue|tax code|tax id)\b",
        ),
        "bank_account": Recogniser(
            title=_("Bank account numbers"),
            pattern=rf"{_START}[0-9](?:{_SEP}[0-9]){{7,18}}{_END}",
            context=r"\b(stk|so tk|so tai khoan|tai khoan ngan hang|bank account)\b",
        ),
    }


def any_of(cell: str, about: str = "") -> str:
    """The predicate that something may be found at all: most cells need no closer look.

    One pattern of all is no quicker: RE2 would run out of room for its states and read each cell a hundred times slower.
    """
    known = recognisers().values()
    plain = [r.pattern for r in known if not r.context or r.speaks_of(about)]
    beside = [r for r in known if r.context and not r.speaks_of(about)]
    likely = f"regexp_matches({cell}, {literal(_LIKELY)})"
    found = f"regexp_matches({cell}, {literal('|'.join(plain))})"
    if not beside:
        return f"({likely} and {found})"
    near = f"regexp_matches({cell}, {literal('|'.join(r.pattern for r in beside))})"
    return f"({likely} and ({found} or ({near} and {_says(cell, '|'.join(r.context for r in beside))})))"


def numbers_like(recogniser: Recogniser, cell: str, digits: int) -> str:
    """The predicate for an integer column: the form once the leading zero is back. Round amounts are not identifiers."""
    text = f"lpad(cast({cell} as varchar), {digits}, '0')"
    return f"({cell} > 0 and {cell} % 1000 <> 0 and regexp_full_match({text}, {literal(recogniser.numeric)}))"


DIGITS = {"citizen_id": 12, "phone": 10}
"""Length of the identifiers that are found in columns of numbers."""
LEAST = 300_000_000
"""The smallest of them: a mobile number without its zero."""
