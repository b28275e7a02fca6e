"""The ledger of conformance is whole and true: the page is as the tests are, every file that it names exists."""

from __future__ import annotations

import re
from importlib import util
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]


def _script() -> ModuleType:
    found = util.spec_from_file_location("ngsi_ld", ROOT / "scripts" / "ngsi_ld.py")
    assert found is not None and found.loader is not None
    module = util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


ngsi_ld = _script()


def test_the_page_is_as_the_tests_are() -> None:
    assert ngsi_ld.page() == ngsi_ld.PAGE.read_text(encoding="utf-8"), "run python scripts/ngsi_ld.py"


def test_every_clause_is_shown_or_open() -> None:
    shown = {number for number, _test in ngsi_ld.marked()}
    for number, entry in ngsi_ld.load().items():
        assert entry.keys() <= {"subject", "files", "tests", "open"}
        assert number in shown or entry.get("files") or entry.get("tests") or entry.get("open"), number


def test_every_file_and_every_test_is_there() -> None:
    for entry in ngsi_ld.load().values():
        for file in entry.get("files", []):
            assert (ROOT / "tests" / "graph" / file).is_file(), file
        for named in entry.get("tests", []):
            file, _colons, test = named.partition("::")
            text = (ROOT / "tests" / "graph" / file).read_text(encoding="utf-8")
            assert re.search(rf"^(?:async )?def {test}\(", text, re.M), named
            assert named not in entry.get("files", [])


def _clauses(above: str, *numbers: int) -> list[str]:
    return [f"{above}.{number}" for number in numbers]


# What item 1 of the live graph's plan asks for: representations and queries (4), operations (5), the interface (6, 7).
INTERFACE = [
    *_clauses("4", *range(9, 24)), *_clauses("4.3.6", *range(2, 7)), *_clauses("4.5", 4, 5, 6, 9, *range(16, 25)),
    *_clauses("5", 14, 15, 16), *_clauses("5.5", 4, 5, 11, 12), *_clauses("5.6", *range(1, 22)), *_clauses("5.7", *range(1, 11)),
    *_clauses("5.8", *range(1, 7)), *_clauses("5.9", 2, 3, 4), "5.12", *_clauses("5.10", 1, 2), *_clauses("5.11", *range(2, 8)),
    *_clauses("5.13", *range(2, 6)), *_clauses("6", *range(8, 39)), *_clauses("6.3", 7, 11, 12, 17, 18, 19, 20, 22), "7.2",
]  # fmt: skip


def test_every_part_of_the_interface_is_in_the_ledger() -> None:
    assert [number for number in INTERFACE if number not in ngsi_ld.load()] == []
