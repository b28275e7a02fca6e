"""Holds findings against the truth: of each kind of fault, how many were found, and which findings nobody planted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import msgspec

ACCEPTED: dict[str, str] = {
    "boolean.form": "boolean.form",
    "boolean.word": "boolean.* type",
    "citizen.wrong": "citizen.* identity.* pattern type",
    "column.missing": "column.missing",
    "column.renamed": "column.*",
    "conflict": "conflict",
    "coordinate.form": "coordinate.form point.degrees",
    "coordinate.outside": "coordinate.* point.* minimum maximum place.*",
    "coordinate.swapped": "coordinate.swapped point.swapped",
    "coordinate.zero": "coordinate.* point.*",
    "dataset.empty": "rows.* drift.rows",
    "date.ambiguous": "date.ambiguous",
    "date.form": "date.form",
    "date.impossible": "date.impossible date.unreadable type",
    "date.monthFirst": "date.monthFirst date.ambiguous date.impossible",
    "date.serial": "date.serial date.form date.unreadable",
    "date.twoDigitYear": "date.twoDigitYear",
    "date.word": "date.unreadable date.* type value.blank",
    "date.year": "date.year date.impossible maximum",
    "drift.rows": "drift.rows rows.*",
    "duplicate.business": "duplicate* unique",
    "duplicate.exact": "duplicate* primaryKey unique",
    "email.wrong": "email.* pattern",
    "enum": "enum",
    "maximum": "maximum number.range",
    "minimum": "minimum number.range",
    "number.ambiguous": "number.ambiguous",
    "number.form": "number.form number.*",
    "number.free": "number.free number.word number.*",
    "number.money": "number.money number.*",
    "number.word": "number.* type",
    "pattern": "pattern",
    "personal.leak": "personal.* pii* citizen.*",
    "phone.form": "phone.form",
    "phone.wrong": "phone.* pattern",
    "place.ambiguous": "place.ambiguous place.*",
    "place.none": "place.none place.*",
    "plate.form": "plate.form",
    "plate.wrong": "plate.* pattern",
    "primaryKey": "primaryKey unique duplicate*",
    "primaryKey.missing": "primaryKey required",
    "reference": "reference*",
    "required": "required",
    "row.rule": "row*",
    "tax.wrong": "taxCode.* tax.*",
    "text.lost": "text.lost text.encoding",
    "text.mojibake": "text.mojibake text.encoding",
    "text.nfd": "text.form text.nfd text.nfc",
    "text.spaces": "text.form text.spaces",
    "text.tone": "text.form text.tone",
    "time.impossible": "time.* type",
    "unit.other": "number.unit* unit.* number.*",
    "value.blank": "value.blank required *.blank",
}
"""Rules that count as finding a kind, separated by blanks; `*` stands for any letters. `encoding.…` is in `_rules_of`."""

QUIET = ("layout.", "file.", "stale", "dataset.same", "place.old")
"""Kinds that are read rightly when they leave no finding behind: layout, encodings of whole files, age, equal
files, and places that were renamed or merged, which get their present code."""

_WHOLE_ROW = (
    "coordinate.%", "duplicate.%", "primaryKey%", "row.rule", "reference", "required", "minimum", "maximum", "place.%",
    "date.%", "pattern", "value.blank",
)  # fmt: skip
"""Plants that may rightly be found in another column of their row: pairs, row rules, places and their points, keys."""


Delivery = tuple[str, int]
"""Dataset, and number of the delivery."""


class Score(msgspec.Struct, frozen=True):
    """Of one kind: planted, found by an accepted rule, found by another rule at the same place, missed."""

    planted: int
    found: int
    otherwise: int
    missed: int


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """`false_alarms`: findings (warning, error, fatal) by rule where nothing was planted. `missed` and `alarms`: examples."""

    by_kind: dict[str, Score]
    false_alarms: dict[str, int]
    missed: list[dict[str, Any]]
    alarms: list[dict[str, Any]]

    @property
    def found_share(self) -> float:
        """Share of planted faults that any finding points at, 0 to 1."""
        planted = sum(score.planted for score in self.by_kind.values())
        return sum(s.found + s.otherwise for s in self.by_kind.values()) / planted if planted else 1.0


def compare(
    truth: Path,
    findings: Mapping[Delivery, Path],
    conflicts: Mapping[Delivery, list[Path]] | None = None,
    *,
    examples: int = 50,
) -> Comparison:
    """Compare truth.parquet with the findings (FINDING_DDL) of deliveries, given as (dataset, number of the delivery) -> Parquet,
    and with the cells that other datasets say differently (as `nhip.datasets.compare` writes them).

    Plants of deliveries that are not given are left out. Kinds in QUIET are found where they left no error.
    """
    with duckdb.connect(config={"threads": 1}) as db:
        _load(db, truth, findings)
        for (dataset, number), paths in (conflicts or {}).items():
            db.execute("INSERT INTO finding SELECT ?, ?, \"row\", \"column\", 'conflict', 'warning', value, other_value"
                       " FROM read_parquet(?)", [dataset, number, list(map(str, paths))])  # fmt: skip
        db.execute(_JUDGE)
        scores = db.execute(_SCORES).fetchall()
        alarms = db.execute("SELECT rule, count(*) FROM alarm GROUP BY rule ORDER BY 2 DESC, 1").fetchall()
        return Comparison(
            by_kind={kind: Score(*numbers) for kind, *numbers in scores},
            false_alarms=dict(alarms),
            missed=_dicts(
                db, f"SELECT * EXCLUDE (id, found, elsewhere, quiet, disturbed) FROM judged WHERE {_MISSED}", examples
            ),
            alarms=_dicts(db, "SELECT * FROM alarm", examples),
        )


def _load(db: duckdb.DuckDBPyConnection, truth: Path, findings: Mapping[Delivery, Path]) -> None:
    db.execute("CREATE TABLE finding (dataset VARCHAR, delivery INTEGER, row BIGINT, col VARCHAR, rule VARCHAR,"
               " severity VARCHAR, value VARCHAR, suggestion VARCHAR)")  # fmt: skip
    db.execute("CREATE TABLE given (dataset VARCHAR, delivery INTEGER)")
    for (dataset, number), path in findings.items():
        db.execute("INSERT INTO given VALUES (?, ?)", [dataset, number])
        db.execute('INSERT INTO finding SELECT ?, ?, "row", "column", "rule", severity, value, suggestion FROM read_parquet(?)',
                   [dataset, number, str(path)])  # fmt: skip
    db.execute(
        'CREATE TABLE plant AS SELECT row_number() OVER () AS id, dataset, delivery, "row", "column" AS col, kind, value,'
        ' "right", twin FROM read_parquet(?) SEMI JOIN given USING (dataset, delivery)',
        [str(truth)],
    )
    db.execute("CREATE TABLE accepted (kind VARCHAR, rule VARCHAR)")
    kinds = [kind for (kind,) in db.execute("SELECT DISTINCT kind FROM plant").fetchall()]
    pairs = [(kind, rule.replace("*", "%")) for kind in kinds for rule in _rules_of(kind)]
    if pairs:
        db.executemany("INSERT INTO accepted VALUES (?, ?)", pairs)
    db.execute("CREATE TABLE whole_row (kind VARCHAR)")
    db.executemany("INSERT INTO whole_row VALUES (?)", [(kind,) for kind in _WHOLE_ROW])
    db.execute("CREATE TABLE quiet_kind (kind VARCHAR)")
    db.executemany("INSERT INTO quiet_kind VALUES (?)", [(kind + "%",) for kind in QUIET])


def _rules_of(kind: str) -> list[str]:
    return ["text.encoding", "text.mojibake"] if kind.startswith("encoding.") else ACCEPTED.get(kind, kind).split()


_JUDGE = """
CREATE TABLE touched AS
SELECT p.id, p.kind, f.rule, f.severity FROM plant p JOIN finding f USING (dataset, delivery, row)
WHERE f.col = p.col OR f.col = '' OR p.col = '' OR p.kind IN ('row.rule', 'primaryKey')
  OR (p.kind LIKE 'coordinate.%' AND f.rule SIMILAR TO '(coordinate|point|place).*')
