"""Looking after one mirror: subscribed, complete, the same as the peer. One process at a time does it for each.

Notifications come to whichever process the peer reaches; what they miss is found here: by the peer's counters of our
subscription, by its having been away or started anew, by how many entities there are, and by comparing everything now and then.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from array import array
from bisect import bisect_left
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from math import inf

import msgspec

from nhip.db.database import Database
from nhip.db.query import execute
from nhip.errors import NhipError
from nhip.graph.contexts.model import Context
from nhip.graph.mirrors import store
from nhip.graph.mirrors.errors import PeerFailed, SubscriptionGone
from nhip.graph.mirrors.model import Mirror, Seen
from nhip.graph.mirrors.peer import Peer, since_of
from nhip.graph.mirrors.reading import Terms, read_entities, terms_of
from nhip.graph.mirrors.store import queries
from nhip.graph.mirrors.taking import Taker
from nhip.kernel import ids, random
from nhip.kernel.time import monotonic, now

log = logging.getLogger(__name__)
TURN_S = 1.0
_MARGIN = timedelta(minutes=10)
"""So far the peer's clock may be from ours when we ask for what was modified since."""
_RESTARTED = timedelta(seconds=5)
_AHEAD_S = 60.0
"""So far the clocks of our own machines may be from each other."""
_ASKED_AT_ONCE = 100
_RESTS = 10
"""After a comparison at least so many times as long as it took, unless somebody asks for one."""
_PAUSES_S = (1.0, 2.0, 5.0, 15.0, 60.0)


class Rhythm(msgspec.Struct, frozen=True):
    """How often things are done, in seconds."""

    check_s: float = 30.0
    compare_s: float = 6 * 3600.0
    again_s: float = 600.0
    """Between two comparisons because the numbers of entities differ."""


