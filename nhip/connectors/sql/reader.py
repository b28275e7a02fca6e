"""Runs the query of a database source and hands over its rows as text."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from nhip.connectors.errors import CursorHasGaps, CursorMissing, QueryFailed
from nhip.connectors.model import Extent, Fetched, Note, State, TestResult
from nhip.connectors.rows import NDJSON, unless_known
from nhip.connectors.sink import Draft, Sink
from nhip.connectors.sql.boundary import Boundary
from nhip.connectors.sql.engines import Session, opener
from nhip.connectors.sql.query import check_query, columns_only, gaps, in_order, quoted
from nhip.connectors.sql.source import SqlSource
from nhip.connectors.sql.values import distinct, revived, row_line
from nhip.errors import NhipError
from nhip.kernel.i18n import _
from nhip.security.outgoing_errors import TimedOut, Unreachable, WrongCredentials
from nhip.security.secrets import Secret
from nhip.settings import Settings


def fetch(source: SqlSource, secret: Secret, state: State, sink: Sink) -> Fetched:
    """All rows, or with a cursor the new ones. Raises QueryRefused, QueryFailed, CursorMissing, CursorHasGaps, OutgoingError."""
    query = check_query(source.query)
    with _session(source, secret, sink.settings) as session:
        if source.cursor:
            return _fetch_new(source, query, state, sink, session)
        with sink.file(_filename(source), origin=source.label, media_type=NDJSON) as draft:
            names, rows = session.run(query)
            with _written(source, sink, draft, distinct(names)) as write:
                for batch in rows:
                    for row in batch:
                        write.add(row_line(write.names, row))
    new, known = unless_known(draft.payload, state)
    return Fetched(payloads=[new] if new else [], state=known, unchanged=new is None)


def probe(source: SqlSource, secret: Secret, settings: Settings) -> TestResult:
    """Sign in and ask for the columns, without any row."""
    query = check_query(source.query)
    with _session(source, secret, settings) as session:
        names = _columns(session, query)
        if source.cursor:
            _cursor_name(source, names)
    note = Note(_("The database {host} accepts the query; it has {count} columns."), _values(source, len(names)))
    return TestResult(notes=[note], would_fetch=names[:100], datasets=1)


def _values(source: SqlSource, count: int) -> dict[str, str]:
    return {"host": source.label, "count": str(count)}


def _fetch_new(source: SqlSource, query: str, state: State, sink: Sink, session: Session) -> Fetched:
    """Rows from the last cursor value on, without those that came before. A changed query starts anew."""
    digest = hashlib.sha256(f"{query}\0{source.cursor}".encode()).hexdigest()[:16]
    state = state if state.get("query") == digest else {}
    names = _columns(session, query)
    place = names.index(_cursor_name(source, names))
    column = quoted(names[place], session.sign)
    _require_no_gaps(session, query, column, source.cursor)
    last = state.get("cursor")
    parameters = (revived(last),) if last else ()
    # A parameter makes drivers with %s read every % of the query as theirs.
    text = query.replace("%", "%%") if session.mark == "%s" and parameters else query
    boundary = Boundary(state, source.cursor)
    extent: Extent = "changes" if last else "full"
    key = tuple(source.key) if last else ()
    count = 0
    with sink.file(_filename(source), origin=source.label, media_type=NDJSON, extent=extent, key=key) as draft:
        found, rows = session.run(in_order(text, column, session.mark if last else ""), parameters)
        with _written(source, sink, draft, distinct(found)) as write:
            for batch in rows:
                for row in batch:
                    line = row_line(write.names, row)
                    if boundary.is_new(row[place], line):
                        write.add(line)
                        count += 1
    after = {"query": digest, **boundary.state()}
    if last and not count:
        draft.payload.path.unlink()
        return Fetched(state=after, unchanged=True)
    return Fetched(payloads=[draft.payload], state=after)


def _columns(session: Session, query: str) -> list[str]:
    names, rows = session.run(columns_only(query))
    for _batch in rows:
        pass
    return names


def _cursor_name(source: SqlSource, names: list[str]) -> str:
    """The cursor as the database spells it."""
    exact = [name for name in names if name == source.cursor]
    found = exact or [name for name in names if name.lower() == source.cursor.lower()]
    if not found:
        raise CursorMissing(column=source.cursor, found=", ".join(names[:50]))
    return found[0]


def _require_no_gaps(session: Session, query: str, column: str, shown: str) -> None:
    _names, rows = session.run(gaps(query, column))
    empty = next(rows, ())
    getattr(rows, "close", lambda: None)()
    if empty:
        raise CursorHasGaps(column=shown)


def _filename(source: SqlSource) -> str:
    return f"{source.filename}.{source.format}"


class _Writer:
    """Gathers lines so that the sink is called once a megabyte and not once a row."""

    def __init__(self, names: list[str], write: Any) -> None:
        self.names = names
        self._write = write
        self._lines: list[bytes] = []
        self._size = 0
        self.longest = 0

    def add(self, line: bytes) -> None:
        """Append a row."""
        self._lines.append(line)
        self._size += len(line)
        self.longest = max(self.longest, len(line))
        if self._size > 1 << 20:
            self.flush()

    def flush(self) -> None:
        """Hand over what was gathered."""
        self._write(b"".join(self._lines))
        self._lines, self._size = [], 0


@contextmanager
def _written(source: SqlSource, sink: Sink, draft: Draft, names: list[str]) -> Iterator[_Writer]:
    """A writer of rows into `draft`, as NDJSON or by way of it as Parquet."""
    if source.format == "ndjson":
        writer = _Writer(names, draft.write)
        yield writer
        writer.flush()
        return
    lines = draft.path.with_suffix(".lines.part")
    try:
        with lines.open("wb") as file:

            def checked(data: bytes) -> None:
                sink.require_space()
                file.write(data)

            writer = _Writer(names, checked)
            yield writer
            writer.flush()
        draft.media_type = "application/vnd.apache.parquet"
        _to_parquet(lines, writer, sink.settings, draft)
    finally:
        lines.unlink(missing_ok=True)


def _to_parquet(lines: Path, writer: _Writer, settings: Settings, draft: Draft) -> None:
    """All columns as text, rows in their order; DuckDB spills to disk past its memory."""
    target = lines.with_suffix(".parquet.part")
    columns = ", ".join(f"{_literal(name)}: 'VARCHAR'" for name in writer.names)
    longest = max(1 << 20, writer.longest + 1)  # DuckDB's buffers are a multiple of this
    try:
        with duckdb.connect() as db:
            db.execute(f"SET memory_limit = '{settings.memory_mb}MB'")
            db.execute("SET threads = 1")
            db.execute(f"SET temp_directory = {_literal(str(lines.parent / 'spill'))}")
            reading = f"read_ndjson({_literal(str(lines))}, columns = {{{columns}}}, maximum_object_size = {longest})"
            db.execute(f"COPY (SELECT * FROM {reading}) TO {_literal(str(target))} (FORMAT parquet, COMPRESSION zstd)")
        draft.take(target)
    finally:
        target.unlink(missing_ok=True)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@contextmanager
def _session(source: SqlSource, secret: Secret, settings: Settings) -> Iterator[Session]:
    """An open session whose driver errors are told in our words."""
    try:
        with opener(source.engine)(source, secret, settings) as session:
            yield session
    except UnicodeError as error:
        raise QueryFailed(host=source.label, why=str(error)[:300]) from None
    except Exception as error:  # each driver has its own tree; importing all of them would need all of them installed
        if isinstance(error, NhipError) or type(error).__module__.partition(".")[0] not in _DRIVERS:
            raise
        raise _explained(error, source) from None


_DRIVERS = frozenset({"psycopg", "psycopg_binary", "pymysql", "pyodbc", "sqlite3"})
_WRONG_LOGIN = (
    "authentication failed",
    "access denied for user",
    "login failed",
    "no password supplied",
    "28000",
    "ora-01017",
)
_TIMED_OUT = (
    "statement timeout",
    "max_statement_time",
    "maximum statement execution time",
    "interrupted",
    "hyt00",
    "timed out",
    "timeout expired",
)
_AWAY = (
    "connection refused",
    "server closed the connection",
    "lost connection",
    "can't connect",
    "08001",
    "08s01",
    "connection failed",
)


def _explained(error: Exception, source: SqlSource) -> NhipError:
    """Drivers agree on no codes; the words they use for these three are stable."""
    text = " ".join(" ".join(str(part) for part in error.args).split())
    low = text.lower()
    if any(sign in low for sign in _WRONG_LOGIN):
        return WrongCredentials(host=source.label, code="SQL")
    if any(sign in low for sign in _TIMED_OUT):
        return TimedOut(host=source.label, seconds=source.timeout_seconds)
    if any(sign in low for sign in _AWAY):
        return Unreachable(host=source.label, port=source.port, why=text[:200])
    return QueryFailed(host=source.label, why=text[:300])
