"""Which permission a job needs to be enqueued; a job that says nothing can be enqueued by Nhịp alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import msgspec
from procrastinate.tasks import Task

from nhip.security.permissions.current import require_any

SYSTEM = "system"
"""In the place of a permission: only Nhịp itself enqueues the job, by the clock."""

AnyTask = TypeVar("AnyTask", bound=Task[Any, Any, Any])
_needed: WeakKeyDictionary[Task[Any, Any, Any], tuple[str, ...]] = WeakKeyDictionary()


class JobLine(msgspec.Struct, frozen=True):
    """A line of the table: a job and what enqueues it, any one of `permissions`."""

    name: str
    permissions: tuple[str, ...]


def needs(*permissions: str) -> Callable[[AnyTask], AnyTask]:
    """Decorator above `@blueprint.task(…)`: whoever enqueues the job holds one of `permissions` (or it is `SYSTEM`)."""

    def named(task: AnyTask) -> AnyTask:
        _needed[task] = permissions
        return task

    return named


def permissions_of(task: Task[Any, Any, Any]) -> tuple[str, ...]:
    """What enqueues `task`; empty when it does not say."""
    return _needed.get(task, ())


def require(task: Task[Any, Any, Any]) -> None:
    """Raises Forbidden when whoever asks may not enqueue `task`."""
    require_any(tuple(name for name in permissions_of(task) if name != SYSTEM))


def list_jobs(tasks: dict[str, Task[Any, Any, Any]]) -> Iterator[JobLine]:
    """Every job of `tasks` by name, without those of the job library itself."""
    for name in sorted(tasks):
        if not name.startswith(("builtin:", "procrastinate.")):
            yield JobLine(name, permissions_of(tasks[name]))
