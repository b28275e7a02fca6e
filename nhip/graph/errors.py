"""What NGSI-LD answers when something cannot be done: the error types of ETSI GS CIM 009 v1.9.1, table 5.5.2-1 and 6.3.2."""

from __future__ import annotations

from typing import Any, ClassVar

from nhip.errors import NhipError

_ERRORS = "https://uri.etsi.org/ngsi-ld/errors/"


class GraphError(NhipError):
    """The graph cannot answer this: {what}."""

    status = 500
    kind: ClassVar[str] = "InternalError"

    @classmethod
    def type_uri(cls) -> str:
        """The error type as RFC 9457 `type`."""
        return _ERRORS + cls.kind

    def problem(self, translate: Any = str) -> dict[str, Any]:
        """The problem details of the answer (CIM 009, 5.5.3)."""
        return {"type": self.type_uri(), "title": self.kind, "status": self.status, "detail": self.message(translate)}


class InvalidRequest(GraphError):
    """The request is not in the form of NGSI-LD: {what}."""

    status = 400
    kind = "InvalidRequest"


class BadRequestData(GraphError):
    """The request holds data that NGSI-LD does not allow: {what}."""

    status = 400
    kind = "BadRequestData"


class AlreadyExists(GraphError):
    """This exists already: {what}."""

    status = 409
    kind = "AlreadyExists"


class Conflict(GraphError):
    """This contradicts what is registered: {what}."""

    status = 409
    kind = "Conflict"


class OperationNotSupported(GraphError):
    """This operation is not supported: {what}."""

    status = 422
    kind = "OperationNotSupported"


class ResourceNotFound(GraphError):
    """There is nothing with this identifier: {what}."""

    status = 404
    kind = "ResourceNotFound"


class NoSuchOperation(ResourceNotFound):
    """NGSI-LD has no operation at {what}. All that there are: /ngsi-ld/openapi.json."""


class TooComplexQuery(GraphError):
    """The query is too complex to be answered: {what}."""

    status = 403
    kind = "TooComplexQuery"


class TooManyResults(GraphError):
    """The query finds too much to be answered: {what}. Narrow it by type, identifier or place."""

    status = 403
    kind = "TooManyResults"


class LdContextNotAvailable(GraphError):
    """An @context cannot be read: {what}."""

    status = 504
    kind = "LdContextNotAvailable"


class NonexistentTenant(GraphError):
    """There is no tenant with this name: {what}."""

    status = 404
    kind = "NonexistentTenant"


class LoopDetected(GraphError):
    """The request came back to a broker that it had passed: {what}."""

    status = 508
    kind = "LoopDetected"


class MethodNotAllowed(GraphError):
    """This address does not know the method {what}."""

    status = 405
    kind = "MethodNotAllowed"


class NotAcceptable(GraphError):
    """None of the media types asked for can be given: {what}. There are: {offered}."""

    status = 406
    kind = "NotAcceptable"


class UnsupportedMediaType(GraphError):
    """The body's media type is not one of NGSI-LD: {what}."""

    status = 415
    kind = "UnsupportedMediaType"


class TooLarge(GraphError):
    """The body is larger than this broker reads at once: {what}."""

    status = 413
    kind = "RequestEntityTooLarge"


class Busy(GraphError):
    """More changes are waiting than can be written soon; nothing of this request was taken. Try again in {seconds} s."""

    status = 503
    kind = "InternalError"
