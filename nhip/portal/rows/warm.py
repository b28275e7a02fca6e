"""One warm DuckDB for all readers of open releases: bounded in memory and reach, and every question has an end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import duckdb

from nhip.datasets.engine import literal, session
from nhip.db.installation import Installation
from nhip.errors import Unavailable
from nhip.portal.model import Release
from nhip.portal.rows.errors import NotAnswerable, TakesTooLong

MEMORY_MB = 400
PATIENCE_S = 10.0
READERS = 4
BATCH = 2_048
"""Rows that are fetched at once from a stream: a vector of DuckDB."""
MOST_STREAMS = 32
"""Exports under way at the same time; each holds a connection and about a megabyte."""


class Warm:
    """Opened and closed with the application. Objects are named by their digest, so what DuckDB remembers of a file is true."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._held = ExitStack()
        self._opening = threading.Lock()
        self._con: duckdb.DuckDBPyConnection | None = None
        self._readers = ThreadPoolExecutor(READERS, "portal-rows")
        self._streams = 0

    def close(self) -> None:
        """Give everything back; questions under way end."""
        self._readers.shutdown(wait=False, cancel_futures=True)
        self._held.close()

    def source(self, release: Release) -> str:
        """SQL of the release as a table; `file_row_number` beside its columns is the place of a row, from 0."""
        path = self._installation.objects.path(release.object)
        return f"read_parquet({literal(str(path))}, file_row_number = true)"

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        with self._opening:
            if self._con is None:
                settings = self._installation.settings
                memory = min(MEMORY_MB, settings.memory_mb)
                con = self._held.enter_context(session(settings, memory_mb=memory, threads=settings.threads))
                con.execute("SET parquet_metadata_cache = true")
                con.execute("SET enable_external_file_cache = true")
                self._con = con
            return self._con.cursor()

    async def fetch(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a question. Raises TakesTooLong after ten seconds, NotAnswerable for what DuckDB cannot do."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._fetch, sql, values)

    def _fetch(self, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        cursor = self._cursor()
        bell = threading.Timer(PATIENCE_S, cursor.interrupt)
        bell.start()
        try:
            return cursor.execute(sql, list(values)).fetchall()
        except duckdb.InterruptException as error:
            raise TakesTooLong(seconds=int(PATIENCE_S)) from error
        except duckdb.OutOfMemoryException as error:
            raise TakesTooLong(seconds=int(PATIENCE_S)) from error
        except duckdb.Error as error:
            raise NotAnswerable from error
        finally:
            bell.cancel()
            cursor.close()

    async def stream(self, sql: str) -> AsyncGenerator[list[tuple[Any, ...]], None]:
        """Batches of rows in order, fetched as they are taken, so that a slow reader holds no more than one batch."""
        if self._streams >= MOST_STREAMS:
            raise Unavailable(what="exports")
        self._streams += 1
        cursor = await asyncio.to_thread(self._cursor)
        try:
            await asyncio.to_thread(cursor.execute, sql)
            while batch := await asyncio.to_thread(cursor.fetchmany, BATCH):
                yield batch
        finally:
            self._streams -= 1
            cursor.interrupt()
            asyncio.get_running_loop().run_in_executor(
                None, cursor.close
            )  # a batch may still be under way in its thread
