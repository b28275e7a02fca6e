"""What the pages of conformance claim is shown by tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SOURCES = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))


@pytest.mark.parametrize("page", ["dcat-ap", "mqa"])
def test_every_test_that_a_page_names_exists(page: str) -> None:
    text = (ROOT / "docs" / "conformance" / f"{page}.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\btest_\w+\b(?!\.py)", text))
    files = set(re.findall(r"\btest_\w+\.py\b", text))
    assert {name for name in named if f"def {name}(" not in SOURCES} == set()
    assert {name for name in files if not list((ROOT / "tests").rglob(name))} == set()
