"""Jobs and what enqueues them: looked at before a job is enqueued, and printed by `nhip permissions`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from procrastinate.tasks import Task

from nhip.kernel.needs import SYSTEM, permissions_of
from nhip.security.permissions.current import require_any


class JobLine(msgspec.Struct, frozen=True):
    """A line of the table: a job and what enqueues it, any one of `permissions`."""

    name: str
    permissions: tuple[str, ...]


def require(task: Task[Any, Any, Any]) -> None:
    """Raises Forbidden when whoever asks may not enqueue `task`."""
    require_any(tuple(name for name in permissions_of(task) if name != SYSTEM))


def list_jobs(tasks: dict[str, Task[Any, Any, Any]]) -> Iterator[JobLine]:
    """Every job of `tasks` by name, without those of the job library itself."""
    for name in sorted(tasks):
        if not name.startswith(("builtin:", "procrastinate.")):
            yield JobLine(name, permissions_of(tasks[name]))
