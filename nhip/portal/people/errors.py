"""What readers and officials may be told when something of theirs is not there or cannot be done."""

from __future__ import annotations

from nhip.errors import BadInput, Conflict, NotFound


class WishNotFound(NotFound):
    """There is no request for data at this address."""


class WishClosed(Conflict):
    """The request {no} is closed already."""


class MergeWrong(BadInput):
    """The request {no} cannot be joined to {into}: choose another one that is open and not joined itself."""


class DatasetNotOpen(BadInput):
    """The dataset {name} is not open, so it cannot be the answer. Publish it first."""


class ExtensionSpent(Conflict):
    """The time for the request {no} was extended once already."""


class RemarkNotFound(NotFound):
    """There is no comment at this address."""


class RemarkNotShown(Conflict):
    """Show the comment before you answer it, or answer by mail."""


class LinkSpent(NotFound):
    """This link is no longer good: it was used, or it is too old. Ask for a new one."""
