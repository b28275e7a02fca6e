"""Whether a treated table may be open: recognisers over every cell of text or whole numbers, what the contract calls personal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import duckdb

from nhip.datasets.contract.model import Contract
from nhip.datasets.contract.profile import PERSONAL
from nhip.datasets.engine import ident
from nhip.kernel.i18n import _
from nhip.kernel.time import today
from nhip.portal.gate.policy import policy_at
from nhip.portal.gate.recognisers import DIGITS, FEWEST, SHARE, any_of, numbers_like, recognisers
from nhip.portal.model import GateReport, OpenColumn, Suspicion

_UNTOUCHED = ("keep", "round")
_LONGEST_PREFIX = 3
"""Characters of a personal value that say no more than its beginning; a longer one would be the value itself."""
_OPEN_KINDS = {"address"}
"""Kinds that belong to places as often as to people; alone they identify nobody."""
_OF_AGENCIES = {"phone", "email", "plate"}
"""Kinds that schools, hospitals and bus fleets have too: open where the contract says `public`; the cells are still looked at."""
_BLOCKS = {
    "declared": _("A column that the contract calls personal, or that holds people's identifiers, is open as it is."),
    "found": _("Cells hold what looks like identifiers of people."),
}


def examine(
    con: duckdb.DuckDBPyConnection, table: str, columns: Sequence[OpenColumn], contract: Contract | None
) -> GateReport:
    """Look at `table` (an SQL source whose columns are `columns`). Every cell is looked at, none is kept but masked examples."""
    policy, known = policy_at(today()), recognisers()
    declared = _declared(columns, contract)
    found = [s for column in columns for s in _suspicions(con, table, column)]
    blocks = ["declared"] * bool(declared) + ["found"] * any(s.what not in policy.warns for s in found)
    warns = sorted({s.what for s in found if s.what in policy.warns})
    return GateReport(
        open=not blocks,
        blocks=[_BLOCKS[name] for name in blocks],
        warns=[known[name].title for name in warns],
        suspicions=[*declared, *found],
        policy=policy.name,
    )


def _declared(columns: Sequence[OpenColumn], contract: Contract | None) -> list[Suspicion]:
    said = {f.name: f.classification for f in contract.fields if f.classification} if contract else {}
    personal = PERSONAL.keys() - _OPEN_KINDS

    def is_personal(column: OpenColumn) -> bool:
        says = said.get(column.name, "")
        open_on_purpose = says == "public" and column.kind in _OF_AGENCIES
        return says in ("personal", "sensitive") or (column.kind in personal and not open_on_purpose)

    return [
        Suspicion(column=c.name, what="declared", cells=0) for c in columns if _is_untouched(c) and is_personal(c)
    ]


def _is_untouched(column: OpenColumn) -> bool:
    return column.act in _UNTOUCHED or (column.act == "prefix" and column.to > _LONGEST_PREFIX)


def _suspicions(con: duckdb.DuckDBPyConnection, table: str, column: OpenColumn) -> Iterator[Suspicion]:
    if column.type == "text":
        yield from _in_text(con, table, column)
    elif column.type == "integer":
        yield from _in_numbers(con, table, column)


def _in_text(con: duckdb.DuckDBPyConnection, table: str, column: OpenColumn) -> Iterator[Suspicion]:
    cell, about = ident(column.name), f"{column.name} {column.title} {column.title_en}"
    tests = {name: r.matches(cell, about) for name, r in recognisers().items()}
    if column.kind == "tax_code":
        del tests["phone"]  # those of some provinces begin as mobile numbers do
    tests["work_email"] += f" and not {tests['email']}"
    likely = f"{table} where {any_of(cell, about)}"
    if con.execute(f"select 1 from {likely} limit 1").fetchone() is None:
        return  # most columns; the tests one by one cost more to compile than to run
    counts = _counts(con, likely, tests)
    for name, cells in counts.items():
        if cells:
            row = con.execute(f"select {cell} from {likely} and {tests[name]} limit 1").fetchone()
            yield Suspicion(column=column.name, what=name, cells=cells, example=masked(str(row[0])) if row else "")


def _in_numbers(con: duckdb.DuckDBPyConnection, table: str, column: OpenColumn) -> Iterator[Suspicion]:
    cell, known = ident(column.name), recognisers()
    tests = {name: numbers_like(known[name], cell, digits) for name, digits in DIGITS.items()}
    counts = _counts(con, f"{table} where {cell} is not null", {**tests, "": "true"})
    total = counts.pop("")
    for name, cells in counts.items():
        if cells >= FEWEST and cells >= SHARE * total:
            yield Suspicion(column=column.name, what=name, cells=cells, example="0" * (DIGITS[name] - 1))


def _counts(con: duckdb.DuckDBPyConnection, source: str, tests: dict[str, str]) -> dict[str, int]:
    counted = ", ".join(f"count(*) filter (where {test})" for test in tests.values())
    row = con.execute(f"select {counted} from {source}").fetchone() or ()
    return dict(zip(tests, row, strict=True))


def masked(text: str) -> str:
    """The shape alone, so that an official finds the cell and nobody else learns from it."""
    return "".join("0" if c.isdigit() else "x" if c.isalpha() else c for c in text[:40])
