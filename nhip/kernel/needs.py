"""Which permission a background job needs to be enqueued, said above the job; one that says nothing only Nhịp itself enqueues."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from weakref import WeakKeyDictionary

SYSTEM = "system"
"""In the place of a permission: only Nhịp itself enqueues the job, by the clock."""

Job = TypeVar("Job")
_needed: WeakKeyDictionary[object, tuple[str, ...]] = WeakKeyDictionary()


def needs(*permissions: str) -> Callable[[Job], Job]:
    """Decorator above `@blueprint.task(…)`: whoever enqueues the job holds one of `permissions` (or it is `SYSTEM`)."""

    def named(job: Job) -> Job:
        _needed[job] = permissions
        return job

    return named


def permissions_of(job: object) -> tuple[str, ...]:
    """What enqueues `job`; empty when it does not say."""
    return _needed.get(job, ())
