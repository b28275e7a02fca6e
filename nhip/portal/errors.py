"""Why something is not open, or cannot be made so."""

from __future__ import annotations

from nhip.errors import BadInput, Conflict, NhipError, NotFound


class NotPublished(NotFound):
    """There is no open dataset {name}. It may have another name, or was never published."""


class Withdrawn(NhipError):
    """The dataset {name} was withdrawn: {why}"""

    status = 410


class Recalled(NhipError):
    """Release {no} of {name} was recalled and is no longer given out: {why} Delete your copies of it."""

    status = 410


class ReleaseNotFound(NotFound):
    """There is no release {no} of {name}."""


class LicenceUnknown(BadInput):
    """There is no licence {code} to choose."""


class ColumnUnknown(BadInput):
    """The dataset has no column {column}."""


class NothingToPublish(Conflict):
    """The dataset {name} has no version yet. Deliver its data first."""


class GateClosed(Conflict):
    """These data cannot be open as they are: {why}"""


class NotProposed(Conflict):
    """Nobody has proposed to publish {name}."""


class SameEyes(Conflict):
    """You proposed to publish {name}. Somebody else has to decide on it."""


class NothingWaits(Conflict):
    """No proposal about {name} waits for a decision."""


class NothingFound(Conflict):
    """Nothing that was found in release {no} of {name} waits for a decision."""


class FindingsChanged(Conflict):
    """Release {no} of {name} was examined again while you looked at it. Look at what is found now before you decide."""


class ProposalChanged(Conflict):
    """The proposal about {name} was changed while you looked at it. Look at it again before you decide."""
