"""The plan of one assessment: for each column of the contract where it comes from, how it is read and which rules it has;
and the schema that holds its tables meanwhile."""

from __future__ import annotations

import itertools
from types import TracebackType
from typing import NamedTuple

import duckdb

from nhip.datasets.check.cells import CellRule, cell_rules
from nhip.datasets.conform.columns import match_columns
from nhip.datasets.conform.forms import Form, Reading, form_of
from nhip.datasets.contract.model import Contract, Field
from nhip.datasets.engine import ident
from nhip.datasets.model import DecodedTable

_numbers = itertools.count(1)


class Room:
    """A schema of its own for the tables of one assessment, gone when it ends; names in it are ours, never a file's."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con
        self.schema = f"assessment_{next(_numbers)}"
        self._fresh = itertools.count()

    def __enter__(self) -> Room:
        self.con.execute(f"CREATE SCHEMA {self.schema}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.con.execute(f"DROP SCHEMA IF EXISTS {self.schema} CASCADE")

    def table(self, name: str, at: int | None = None) -> str:
        """The qualified name of the table `name`, of column `at` if it is one a column."""
        return f"{self.schema}.{name}" if at is None else f"{self.schema}.{name}_{at}"

    def fresh_table(self, name: str) -> str:
        """The qualified name of one more table `name`."""
        return self.table(name, next(self._fresh))


class Column(NamedTuple):
    """A column of the contract that the table has. `c{at}` is its delivered text, `v{at}` its typed value in our tables."""

    at: int
    field: Field
    source: str
    form: Form
    rules: list[CellRule]
    key: bool

    @property
    def text(self) -> str:
        return f"c{self.at}"

    @property
    def value(self) -> str:
        return f"v{self.at}"

    @property
    def required(self) -> bool:
        return self.field.required or self.key


class Plan(NamedTuple):
    """Everything that the steps of an assessment need to know about the contract and the table."""

    contract: Contract
    table: DecodedTable
    columns: list[Column]
    missing: list[Field]
    unknown: tuple[str, ...]
    as_delivered: bool

    def column(self, name: str) -> Column | None:
        """The column of the contract's field `name`, None if the table lacks it."""
        return next((column for column in self.columns if column.field.name == name), None)

    def columns_named(self, names: tuple[str, ...]) -> list[Column] | None:
        """The columns of `names`, None if the table lacks one."""
        found = [column for name in names if (column := self.column(name))]
        return found if len(found) == len(names) else None

    def delivered(self) -> str:
        """A FROM item of the delivered table: `_row` and the text `c{at}` of each column."""
        cells = ", ".join(f"{ident(column.source)} AS {column.text}" for column in self.columns)
        return f"(SELECT _row, {cells} FROM {self.table.relation})"


def make_plan(contract: Contract, table: DecodedTable, reading: Reading, *, as_delivered: bool) -> Plan:
    """Match the columns and compile their forms and rules.

    Raises OtherColumns, NameTaken, FormatUnknown, PatternUnusable, LimitUnreadable.
    """
    matched = match_columns(contract, [column.name for column in table.columns])
    key = set(contract.key)
    columns, missing = [], []
    for at, (field, source) in enumerate(zip(contract.fields, matched.sources, strict=True)):
        if source is None:
            missing.append(field)
            continue
        form = form_of(field, reading, as_delivered=as_delivered)
        columns.append(Column(at, field, source, form, cell_rules(field), field.name in key))
    return Plan(contract, table, columns, missing, matched.unknown, as_delivered)
