"""Decode: a delivered file of any kind becomes tables of Unicode text cells, with findings for all that was mended or lost."""

from __future__ import annotations

from pathlib import Path

import duckdb

from nhip.datasets.decode import problems
from nhip.datasets.decode.job import Job
from nhip.datasets.engine import one_thread
from nhip.datasets.model import Decoded, DecodedTable
from nhip.formats.errors import NothingInside
from nhip.formats.model import Opened
from nhip.formats.opening import open_file
from nhip.settings import Settings


def decode(
    path: Path,
    work: Path,
    settings: Settings,
    *,
    filename: str | None = None,
    con: duckdb.DuckDBPyConnection,
    careful: bool = False,
) -> Decoded:
    """Decode the file at `path`, called `filename` by people; everything written goes into `work`.

    A clean UTF-8 CSV is not copied: its relation reads the file itself, so keep it. Should DuckDB refuse such a relation
    later, decode again with `careful=True`, which reads record by record. Raises nhip.formats.errors.UnusableFile.
    """
    filename = filename or path.name
    work.mkdir(parents=True, exist_ok=True)
    opened = open_file(path, work, settings, filename)
    job = Job(work, settings, filename, con, careful)
    with one_thread(con):
        for part in opened.parts:
            job.take(part)
    if not job.tables:
        raise NothingInside(file=filename)
    encoding = _overall(opened, job)
    notes = [problems.from_note(note) for note in opened.notes]
    return Decoded(format=opened.format, encoding=encoding, tables=job.tables, problems=[*notes, *job.problems])


def sample_rows(table: DecodedTable, con: duckdb.DuckDBPyConnection, count: int = 100) -> list[dict[str, str | None]]:
    """The first rows of a decoded table, `_row` included (as text is everything else)."""
    cursor = con.execute(f"SELECT * FROM {table.relation} LIMIT {int(count)}")
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _overall(opened: Opened, job: Job) -> str:
    """The file's encoding; for bytes that are no UTF-8, the set that most columns are in."""
    encoding = job.encoding or opened.encoding
    if encoding != "bytes":
        return encoding
    return job.charsets.most_common(1)[0][0] if job.charsets else "cp1252"
