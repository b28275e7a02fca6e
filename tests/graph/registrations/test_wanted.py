"""Many identifiers are held against many patterns without looking at each pair."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nhip.graph.query.model import Selector
from nhip.graph.query.patterns import compile_pattern
from nhip.graph.registrations import matching
from nhip.graph.registrations.matching import Wanted
from nhip.graph.registrations.model import EntityInfo


def _is_pattern(text: str) -> bool:
    try:
        compile_pattern(text)
    except Exception:
        return False
    return True


PIECES = st.sampled_from(
    ["a", "b", ":", "^", "$", ".", ".*", "[^a]", "\\b", "\\A", "\\z", "(?:ab)", "(?i)A", "|", "\\s"]
)
PATTERNS = st.lists(PIECES, min_size=1, max_size=5).map("".join).filter(_is_pattern)
IDS = st.frozensets(st.text("ab:", min_size=1, max_size=4), min_size=9, max_size=12)


@given(PATTERNS, IDS)
@settings(max_examples=300, deadline=None)
def test_one_fits_where_any_identifier_does(pattern: str, ids: frozenset[str]) -> None:
    search = compile_pattern(pattern).search
    assert Wanted(Selector(ids=ids)).takes(EntityInfo(pattern=pattern)) == any(search(id) for id in ids)


def test_a_pattern_that_fits_none_is_searched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[str] = []

    class Noted:
        def __init__(self, pattern: str) -> None:
            self._found = re.compile(pattern)

        def search(self, text: str) -> Any:
            searched.append(text)
            return self._found.search(text)

    monkeypatch.setattr(matching, "compile_pattern", Noted)
    wanted = Wanted(Selector(ids=frozenset(f"urn:q:{n}" for n in range(1000))))
    assert not any(wanted.takes(EntityInfo(pattern=f"^urn:z{n}:.*$")) for n in range(20))
    assert len(searched) == 20
    assert wanted.takes(EntityInfo(pattern="^urn:q:7.$"))
