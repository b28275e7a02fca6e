"""Subscriptions to entities: told of every commit of this process."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

import msgspec

from nhip.graph.contexts.hosting import Hosting
from nhip.graph.contexts.model import Context
from nhip.graph.contexts.service import Contexts
from nhip.graph.document.pack import unpack
from nhip.graph.document.render import render
from nhip.graph.document.times import said
from nhip.graph.errors import BadRequestData
from nhip.graph.model import Doc, Outcome
from nhip.graph.pieces import Share, pieces
from nhip.graph.query.linked import Linked, join
from nhip.graph.query.match import Check, matcher
from nhip.graph.query.matching import linked_steps
from nhip.graph.query.narrowing import asking
from nhip.graph.query.search import search
from nhip.graph.query.seeing import seeing
from nhip.graph.service import Graph
from nhip.graph.subscriptions import store
from nhip.graph.subscriptions.index import Buckets, Index
from nhip.graph.subscriptions.keeping import Kept
from nhip.graph.subscriptions.letters.delivering import Post
from nhip.graph.subscriptions.letters.model import written
from nhip.graph.subscriptions.model import Message, Subscription
from nhip.graph.subscriptions.outlet import MOST_TOGETHER, Heard
from nhip.graph.subscriptions.reading import Members, is_certain
from nhip.graph.subscriptions.sealing import Sealing
from nhip.graph.subscriptions.telling import notification, told
from nhip.graph.writer import Commit
from nhip.kernel.i18n import _
from nhip.kernel.time import now
from nhip.security.secrets import Vault
from nhip.settings import Settings

log = logging.getLogger(__name__)
_MOST_BEHIND = 64
"""Commits whose subscriptions may still be looked for; of more the oldest is told at once, so that writing waits for telling."""
Triggered = Iterator[tuple[Subscription, Heard] | None]


class Subscriptions(Kept[Subscription, Heard]):
    """Subscriptions to entities (5.8)."""

    index: Index

    def __init__(self, graph: Graph, contexts: Contexts, settings: Settings, hosting: Hosting) -> None:
        rows = store.RowsWithLetters(graph, store.QUERIES, Sealing(Vault(settings), "graph.sub"))
        super().__init__(graph, contexts, settings, hosting, index=Index(), rows=rows, channel="graph_sub")
        self.post = Post(graph.url, self._receivers, self.index.get, self._compose)
        self._wrote_letters = False
        self._behind: deque[Triggered] = deque()
        """Commits whose subscriptions are still looked for."""
        self._catching_up: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Read all, and begin to listen."""
        await super().open()
        self._graph.commits.append(self._heard)
        self._graph.wants, self._graph.letters = self._wants, self._letters
        await self.post.open()

    async def close(self) -> None:
        """Stop telling; write the counters. What the graph still has to write gets its letters, for others to deliver."""
        if self._heard in self._graph.commits:
            self._graph.commits.remove(self._heard)
        if self._catching_up is not None:
            await self._catching_up
        await self.post.close()
        await super().close()

    async def _understood(self, rest: store.Rest) -> Subscription:
        return await store.understood(rest, self._contexts)

    def _wants(self, tenant: int, doc: Doc) -> bool:
        return self.index.listens(tenant, doc.get("type", ()))

    def _heard(self, commit: Commit) -> None:
        if self._wrote_letters:
            self._wrote_letters = False
            self.post.nudge()
        if not self.index.usual and not self._behind:
            return
        triggered = _triggered(self.index.usual, commit.tenant, commit.outcomes)
        if self._behind or not self._told(triggered):
            self._behind.append(triggered)
            while len(self._behind) > _MOST_BEHIND:
                if self._told(self._behind[0]):
                    self._behind.popleft()
            if self._catching_up is None or self._catching_up.done():
                self._catching_up = asyncio.get_running_loop().create_task(self._catch_up())

    def _told(self, triggered: Triggered) -> bool:
        """Tell for a share of the loop's time: whether that was all. What goes wrong with one commit keeps none of the others."""
        try:
            return self._tell(triggered)
        except Exception:
            log.exception("changes of the graph could not be told of")
            return True

    def _tell(self, triggered: Triggered) -> bool:
        share = Share()
        for told_one in triggered:
            if told_one is not None:
                one, heard = told_one
                if self.index.get(one.tenant, one.id) is not None:  # it may be gone by now
                    self._outlet(one).put(heard)
            if share.over:
                return False
        return True

    async def _catch_up(self) -> None:
        """Tell of what was too much for one turn."""
        while self._behind:
            if self._told(self._behind[0]):
                self._behind.popleft()
            await asyncio.sleep(0)

    def _letters(self, tenant: int, outcomes: Iterable[Outcome]) -> list[tuple[str, bytes]]:
        if not self.index.certain:
            return []
        triggered = _triggered(self.index.certain, tenant, outcomes)
        made = [(each[0].id, written(*each)) for each in triggered if each is not None]
        self._wrote_letters = self._wrote_letters or bool(made)
        return made

    def _check(self, doc: Members) -> None:
        if "timeInterval" in doc and is_certain(doc):
            raise BadRequestData(what=_("what is told at each interval is told anew: certain delivery is for changes"))

    async def relay(self, one: Subscription, entities: list[Any]) -> None:
        """Tell of entities that a source notified us of, as they are; for certain: that is kept when this returns."""
        if not one.live(now()):
            return
        heard = Heard(None, said(now()), tuple(entities))
        if one.endpoint.certain:
            await self.post.keep(one, heard)
        else:
            self._outlet(one).put(heard)

    async def wanted(self, one: Subscription, doc: Doc) -> bool:
        """Whether a full document is subscribed."""
        with asking(one.asker):
            return one.matches(doc) if one.matches is not None else await self._fits_linked(one, doc)

    def _due(self, one: Subscription) -> None:
        self._outlet(one).put(Heard(None, said(now())))

    def _together(self, first: Heard, other: Heard) -> bool:
        return True

    async def _compose(self, one: Subscription, heard: list[Heard], id: UUID) -> Message | None:
        with asking(one.asker):
            return await self._composed(one, heard, id)

    async def _composed(self, one: Subscription, heard: list[Heard], id: UUID) -> Message | None:
        context = await self._contexts.resolve(one.tenant, one.context)
        docs: list[tuple[Doc, str]] = []
        sees = seeing()
        passed_on = [entity for each in heard for entity in each.entities]
        async for some in pieces(heard):
            for each in some:
                if each.entities:
                    continue
                if each.outcome is None:
                    docs += [(doc, "") for doc in await self._all_of(one)]
                elif one.matches is not None or await self._matches_linked(one, each):
                    outcome = _as_seen(each.outcome, sees)
                    docs.append((told(one, outcome, each.at), each.at if outcome.deleted else ""))
        if not docs and not passed_on:
            return None
        entities = [*await self._rendered(one, docs, context), *passed_on]
        return Message(notification(one, entities, context, said(now()), id), await self._about(one, context))

    async def _rendered(self, one: Subscription, docs: list[tuple[Doc, str]], context: Context) -> list[Any]:
        if one.query.join:
            plain = [doc for doc, _gone in docs]
            joined = await join(self._graph, one.tenant, plain, one.query, system=one.view.sys)
            subscribed = {doc["id"] for doc in plain}
            whole = msgspec.structs.replace(one.view, pick=None, omit=frozenset())
            return [render(doc, context, one.view if doc["id"] in subscribed else whole) for doc in joined]
        made = []
        async for some in pieces(docs):
            for doc, gone in some:
                entity = render(doc, context, one.view)
                made.append({**entity, "deletedAt": gone} if gone else entity)
        return made

    async def _matches_linked(self, one: Subscription, heard: Heard) -> bool:
        """Whether an entity is subscribed where that depends on others that it leads to."""
        assert heard.outcome is not None
        doc = heard.outcome.after or heard.outcome.before
        return doc is not None and await self._fits_linked(one, doc)

    async def _fits_linked(self, one: Subscription, doc: Doc) -> bool:
        if one.query.q is None:
            return False
        linked = Linked(self._graph, one.tenant)
        await linked.follow([doc], linked_steps(one.query.q))
        return matcher(store.selecting(one.query), linked.get)(doc)

    async def _all_of(self, one: Subscription) -> list[Doc]:
        """Everything that is subscribed, for an interval; at most a notification's worth."""
        found = await search(self._graph, one.tenant, store.selecting(one.query, limit=MOST_TOGETHER))
        return [unpack(row.doc, row.sys) for row in found.stored]


def _as_seen(outcome: Outcome, sees: Check | None) -> Outcome:
    """Without what the entity was before where that may not be seen."""
    before = outcome.before
    if sees is None or outcome.deleted or before is None or sees(before):
        return outcome
    return msgspec.structs.replace(outcome, before=None)


def _triggered(index: Buckets, tenant: int, outcomes: Iterable[Outcome]) -> Triggered:
    """Whom the outcomes are told to; None after some work, for who wants to let others work too."""
    at = now()
    for outcome in outcomes:
        doc = outcome.after or outcome.before
        if outcome.error is not None or doc is None:
            continue
        for one in index.meant(tenant, doc, outcome):
            if one is not None and not one.interval_s and one.live(at):
                yield one, Heard(outcome, doc["modifiedAt"] if outcome.after else said(at))
            else:
                yield None
        yield None
