"""Identifiers in addresses: entities' URIs and the names of attributes and types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nhip.graph.contexts.iris import is_uri
from nhip.graph.errors import BadRequestData, MethodNotAllowed
from nhip.kernel.i18n import _

if TYPE_CHECKING:
    from nhip.graph.contexts.model import Context

_LONGEST = 2000


def require_uri(text: str) -> str:
    """`text`, which must be an absolute URI. Raises BadRequestData."""
    if len(text) > _LONGEST or not is_uri(text):
        raise BadRequestData(what=f"{text[:100]!r}: {_('an identifier is a URI, as urn:ngsi-ld:Sensor:1')}")
    return text


def expanded(name: str, context: Context) -> str:
    """The IRI of an attribute's or type's name in an address. Raises BadRequestData; MethodNotAllowed where none stands."""
    if not name:
        raise MethodNotAllowed(what=_("without a name"))
    if len(name) > _LONGEST:
        raise BadRequestData(what=f"{name[:100]!r}: {_('not a name')}")
    return name if name == "scope" else context.expand(name)
