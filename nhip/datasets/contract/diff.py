"""What changed between two versions of a contract, and whom it breaks.

"consumer": somebody who reads the data gets something else than before. "supplier": a delivery that was good before is now
faulty. Additions and loosening break nobody, except that a new required column breaks the supplier.
"""

from __future__ import annotations

from collections.abc import Iterator

from nhip.datasets.contract.change import Breaks, Change
from nhip.datasets.contract.diff_meaning import meaning_of_column, meaning_of_table, severity
from nhip.datasets.contract.model import Contract, Field, RowRule
from nhip.datasets.contract.values import comparable, later
from nhip.kernel.i18n import _
from nhip.kernel.text import fold

_WIDER = {("integer", "number"), ("date", "timestamp")}
"""(old, new) types where every old value is a new one; consumers still read another type."""


def diff(old: Contract, new: Contract) -> list[Change]:
    """The changes from `old` to `new`: the table first, then the columns in the order of `old`, then new columns."""
    pairs, removed, added = _match(old, new)
    changes = list(_table(old, new, {before.name: after.name for before, after in pairs}))
    for field in removed:
        changes.append(
            Change(kind="column.removed", column=field.name, breaks="consumer", was=field.type,
                   message=_("the column `{column}` is no longer there"))
        )  # fmt: skip
    for before, after in pairs:
        changes += _column(before, after)
    for field in added:
        changes.append(
            Change(kind="column.added", column=field.name, now=field.type, breaks="supplier" if field.required else "",
                   message=_("the column `{column}` is new") if not field.required
                   else _("the column `{column}` is new and must be delivered"))
        )  # fmt: skip
    return changes


def _match(old: Contract, new: Contract) -> tuple[list[tuple[Field, Field]], list[Field], list[Field]]:
    """Pairs of columns (same name, or renamed: both names differ and a delivered header is shared), then the rest."""
    after = {field.name: field for field in new.fields}
    pairs = {field.name: after.pop(field.name) for field in old.fields if field.name in after}
    for field in old.fields:
        if field.name in pairs:
            continue
        headers = _headers(field)
        found = next((other for other in after.values() if headers & _headers(other)), None)
        if found:
            pairs[field.name] = after.pop(found.name)
    removed = [field for field in old.fields if field.name not in pairs]
    return [(f, pairs[f.name]) for f in old.fields if f.name in pairs], removed, list(after.values())


def _headers(field: Field) -> set[str]:
    return {fold(name) for name in (*field.delivered, field.name)}


def _column(old: Field, new: Field) -> Iterator[Change]:
    if old.name != new.name:
        yield Change(kind="column.renamed", column=old.name, breaks="consumer", was=old.name, now=new.name,
                     message=_("the column `{was}` is now named `{now}`"))  # fmt: skip
    yield from _type(old, new)
    yield from _flags(old, new)
    yield from _enum(old, new)
    yield from _pattern(old, new)
    for low in (True, False):
        yield from _limit(old, new, low)
    yield from _lengths(old, new)
    yield from meaning_of_column(old, new)


def _type(old: Field, new: Field) -> Iterator[Change]:
    if old.type == new.type:
        return
    pair = (old.type, new.type)
    wider = pair in _WIDER or new.type == "string"
    message = _("the type of `{column}` was {was} and is now {now}: consumers read another type")
    if not wider:
        message = _("the type of `{column}` was {was} and is now {now}: values that were good no longer fit")
    breaks: Breaks = "consumer" if wider else "supplier"
    kind = "type.widened" if wider else "type.narrowed"
    yield Change(kind=kind, column=new.name, breaks=breaks, was=old.type, now=new.type, message=message)


_FLAGS = {
    "required": (_("`{column}` is now required"), _("`{column}` is no longer required; consumers relied on it")),
    "unique": (_("`{column}` is now unique"), _("`{column}` is no longer unique; consumers relied on it")),
}


def _flags(old: Field, new: Field) -> Iterator[Change]:
    for flag, (added, removed) in _FLAGS.items():
        before, after = getattr(old, flag), getattr(new, flag)
        if after and not before:
            yield Change(kind=f"{flag}.added", column=new.name, breaks="supplier", now="x", message=added)
        elif before and not after:
            yield Change(kind=f"{flag}.removed", column=new.name, breaks="consumer", was="x", message=removed)


def _enum(old: Field, new: Field) -> Iterator[Change]:
    gone = [value for value in old.enum if value not in new.enum]
    more = [value for value in new.enum if value not in old.enum]
    if new.enum and not old.enum:
        yield Change(kind="enum.added", column=new.name, breaks="supplier", now=_list(new.enum),
                     message=_("`{column}` now has a list of valid values"))  # fmt: skip
    elif old.enum and not new.enum:
        yield Change(kind="enum.dropped", column=new.name, breaks="consumer", was=_list(old.enum),
                     message=_("`{column}` no longer has a list of valid values; consumers may meet any"))  # fmt: skip
    else:
        if gone:
            yield Change(kind="enum.removed", column=new.name, breaks="supplier", was=_list(gone),
                         message=_("values of `{column}` are no longer valid: {was}"))  # fmt: skip
        if more:
            yield Change(kind="enum.extended", column=new.name, now=_list(more),
                         message=_("values of `{column}` are new: {now}"))  # fmt: skip


