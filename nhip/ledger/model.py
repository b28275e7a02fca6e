"""An event: who did what to which object, when and why; and what the ledger makes of it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be recorded. Who acts and when is added where it is appended; `data` holds no secret and no personal value."""

    kind: str
    """Dotted, past tense (`version.restored`); one of `nhip.ledger.kinds`."""
    what: str = ""
    """The object, `kind:id` (`dataset:tram-xe-buyt`)."""
    why: str = ""
    """Purpose and legal basis, where the law asks for one."""
    data: Mapping[str, Any] = {}
    subjects: tuple[bytes, ...] = ()
    """Whose personal data were read or changed: keyed hashes of 32 bytes (`nhip.security.subjects`), never the number itself."""


class BodyActor(msgspec.Struct, frozen=True, gc=False):
    """Who did it, as it stands in a body; `id` is the party's, None for Nhịp itself."""

    id: str | None
    name: str
    organisation: str
    via: str
    address: str


class Body(msgspec.Struct, frozen=True, gc=False):
    """What was hashed: the canonical JSON of one event, decoded."""

    actor: BodyActor
    """Who did it: id of the party (none for Nhịp itself), name, organisation, via (`session`, `key`, `job`…), network address."""
    at: int
    """Microseconds since 1970, UTC; never less than that of the event before."""
    data: dict[str, Any]
    """Facts of the kind of event; no secret and no personal value."""
    kind: str
    """What happened, one of the kinds above."""
    part: tuple[int, int]
    """Which part of how many: an event about more than a hundred people is several rows."""
    salt: str
    """16 random bytes in hexadecimal digits, so that the hash does not tell whether a guess at the event is right."""
    subjects: list[str]
    """Whose personal data were read or changed: keyed hashes of 32 bytes in hexadecimal digits."""
    what: str
    """The object, `kind:id`."""
    why: str
    """Purpose and legal basis, where the law asks for one."""

    @property
    def moment(self) -> datetime:
        """When, in UTC."""
        return moment(self.at)


class Row(msgspec.Struct, frozen=True):
    """One event of the ledger with its place and hash."""

    seq: int
    leaf: bytes
    body: Body


class StoredRow(NamedTuple):
    """A row of `ledger.event` as it stands there, for verification."""

    seq: int
    body: bytes
    leaf: bytes
    chain: bytes
    at_us: int
    kind: str
    what: str
    actor: str | None


class Tip(msgspec.Struct, frozen=True):
    """How far the ledger goes: its name, the number of its events, the chain and time of the last."""

    id: uuid.UUID
    size: int
    chain: bytes
    at_us: int

    @property
    def origin(self) -> str:
        """The ledger's name in tree heads; no two ledgers have the same."""
        return f"nhip/ledger/{self.id}"


class Head(msgspec.Struct, frozen=True):
    """A signed tree head: the root over the first `size` events, as of `at_us`."""

    size: int
    at_us: int
    root: bytes
    signature: bytes
    key_id: bytes

    @property
    def moment(self) -> datetime:
        """When it was signed, in UTC."""
        return moment(self.at_us)


def moment(at_us: int) -> datetime:
    """Microseconds since 1970 as a moment in UTC, exactly."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_us)
