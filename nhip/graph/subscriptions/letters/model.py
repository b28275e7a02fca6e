"""A letter: one change that one subscription is to be told of, as it waits; and how long that is tried."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import orjson

from nhip.graph.model import Change, Outcome
from nhip.graph.subscriptions.model import Subscription
from nhip.graph.subscriptions.outlet import Heard

MOST_TOGETHER = 200
"""So many letters go in one notification at most."""
MOST_TRIES = 300
OLDEST = timedelta(days=3)
"""A letter that nobody took in so many tries, or for so long, is dead."""
MOST_REFUSALS = 5
REFUSALS = frozenset({400, 413, 415, 422})
"""Answers that say that the receiver is well and will not have this one: of several letters each half is tried for itself; one
alone is dead sooner, lest it hold up those behind it."""
MOST_WAITING = 100_000
"""So many letters of a subscription wait at most; beyond it the oldest are dropped, counted as failed and told of."""
DEAD_FOR = timedelta(days=90)
"""Dead letters are kept so long."""
LONGEST_PAUSE_S = 900.0


class Taken(msgspec.Struct, frozen=True):
    """Letters that go in one notification, which has this id at every try."""

    notification: UUID
    seqs: list[int]
    heard: list[Heard]
    tries: int
    """This one among them."""
    refusals: int
    oldest: datetime
    failures: int
    """Of the receiver, in a row."""

    def is_over(self, refused: bool, at: datetime) -> bool:
        """Whether a failure now was the last."""
        return self.tries >= MOST_TRIES or at - self.oldest > OLDEST or (refused and self.refusals + 1 >= MOST_REFUSALS)


def pause_s(failures: int, chance: float) -> float:
    """How long a receiver is left in peace after so many failures in a row: doubling, less up to a half by `chance` (0 to 1), so
    that not all come back at once."""
    return float(min(LONGEST_PAUSE_S, 2.0 ** min(failures, 20))) * (1 - chance / 2)


def written(one: Subscription, heard: Heard) -> bytes:
    """What a subscription hears of a change, or is to pass on of a source, as JSON; the state before only where it is told of."""
    outcome = heard.outcome
    if outcome is None:
        return orjson.dumps({"at": heard.at, "entities": heard.entities})
    told_before = one.changes or outcome.deleted or any(change.kind == "deleted" for change in outcome.changes)
    made = {
        "id": outcome.id,
        "at": heard.at,
        "created": outcome.created,
        "deleted": outcome.deleted,
        "changes": [(change.attribute, change.dataset, change.kind) for change in outcome.changes],
        "before": outcome.before if told_before else None,
        "after": outcome.after,
    }
    return orjson.dumps(made)


def read(text: str) -> Heard:
    """What was written."""
    told: dict[str, Any] = orjson.loads(text)
    if "entities" in told:
        return Heard(None, told["at"], tuple(told["entities"]))
    outcome = Outcome(
        id=told["id"],
        created=told["created"],
        deleted=told["deleted"],
        changes=[Change(*change) for change in told["changes"]],
        before=told["before"],
        after=told["after"],
    )
    return Heard(outcome, told["at"])
