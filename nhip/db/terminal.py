"""Helpers of the command line: running async work on an opened installation, JSON and tables."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from nhip.db.installation import Installation, database_url, opened
from nhip.settings import Settings

T = TypeVar("T")


before_work: list[Callable[[Installation], Awaitable[None]]] = []
"""What is done on an installation before a command works on it; the command line fills it (bring the database up to date)."""


def with_installation(settings: Settings, work: Callable[[Installation], Awaitable[T]], *, prepared: bool = True) -> T:
    """Open the installation, make it ready (`prepared`), run `work` in it, close it."""

    async def inside() -> T:
        async with opened(settings) as installation:
            for step in before_work if prepared else ():
                await step(installation)
            return await work(installation)

    return asyncio.run(inside())


def with_database(settings: Settings, work: Callable[[str], Awaitable[T]]) -> T:
    """Run `work` with the URL of the database server of `settings`, which runs meanwhile; nothing is made ready."""

    async def inside(url: str) -> T:
        return await work(url)

    url, server = database_url(settings)
    try:
        return asyncio.run(inside(url))
    finally:
        if server is not None:
            server.stop()


def print_json(value: Any) -> None:
    """One JSON document on standard output; structs become objects."""
    click.echo(msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=1).decode())


def print_table(columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """A table for people; a column `id` stays in one piece, to be copied."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column == "id")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    Console().print(table)


def progress() -> Progress:
    """A progress display on standard error; silent when that is no terminal and no one can watch it move."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
        TimeElapsedColumn(),
        console=Console(file=sys.stderr),
        transient=False,
    )
