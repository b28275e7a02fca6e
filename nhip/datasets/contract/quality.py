"""Reads the `quality` checks of ODCS 3.1 (metrics) and 3.0 (rules) into what Nhịp checks row by row.

A check that Nhịp cannot run exactly as written (a tolerance, another engine, a free query) is left out and noted.
"""

from __future__ import annotations

import re
from typing import get_args

from nhip.datasets.contract.errors import ExpressionRefused
from nhip.datasets.contract.expression import is_expression, validate_expression
from nhip.datasets.contract.model import RowRule
from nhip.datasets.contract.node import Node
from nhip.datasets.engine import ident
from nhip.datasets.model import Severity
from nhip.kernel.i18n import _

_METRIC = {
    "nullCheck": "nullValues", "nullCount": "nullValues", "missingCheck": "missingValues",
    "uniqueCheck": "duplicateValues", "unique": "duplicateValues", "duplicateCount": "duplicateValues",
    "duplicateValues": "duplicateValues", "validValues": "invalidValues", "invalidCount": "invalidValues",
    "pattern": "invalidValues", "rowCount": "rowCount", "nullValues": "nullValues",
    "missingValues": "missingValues", "invalidValues": "invalidValues",
}  # fmt: skip
"""Metric of 3.1 by metric or by the rule name of 3.0."""

_OPERATORS = (
    "mustBe", "mustNotBe", "mustBeGreaterThan", "mustBeGreaterOrEqualTo", "mustBeLessThan", "mustBeLessOrEqualTo",
    "mustBeBetween", "mustNotBeBetween",
)  # fmt: skip
_SEVERITY = {
    "info": "warning",
    "low": "warning",
    "medium": "error",
    "high": "error",
    "critical": "fatal",
    "blocker": "fatal",
}
_COUNT = re.compile(
    r"\s*select\s+count\s*\(\s*(?:\*|1)\s*\)\s+from\s+(?P<table>\S+)\s+where\s+(?P<bad>.+?)\s*;?\s*",
    re.IGNORECASE | re.DOTALL,
)
_TABLES = re.compile(r"\$?\{(?:object|model|table|schema)\}", re.IGNORECASE)
_COLUMN = re.compile(r"\$?\{(?:property|column|field)\}", re.IGNORECASE)


