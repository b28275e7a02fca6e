"""The ledger of OWASP ASVS is whole and true: every requirement once, every test and heading that it names exists."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from importlib import util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
WHOLE_CHAPTERS = ("8", "9", "10", "11", "16")
"""Held at level 3 too: authorization, tokens, OAuth, cryptography, logging."""
KEYS = {"level", "subject", "tests", "page", "na", "open"}


def _script() -> ModuleType:
    found = util.spec_from_file_location("asvs", ROOT / "scripts" / "asvs.py")
    assert found is not None and found.loader is not None
    module = util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


asvs = _script()
LEDGER = asvs.load()["requirements"]


def standard() -> dict[str, int]:
    """Number and level of every requirement of the standard."""
    text = (DOCS / "conformance" / "asvs-5.0.0.txt").read_text(encoding="utf-8")
    items = [item for line in text.splitlines() if not line.startswith("#") for item in line.split()]
    assert len(items) == len({item.partition(":")[0] for item in items})
    return {number: int(level) for number, _colon, level in (item.partition(":") for item in items)}


@cache
def names_in(file: str) -> frozenset[str]:
    """Names of the tests in a file below tests/, methods of classes as `Class::test_x`; empty when there is no such file."""
    path = ROOT / "tests" / file
    if not path.is_file():
        return frozenset()
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        inside = node.body if isinstance(node, ast.ClassDef) else [node]
        for each in inside:
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and each.name.startswith("test_"):
                found.add(f"{node.name}::{each.name}" if isinstance(node, ast.ClassDef) else each.name)
    return frozenset(found)


def test_the_list_of_the_standard_is_whole() -> None:
    levels = list(standard().values())
    assert [levels.count(level) for level in (1, 2, 3)] == [70, 183, 92]


def test_every_requirement_is_answered_once() -> None:
    """TOML refuses a key that is there twice, so once is at most once."""
    wanted = {n: level for n, level in standard().items() if level < 3 or n.split(".")[0] in WHOLE_CHAPTERS}
    assert {number: entry["level"] for number, entry in LEDGER.items()} == wanted


@pytest.mark.parametrize("number", LEDGER)
def test_an_answer_is_one_of_the_four_kinds(number: str) -> None:
    entry = LEDGER[number]
    assert set(entry) <= KEYS and entry["subject"]
    kind = asvs.kind_of(entry)
    if kind == "n/a":
        assert entry["na"] and "tests" not in entry and "page" not in entry
    elif kind == "open":
        assert len(entry["open"]) > 20, "say what is missing"
    elif kind == "document":
        assert number.split(".")[1] == "1", "only the first section of each chapter asks for documentation"
    else:
        assert entry["tests"]


NAMED = sorted({test for entry in LEDGER.values() for test in entry.get("tests", ())})


@pytest.mark.parametrize("test", NAMED)
def test_every_test_that_is_named_exists(test: str) -> None:
    file, _colons, name = test.partition("::")
    assert names_in(file), f"there are no tests in tests/{file}"
    assert name == "*" or name in names_in(file), f"there is no test {name} in tests/{file}"


@pytest.mark.parametrize("target", sorted({entry["page"] for entry in LEDGER.values() if "page" in entry}))
def test_every_page_that_is_named_has_its_heading(target: str) -> None:
    path, _hash, heading = target.partition("#")
    text = (DOCS / path).read_text(encoding="utf-8")
    assert not heading or heading in {asvs.anchor(found) for found in re.findall(r"^#+ (.+)$", text, re.M)}


def test_subjects_are_in_our_own_words() -> None:
    """The standard's text is CC BY-SA: no sentence of it stands here. Its sentences begin with one phrase and are long."""
    for entry in LEDGER.values():
        assert not entry["subject"].lower().startswith("verify that") and len(entry["subject"]) < 90


def test_the_page_is_up_to_date() -> None:
    command = [sys.executable, "scripts/asvs.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
