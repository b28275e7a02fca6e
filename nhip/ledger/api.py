"""The ledger over HTTP, for auditors and witnesses: signed tree heads and proofs of growth for everybody, events for few."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from litestar import Response, get
from litestar.datastructures import State
from litestar.params import QueryParameter

from nhip.db import Database
from nhip.ledger import store
from nhip.ledger.keys import Keys
from nhip.ledger.reading import get_consistency, get_head, get_proof, head_plain

MOST_HEADS = 1000
_BIGGEST = (1 << 63) - 1
Size = Annotated[int | None, QueryParameter(ge=1, le=_BIGGEST)]
_FRESH = {"Cache-Control": "no-store"}


@get("/ledger/head", permission="public", anonymous=True)
async def head(state: State) -> Response[dict[str, Any]]:
    """The newest signed tree head."""
    db: Database = state.db
    async with db.read() as tx:
        tip = await store.get_tip(tx)
        return Response(head_plain(tip.origin, await get_head(tx)), headers=_FRESH)


@get("/ledger/heads", permission="public", anonymous=True)
async def heads(
    state: State,
    before: Size = None,
    limit: Annotated[int, QueryParameter(ge=1, le=MOST_HEADS)] = 100,
) -> Response[list[dict[str, Any]]]:
    """Signed tree heads smaller than `before`, the newest first."""
    db: Database = state.db
    async with db.read() as tx:
        tip = await store.get_tip(tx)
        found = await store.list_heads(tx, before, limit)
    return Response([head_plain(tip.origin, one) for one in found], headers=_FRESH)


@get("/ledger/consistency", permission="public", anonymous=True)
async def consistency(
    state: State, old: Annotated[int, QueryParameter(name="from", ge=1, le=_BIGGEST)], to: Size = None
) -> dict[str, Any]:
    """That the signed tree of `from` events is the beginning of the one of `to` (default: the newest)."""
    db: Database = state.db
    async with db.read() as tx:
        return await get_consistency(tx, old, to)


@get("/ledger/proof", permission="ledger.read")
async def proof(
    state: State, seq: Annotated[int, QueryParameter(ge=0, le=_BIGGEST)], size: Size = None
) -> Response[dict[str, Any]]:
    """Event `seq` as it was hashed, and that it is in the signed tree of `size` events (default: the newest)."""
    db: Database = state.db
    async with db.read() as tx:
        return Response(await get_proof(tx, seq, size), headers=_FRESH)


@get("/ledger/key", permission="public", anonymous=True)
async def key(state: State) -> dict[str, Any]:
    """Every public key that ever signed, the newest last; compare it with one that you got another way."""
    db: Database = state.db
    async with db.read() as tx:
        origin = (await store.get_tip(tx)).origin
    lines = await asyncio.to_thread(Keys(state.settings, origin).lines)
    return {"origin": origin, "keys": [line for line in lines if line.startswith(f"{origin}+")]}


ROUTES = [head, heads, consistency, proof, key]
