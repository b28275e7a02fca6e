"""Recognisers of identifiers of people, as DuckDB predicates over a text cell."""

from __future__ import annotations

import msgspec

from nhip.datasets.engine import literal
from nhip.kernel.i18n import _


class Recogniser(msgspec.Struct, frozen=True, kw_only=True):
    """`sql` holds `{cell}`; `blocks`: what it finds may not be open; else a person is warned."""

    title: str
    sql: str
    blocks: bool = True

    def matches(self, cell: str) -> str:
        """The predicate for one column."""
        return "(" + self.sql.replace("{cell}", cell) + ")"


def _pattern(text: str) -> str:
    return f"regexp_matches({{cell}}, {literal(text)})"


# 12 digits: province 001-096, then century and sex 0-9, two digits of the year, six of a series (Circular 59/2021, annex)
_CITIZEN = r"(^|[^0-9.])0(0[1-9]|[1-8][0-9]|9[0-6])[0-9]{9}([^0-9]|$)"
_PHONE = r"(^|[^0-9])(\+?84|0)[ .\-]?(3[2-9]|5[25689]|7[06-9]|8[1-9]|9[0-9])([ .\-]?[0-9]){7}([^0-9]|$)"
_EMAIL = r"(?i)[a-z0-9._%+\-]+@(gmail|yahoo|hotmail|outlook|icloud)\.[a-z.]{2,}"

RECOGNISERS: dict[str, Recogniser] = {
    "citizen_id": Recogniser(title=_("Citizen numbers"), sql=_pattern(_CITIZEN)),
    "phone": Recogniser(title=_("Mobile phone numbers"), sql=_pattern(_PHONE)),
    "email": Recogniser(title=_("Private e-mail addresses"), sql=_pattern(_EMAIL)),
}
"""By name."""