class Tender:
    """`address` is where the peer reaches us; `peer_of` gives the way to the peer, `context_of` its @context."""

    def __init__(
        self,
        mirror: Mirror,
        db: Database,
        taker: Taker,
        *,
        address: str,
        rhythm: Rhythm,
        peer_of: Callable[[Mirror], Awaitable[Peer]],
        context_of: Callable[[Mirror], Awaitable[Context]],
    ) -> None:
        self.mirror = mirror
        self._db, self._taker, self._address, self._rhythm = db, taker, address, rhythm
        self._peer_of, self._context_of = peer_of, context_of
        self.wake = asyncio.Event()
        self._rests_until = float("-inf")
        """Comparing what is large takes long; where something is missed again and again, it is not all that is done."""
        self.ended = False
        """No more turns; a cancellation alone can get lost in what a turn waits for."""
        self._failures = 0
        self._checked = self._differed = float("-inf")
        self._gap = True
        """Whether something may have been missed; a new tender cannot know, until it compared heartbeat and counters."""
        self._begun = False

    async def run(self) -> None:
        """Until ended."""
        while not self.ended:
            pause = TURN_S
            try:
                await self.turn()
                self._failures = 0
            except NhipError as error:
                self._gap = self._begun = True
                pause = _PAUSES_S[min(self._failures, len(_PAUSES_S) - 1)]
                self._failures += 1
                await self._away(error)
            except Exception:
                log.exception("the mirror %s could not be looked after", self.mirror.name)
                self._gap, pause = True, 15.0
            try:
                async with asyncio.timeout(pause):
                    await self.wake.wait()
            except TimeoutError:
                pass
            self.wake.clear()

    async def turn(self) -> None:
        """What is due now. Raises PeerFailed, DatabaseAway."""
        async with self._db.read() as tx:
            found = await store.find_mirror(tx, self.mirror.id)
            if found is None:
                self.ended = True
                return
            self.mirror = found
            await execute(tx, queries.beat, id=found.id)
        if not self._begun:
            self._begun = True
            # whoever looked after it before kept it complete until a moment ago; counters tell of the moment since
            self._gap = _since(found.beat_at) > 30 * TURN_S
        if found.doubts:
            await self._settle()
        asked = found.sync_asked > found.sync_done
        due = monotonic() - self._checked >= self._rhythm.check_s
        if asked or due or (self._gap and monotonic() >= self._rests_until):
            await self._check(asked)
            self._checked = monotonic()

    # complete?

    async def _check(self, asked: bool) -> None:
        peer, at = await self._peer_of(self.mirror), now()
        gap = await self._counters(peer) or self._gap or self.mirror.state != "live"
        over = _since(self.mirror.compared_at) >= self._rhythm.compare_s
        if asked or gap or over or await self._differs(peer):
            if gap and self.mirror.compared_at is not None:
                await self._catch_up(peer)
            self._gap = gap
            if asked or monotonic() >= self._rests_until:
                began = monotonic()
                await self._compare(peer)
                self._gap, took = False, monotonic() - began
                self._rests_until = monotonic() + min(_RESTS * took, self._rhythm.again_s)
            return
        async with self._db.read() as tx:
            await execute(tx, queries.good, id=self.mirror.id, at=at)
            if self.mirror.state != "live":
                await execute(tx, queries.set_state, id=self.mirror.id, state="live", problem="")

    async def _counters(self, peer: Peer) -> bool:
        """Whether something was missed, as the counters of our subscription say; it is made anew where it has to be."""
        mirror = self.mirror
        if not mirror.subscription:
            await self._subscribe(peer)
            return True
        try:
            standing = await peer.standing()
        except SubscriptionGone:
            await self._subscribe(peer)
            return True
        if not standing.active:
            await peer.unsubscribe()
            await self._subscribe(peer)
            return True
        began = await peer.began()
        anew = began is not None and mirror.peer_began is not None and abs(began - mirror.peer_began) > _RESTARTED
        missed = anew or standing.failed > mirror.peer_failed or standing.sent < mirror.peer_sent
        async with self._db.tx() as tx:
            found = await store.find_mirror(tx, mirror.id)
            # what had been sent when we asked last has arrived by now, or never will
            missed = missed or (found is not None and mirror.peer_sent - mirror.peer_failed > found.received)
            told = {"sent": standing.sent, "failed": standing.failed, "began": began, "missed": missed}
            await execute(tx, queries.told_counters, id=mirror.id, **told)
        return missed

    async def _subscribe(self, peer: Peer) -> None:
        """A new subscription with a new token; known here before the peer has it, as the first notification may be quick."""
        token, id = random.token(), f"urn:ngsi-ld:Subscription:mirror:{ids.new_id()}"
        async with self._db.tx() as tx:
            digest = hashlib.sha256(token.encode()).digest()
            await execute(tx, queries.subscribed, id=self.mirror.id, subscription=id, token=digest)
        await peer.subscribe(id, f"{self._address}/ngsi-ld/v1/mirrors/{self.mirror.id}", token)
        await self._reread()

    async def _differs(self, peer: Peer) -> bool:
        """Whether there are other numbers of entities there and here than right after the last comparison, in two checks."""
        # a query may cost the peer a look at everything, too much for every check
        count = None if self.mirror.q else await peer.count()
        if count is None or count - await self._held() == self.mirror.difference:
            self._differed = float("-inf")
            return False
        first, self._differed = self._differed == float("-inf"), monotonic()
        return not first and _since(self.mirror.compared_at) >= self._rhythm.again_s

    async def _held(self) -> int:
        async with self._db.read() as tx:
            return await store.number(tx, queries.count_held, tenant=self.mirror.tenant)

    # asking

    async def _settle(self) -> None:
        """Ask about what is in doubt until nothing is, or it does not get less."""
        peer, terms = await self._peer_of(self.mirror), await self._terms()
        while True:
            asked = await self._step()
            async with self._db.read() as tx:
                doubtful = await store.list_doubts(tx, self.mirror.id, _ASKED_AT_ONCE)
            if not doubtful:
                return
            heard = read_entities(await peer.some(doubtful), terms, asked)
            there = {one.id for one in heard.seen}
            gone = [Seen(id, None, asked=asked) for id in doubtful if id not in there]
            taken = await self._taker.take(self.mirror, [*heard.seen, *gone], settles=asked)
            if taken.doubtful == len(doubtful):
                return

    async def _catch_up(self, peer: Peer) -> None:
        """What was modified since all was well comes first, so that a large mirror is up to date soon."""
        if self.mirror.good_at is None or _since(self.mirror.good_at) == inf:
            return
        terms = await self._terms()
        try:
            asked = await self._step()
            async for page in peer.pages(since_of(self.mirror.good_at - _MARGIN)):
                await self._taker.take(self.mirror, read_entities(page, terms, asked).seen)
                asked = await self._step()
        except PeerFailed as error:
            log.info("the mirror %s compares everything instead: %s", self.mirror.name, error)

    async def _compare(self, peer: Peer) -> None:
        """Page through everything that the peer has; what it does not show is asked about by its id."""
        begun, sync = now(), self.mirror.sync_asked
        async with self._db.read() as tx:
            await execute(tx, queries.begin_compare, id=self.mirror.id)
            await execute(tx, queries.forget_gone, mirror=self.mirror.id)
        terms, there, refused = await self._terms(), array("Q"), 0
        asked = await self._step()
        async for page in peer.pages():
            heard = read_entities(page, terms, asked)
            await self._taker.take(self.mirror, heard.seen)
            there.extend(_number(one.id) for one in heard.seen)
            refused += heard.refused
            asked = await self._step()
        await self._ask_about_missing(array("Q", sorted(there)))
        await self._settle()
        count = await peer.count()
        difference = 0 if count is None else count - await self._held()
        async with self._db.read() as tx:
            told = {"at": begun, "sync": sync, "refused": refused, "difference": difference}
            await execute(tx, queries.compared, id=self.mirror.id, **told)
        await self._reread()

    async def _ask_about_missing(self, there: array[int]) -> None:
        after, limit = "", 5000
        while True:
            async with self._db.tx() as tx:
                held = await store.list_held(tx, self.mirror.tenant, after, limit)
                missing = [id for id in held if not _holds(there, _number(id))]
                if missing:
                    step = await store.lock(tx, self.mirror.id)
                    await execute(tx, queries.doubt, mirror=self.mirror.id, ids=missing, step=step)
            if len(held) < limit:
                return
            after = held[-1]

    async def _terms(self) -> Terms:
        return terms_of(self.mirror, await self._context_of(self.mirror))

    async def _step(self) -> int:
        async with self._db.read() as tx:
            return await store.number(tx, queries.step)

    async def _reread(self) -> None:
        async with self._db.read() as tx:
            self.mirror = await store.find_mirror(tx, self.mirror.id) or self.mirror

    async def _away(self, error: NhipError) -> None:
        told = error.message()
        log.warning("the mirror %s: %s", self.mirror.name, told)
        try:
            async with self._db.read() as tx:
                await execute(tx, queries.set_state, id=self.mirror.id, state="away", problem=told[:500])
        except NhipError:
            log.warning("the database is away too")


def _since(at: datetime | None) -> float:
    """Seconds; for ever where there was none, or where a clock that ran ahead noted it."""
    if at is None or (passed := (now() - at).total_seconds()) < -_AHEAD_S:
        return inf
    return passed


def _number(id: str) -> int:
    """64 bits of an id: eight bytes for each entity of the peer while everything is compared."""
    return int.from_bytes(hashlib.blake2b(id.encode(), digest_size=8).digest())


def _holds(there: array[int], number: int) -> bool:
    place = bisect_left(there, number)
    return place < len(there) and there[place] == number
