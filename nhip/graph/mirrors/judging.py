"""Whether something that a peer said is newer than what is known: pure, and right for any order, repetition and delay.

A notification says how an entity was at some time before; it can be late. An answer says how it was when it was given, which is
after the question: whatever was taken before the question is no newer. What times cannot decide is asked. That a time is the
earlier one decides nothing: the peer's clock may have been set back.
"""

from __future__ import annotations

from typing import Literal

from nhip.graph.mirrors.model import Known, Seen
from nhip.graph.rows import instant

Verdict = Literal["take", "skip", "ask"]


def judge(known: Known | None, seen: Seen) -> Verdict:
    """What is to be done with `seen`: it is taken, it is nothing new, or the peer has to be asked how it is now."""
    if seen.asked is None:
        return _told(known, seen)
    if seen.doc is None:
        return _answered_absent(known, seen.asked)
    if known is None or (known.step < seen.asked and not _same(known, seen)):
        return "take"
    if known.step < seen.asked:
        return "skip"
    return _told(known, seen)  # something was taken after the question: only times can tell


def _told(known: Known | None, seen: Seen) -> Verdict:
    if seen.doc is None or not seen.modified_at or (known is not None and known.gone):
        return "ask"
    if known is None or not known.modified_at:
        return "take"
    if instant(seen.modified_at) > instant(known.modified_at):
        return "take"
    # two changes in one instant, one that is late, or a clock that was set back: which is the later one only the peer knows
    return "skip" if known.digest == seen.digest else "ask"


def _answered_absent(known: Known | None, asked: int) -> Verdict:
    if known is None or known.step < asked:
        return "take"  # also what is gone already: an older answer that comes later must not bring it back
    return "skip" if known.gone else "ask"


def _same(known: Known, seen: Seen) -> bool:
    return not known.gone and (known.modified_at, known.digest) == (seen.modified_at, seen.digest)
