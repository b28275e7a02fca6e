"""What changed in the meaning of a contract: kinds, units, headers, severities, what counts as the same thing twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nhip.datasets.contract.change import NONE, Breaks, Change
from nhip.datasets.contract.model import Contract, Field
from nhip.kernel.i18n import _
from nhip.kernel.text import fold

_OUT = "fatal"
_ABOUT_COLUMN = {
    "unit": _("the unit of `{column}` was {was} and is now {now}"),
    "crs": _("the coordinate system of `{column}` was {was} and is now {now}"),
    "kind": _("what `{column}` holds was {was} and is now {now}"),
    "order": _("the order of day and month in `{column}` was {was} and is now {now}"),
    "classification": _("the classification of `{column}` was {was} and is now {now}"),
}

_ABOUT_TABLE = {
    "table": _("the sheet or table that is read was {was} and is now {now}"),
    "province": _("the province of places without one was {was} and is now {now}"),
    "licence": _("the licence was {was} and is now {now}"),
    "classification": _("the classification of the dataset was {was} and is now {now}"),
    "owner": _("the agency that owns the dataset was {was} and is now {now}"),
}


def meaning_of_column(old: Field, new: Field) -> Iterator[Change]:
    """Another unit or kind gives consumers other values; another order of day and month, or a header that is no longer known,
    makes good deliveries bad. To state what was not said breaks nobody."""
    breaking: tuple[tuple[str, Breaks], ...] = (
        ("unit", "consumer"), ("crs", "consumer"), ("kind", "consumer"), ("order", "supplier"), ("classification", ""),
    )  # fmt: skip
    for name, breaks in breaking:
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            whom: Breaks = breaks if before and (after or name != "kind") else ""
            told = {"was": before or NONE, "now": after or NONE, "message": _ABOUT_COLUMN[name]}
            yield Change(kind=f"{name}.changed", column=new.name, breaks=whom, **told)
    yield from _headers(old, new)
    yield from severity(new.name, old.severity, new.severity)


def _headers(old: Field, new: Field) -> Iterator[Change]:
    known = {fold(name): name for name in (*new.delivered, new.name, new.title)}
    before = {fold(name): name for name in (*old.delivered, old.name, old.title)}
    gone = [name for name in old.delivered if fold(name) not in known]
    more = [name for name in new.delivered if fold(name) not in before]
    if gone:
        message = _("headers under which `{column}` was delivered are no longer known: {was}")
        yield Change(kind="delivered.removed", column=new.name, breaks="supplier", was=", ".join(gone), message=message)
    if more:
        message = _("`{column}` may also be delivered under: {now}")
        yield Change(kind="delivered.added", column=new.name, now=", ".join(more), message=message)


def severity(column: str, old: Mapping[str, str], new: Mapping[str, str], usual: str = "") -> Iterator[Change]:
    """Severities by rule; `usual` where none is said. Rows that are newly kept out are the supplier's loss, rows that are no
    longer kept out the consumer's."""
    for rule in dict.fromkeys((*old, *new)):
        before, after = old.get(rule, usual), new.get(rule, usual)
        if before == after:
            continue
        breaks: Breaks = "supplier" if after == _OUT else "consumer" if before == _OUT else ""
        message = _("the severity of {column} was {was} and is now {now}")
        name = column if column == rule else f"{column}: {rule}"
        yield Change(kind="severity.changed", column=name, breaks=breaks, was=before, now=after, message=message)


def meaning_of_table(old: Contract, new: Contract, renamed: Mapping[str, str]) -> Iterator[Change]:
    """The sheet that is read, the province, protection and licence, and the columns that make two rows the same thing."""
    breaking: tuple[tuple[str, Breaks], ...] = (
        ("table", "supplier"), ("province", "consumer"), ("licence", "consumer"), ("classification", ""), ("owner", ""),
    )  # fmt: skip
    for name, breaks in breaking:
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            whom: Breaks = breaks if before or name == "table" else ""
            told = {"was": before or NONE, "now": after or NONE, "message": _ABOUT_TABLE[name]}
            yield Change(kind=f"{name}.changed", breaks=whom, **told)
    yield from _duplicates(old, new, renamed)


def _duplicates(old: Contract, new: Contract, renamed: Mapping[str, str]) -> Iterator[Change]:
    before = [tuple(renamed.get(name, name) for name in key) for key in old.duplicate_keys]
    for key in new.duplicate_keys:
        if key not in before:
            message = _("rows with the same {now} now count as the same thing")
            yield Change(kind="duplicates.added", breaks="supplier", now=", ".join(key), message=message)
    for key in before:
        if key not in new.duplicate_keys:
            message = _("rows with the same {was} no longer count as the same thing; consumers may meet doubles")
            yield Change(kind="duplicates.removed", breaks="consumer", was=", ".join(key), message=message)
