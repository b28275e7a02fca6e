"""A mirror: which part of which peer is followed in which tenant of ours, and how it is doing."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from nhip.graph.model import Doc

State = Literal["new", "copying", "live", "away"]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What of the peer is followed; names are terms of `context` (an address; empty: the core @context) or IRIs."""

    types: list[str]
    q: str = ""
    scope: str = ""
    attrs: list[str] = []
    """The only attributes that are copied; none: all."""
    context: str = ""


class Mirror(msgspec.Struct, frozen=True, kw_only=True):
    """A mirror as it rests, without its secret."""

    id: int
    name: str
    tenant: int
    tenant_name: str
    peer: str
    """Address of the peer's interface, with /ngsi-ld/v1 and without a slash at the end."""
    peer_tenant: str
    context: str
    types: list[str]
    q: str
    scope: str
    attrs: list[str]
    subscription: str
    token: bytes
    """SHA-256 of the token in the peer's notifications."""
    received: int
    peer_sent: int
    peer_failed: int
    peer_began: datetime | None
    state: State
    problem: str
    refused: int
    difference: int
    sync_asked: int
    sync_done: int
    good_at: datetime | None
    compared_at: datetime | None
    heard_at: datetime | None
    beat_at: datetime | None
    doubts: bool
    """Whether the peer has to be asked about entities."""


class Known(msgspec.Struct, frozen=True):
    """What is known of an entity of the peer: its state when it was taken at `step`, or that it was `gone`."""

    modified_at: str
    step: int
    gone: bool
    digest: bytes


class Seen(msgspec.Struct, frozen=True):
    """What the peer told of an entity, or answered when it was asked at the step `asked`.

    `doc` None: it is not there (any more). `modified_at` is the peer's, empty where it does not say.
    """

    id: str
    doc: Doc | None
    modified_at: str = ""
    digest: bytes = b""
    asked: int | None = None


class Provenance(msgspec.Struct, frozen=True):
    """Where an entity of a mirror comes from."""

    id: str
    mirror: str
    peer: str
    peer_tenant: str
    modified_at: str
    """The peer's modifiedAt."""
    received_at: datetime
