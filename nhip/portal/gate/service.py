"""Whether a treated table may be open: recognisers over every cell of text or whole numbers, what the contract calls personal,
what columns tell together, and how many people share what could lead to one of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import duckdb
import msgspec

from nhip.datasets.contract.model import Contract, Field
from nhip.datasets.contract.profile import PERSONAL
from nhip.datasets.engine import ident
from nhip.datasets.personal import Protection, protection_of
from nhip.kernel.time import today
from nhip.portal.gate.anonymity import anonymity_of
from nhip.portal.gate.differences import few_changed
from nhip.portal.gate.findings import BLOCKS, title_of
from nhip.portal.gate.people import about, overruled, roles_with
from nhip.portal.gate.policy import Policy, policy_at
from nhip.portal.gate.recognisers import DIGITS, FEWEST, LEAST, SHARE, any_of, numbers_like, recognisers
from nhip.portal.gate.together import codes_of, together
from nhip.portal.model import WHOLE, GateReport, OpenColumn, Role, Shaping, Suspicion

_UNTOUCHED = ("keep", "round", "group", "top", "bottom")
_LONGEST_PREFIX = 3
"""Characters of a personal value that say no more than its beginning; a longer one would be the value itself."""
_NARROWEST_BAND = 5
"""Years of birth in bands of five say no more than a group; a band of an identifier is nearly the identifier."""
_OPEN_KINDS = {"address"}
"""Kinds that belong to places as often as to people; alone they identify nobody."""
_OF_AGENCIES = {"phone", "email", "plate"}
"""Kinds that schools, hospitals and bus fleets have too: open where the contract says `public`; the cells are still looked at."""
_TOGETHER = {"name_birth_row", "name_address", "residence", "owner_plate", "pseudonym"}


class People(msgspec.Struct, frozen=True, kw_only=True):
    """Of the people among the rows: roles that hold, columns of codes, where somebody says less than Nhịp infers."""

    roles: dict[str, Role]
    codes: list[str]
    overruled: list[str]

    def of(self, role: Role) -> list[str]:
        """Columns of one role."""
        return [name for name, found in self.roles.items() if found == role]


def examine(
    con: duckdb.DuckDBPyConnection,
    table: str,
    columns: Sequence[OpenColumn],
    contract: Contract | None,
    source: Sequence[Field] | None = None,
    shaping: Shaping = WHOLE,
    weight: str = "",
    former: str = "",
) -> GateReport:
    """Look at `table` (an SQL source whose columns are `columns`). Every cell is looked at, none is kept but masked examples.

    `source`: the columns of the version that it was made from, also those that are left out. `weight`: the column that says how
    many rows of the version each row stands for. `former`: SQL source of the release that is open until now, if there is one.
    """
    policy, protection = policy_at(today()), protection_of(contract) if contract else Protection()
    fields = list(source) if source is not None else [Field(name=c.name, kind=c.kind, title=c.title) for c in columns]
    people = people_in(con, table, columns, fields, protection, contract, shaping)
    found = [s for column in _likely(con, table, columns) for s in _suspicions(con, table, column)]
    if _has_owners(fields, protection):
        found = [msgspec.structs.replace(s, what="owner_plate") if s.what == "plate" else s for s in found]
    found += together(con, table, columns)
    found += [Suspicion(column=name, what="pseudonym", cells=0) for name in people.codes]
    quasi, sensitive = people.of("quasi"), people.of("sensitive")
    measured = anonymity_of(con, table, quasi, sensitive, policy.k, weight)
    if measured.k is not None and measured.k < policy.k:
        found.append(Suspicion(column=" + ".join(quasi), what="few", cells=measured.few_rows))
    if measured.l is not None and measured.l < policy.l:
        found.append(Suspicion(column=" + ".join(sensitive), what="alike", cells=0))
    if former and (changed := few_changed(con, table, former, quasi, policy.k, weight)):
        found.append(Suspicion(column=" + ".join(quasi), what="changed", cells=changed))
    report = _judged(policy, [*_declared(columns, contract), *found])
    return msgspec.structs.replace(
        report,
        k=measured.k,
        l=measured.l,
        wanted_k=policy.k,
        wanted_l=policy.l,
        few_rows=measured.few_rows,
        quasi=quasi,
        sensitive=sensitive,
        overruled=people.overruled,
    )


def people_in(
    con: duckdb.DuckDBPyConnection,
    table: str,
    columns: Sequence[OpenColumn],
    source: Sequence[Field],
    protection: Protection,
    contract: Contract | None,
    shaping: Shaping = WHOLE,
) -> People:
    """Which columns of `table` could lead to a person, or say what nobody should know of one."""
    inferred = about(source, protection.private, columns)
    codes = (
        codes_of(con, table, columns, contract.key if contract else ()) if inferred.people and not shaping.by else []
    )
    said = shaping.roles
    excused = [name for name in codes if name in said]
    return People(
        roles=roles_with(inferred, said, columns),
        codes=[name for name in codes if name not in said],
        overruled=sorted({*overruled(inferred, said), *excused}),
    )


def _judged(policy: Policy, found: list[Suspicion]) -> GateReport:
    """The verdict: what blocks and what warns, by the policy."""
    blocking = [s.what for s in found if s.what not in policy.warns]
    reasons = {_reason_of(what) for what in blocking}
    return GateReport(
        open=not blocking,
        blocks=[BLOCKS[name] for name in BLOCKS if name in reasons],
        warns=[title_of(name) for name in sorted({s.what for s in found if s.what in policy.warns})],
        suspicions=found,
        policy=policy.name,
    )


def _reason_of(what: str) -> str:
    return what if what in BLOCKS else "together" if what in _TOGETHER else "found"


def _has_owners(source: Sequence[Field], protection: Protection) -> bool:
    """Whether the version names people, though they are left out."""
    return any(field.kind == "person_name" and field.name in protection.private for field in source)


def _declared(columns: Sequence[OpenColumn], contract: Contract | None) -> list[Suspicion]:
    said = {f.name: f.classification for f in contract.fields if f.classification} if contract else {}
    personal = PERSONAL.keys() - _OPEN_KINDS

    def is_personal(column: OpenColumn) -> bool:
        says = said.get(column.name, "")
        open_on_purpose = says == "public" and column.kind in _OF_AGENCIES
        return says in ("personal", "sensitive") or (column.kind in personal and not open_on_purpose)

    return [Suspicion(column=c.name, what="declared", cells=0) for c in columns if _is_untouched(c) and is_personal(c)]


def _is_untouched(column: OpenColumn) -> bool:
    if column.act == "band":
        return column.to < _NARROWEST_BAND or column.kind in PERSONAL
    return column.act in _UNTOUCHED or (column.act == "prefix" and column.to > _LONGEST_PREFIX)


def _likely(con: duckdb.DuckDBPyConnection, table: str, columns: Sequence[OpenColumn]) -> list[OpenColumn]:
    """The columns that need a look of their own. Those of text are first looked at all in one pass: in most tables nothing is
    found, and to make the patterns ready once for each column takes longer than to read a hundred thousand rows."""
    plain = [
        c for c in columns if c.type == "text" and not any(r.speaks_of(_called(c)) for r in recognisers().values())
    ]
    if len(plain) < 2:
        return list(columns)
    cells = ", ".join(f"{{'place': {place}, 'cell': {ident(c.name)}}}" for place, c in enumerate(plain))
    rows = con.execute(
        f"select distinct one.place from (select unnest([{cells}]) as one from {table}) where {any_of('one.cell')}"
    ).fetchall()
    found = {plain[int(row[0])].name for row in rows}
    idle = {column.name for column in plain} - found
    return [column for column in columns if column.name not in idle]


def _called(column: OpenColumn) -> str:
    return f"{column.name} {column.title} {column.title_en} {column.kind}"


def _suspicions(con: duckdb.DuckDBPyConnection, table: str, column: OpenColumn) -> Iterator[Suspicion]:
    if column.type == "text":
        yield from _in_text(con, table, column)
    elif column.type == "integer":
        yield from _in_numbers(con, table, column)


def _in_text(con: duckdb.DuckDBPyConnection, table: str, column: OpenColumn) -> Iterator[Suspicion]:
    cell, called = ident(column.name), _called(column)
    tests = {name: r.matches(cell, called) for name, r in recognisers().items()}
    if column.kind == "tax_code":
        del tests["phone"]  # those of some provinces begin as mobile numbers do
    tests["work_email"] += f" and not {tests['email']}"
    likely = f"{table} where {any_of(cell, called)}"
    if con.execute(f"select 1 from {likely} limit 1").fetchone() is None:
        return  # most columns; the tests one by one cost more to compile than to run
    counts = _counts(con, likely, tests)
    for name, cells in counts.items():
        if cells:
            row = con.execute(f"select {cell} from {likely} and {tests[name]} limit 1").fetchone()
            yield Suspicion(column=column.name, what=name, cells=cells, example=masked(str(row[0])) if row else "")


def _in_numbers(con: duckdb.DuckDBPyConnection, table: str, column: OpenColumn) -> Iterator[Suspicion]:
    cell, known = ident(column.name), recognisers()
    likely = f"{cell} >= {LEAST}"
    counts = _counts(con, table, {"": f"{cell} is not null", "likely": likely})
    total = counts[""]
    if counts["likely"] < max(FEWEST, SHARE * total):
        return
    tests = {name: numbers_like(known[name], cell, digits) for name, digits in DIGITS.items()}
    for name, cells in _counts(con, f"{table} where {likely}", tests).items():
        if cells >= FEWEST and cells >= SHARE * total:
            yield Suspicion(column=column.name, what=name, cells=cells, example="0" * (DIGITS[name] - 1))


def _counts(con: duckdb.DuckDBPyConnection, source: str, tests: dict[str, str]) -> dict[str, int]:
    counted = ", ".join(f"count(*) filter (where {test})" for test in tests.values())
    row = con.execute(f"select {counted} from {source}").fetchone() or ()
    return dict(zip(tests, row, strict=True))


def masked(text: str) -> str:
    """The shape alone, so that an official finds the cell and nobody else learns from it."""
    return "".join("0" if c.isdigit() else "x" if c.isalpha() else c for c in text[:40])
