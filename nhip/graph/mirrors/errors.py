"""What goes wrong with mirrors."""

from __future__ import annotations

from nhip.errors import NhipError
from nhip.graph.errors import OperationNotSupported, ResourceNotFound


class MirrorMissing(ResourceNotFound):
    """There is no mirror with this name: {what}."""


class MirrorBehind(NhipError):
    """The mirror {name} was not compared in time: {what}. An installation or node that runs goes on trying by itself."""

    status = 503


class MirrorExists(NhipError):
    """There is a mirror called {name} already, or the tenant {tenant} is a mirror."""

    status = 409


class TenantInUse(NhipError):
    """The tenant {tenant} holds entities of its own. A mirror needs a tenant that is empty."""

    status = 409


class ReadOnlyMirror(OperationNotSupported):
    """The tenant {tenant} mirrors {peer} and is read-only. Write to its owner."""


class PeerFailed(NhipError):
    """The peer {peer} {what}."""

    status = 502


class SubscriptionGone(PeerFailed):
    """The peer {peer} does not know our subscription any more."""


class PeerRefused(PeerFailed):
    """The peer {peer} does not do what we ask for: it answers {status} to {asked}."""
