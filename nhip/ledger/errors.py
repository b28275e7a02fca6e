"""What can go wrong with the ledger."""

from __future__ import annotations

from nhip.errors import BadInput, NhipError, NotFound, Unavailable


class LedgerClosed(Unavailable):
    """The ledger cannot be written ({what}), so nothing was done that must be recorded. Try again in a minute."""


class LedgerBroken(NhipError):
    """The ledger is not what it was when its tree of {size} events was signed. Run `nhip ledger verify`: it names the rows."""


class LedgerUnreadable(NhipError):
    """The ledger cannot be read ({what}): its tables are gone, or were changed into others. Copy everything before you repair."""


class EventRefused(BadInput):
    """This cannot be recorded in the ledger: {what}."""


class UnknownKind(NhipError):
    """The ledger knows no events of the kind {kind}."""


class NoSuchEvent(NotFound):
    """The ledger has no event {seq} in a tree of {size} events."""


class NoSuchHead(NotFound):
    """The ledger has no signed tree of {size} events."""


class LedgerKeyOpen(NhipError):
    """The key file {path} can be read by other users of this machine. Run `chmod 600 {path}` and start again."""


class LedgerKeyBroken(NhipError):
    """The key file {path} cannot be read. Bring it back from the backup; without it, no more of the ledger is signed."""
