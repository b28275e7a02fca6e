"""Which delivered column is which column of the contract."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from nhip.datasets.check.errors import NameTaken, OtherColumns
from nhip.datasets.contract.model import Contract, Field
from nhip.datasets.model import ROW
from nhip.kernel.text import fold


class Matched(NamedTuple):
    """`sources`: for each field of the contract the delivered column, None where there is none; `unknown`: what is left over."""

    sources: tuple[str | None, ...]
    unknown: tuple[str, ...]


def match_columns(contract: Contract, delivered: Sequence[str]) -> Matched:
    """Find each field's column: by its exact name, then by name, delivered headers and title compared folded.

    Raises NameTaken for a contract whose columns cannot be told apart, OtherColumns when nothing at all fits.
    """
    _check_names(contract)
    left = dict.fromkeys(delivered)
    exact = {field.name: field.name for field in contract.fields if field.name in left}
    for name in exact:
        del left[name]
    folded: dict[str, str] = {}
    for name in left:
        folded.setdefault(_key(name), name)
    sources = tuple(exact.get(field.name) or _take(field, folded) for field in contract.fields)
    if not any(sources):
        expected = ", ".join(field.name for field in contract.fields[:12])
        raise OtherColumns(contract=contract.id, expected=expected, found=", ".join(delivered[:12]))
    used = set(sources)
    return Matched(sources, tuple(name for name in delivered if name not in used))


def _take(field: Field, folded: dict[str, str]) -> str | None:
    for header in (field.name, *field.delivered, field.title, field.title_en):
        found = folded.pop(_key(header), None) if header else None
        if found is not None:
            return found
    return None


def _key(header: str) -> str:
    """Folded, with every sign between words as one blank: `Ngày_sinh (DD/MM)` and `ngay sinh dd mm` are the same."""
    return " ".join("".join(c if c.isalnum() else " " for c in fold(header)).split()) or header


def _check_names(contract: Contract) -> None:
    seen = {ROW.lower()}
    for field in contract.fields:
        name = field.name.lower()
        if not name or name in seen or "\x00" in name:
            raise NameTaken(column=field.name)
        seen.add(name)
