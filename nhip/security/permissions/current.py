"""The rights under which this task works: set with who acts, read where queries are narrowed and jobs enqueued.

A request works under the rights of whoever asks, a stranger's under none. Where nobody was named (a command, a job) Nhịp itself
works, and nothing is narrowed.
"""

from __future__ import annotations

import uuid
from contextvars import ContextVar

from nhip.errors import Forbidden
from nhip.security.permissions.catalogue import PUBLIC
from nhip.security.permissions.model import Rights

_rights: ContextVar[Rights | None] = ContextVar("rights", default=None)


def begin_under(rights: Rights | None) -> None:
    """The rest of this task works under `rights`; None: it is Nhịp itself."""
    _rights.set(rights)


def current_rights() -> Rights | None:
    """The rights of whoever asks; None for Nhịp itself."""
    return _rights.get()


def reach(permission: str) -> list[uuid.UUID] | None:
    """The organisations that a query is to be narrowed to, for `= any(%(within)s)`; None: no narrowing."""
    rights = _rights.get()
    within = rights.organisations(permission) if rights is not None else None
    return None if within is None else sorted(within)


def require_any(permissions: tuple[str, ...]) -> None:
    """Raises Forbidden unless one of `permissions` is held somewhere, or Nhịp itself works."""
    rights = _rights.get()
    if rights is not None and PUBLIC not in permissions and not any(map(rights.anywhere, permissions)):
        raise Forbidden
