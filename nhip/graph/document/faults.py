"""What is wrong with a document, and where in it."""

from __future__ import annotations

from nhip.graph.errors import BadRequestData


class WrongMember(BadRequestData):
    """The request holds data that NGSI-LD does not allow, at {where}: {what}."""


class Fault(Exception):
    """Found deep inside; every level adds its name to the path on the way out."""

    def __init__(self, what: str, *path: str) -> None:
        super().__init__(what)
        self.what = what
        self.path = list(path)

    def error(self) -> BadRequestData:
        """As the answer says it."""
        if not self.path:
            return BadRequestData(what=self.what)
        return WrongMember(what=self.what, where=".".join(name[:80] for name in reversed(self.path)))
