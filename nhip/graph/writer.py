"""The one writer of a process: what waits is written together, in one durable transaction with its history (group commit)."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg
import msgspec

from nhip.errors import DatabaseAway
from nhip.graph.codes import Codes
from nhip.graph.errors import BadRequestData, Busy
from nhip.graph.group import Group, Letters, Wants
from nhip.graph.links import LOST, Link
from nhip.graph.model import Operation, Outcome
from nhip.graph.numbers import Numbers
from nhip.graph.recent import Recent, Unsure
from nhip.kernel.i18n import _

T = TypeVar("T")
log = logging.getLogger(__name__)
GROUP = 400
"""So many operations are written together at most, where single requests gather."""


class Commit(msgspec.Struct, frozen=True):
    """What was written for one request, durable when it is told."""

    tenant: int
    outcomes: list[Outcome]


class _Ask:
    """A request that waits."""

    __slots__ = ("done", "operations", "tenant")

    def __init__(self, tenant: int, operations: list[Operation], done: asyncio.Future[list[Outcome]]) -> None:
        self.tenant, self.operations, self.done = tenant, operations, done


class Writer:
    """Takes operations, gives their outcomes when they are durable."""

    def __init__(self, url: str, codes: Codes, *, most_waiting: int) -> None:
        self._codes = codes
        self._link = Link(url, generic_plans=True)
        self._most = most_waiting
        self._asks: dict[int, deque[_Ask]] = {}
        """By tenant, whose turn is next first."""
        self._waiting = 0
        self._closing = False
        self._awake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._numbers = Numbers(self._link)
        self._recent = Recent()
        self.commits: list[Callable[[Commit], None]] = []
        self.wants: Wants = lambda _tenant, _doc: bool(self.commits)
        self.letters: Letters = lambda _tenant, _outcomes: []

    async def open(self) -> None:
        """Connect and begin to work."""
        await self._link.connection()
        self._task = asyncio.create_task(self._work(), name="graph writer")

    async def close(self) -> None:
        """Write what waits, then stop."""
        self._closing = True
        self._awake.set()
        if self._task is not None:
            await self._task
        await self._link.close()

    def ask(self, tenant: int, operations: list[Operation]) -> asyncio.Future[list[Outcome]]:
        """Queue a request. Raises Busy when more waits than `most_waiting` operations, DatabaseAway after the end."""
        if self._closing:
            raise DatabaseAway(what=_("it is being stopped"))
        if self._waiting and self._waiting + len(operations) > self._most:
            raise Busy(seconds=1)
        done: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()
        self._asks.setdefault(tenant, deque()).append(_Ask(tenant, operations, done))
        self._waiting += len(operations)
        self._awake.set()
        return done

    async def sweep(self, tenant: int, ids: list[str]) -> int:
        """Take away what has expired of these entities, on a connection of its own; how many had anything that did."""
        link = Link(self._link.url, generic_plans=True)
        try:
            return await self._commit(tenant, lambda group: group.sweep(ids), Numbers(link))
        finally:
            await link.close()

    async def _work(self) -> None:
        while self._asks or not self._closing:
            if not self._asks:
                self._awake.clear()
                await self._awake.wait()
            if self._asks:
                await self._settle(self._take())

    def _take(self) -> list[_Ask]:
        """What is written next: whole requests of one tenant in the order they came; then it is the next tenant's turn."""
        tenant = next(iter(self._asks))
        waiting = self._asks.pop(tenant)
        taken: list[_Ask] = []
        size = 0
        while waiting and (not taken or size + len(waiting[0].operations) <= GROUP):
            ask = waiting.popleft()
            size += len(ask.operations)
            if not ask.done.cancelled():
                taken.append(ask)
        self._waiting -= size
        if waiting:
            self._asks[tenant] = waiting
        return taken

    async def _settle(self, asks: list[_Ask]) -> None:
        """Write and answer. What the database refuses for one request's data must not fail those of others."""
        if not asks:
            return
        try:
            outcomes = await self._write(asks)
        except (asyncpg.DataError, asyncpg.ProgramLimitExceededError) as error:  # the latter: too many attributes
            if len(asks) > 1:
                for ask in asks:
                    await self._settle([ask])
                return
            _refuse(asks, BadRequestData(what=_("a name or value cannot be stored")), error)
        except (*LOST, DatabaseAway) as error:
            await self._link.drop()
            away = error if isinstance(error, DatabaseAway) else DatabaseAway(what=_("the connection was lost"))
            _refuse(asks, away, error.__cause__ if away is error else error)
        except asyncio.CancelledError:
            _refuse(asks, DatabaseAway(what=_("it is being stopped")), None)
            raise
        except Exception as error:
            log.exception("changes of the graph could not be written")
            await self._link.drop()
            _refuse(asks, error, None)
        else:
            self._answer(asks, outcomes)

    def _answer(self, asks: list[_Ask], outcomes: list[list[Outcome]]) -> None:
        for ask, told in zip(asks, outcomes, strict=True):
            if not ask.done.cancelled():
                ask.done.set_result(told)
            for hook in self.commits:
                try:
                    hook(Commit(ask.tenant, told))
                except Exception:
                    log.exception("a listener to changes of the graph failed")

    async def _write(self, asks: list[_Ask]) -> list[list[Outcome]]:
        requests = [ask.operations for ask in asks]
        return await self._commit(asks[0].tenant, lambda group: group.write(requests), self._numbers)

    async def _commit(self, tenant: int, work: Callable[[Group], Awaitable[T]], numbers: Numbers) -> T:
        """Once without locks, as one process is alone with most entities; where another came first, with locks."""
        link = numbers.link
        try:
            if tenant not in self._codes.filling:
                return await self._alone(tenant, work, numbers)
        except asyncpg.UniqueViolationError:
            pass  # what was to be new is there: that says nothing of what is remembered
        except (asyncpg.SerializationError, asyncpg.DeadlockDetectedError):
            self._recent.doubt(tenant)
        for _attempt in range(5):
            await self._codes.load_indexed()
            connection = await link.connection()
            await connection.execute("begin")
            group = self._group(tenant, numbers, careful=True)
            try:
                done = await work(group)
            except (asyncpg.SerializationError, asyncpg.DeadlockDetectedError):
                await connection.execute("rollback")
            except BaseException:
                await link.drop()
                raise
            else:
                await connection.execute("commit")
                if self._recent.trusted(tenant):
                    group.remember(self._recent)
                return done
        raise Busy(seconds=1)

    async def _alone(self, tenant: int, work: Callable[[Group], Awaitable[T]], numbers: Numbers) -> T:
        """Without locks; what is remembered is enough for most, else it is read."""
        recent = self._recent
        if not recent.trusted(tenant):
            return await work(self._group(tenant, numbers))
        group = self._group(tenant, numbers, recent=recent)
        try:
            done = await work(group)
        except Unsure:
            group = self._group(tenant, numbers)
            done = await work(group)
        group.remember(recent)
        return done

    def _group(self, tenant: int, numbers: Numbers, *, recent: Recent | None = None, careful: bool = False) -> Group:
        told = self.wants, self.letters
        return Group(tenant, numbers.link, self._codes, numbers, *told, recent=recent, careful=careful)


def _refuse(asks: list[_Ask], error: Exception, cause: BaseException | None) -> None:
    error.__cause__ = cause
    for ask in asks:
        if not ask.done.done():
            ask.done.set_exception(error)