class Checks:
    """What the quality checks of a column (or, with `column` empty, of the table) ask for."""

    def __init__(self, columns: dict[str, str], table: str, column: str = "") -> None:
        self.columns, self.table, self.column = columns, table, column
        self.required = self.unique = False
        self.enum: tuple[str, ...] = ()
        self.pattern = ""
        self.severity: dict[str, Severity] = {}
        self.rules: list[RowRule] = []
        self.duplicates: list[tuple[str, ...]] = []
        self.min_rows: int | None = None
        self.max_rows: int | None = None

    def read(self, item: Node) -> None:
        """Take in one entry of `quality`."""
        kind = item["type"].text("library")
        if kind == "library":
            self._library(item)
        elif kind == "sql":
            self._sql(item)
        elif kind == "custom":
            self._custom(item)
        elif kind != "text":
            _left_out(item, _("`{what}` is no type of check; it is not run"), kind)

    def _library(self, item: Node) -> None:
        name = item["metric"].text() or item["rule"].text()
        metric = _METRIC.get(name, "")
        if metric == "rowCount" and not self.column:
            self._row_count(item)
        elif not metric or metric == "rowCount":
            _left_out(item, _("Nhịp does not know the check `{what}` here; it is not run"), name)
        elif not _zero(item):
            _left_out(item, _("`{what}`: Nhịp judges every row and has no tolerance; it is not run"), name)
        elif self.column:
            self._column_metric(item, metric)
        else:
            self._table_metric(item, metric)

    def _column_metric(self, item: Node, metric: str) -> None:
        if metric == "invalidValues":
            self._invalid(item)
            return
        rule = "unique" if metric == "duplicateValues" else "required"
        setattr(self, rule, True)
        self._set_severity(item, rule)
        words = [word for word in item["arguments"]["missingValues"].texts() if word]
        if words:
            message = _("only empty cells count as missing; these words do not: {what}")
            _left_out(item["arguments"], message, ", ".join(words))

    def _invalid(self, item: Node) -> None:
        arguments = item["arguments"] if item["arguments"] else item
        values = arguments["validValues"] or item["validValues"]
        pattern = arguments["pattern"].text() or item["pattern"].text()
        if values:
            self.enum = values.texts()
            self._set_severity(item, "enum")
        if pattern:
            self.pattern = pattern
            self._set_severity(item, "pattern")
        if not values and not pattern:
            _left_out(item, _("`{what}` needs validValues or pattern; it is not run"), "invalidValues")

    def _table_metric(self, item: Node, metric: str) -> None:
        names = item["arguments"]["properties"].texts() or item["properties"].texts()
        unknown = [name for name in names if name not in self.columns]
        if metric != "duplicateValues" or not names:
            _left_out(item, _("Nhịp does not know the check `{what}` here; it is not run"), metric)
        elif unknown:
            item.note("error", "contract.column", _("the contract has no column `{name}`"), name=", ".join(unknown))
        else:
            self.duplicates.append(names)

    def _row_count(self, item: Node) -> None:
        if item["unit"].text("rows") != "rows":
            _left_out(item, _("`{what}`: Nhịp judges every row and has no tolerance; it is not run"), "rowCount")
            return
        low, high = item["mustBeGreaterOrEqualTo"].count(), item["mustBeLessOrEqualTo"].count()
        above, below, exact = item["mustBeGreaterThan"].count(), item["mustBeLessThan"].count(), item["mustBe"].count()
        if item["mustBeBetween"]:
            pair = [entry.count() for entry in item["mustBeBetween"].items()]
            low, high = (pair[0], pair[1]) if len(pair) == 2 else (None, None)
            message = _("ODCS does not say whether {what} includes its ends; Nhịp includes them")
            item.note("warning", "contract.between", message, what="mustBeBetween")
        if above is not None:
            low = above + 1
        if below is not None:
            high = below - 1
        if exact is not None:
            low = high = exact
        for operator in ("mustNotBe", "mustNotBeBetween"):
            if item[operator]:
                _left_out(item, _("`{what}` is not known for row counts; it is not run"), operator)
        self.min_rows = low if low is not None else self.min_rows
        self.max_rows = high if high is not None else self.max_rows

    def _sql(self, item: Node) -> None:
        match = _COUNT.fullmatch(item["query"].text())
        if not match or not self._is_table(match["table"]) or not _zero(item):
            message = _(
                "only `SELECT count(*) FROM {{object}} WHERE <bad row>` with `mustBe: 0` can be run; this {what} is not"
            )
            _left_out(item, message, "query")
            return
        bad = match["bad"]
        if self.column:
            bad = _COLUMN.sub(lambda _match: ident(self.column), bad)
        self._rule(item, negation(bad), "error")

    def _is_table(self, text: str) -> bool:
        name = text.strip('"').rpartition(".")[2].strip('"')
        return bool(_TABLES.fullmatch(text)) or name.lower() == self.table.lower()

    def _custom(self, item: Node) -> None:
        engine = item["engine"].text()
        if engine.lower() != "nhip":
            _left_out(item, _("a check for the engine `{what}`; Nhịp does not run it"), engine)
            return
        self._rule(item, item["implementation"].text().strip(), "fatal")

    def _rule(self, item: Node, holds: str, severity: Severity) -> None:
        try:
            validate_expression(holds, self.columns)
        except ExpressionRefused as error:
            message = _("the rule `{expression}` cannot be run: {what}{detail}")
            values = {**error.values, "expression": holds}
            item.note(severity, "contract.expression", message, **values)
            return
        name = item["name"].text() or item["id"].text() or f"{self.column or 'row'}_{len(self.rules) + 1}"
        found = _severity(item) or "error"
        rule = RowRule(name=name, holds=holds, description=item["description"].text(), severity=found)
        self.rules.append(rule)

    def _set_severity(self, item: Node, rule: str) -> None:
        found = _severity(item)
        if found:
            self.severity[rule] = found


def negation(bad: str) -> str:
    """The rule that holds where `bad` is not true: `NOT (x)` gives `x`, else `NOT (bad)`."""
    if re.match(r"(?is)not\s*\(", bad) and bad.endswith(")"):
        inner = bad[bad.index("(") + 1 : -1].strip()
        if is_expression(inner):
            return inner
    return f"NOT ({bad})"


def _zero(item: Node) -> bool:
    """Whether the check allows no bad row at all. Without an operator a 3.0 rule means the same."""
    used = [operator for operator in _OPERATORS if item[operator]]
    if not used:
        return True
    percent = item["unit"].text("rows") != "rows"
    strict = {"mustBe": 0, "mustBeLessOrEqualTo": 0, "mustBeLessThan": None if percent else 1}
    return all(operator in strict and item[operator].value == strict[operator] for operator in used)


def _severity(item: Node) -> Severity | None:
    text = item["severity"].text().lower()
    text = _SEVERITY.get(text, text)
    found: Severity | None = next((known for known in get_args(Severity) if known == text), None)
    if text and not found:
        _left_out(item["severity"], _("Nhịp has no severity `{what}`; the usual one is used"), text)
    return found


def _left_out(item: Node, message: str, what: str) -> None:
    item.note("warning", "contract.left_out", message, what=what)
