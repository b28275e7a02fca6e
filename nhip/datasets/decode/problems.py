"""What decoding has to say about a file or table as a whole."""

from __future__ import annotations

from nhip.datasets.decode.body import RawTable
from nhip.datasets.model import Problem, Severity
from nhip.formats.model import Note
from nhip.kernel.i18n import _

_LONGEST: int = 500


def from_note(note: Note) -> Problem:
    """A reader's note as a problem."""
    severity: Severity = "mended" if note.mended else "warning"
    return Problem(
        code=note.code,
        message=note.message,
        severity=severity,
        table=note.table,
        column=note.column,
        row=note.row,
        values=note.values,
    )


def of_table(table: RawTable, name: str, columns: list[str]) -> list[Problem]:
    """The problems of one table's structure."""
    found = []
    if not table.heading.rows:
        found.append(_problem("table.no_header", _("No header was found; the columns are numbered."), name))
    if len(table.heading.rows) > 1:
        message = _("The header has {count} rows; their names were joined.")
        found.append(_problem("table.header_rows", message, name, len(table.heading.rows), "mended"))
    if table.notes:
        message = _("Text outside the table was left out: {text}")
        values = {"text": " / ".join(table.notes)[:_LONGEST]}
        found.append(Problem(code="table.notes", message=message, table=name, values=values))
    counts = (
        ("table.totals", _("{count} total rows were left out of the data."), table.totals),
        ("table.sections", _("{count} rows that only head a group of rows were left out of the data."), table.sections),
        ("table.headers", _("{count} repeated header rows were left out of the data."), table.repeated),
        ("table.blank_rows", _("{count} blank rows were left out."), table.blank_rows),
        ("table.merged", _("{count} cells under merged cells were filled with the merged text."), table.filled_down),
    )
    found += [_problem(code, message, name, count, "mended") for code, message, count in counts if count]
    return found + of_size(name, table.rowfile.oversized) + of_names(table.heading.names, name, columns)


def of_size(name: str, count: int) -> list[Problem]:
    """Cells that are longer than any text of a table."""
    message = _("{count} cells have more than a million characters and were left empty; the delivered file keeps them.")
    return [_problem("cell.size", message, name, count)] if count else []


def of_names(names: list[str], table: str, columns: list[str]) -> list[Problem]:
    """Header texts that are missing or repeated."""
    found = []
    for place, (name, column) in enumerate(zip(names, columns, strict=False), 1):
        values = {"place": str(place), "column": column, "name": name}
        if not name and any(names):
            message = _("Column {place} has no name in the header; it is called {column}.")
        elif name and name != column and column.startswith(f"{name} ("):
            message = _("The header has the name {name} more than once; column {place} is called {column}.")
        else:
            continue
        found.append(Problem(code="header.name", message=message, table=table, column=column, values=values))
    return found


def no_rows(name: str) -> Problem:
    """A table with a header and nothing under it."""
    return Problem(code="table.no_rows", message=_("The table has no rows."), table=name, severity="error")


def header_mended(name: str) -> Problem:
    """Header texts that were in a legacy character set."""
    message = _("The column names were in a legacy character set and were decoded.")
    return Problem(code="header.encoding", message=message, table=name, severity="mended")


def charset(name: str, sets: str) -> Problem:
    """Columns in legacy character sets."""
    message = _("Text in legacy character sets was decoded: {sets}.")
    return Problem(code="text.charsets", message=message, table=name, severity="mended", values={"sets": sets})


def assumed_bytes(name: str) -> Problem:
    """Bytes that are no UTF-8 and look like no Vietnamese set."""
    message = _("The file is not UTF-8; its letters were read as Windows-1252. Check them.")
    return Problem(code="file.encoding", message=message, table=name)


def invalid_geometry(name: str, count: int, reason: str) -> Problem:
    """Geometries that are not valid."""
    message = _("{count} geometries are not valid, the first one because: {reason}")
    values = {"count": str(count), "reason": reason}
    return Problem(
        code="geometry.invalid", message=message, table=name, column="geometry", severity="error", values=values
    )


def _problem(code: str, message: str, table: str, count: int | None = None, severity: str = "warning") -> Problem:
    values = {} if count is None else {"count": str(count)}
    if severity == "mended":
        return Problem(code=code, message=message, table=table, severity="mended", values=values)
    return Problem(code=code, message=message, table=table, values=values)
