"""`nhip check`: one file against one contract, without an installation, in bounded memory if asked."""

from __future__ import annotations

import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import click
import duckdb
import msgspec

from nhip.datasets.assess import Assessment, assess
from nhip.datasets.check.errors import FindingsFormat, NothingToCheck, TypeUnknown
from nhip.datasets.check.tally import PLACE_KINDS
from nhip.datasets.choose import choose_table
from nhip.datasets.conform.forms import reading_of
from nhip.datasets.contract.document import parse
from nhip.datasets.contract.errors import ContractInvalid
from nhip.datasets.contract.model import Contract
from nhip.datasets.contract.reader import read
from nhip.datasets.decode import decode
from nhip.datasets.engine import session
from nhip.datasets.virtues import scores
from nhip.errors import FileMissing, FolderMissing
from nhip.files import text_of
from nhip.settings import Settings

OVERHEAD_MB = 215
"""What Python, DuckDB's code and the buffers of its readers take beside the memory that DuckDB counts. Measured."""
LEAST_MB = 80


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--contract", required=True, type=click.Path(path_type=Path), help="The contract, ODCS v3.1 YAML.")
@click.option("--findings", type=click.Path(path_type=Path), help="Write every finding to this .csv or .parquet file.")
@click.option(
    "--memory", type=click.IntRange(min=200), metavar="MB", help="Most memory of the whole process (default: 900)."
)
@click.option("--as-delivered", is_flag=True, help="Judge the text exactly as delivered: mend nothing first.")
@click.option("--json", "wants_json", is_flag=True, help="Print JSON for scripts.")
@click.pass_obj
def check(
    settings: Settings,
    file: Path,
    contract: Path,
    findings: Path | None,
    memory: int | None,
    as_delivered: bool,
    wants_json: bool,
) -> int:
    """Check FILE against a contract. Exit code 0: no findings; 1: findings; 2: the file cannot be used."""
    started = time.perf_counter()
    terms = _terms(text_of(contract))
    _check_target(findings)
    if not file.is_file():
        raise FileMissing(file=file)
    with tempfile.TemporaryDirectory(prefix="nhip-check-", dir=_scratch(settings)) as folder:
        work = Path(folder)
        found = work / f"findings{findings.suffix.lower() if findings else '.parquet'}"
        made = _assess(settings, _Asked(file, terms, work, found, memory, mends=not as_delivered))
        if findings is not None:
            shutil.copyfile(made.findings_path, findings)
    report = _report(made, time.perf_counter() - started)
    if wants_json:
        click.echo(msgspec.json.format(msgspec.json.encode(report), indent=1).decode())
    else:
        _print(made, report)
    return 1 if made.findings else 0


class _Asked(NamedTuple):
    file: Path
    contract: Contract
    work: Path
    findings: Path
    memory: int | None
    mends: bool


def _assess(settings: Settings, asked: _Asked) -> Assessment:
    """Once as fast as the file seems to allow; record by record if DuckDB refuses what it was told about it."""
    try:
        return _attempt(settings, asked, careful=False)
    except (duckdb.InvalidInputException, duckdb.ConversionException):
        return _attempt(settings, asked, careful=True)


def _attempt(settings: Settings, asked: _Asked, *, careful: bool) -> Assessment:
    from nhip.datasets.own_columns import without_own

    file, contract, work = asked.file, asked.contract, asked.work
    at_home = msgspec.structs.replace(settings, data_dir=work)
    limit = max(LEAST_MB, asked.memory - OVERHEAD_MB) if asked.memory else None
    # one thread: decode and assess use no other, and to start and stop a second one takes CPU time
    with session(at_home, memory_mb=limit, threads=1, reach=[file]) as con:
        decoded = decode(file, work / "decoded", at_home, filename=file.name, con=con, careful=careful)
        table = choose_table(decoded, contract, file.name, contract.dataset)
        table = without_own(con, table, contract, decoded.format)
        if not table.columns:
            raise NothingToCheck(file=file.name)
        return assess(
            con,
            table,
            contract,
            work=work,
            resolver=_resolver(settings, contract) if asked.mends else None,
            mends=asked.mends,
            findings=asked.findings,
            reading=reading_of(decoded.format),
            province=settings.province_code,
        )


def _resolver(settings: Settings, contract: Contract) -> Any:
    """The address resolver, only where the contract has places: loading the register takes a moment."""
    if not any(field.kind in PLACE_KINDS for field in contract.fields):
        return None
    from nhip.datasets.work import get_resolver

    return get_resolver(settings.data_dir / "places")


def _terms(text: str) -> Contract:
    """The contract, if every column has a type that can be judged: read as text a column would pass unseen."""
    contract, notes = read(parse(text))
    for note in notes.of("error"):
        if note.code == "contract.type":
            raise TypeUnknown(line=note.line, **note.values)
    if contract is None:
        raise ContractInvalid(notes.of("fatal"))
    return contract


def _check_target(findings: Path | None) -> None:
    if findings is not None and findings.suffix.lower() not in (".csv", ".parquet"):
        raise FindingsFormat(name=findings.name)
    if findings is not None and not findings.absolute().parent.is_dir():
        raise FolderMissing(folder=findings.absolute().parent)


def _scratch(settings: Settings) -> Path | None:
    """Beside the installation's other work if there is one, else where the system keeps temporary files."""
    work = settings.data_dir / "work"
    return work if work.is_dir() else None


def _report(made: Assessment, wall: float) -> dict[str, Any]:
    used = resource.getrusage(resource.RUSAGE_SELF)
    kilobytes = used.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    return {
        "rows": made.rows,
        "findings": made.findings,
        "by_rule": made.by_rule,
        "quarantined": made.quarantined,
        "virtues": msgspec.structs.asdict(scores(made.tally)),
        "mended": made.mended,
        "mended_by_rule": made.mended_by_rule,
        "wall_s": round(wall, 3),
        "cpu_s": round(used.ru_utime + used.ru_stime, 3),
        "rows_per_s": round(made.rows / wall) if wall else 0,
        "peak_mb": round(kilobytes / 1024),
    }


def _print(made: Assessment, report: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("rule")
    table.add_column("cells", justify="right")
    for rule, count in sorted(made.by_rule.items(), key=lambda item: -item[1]):
        table.add_row(rule, f"{count:,}")
    console = Console()
    console.print(table)
    virtues = ", ".join(f"{name} {score}" for name, score in report["virtues"].items() if score is not None)
    console.print(
        f"{made.rows:,} rows, {made.findings:,} findings, {made.quarantined:,} rows in quarantine, {made.mended:,} mended"
    )
    console.print(virtues)
    console.print(f"{report['wall_s']} s, {report['rows_per_s']:,} rows/s, {report['peak_mb']} MB")