def _pattern(old: Field, new: Field) -> Iterator[Change]:
    for name in ("pattern", "format"):
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            message = _("the form of `{column}` was `{was}` and is now `{now}`")
            breaks: Breaks = "supplier" if after else ""
            yield Change(kind=f"{name}.changed", column=new.name, breaks=breaks, was=before, now=after, message=message)


def _limit(old: Field, new: Field, low: bool) -> Iterator[Change]:
    """The lower or upper limit as (value, exclusive); the tighter of the two kinds counts."""
    before, after = _tightest(old, low), _tightest(new, low)
    if before == after or (old.type != new.type and not after):
        return
    tighter = after is not None and (before is None or _inside(after, before, low))
    message = _("the limit of `{column}` was {was} and is now {now}")
    breaks: Breaks = "supplier" if tighter else ""
    kind = "range.tightened" if tighter else "range.loosened"
    yield Change(
        kind=kind, column=new.name, breaks=breaks, was=_show(before, low), now=_show(after, low), message=message
    )


Limit = tuple[object, bool]


def _tightest(field: Field, low: bool) -> Limit | None:
    names = ("minimum", "exclusive_minimum") if low else ("maximum", "exclusive_maximum")
    found: Limit | None = None
    for name in names:
        raw = getattr(field, name)
        value = None if raw is None else comparable(field.type, raw)
        if value is not None and (found is None or _inside((value, "excl" in name), found, low)):
            found = (value, "excl" in name)
    return found


def _inside(one: Limit, other: Limit, low: bool) -> bool:
    """Whether limit `one` allows less than `other`."""
    if one[0] == other[0]:
        return one[1] and not other[1]
    above = later(one[0], other[0])  # type: ignore[arg-type]
    return above if low else not above


def _show(limit: Limit | None, low: bool) -> str:
    if limit is None:
        return "-"
    return f"{'>' if low else '<'}{'' if limit[1] else '='} {limit[0]}"


def _lengths(old: Field, new: Field) -> Iterator[Change]:
    for name, sign in (("min_length", 1), ("max_length", -1), ("multiple_of", 0)):
        before, after = getattr(old, name), getattr(new, name)
        if before == after:
            continue
        tighter = after is not None and (before is None or sign == 0 or (after - before) * sign > 0)
        message = _("the limit of `{column}` was {was} and is now {now}")
        kind = "range.tightened" if tighter else "range.loosened"
        breaks: Breaks = "supplier" if tighter else ""
        yield Change(
            kind=kind, column=new.name, breaks=breaks, was=f"{name} {before}", now=f"{name} {after}", message=message
        )


def _table(old: Contract, new: Contract, renamed: dict[str, str]) -> Iterator[Change]:
    if old.dataset != new.dataset:
        yield Change(kind="dataset.renamed", breaks="consumer", was=old.dataset, now=new.dataset,
                     message=_("the dataset `{was}` is now named `{now}`"))  # fmt: skip
    before, after = tuple(renamed.get(name, name) for name in old.key), new.key
    if before != after:
        yield Change(kind="key.changed", breaks="consumer", was=_list(old.key), now=_list(after),
                     message=_("the primary key was ({was}) and is now ({now})"))  # fmt: skip
    yield from _rows(old, new)
    yield from meaning_of_table(old, new, renamed)
    yield from _rules({r.name: r for r in old.row_rules}, {r.name: r for r in new.row_rules})
    for reference in new.references:
        if reference not in old.references:
            yield Change(kind="reference.added", breaks="supplier", now=f"{_list(reference.columns)} -> {reference.to_dataset}",
                         message=_("a foreign key is new: {now}"))  # fmt: skip
    for reference in old.references:
        if reference not in new.references:
            yield Change(kind="reference.removed", was=f"{_list(reference.columns)} -> {reference.to_dataset}",
                         message=_("a foreign key is gone: {was}"))  # fmt: skip


def _rows(old: Contract, new: Contract) -> Iterator[Change]:
    for name, sign in (("min_rows", 1), ("max_rows", -1), ("drift_rows_percent", -1), ("cadence_days", 0)):
        before, after = getattr(old, name), getattr(new, name)
        if before == after:
            continue
        breaks: Breaks = ""
        if name == "cadence_days":
            slower = after is None or (before is not None and after > before)
            breaks = "consumer" if slower else "supplier"
        elif after is not None and (before is None or (after - before) * sign > 0):
            breaks = "supplier"
        message = _("`{was}` of the table is now `{now}`")
        yield Change(
            kind=f"{name}.changed", breaks=breaks, was=f"{name} {_dash(before)}", now=_dash(after), message=message
        )


def _rules(old: dict[str, RowRule], new: dict[str, RowRule]) -> Iterator[Change]:
    for name in [*old, *(name for name in new if name not in old)]:
        before, after = old.get(name), new.get(name)
        if before and after and before.holds == after.holds:
            yield from severity(name, {name: before.severity}, {name: after.severity}, usual="error")
            continue
        was, now = (before.holds if before else ""), (after.holds if after else "")
        kind = "rule.changed" if before and after else "rule.added" if after else "rule.removed"
        message = _("the row rule `{column}` was `{was}` and is now `{now}`")
        yield Change(kind=kind, column=name, breaks="supplier" if after else "", was=was, now=now, message=message)


def _list(values: tuple[str, ...] | list[str]) -> str:
    return ", ".join(values)


def _dash(value: object) -> str:
    return "-" if value is None else str(value)
