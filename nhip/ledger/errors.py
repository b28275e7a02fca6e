"""What can go wrong with the ledger."""

from __future__ import annotations

from nhip.errors import BadInput, NhipError, Unavailable


class LedgerClosed(Unavailable):
    """The ledger cannot be written ({what}), so nothing was done that must be recorded. Try again in a minute."""


class EventRefused(BadInput):
    """This cannot be recorded in the ledger: {what}."""


class UnknownKind(NhipError):
    """The ledger knows no events of the kind {kind}."""
