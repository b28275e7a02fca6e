"""Dead letters of the live graph: the command `nhip graph letters`, and the same over HTTP at `/graph/letters`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

import click
import msgspec
from litestar import Request, Response, delete, get, post
from litestar.datastructures import State
from litestar.params import FromPath

from nhip.db import Connection, Database
from nhip.db.installation import Installation
from nhip.db.terminal import print_json, print_table, with_database, with_installation
from nhip.graph.nodes import known_node
from nhip.graph.query.match import Check
from nhip.graph.query.narrowing import Asker, asking
from nhip.graph.query.seeing import seeing
from nhip.graph.subscriptions.letters import desk
from nhip.security.model import Who
from nhip.settings import Settings

T = TypeVar("T")
PERMISSION = "graph.write"
_FRESH = {"Cache-Control": "no-store"}


class Letters(msgspec.Struct, frozen=True):
    """What is not delivered: `waiting` is tried again by itself, `dead` is not."""

    waiting: list[desk.Waiting]
    dead: list[desk.DeadLetter]


class Letter(msgspec.Struct, frozen=True):
    """A dead letter, and the changes that it would have told of."""

    letter: desk.DeadLetter
    changes: list[dict[str, Any]]


async def _listed(tx: Connection) -> Letters:
    return Letters(await desk.list_waiting(tx), await desk.list_dead(tx))


# over HTTP


@get("/graph/letters", permission=PERMISSION)
async def list_letters(state: State) -> Response[Letters]:
    """Notifications for certain that were not delivered: what waits for whom, and what was given up."""
    db: Database = state.db
    async with db.read() as tx:
        return Response(await _listed(tx), headers=_FRESH)


@get("/graph/letters/{id:uuid}", permission=PERMISSION)
async def show_letter(state: State, request: Request[Any, Any, Any], id: FromPath[UUID]) -> Response[Letter]:
    """A dead letter with what it would have told, as far as whoever asks may see it."""
    db: Database = state.db
    async with db.read() as tx:
        letter, changes = await desk.get_dead(tx, id)
    who: Who = request.scope["who"]  # type: ignore[typeddict-item]
    with asking(Asker(await state.graph_app.graph.tenant(letter.tenant), str(who.id))):
        sees = seeing()
    seen = changes if sees is None else [one for one in changes if _is_seen(one, sees)]
    return Response(Letter(letter, seen), headers=_FRESH)


def _is_seen(change: dict[str, Any], sees: Check) -> bool:
    """Whether a change is of an entity that may be seen, before and after; what a source told in part nobody can say of."""
    docs = [change[name] for name in ("before", "after") if change.get(name)]
    return bool(docs) and all(map(sees, docs))


@post("/graph/letters/{id:uuid}/retry", permission=PERMISSION, status_code=204)
async def retry_letter(state: State, id: FromPath[UUID]) -> None:
    """Try a dead letter again."""
    db: Database = state.db
    async with db.tx() as tx:
        await desk.retry(tx, id)


@delete("/graph/letters/{id:uuid}", permission=PERMISSION)
async def drop_letter(state: State, id: FromPath[UUID]) -> None:
    """Forget a dead letter."""
    db: Database = state.db
    async with db.tx() as tx:
        await desk.drop(tx, id)


ROUTES = [list_letters, show_letter, retry_letter, drop_letter]


# on the command line


@click.group()
@click.option("--node", default="", help="The node of `nhip graph serve --node`; without it the installation's graph.")
@click.pass_context
def letters(context: click.Context, node: str) -> None:
    """Notifications for certain that were not delivered."""
    settings: Settings = context.obj
    context.obj = lambda work: _at_desk(settings, node, work)


AtDesk = Callable[[Callable[[Connection], Awaitable[Any]]], Any]


def _at_desk(settings: Settings, node: str, work: Callable[[Connection], Awaitable[T]]) -> T:
    async def there(installation: Installation) -> T:
        async with installation.db.tx() as tx:
            return await work(tx)

    async def at_node(url: str) -> T:
        db = Database(await known_node(url, node), size=1)
        await db.open()
        try:
            async with db.tx() as tx:
                return await work(tx)
        finally:
            await db.close()

    if not node:
        return with_installation(settings, there)
    return with_database(settings, at_node)


@letters.command(name="list")
@click.option("--json", "wants_json", is_flag=True, help="Print JSON for scripts.")
@click.pass_obj
def list_(at_desk: AtDesk, wants_json: bool) -> None:
    """What waits for whom, and what was given up."""
    found: Letters = at_desk(_listed)
    if wants_json:
        print_json(found)
        return
    print_table(
        ("Waits for", "Tenant", "Changes", "Since", "Failures", "Problem"),
        [(one.subscription, one.tenant, one.changes, one.made_at, one.failures, one.problem) for one in found.waiting],
    )
    print_table(
        ("Dead letter", "Subscription", "Tenant", "Changes", "Given up", "Tries", "Problem"),
        [
            (one.id, one.subscription, one.tenant, one.changes, one.dead_at, one.tries, one.problem)
            for one in found.dead
        ],
    )


@letters.command()
@click.argument("id", type=click.UUID)
@click.pass_obj
def show(at_desk: AtDesk, id: UUID) -> None:
    """A dead letter with what it would have told, as JSON."""
    print_json(Letter(*at_desk(lambda tx: desk.get_dead(tx, id))))


@letters.command()
@click.argument("ids", type=click.UUID, nargs=-1, required=True)
@click.pass_obj
def retry(at_desk: AtDesk, ids: tuple[UUID, ...]) -> None:
    """Try dead letters again."""

    async def work(tx: Connection) -> None:
        for id in ids:
            await desk.retry(tx, id)

    at_desk(work)
    click.echo(f"{len(ids)} dead letters are tried again.")


@letters.command()
@click.argument("ids", type=click.UUID, nargs=-1, required=True)
@click.pass_obj
def drop(at_desk: AtDesk, ids: tuple[UUID, ...]) -> None:
    """Forget dead letters."""

    async def work(tx: Connection) -> None:
        for id in ids:
            await desk.drop(tx, id)

    at_desk(work)
    click.echo(f"{len(ids)} dead letters are forgotten.")
