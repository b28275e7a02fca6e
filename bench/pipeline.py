"""From a delivery's bytes to the version's Parquet, and whether ten times the file costs ten times.

    .venv/bin/python -m bench.pipeline [--rows 2000000] [--fold 10]

Each file is worked through in a process of its own, with the default memory of the settings. The file of `--fold` times the rows
has `--fold` times the bytes; at 20,000,000 rows that is 4.6 GB in bench/work.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench import big_file, results
from bench.check import figures, file_of
from bench.results import WORK, measure, record


def work_through(file: Path) -> None:
    """What runs in that process: a delivery without its few statements in the database, hashing of the files included."""
    from nhip.datasets.assess import assess
    from nhip.datasets.conform.forms import reading_of
    from nhip.datasets.contract.yaml import load
    from nhip.datasets.decode import decode
    from nhip.datasets.deliveries import sha256_of
    from nhip.datasets.engine import session
    from nhip.settings import Settings

    with tempfile.TemporaryDirectory(dir=WORK) as name:
        folder = Path(name)
        settings = Settings(data_dir=folder)
        sha256_of(file)
        with session(settings, reach=[file]) as con:
            decoded = decode(file, folder / "decoded", settings, con=con)
            made = assess(
                con,
                decoded.tables[0],
                load(big_file.contract()),
                work=folder,
                write_version=folder / "version.parquet",
                findings=folder / "findings.parquet",
                reading=reading_of(decoded.format),
            )
        for product in (made.version_path, made.findings_path, made.evidence_path):
            sha256_of(product) if product else None
        print(made.version_rows + made.quarantined, made.findings)


def once(rows: int) -> dict[str, Any]:
    """The figures of one file."""
    took = measure([sys.executable, "-m", "bench.pipeline", "--one", str(file_of(rows))])
    if took.code:
        raise SystemExit(f"the pipeline ended with {took.code}")
    written, findings = map(int, took.output.split())
    if written != rows:
        raise SystemExit(f"{rows} rows went in, {written} came out")
    return figures(took, rows, findings)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--fold", type=int, default=10, help="0: only the file of --rows")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        return work_through(asked.one)
    results.kept = asked.rows == parser.get_default("rows")
    run(asked.rows, asked.fold)


def run(rows: int, fold: int) -> None:
    """Record the file of `rows` rows, and one `fold` times as large (0: not)."""
    single = record("pipeline", once(rows))
    if fold:
        many = once(rows * fold)
        ratio = {f"{kind}_times": round(many[f"{kind}_s"] / single[f"{kind}_s"], 2) for kind in ("wall", "cpu")}
        ratio["peak_times"] = round(many["peak_mb"] / single["peak_mb"], 2)
        record("pipeline.fold", {**many, "fold": fold, **ratio})


if __name__ == "__main__":
    main()
