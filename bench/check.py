"""`nhip check` on 2,000,000 rows x 16 columns, and frictionless on the same file: speed, memory, and whether they find the same.

    .venv/bin/python -m bench.check [--rows 2000000] [--oracle-rows 200000 2000000] [--no-oracle]

`check.floor` is a process that starts Python and lets DuckDB read every cell of the file, and does nothing with them: no check
that stands on DuckDB's reader can be faster.

frictionless validates the same file with the same rules, and the findings of both are compared cell for cell: on a small file
(`check.frictionless`), where nhip's half second of starting weighs, and on the large one (`check.frictionless.large`, more than
five minutes). `nhip_times_as_fast` is the ratio of their rows per CPU second on that file, start included.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from bench import big_file, results
from bench.results import WORK, Measured, measure, record

Cells = Counter[tuple[int, str, str]]
"""Row, column and rule of each finding."""
BOUNDED_MB = 400
ORACLE_ROWS = (200_000, 2_000_000)


def file_of(rows: int) -> Path:
    """The benchmark's file with `rows` rows, made if it is not there."""
    return big_file.write(WORK / f"big-{rows}.csv", rows)


def nhip(rows: int, *options: str) -> tuple[Measured, dict[str, Any], Path]:
    """Run `nhip check` as anybody would; gives what it took, its report and its findings."""
    contract, findings = WORK / "contract.yaml", WORK / f"findings-{rows}.csv"
    contract.write_text(big_file.contract(), encoding="utf-8")
    command = [sys.executable, "-m", "nhip", "check", str(file_of(rows)), "--contract", str(contract)]
    took = measure([*command, "--findings", str(findings), "--json", *options])
    if took.code not in (0, 1):
        raise SystemExit(f"nhip check ended with {took.code}")
    return took, json.loads(took.output), findings


def figures(took: Measured, rows: int, found: int) -> dict[str, Any]:
    """The figures of one run."""
    speed = {"rows_per_s": round(rows / took.wall_s), "rows_per_cpu_s": round(rows / took.cpu_s)}
    spent = {"wall_s": took.wall_s, "cpu_s": took.cpu_s, "peak_mb": took.peak_mb}
    return {"rows": rows, "findings": found, **spent, **speed}


def frictionless(rows: int) -> tuple[Measured, Path]:
    """Run frictionless in a process of its own; gives what it took and its findings."""
    findings = WORK / f"frictionless-{rows}.csv"
    took = measure([sys.executable, "-m", "bench.check", "--oracle", str(file_of(rows)), str(findings)])
    return took, findings


def validate(file: Path, target: Path) -> None:
    """What runs in that process: `frictionless validate` with every error kept, written as row, column, rule."""
    from frictionless import Checklist, Resource, Schema, checks, system

    checklist = Checklist(checks=[checks.row_constraint(formula=big_file.FORMULA)])
    with system.use_context(trusted=True):
        resource = Resource(path=str(file), schema=Schema.from_descriptor(big_file.table_schema()))
        report = resource.validate(checklist, limit_errors=10_000_000)
    with target.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        for error in report.task.errors:
            writer.writerow(_place(error.to_dict()))


def read_only(file: Path) -> None:
    """What runs to find the floor: DuckDB's reader gives every cell of the file, and nobody looks at them."""
    from nhip.datasets.decode.rowfile import csv_relation
    from nhip.formats.model import Dialect

    names = list(big_file.names())
    cells = csv_relation(file, names, Dialect(), header=True, padded=False, longest=0)
    with duckdb.connect(config={"threads": 1}) as con:
        con.execute(f"SELECT {', '.join(f'max(strlen({name}))' for name in names)} FROM {cells}").fetchall()


def _place(error: dict[str, Any]) -> tuple[int, str, str]:
    kind = error["type"]
    if kind == "row-constraint":
        return error["rowNumber"], "", f"row:{big_file.ROW_RULE}"
    rule = error["note"].split('"')[1] if kind == "constraint-error" else kind.removesuffix("-error")
    return error["rowNumber"], error["fieldName"], rule


def cells_of(findings: Path, header: bool) -> Cells:
    """The findings in a file as cells; mends are no findings."""
    with findings.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))[1 if header else 0 :]
    return Counter((int(row[0]), row[1], row[2]) for row in rows if row[-1] != "mended")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--oracle-rows", type=int, nargs="+", default=ORACLE_ROWS)
    parser.add_argument("--no-oracle", action="store_true")
    parser.add_argument("--oracle", nargs=2, type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--read-only", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.read_only:
        return read_only(asked.read_only)
    if asked.oracle:
        return validate(*asked.oracle)
    results.kept = asked.rows == parser.get_default("rows")
    run(asked.rows, () if asked.no_oracle else asked.oracle_rows)


def run(rows: int, oracle_rows: Sequence[int]) -> None:
    """Record nhip on `rows` rows, free and bounded, the floor of both, and both tools on files of each of `oracle_rows`."""
    took, report, _ = nhip(rows)
    record("check", figures(took, rows, report["findings"]))
    floor = measure([sys.executable, "-m", "bench.check", "--read-only", str(file_of(rows))])
    if floor.code:
        raise SystemExit(f"reading the file ended with {floor.code}")
    record("check.floor", figures(floor, rows, 0))
    took, report, _ = nhip(rows, "--memory", str(BOUNDED_MB))
    record("check.bounded", {"memory_mb": BOUNDED_MB, **figures(took, rows, report["findings"])})
    for count in oracle_rows:
        compare(count, large=count == rows)


def compare(rows: int, *, large: bool) -> None:
    """Both tools on the same file: the findings of each that the other lacks, and the ratio of their rows per CPU second."""
    took, report, findings = nhip(rows)
    ours = figures(took, rows, report["findings"])
    if not large:
        record("check.small", ours)
    other, other_findings = frictionless(rows)
    cells, others = cells_of(findings, header=True), cells_of(other_findings, header=False)
    missing, extra = others - cells, cells - others
    for cell in [*missing, *extra][:10]:
        print("differs:", cell)
    record(
        "check.frictionless.large" if large else "check.frictionless",
        {
            **figures(other, rows, others.total()),
            "only_frictionless": missing.total(),
            "only_nhip": extra.total(),
            "nhip_cpu_s": took.cpu_s,
            "nhip_times_as_fast": round(other.cpu_s / took.cpu_s, 1),
        },
    )


if __name__ == "__main__":
    main()
