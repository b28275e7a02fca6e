"""`nhip graph mirror`: follow part of a neighbour's graph in a read-only tenant of ours."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from nhip.db import Database
from nhip.db.terminal import print_json, print_table, with_database
from nhip.errors import BadInput
from nhip.files import text_of
from nhip.graph.mirrors import store
from nhip.graph.mirrors.errors import MirrorBehind
from nhip.graph.mirrors.managing import Managing
from nhip.graph.mirrors.model import Wanted
from nhip.graph.mirrors.showing import shown, shown_provenance
from nhip.graph.nodes import known_node
from nhip.graph.service import Graph
from nhip.kernel.i18n import _
from nhip.kernel.time import monotonic
from nhip.settings import Settings

T = TypeVar("T")
_LOOK_S = 0.2
node_option = click.option("--node", default="", help="Name of the node, as with `nhip graph serve`.")


@click.group()
def mirror() -> None:
    """Read-only copies of a peer's entities that follow their changes."""


def _run(settings: Settings, node: str, work: Callable[[Managing, Database], Awaitable[T]]) -> T:
    """Do `work` on the database of a node."""

    async def inside(url: str) -> T:
        url = await known_node(url, node)
        db, graph = Database(url, size=1), Graph(url, readers=1, searchers=1)
        await db.open()
        await graph.open()
        try:
            return await work(Managing(settings, graph, db), db)
        finally:
            await graph.close()
            await db.close()

    return with_database(settings, inside)


@mirror.command()
@click.argument("name")
@click.argument("peer")
@click.option("--type", "types", multiple=True, required=True, help="Type of entities to mirror; repeat it for more.")
@click.option("--attr", "attrs", multiple=True, help="Attribute to copy; repeat it for more. None: all.")
@click.option("--q", default="", help="Only entities that fit this query (NGSI-LD query language).")
@click.option("--scope", default="", help="Only entities in these scopes (scope query).")
@click.option("--context", default="", help="Address of the @context of these names. None: the core @context.")
@click.option("--tenant", default="", help="Tenant of ours that becomes the mirror. Default: mirror-NAME.")
@click.option("--peer-tenant", default="", help="Tenant at the peer.")
@click.option(
    "--headers",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with headers that let us in at the peer, a line each: “Authorization: Bearer …”. Kept sealed.",
)
@click.option("--owner-writes", is_flag=True, help="Let writes of these types in the default tenant go to the peer.")
@node_option
@click.pass_obj
def add(settings: Settings, /, name: str, peer: str, node: str, headers: Path | None, **more: Any) -> None:
    """Mirror part of the broker at the address PEER under NAME. A node that runs begins at once."""
    told = {key: more.pop(key) for key in ("q", "scope", "context")}
    wanted = Wanted(types=list(more.pop("types")), attrs=list(more.pop("attrs")), **told)
    found = _run(
        settings, node, lambda managing, _db: managing.add(name, peer, wanted, headers=_headers(headers), **more)
    )
    click.echo(f"{found.name}: {found.peer} -> tenant {found.tenant_name}")


def _headers(file: Path | None) -> dict[str, str]:
    made = {}
    for line in text_of(file).splitlines() if file else ():
        if line.strip():
            key, colon, value = line.partition(":")
            if not colon:
                raise BadInput(what=_("a header for the peer is as “Authorization: Bearer …”"))
            made[key.strip()] = value.strip()
    return made


@mirror.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@node_option
@click.pass_obj
def list_(settings: Settings, as_json: bool, node: str) -> None:
    """The mirrors and how they are doing."""

    async def work(_managing: Managing, db: Database) -> list[dict[str, Any]]:
        async with db.read() as tx:
            return [shown(one) for one in await store.list_mirrors(tx)]

    found = _run(settings, node, work)
    if as_json:
        print_json(found)
    else:
        members = ("name", "tenant", "peer", "state", "comparedAt", "problem")
        print_table((*members[:4], "compared", "problem"), [[one.get(name, "") for name in members] for one in found])


@mirror.command()
@click.argument("name")
@click.option("--entity", "entities", multiple=True, help="Whose word this entity is; repeat it for more.")
@node_option
@click.pass_obj
def show(settings: Settings, name: str, entities: tuple[str, ...], node: str) -> None:
    """One mirror, or where entities in it come from, as JSON."""

    async def work(managing: Managing, db: Database) -> Any:
        found = await managing.get(name)
        if not entities:
            return shown(found)
        async with db.read() as tx:
            return [shown_provenance(one) for one in await store.provenance(tx, found.id, entities)]

    print_json(_run(settings, node, work))


@mirror.command()
@click.argument("name")
@click.option("--wait", type=float, default=60.0, show_default=True, help="Seconds to wait until it is done.")
@node_option
@click.pass_obj
def sync(settings: Settings, name: str, wait: float, node: str) -> None:
    """Have the node that runs compare the mirror with its peer, entity by entity, and wait until it has."""

    async def work(managing: Managing, _db: Database) -> str:
        asked, until = await managing.ask_sync(name), monotonic() + wait
        while (found := await managing.get(name)).sync_done < asked:
            if monotonic() > until:
                why = found.problem.rstrip(".") or _("no running node has compared the mirror yet")
                raise MirrorBehind(name=name, what=why)
            await asyncio.sleep(_LOOK_S)
        return found.state

    click.echo(f"{name}: {_run(settings, node, work)}")


@mirror.command()
@click.argument("name")
@click.option("--keep", is_flag=True, help="Keep the entities; their tenant can be written then.")
@node_option
@click.pass_obj
def remove(settings: Settings, name: str, keep: bool, node: str) -> None:
    """End a mirror: our subscription at the peer, and the entities here."""
    wrong = _run(settings, node, lambda managing, _db: managing.remove(name, keep=keep))
    click.echo(f"{name}: removed" + (f" ({wrong})" if wrong else ""))
