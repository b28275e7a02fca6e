"""The reference page says what the code does."""

from __future__ import annotations

from pathlib import Path

import pytest

import nhip
from nhip.kernel.measure import list_units
from nhip.kernel.values.fastpath import CANONICAL
from nhip.kernel.values.meridians import MERIDIANS
from nhip.kernel.values.registry import canonical_sql, parser_for
from nhip.kernel.values.rules import RULES

PAGE = Path(nhip.__file__).parents[1] / "docs" / "reference" / "values.md"


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text("utf-8")


def test_rules_units_and_zones_are_on_the_page(page):
    assert [rule for rule, sentence in RULES.items() if f"| `{rule}` | {sentence} |" not in page] == []
    assert [unit.symbol for unit in list_units() if f"`{unit.symbol}`" not in page] == []
    assert [name for name, epsg in MERIDIANS.items() if f"| {name} | {epsg} |" not in page] == []
    assert [name for name in CANONICAL if f"`{name.partition('.')[0]}`" not in page] == []


def test_the_example_runs(page):
    """Every line of the code block with an answer behind it gives that answer."""
    block = page.split("```python\n")[1].split("```")[0]
    names = {"parser_for": parser_for, "canonical_sql": canonical_sql, "parse": parser_for("date", order="dmy")}
    checked = 0
    for line in block.splitlines():
        call, _, answer = line.partition("  # Parsed")
        if answer:
            assert repr(eval(call, names)) == f"Parsed{answer.strip()}"
            checked += 1
    assert checked == 2
