"""An event: who did what to which object, when and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
