"""Personal data where nobody agreed on them: citizen and mobile numbers in columns of free text.

The first pass looks for them in the same regular expression that looks for odd text (a second one over every cell would cost ten
times as much), so that only rows with a likely number are looked at again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nhip.datasets.contract.model import Field
from nhip.datasets.engine import literal
from nhip.kernel.time import today
from nhip.kernel.values.fastpath import citizen_id_pattern

if TYPE_CHECKING:
    from nhip.datasets.conform.plan import Column

_FREE = ("", "address", "person_name")
"""Kinds of text that may hold anything."""
_AGREED = ("personal", "sensitive")
"""Classifications of columns that are known to hold personal data."""

_IDENTITY = "(?:^|[^0-9A-Za-z])({})(?:[^0-9A-Za-z]|$)"
_WORD = "(?i:s?đt(?:dđ|cn)?|điện thoại|di động|s?dt(?:dd)?|dien thoai|di dong|phone|mobile|zalo|tel)"
_MOBILE = r"(?:\(?\+?84\)?[ .]?0?|0)(?:3[0-9]|5[125689]|7[06-9]|8[1-9]|9[0-9])(?:[ .\-]?[0-9]){7}"
_PHONE = rf"(?:^|[^\p{{L}}]){_WORD}[^0-9+\p{{L}}]{{0,4}}({_MOBILE})(?:[^0-9]|$)"


def patterns() -> dict[str, str]:
    """RE2 by rule; the first group is the number. Citizen numbers of people born up to this year."""
    return {"personal.identity": _IDENTITY.format(citizen_id_pattern(today().year)), "personal.phone": _PHONE}


def is_watched(field: Field) -> bool:
    """Whether the column holds free text that is not known as personal. What has an agreed form (a pattern, a list of values)
    is no free text."""
    free = field.type == "string" and field.kind in _FREE and not field.pattern and not field.enum
    return free and field.classification not in _AGREED


def with_personal(field: Field, suspect: str) -> str:
    """The RE2 `suspect`, matching also what may be personal if the column is watched."""
    return "|".join([suspect, *patterns().values()]) if is_watched(field) else suspect


def personal_branches(judged: str, column: Column) -> Iterator[str]:
    """SELECTs in the order of FINDING_DDL for the cells of `judged` that hold such a number, all but its ends masked. None
    where text is taken exactly as delivered, as nobody looked for suspects there."""
    if column.form.parse is None or not is_watched(column.field):
        return
    value, watched = column.value, patterns()
    found = ", ".join(
        f"{{'rule': {literal(rule)}, 'severity': {literal(column.field.severity.get(rule, 'warning'))}, "
        f"'number': regexp_extract({value}, {literal(regex)}, 1)}}"
        for rule, regex in watched.items()
    )
    likely = f"regexp_matches({value}, {literal('|'.join(watched.values()))})"  # ten times as fast as to extract
    masked = "left(f.number, 3) || repeat('*', length(f.number) - 5) || right(f.number, 2)"
    yield (
        f"SELECT _row, {literal(column.field.name)}, f.rule, f.severity, {masked}, '' "
        f"FROM (SELECT _row, unnest([{found}]) AS f FROM {judged} WHERE {likely}) WHERE f.number <> ''"
    )
