"""What property tests try: always the same examples of a test, so that what lands is judged by what it changed; or many times as
many that nobody has seen before (`make deep`)."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

TIMES = int(os.environ.get("NHIP_TEST_TIMES", "1"))
"""So many times the examples of each property test; 1: the usual ones."""
# how long examples take says how busy the machine is; whether too many are rejected stays judged
settings.register_profile("deep", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("usual", settings.get_profile("deep"), derandomize=True)
settings.load_profile("usual" if TIMES == 1 else "deep")


def deepen(items: list[pytest.Item]) -> list[pytest.Item]:
    """The property tests among `items`, each with TIMES the examples that it asks for."""
    found = [item for item in items if is_hypothesis_test(getattr(item, "obj", None))]
    for item in found:
        test: Any = getattr(item.obj, "__func__", item.obj)  # type: ignore[attr-defined]
        # a profile does not go before what a test says itself, and hypothesis has no public way to
        asked = getattr(test, "_hypothesis_internal_use_settings", None) or settings()
        test._hypothesis_internal_use_settings = settings(asked, max_examples=TIMES * asked.max_examples, deadline=None)
    return found


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of a deep run only property tests are part."""
    if TIMES == 1:
        return
    kept = deepen(items)
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept
