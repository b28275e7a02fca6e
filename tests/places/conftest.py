"""One register and one resolver for all tests of places, on a fixed day."""

from __future__ import annotations

from datetime import date

import pytest

from nhip.places.register import Register
from nhip.places.resolver import Resolver

DAY = date(2026, 11, 21)


@pytest.fixture(scope="session")
def register() -> Register:
    return Register.load()


@pytest.fixture(scope="session")
def resolver(register: Register) -> Resolver:
    return Resolver(register)


@pytest.fixture(scope="session")
def day() -> date:
    return DAY
