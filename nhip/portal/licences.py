"""The licences that an official chooses from."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import msgspec

from nhip.portal.errors import LicenceUnknown
from nhip.portal.model import Licence


@cache
def list_licences() -> dict[str, Licence]:
    """All licences by code, in the order of the file."""
    found = tomllib.loads(Path(__file__).with_name("licences.toml").read_text(encoding="utf-8"))
    return {licence.code: licence for licence in msgspec.convert(found["licence"], list[Licence])}


def get_licence(code: str) -> Licence:
    """One licence. Raises LicenceUnknown."""
    try:
        return list_licences()[code]
    except KeyError:
        raise LicenceUnknown(code=code) from None
