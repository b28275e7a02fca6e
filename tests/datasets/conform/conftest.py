"""The fixtures of tests that assess a table."""

from __future__ import annotations

from tests.datasets.assessing import check, con

__all__ = ["check", "con"]
