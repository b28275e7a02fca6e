"""The DuckDB session: bounded memory, spills into the data folder, reaches only the files it is meant to reach."""

from __future__ import annotations

import errno
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import duckdb

from nhip.errors import StorageFull, Unavailable
from nhip.settings import Settings


class MemoryShort(Unavailable):
    """This step needs more memory than the {limit} MB that it may use. Raise `memory_mb` in the settings, or lower
    `workers`, and run the step again; nothing published was changed."""


CELL = "\x00"
"""Stands for the cell in a piece of SQL that is put together later: a sign that no contract can hold."""


def ident(name: str) -> str:
    """`name` as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """`text` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


_UNUSED = ("pandas", "pyarrow")
"""What DuckDB looks for at every Python value that it is given. A name that is known to be absent is not searched again."""
for _name in _UNUSED:
    if find_spec(_name) is None:
        sys.modules.setdefault(_name, None)  # type: ignore[arg-type]


@contextmanager
def session(
    settings: Settings, *, memory_mb: int | None = None, threads: int | None = None, reach: Iterable[Path] = ()
) -> Iterator[duckdb.DuckDBPyConnection]:
    """An in-memory DuckDB that spills below `data_dir/work` and may open only files below `data_dir` and the files and
    folders of `reach`. `memory_mb` (default from the settings) bounds DuckDB's own buffers, not the whole process.

    Raises MemoryShort and StorageFull in place of DuckDB's own errors; its other errors pass.
    """
    limit = memory_mb or settings.memory_mb
    work = settings.data_dir.resolve() / "work"
    spill = _spill_folder(work)
    try:
        with lean(), duckdb.connect(":memory:", config=_config(limit, threads or settings.threads, spill)) as con:
            _lock_down(con, [settings.data_dir, *reach])
            con.execute(f"SET VARIABLE {_ALLOWED} = {limit}")
            yield con
    except duckdb.OutOfMemoryException as error:
        if "max_temp_directory_size" in str(error):
            raise StorageFull(where=str(work)) from error
        raise MemoryShort(limit=limit) from error
    except duckdb.IOException as error:
        if "No space left" in str(error):
            raise StorageFull(where=str(work)) from error
        raise
    finally:
        shutil.rmtree(spill, ignore_errors=True)


@contextmanager
def lean() -> Iterator[None]:
    """Where pandas is installed for something else, keep DuckDB from importing it: half a CPU second a process, for nothing."""
    hidden = [name for name in _UNUSED if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            if sys.modules.get(name, True) is None:
                del sys.modules[name]


@contextmanager
def one_thread(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Run statements that number rows in file order on the calling thread alone.

    DuckDB runs such a pipeline on one thread in any case; with a second one its Python client spins beside it, takes the
    interpreter's lock over and over, and doubles the CPU time.
    """
    row = con.execute("SELECT current_setting('threads')").fetchone()
    con.execute("SET threads = 1")
    try:
        yield
    finally:
        con.execute(f"SET threads = {int(row[0]) if row else 1}")


_ALLOWED = "memory_mb"
"""Variable of a session: what it may use."""


def memory_allowed(con: duckdb.DuckDBPyConnection) -> int:
    """MB that the session may use; 0 where it is not one of ours."""
    row = con.execute(f"SELECT getvariable('{_ALLOWED}')").fetchone()
    return int(row[0] or 0) if row else 0


@contextmanager
def frugal(con: duckdb.DuckDBPyConnection, memory_mb: int) -> Iterator[None]:
    """Run statements with `memory_mb` at most, which is less than the session may use: beyond it they go to disk."""
    con.execute(f"SET memory_limit = '{memory_mb}MB'")
    try:
        yield
    finally:
        con.execute(f"SET memory_limit = '{memory_allowed(con)}MB'")


@contextmanager
def sides_as_written(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Run joins with the right side in memory, as they are written: the few rows beside those of a file. DuckDB takes a CSV file
    for forty rows, whatever its size, and would hold all of it in memory to look up the few."""
    con.execute("SET disabled_optimizers = 'build_side_probe_side,join_order'")
    try:
        yield
    finally:
        con.execute("RESET disabled_optimizers")


def _config(limit: int, threads: int, spill: Path) -> dict[str, str | bool | int | float | list[str]]:
    return {
        "memory_limit": f"{limit}MB",
        "threads": threads,
        "temp_directory": str(spill),
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }


def _lock_down(con: duckdb.DuckDBPyConnection, reach: Iterable[Path]) -> None:
    folders, files = set(), set()
    for path in reach:
        for form in (path.absolute(), path.resolve()):
            if form.is_dir():
                folders.add(f"{form}/")
            else:
                files.add(str(form))
    con.execute(f"SET allowed_directories = [{', '.join(map(literal, sorted(folders)))}]")
    con.execute(f"SET allowed_paths = [{', '.join(map(literal, sorted(files)))}]")
    con.execute("SET enable_external_access = false")
    con.execute("SET enable_progress_bar = false")
    con.execute("SET enable_external_file_cache = false")  # a file rewritten in place must be read anew


def _spill_folder(work: Path) -> Path:
    """A fresh folder named after this process; those of processes that died are removed."""
    try:
        work.mkdir(parents=True, exist_ok=True)
        for old in work.glob("spill-*-*"):
            owner = old.name.split("-")[1]
            if owner.isdecimal() and not _alive(int(owner)):
                shutil.rmtree(old, ignore_errors=True)
        return Path(tempfile.mkdtemp(prefix=f"spill-{os.getpid()}-", dir=work))
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull(where=str(work)) from error
        raise Unavailable(what=f"{work}: {error.strerror}") from error


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
