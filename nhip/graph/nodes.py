"""Nodes by themselves: each has a database of its own beside the installation's."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlsplit, urlunsplit

import msgspec
import psycopg
from psycopg import sql

from nhip.db import Database
from nhip.db.migrate import migrate
from nhip.errors import BadInput, Conflict
from nhip.kernel.i18n import _

PREFIX = "nhip_node_"


class NodeMissing(BadInput):
    """There is no node called {node} in this data folder or on this server; there are: {known}. `nhip graph serve` makes one."""

    status = 404


class NodeServed(Conflict):
    """The node {node} is being served or worked on. Stop it first (Ctrl-C, or `kill` with the number of its process)."""


class NodeThere(Conflict):
    """There is a node called {node} already. Choose another name, or remove it first: `nhip graph nodes remove {node}`."""


class Size(msgspec.Struct, frozen=True):
    """A node's database: `size` in bytes; `served`: whether somebody is connected to it."""

    node: str
    size: int
    served: bool


def node_url(url: str, node: str) -> str:
    """The URL of the database of a node (`nhip graph serve --node`) on the server of `url`; that itself without a node."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{PREFIX}{node.lower()}")) if node else url


async def node_database(url: str, node: str) -> str:
    """The URL of the database of the node called `node` (empty: the one at `url`), made and brought up to date.

    Raises BadInput for a name that is none.
    """
    _check_name(node)
    if node:
        if node.lower() not in await list_nodes(url):
            with suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):  # two begin at once
                await _create(url, node)
        url = node_url(url, node)
    db = Database(url, size=1)
    await db.open()
    try:
        await migrate(db, ["nhip.graph"])
    finally:
        await db.close()
    return url


def _check_name(node: str) -> None:
    if node and not node.replace("_", "").isalnum():
        raise BadInput(what=_("--node: letters, digits and _ only"))


async def _create(url: str, node: str) -> None:
    name = sql.Identifier(urlsplit(node_url(url, node)).path[1:])
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(sql.SQL("create database {}").format(name))


async def known_node(url: str, node: str) -> str:
    """The URL of the database of a node that was served before, brought up to date: a slip of the pen makes no new one.

    Raises NodeMissing.
    """
    if node and node.lower() not in (known := await list_nodes(url)):
        raise NodeMissing(node=node, known=", ".join(known) or "—")
    return await node_database(url, node)


async def list_nodes(url: str) -> list[str]:
    """The names of the nodes that have a database on the server of `url`."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        rows = await connection.execute(
            "select datname from pg_database where starts_with(datname, %s) order by 1", [PREFIX]
        )
        return [row[0].removeprefix(PREFIX) for row in await rows.fetchall()]


async def node_sizes(url: str) -> list[Size]:
    """Every node on the server of `url`, by name."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        rows = await connection.execute(
            "select d.datname, pg_database_size(d.datname), exists (select from pg_stat_activity a where a.datid = d.oid)"
            " from pg_database d where starts_with(d.datname, %s) order by 1",
            [PREFIX],
        )
        return [Size(name.removeprefix(PREFIX), size, served) for name, size, served in await rows.fetchall()]


async def new_node(url: str, node: str) -> str:
    """Make an empty database for a node that is not there yet; gives its URL. Raises NodeThere, BadInput (no name)."""
    _check_name(node)
    if not node or node.lower() in await list_nodes(url):
        raise NodeThere(node=node)
    await _create(url, node)
    return node_url(url, node)


async def remove_node(url: str, node: str) -> None:
    """Delete a node's database: its things, their history, its subscriptions, registrations and mirrors.

    Raises NodeMissing, NodeServed.
    """
    if node.lower() not in (known := await list_nodes(url)):
        raise NodeMissing(node=node, known=", ".join(known) or "—")
    name = sql.Identifier(f"{PREFIX}{node.lower()}")
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        try:
            await connection.execute(sql.SQL("drop database {}").format(name))
        except psycopg.errors.ObjectInUse as error:
            raise NodeServed(node=node) from error
