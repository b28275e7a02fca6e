"""Judging what a peer said: whatever arrives late, twice or in another order, in the end a mirror is as its peer."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from nhip.graph.mirrors.judging import judge
from nhip.graph.mirrors.model import Known, Seen

EARLY, LATE = "2026-11-22T08:00:00.000001Z", "2026-11-22T08:00:00.000002Z"


def told(modified_at: str, value: int) -> Seen:
    return Seen("urn:x:1", {"value": value}, modified_at, bytes([value]))


def answered(modified_at: str, value: int, asked: int) -> Seen:
    return Seen("urn:x:1", {"value": value}, modified_at, bytes([value]), asked)


def known(modified_at: str, value: int, step: int = 5, *, gone: bool = False) -> Known:
    return Known(modified_at, step, gone, bytes([value]))


def test_the_later_state_is_kept() -> None:
    assert judge(None, told(EARLY, 1)) == "take"
    assert judge(known(EARLY, 1), told(LATE, 2)) == "take"
    assert judge(known(LATE, 2), told(LATE, 2)) == "skip"
    assert judge(known(LATE, 2), told(EARLY, 2)) == "skip"


def test_what_times_cannot_tell_is_asked() -> None:
    assert judge(known(EARLY, 1), told(EARLY, 2)) == "ask"
    assert judge(known(LATE, 2), told(EARLY, 1)) == "ask", "it is late, or the peer's clock was set back"
    assert judge(known(EARLY, 1), told("", 2)) == "ask"
    assert judge(known("", 0, gone=True), told(LATE, 2)) == "ask"
    assert judge(known(EARLY, 1), Seen("urn:x:1", None)) == "ask"


def test_an_answer_goes_before_what_was_there_when_it_was_asked_for() -> None:
    assert judge(known(LATE, 2, step=5), answered(EARLY, 1, asked=6)) == "take"  # the peer's clock was set back
    assert judge(known(LATE, 2, step=7), answered(EARLY, 1, asked=6)) == "ask"
    assert judge(known(EARLY, 1, step=5), Seen("urn:x:1", None, asked=6)) == "take"
    assert judge(known(EARLY, 1, step=7), Seen("urn:x:1", None, asked=6)) == "ask"
    assert judge(None, Seen("urn:x:1", None, asked=6)) == "take"


def test_an_older_answer_that_comes_later_brings_nothing_back() -> None:
    assert judge(known("", 0, step=2, gone=True), Seen("urn:x:1", None, asked=6)) == "take"
    assert judge(known("", 0, step=7, gone=True), answered(LATE, 2, asked=3)) == "ask"
    assert judge(known("", 0, step=7, gone=True), Seen("urn:x:1", None, asked=6)) == "skip"


class World:
    """A peer with one entity, and a mirror that hears of it over a bad line."""

    def __init__(self) -> None:
        self.there: tuple[str, int] | None = None
        self.line: list[Seen] = []
        self.known: Known | None = None
        self.doubt: int | None = None
        self.questions: list[tuple[int, Seen]] = []
        self.step = 0
        self.clock = 1000
        self.values = 0

    def change(self, tick: int, delete: bool) -> None:
        self.clock += tick
        self.values += 1
        if delete and self.there is not None:
            self.there = None
            self.line.append(Seen("urn:x:1", None))
        else:
            self.there = (f"2026-11-22T08:00:00.{self.clock:06}Z", self.values)
            self.line.append(told(*self.there))

    def ask(self) -> None:
        """The peer answers at once; the answer may arrive later."""
        self.step += 1
        answer = Seen("urn:x:1", None, asked=self.step) if self.there is None else answered(*self.there, self.step)
        self.questions.append((self.step, answer))

    def take(self, seen: Seen) -> None:
        self.step += 1
        verdict = judge(self.known, seen)
        if verdict == "take":
            self.known = Known(seen.modified_at, self.step, seen.doc is None, seen.digest)
        if verdict == "ask":
            self.doubt = self.step
        elif seen.asked is not None and self.doubt is not None and self.doubt < seen.asked:
            self.doubt = None

    def settle(self) -> None:
        while self.doubt is not None:
            self.ask()
            self.take(self.questions.pop()[1])

    def state(self) -> int | None:
        return None if self.known is None or self.known.gone else self.known.digest[0]


EVENTS = st.lists(
    st.tuples(st.sampled_from(["change", "arrive", "again", "ask", "answer", "settle"]), st.integers(0, 99)),
    max_size=40,
)


def live(events: list[tuple[str, int]]) -> World:
    """Changes at the peer, with notifications that arrive in any order, some twice, and questions answered late."""
    world = World()
    for what, n in events:
        if what == "change":
            world.change(tick=n % 3 > 0, delete=n % 4 == 0)
        elif what == "ask":
            world.ask()
        elif what == "answer" and world.questions:
            world.take(world.questions.pop(n % len(world.questions))[1])
        elif what == "settle":
            world.settle()
        elif what in ("arrive", "again") and world.line:
            place = n % len(world.line)
            world.take(world.line[place] if what == "again" else world.line.pop(place))
    return world


@settings(max_examples=300, deadline=None)
@example([("ask", 0), ("answer", 0), ("change", 0), ("ask", 0), ("change", 0)], True)
@given(EVENTS, st.booleans())
def test_once_everything_arrived_in_whatever_order_the_mirror_is_as_the_peer(events: list[Any], at_once: bool) -> None:
    world = live(events)
    for seen in reversed(world.line):
        world.take(seen)
        if at_once:
            world.settle()
    for _step, answer in world.questions:
        world.take(answer)
    world.settle()
    assert world.state() == (world.there[1] if world.there else None)


@settings(max_examples=300, deadline=None)
@given(EVENTS)
def test_after_losses_one_comparison_makes_the_mirror_as_the_peer(events: list[Any]) -> None:
    world = live(events)
    world.line.clear()
    world.ask()
    world.take(world.questions.pop()[1])
    world.settle()
    assert world.state() == (world.there[1] if world.there else None)


@given(st.lists(st.tuples(st.integers(-900, 10), st.booleans(), st.booleans()), max_size=40))
def test_a_peer_whose_clock_is_set_back_is_followed(changes: list[tuple[int, bool, bool]]) -> None:
    world = World()
    for tick, delete, arrives in changes:
        world.change(max(tick, 1 - world.clock), delete)
        while arrives and world.line:
            world.take(world.line.pop(0))
    for seen in world.line:
        world.take(seen)
    world.settle()
    assert world.state() == (world.there[1] if world.there else None)