UNION ALL
SELECT p.id, p.kind, f.rule, f.severity FROM plant p
JOIN finding f ON f.dataset = p.dataset AND f.delivery = p.delivery AND f.row = p.twin
WHERE p.twin > 0 AND f.rule SIMILAR TO '(duplicate|primaryKey|unique).*';

CREATE TABLE judged AS
SELECT p.*, coalesce(h.found, false) AS found, h.id IS NOT NULL AS elsewhere, q.kind IS NOT NULL AS quiet,
  coalesce(h.disturbed, false) AND p.row > 0 AS disturbed
FROM plant p
LEFT JOIN quiet_kind q ON p.kind LIKE q.kind
LEFT JOIN (
  SELECT t.id, coalesce(bool_or(t.rule LIKE a.rule), false) AS found, bool_or(t.severity IN ('error', 'fatal')) AS disturbed
  FROM touched t LEFT JOIN accepted a USING (kind) GROUP BY t.id
) h USING (id);

CREATE TABLE excused AS
SELECT DISTINCT dataset, delivery, row FROM plant p
WHERE row = 0 OR col = '' OR EXISTS (FROM whole_row w WHERE p.kind LIKE w.kind)
UNION SELECT dataset, delivery, twin FROM plant WHERE twin > 0;

CREATE TABLE alarm AS
SELECT f.* FROM finding f
ANTI JOIN excused USING (dataset, delivery, row)
ANTI JOIN plant USING (dataset, delivery, row, col)
WHERE f.severity IN ('warning', 'error', 'fatal');
"""

_MISSED = "CASE WHEN quiet THEN disturbed ELSE NOT found AND NOT elsewhere END"
_SCORES = f"""
SELECT kind, count(*),
  count(*) FILTER (CASE WHEN quiet THEN NOT disturbed ELSE found END),
  count(*) FILTER (NOT quiet AND NOT found AND elsewhere),
  count(*) FILTER ({_MISSED})
FROM judged GROUP BY kind ORDER BY kind
"""


def _dicts(db: duckdb.DuckDBPyConnection, query: str, limit: int) -> list[dict[str, Any]]:
    cursor = db.execute(f"{query} ORDER BY ALL LIMIT {int(limit)}")
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
