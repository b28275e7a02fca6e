"""The ledger of conformance is whole and true: the page is as the tests are, every file that it names exists."""

from __future__ import annotations

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
        assert entry.keys() <= {"subject", "files", "open"}
        assert number in shown or entry.get("files") or entry.get("open"), number


def test_every_file_is_there() -> None:
    for entry in ngsi_ld.load().values():
        for file in entry.get("files", []):
            assert (ROOT / "tests" / "graph" / file).is_file(), file
