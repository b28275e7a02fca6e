"""What strangers send is remembered in short only: long texts and large @contexts cannot fill the memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nhip.graph.contexts.iris import is_uri
from nhip.graph.contexts.service import Contexts
from nhip.graph.contexts.shelf import Shelf
from nhip.graph.document.language import chosen
from nhip.graph.document.times import is_instant
from nhip.graph.query.comparing import moment
from nhip.settings import Settings

MB = 1 << 20


@pytest.mark.parametrize(
    "read",
    [is_uri, is_instant, moment, lambda text: chosen({"en": "a"}, text)],
    ids=["is_uri", "is_instant", "moment", "chosen"],
)
@pytest.mark.parametrize("start", ["urn:x:", "2026-01-01T00:00:00."])
def test_long_texts_are_not_remembered(read: Callable[[str], Any], start: str) -> None:
    tracemalloc.start()
    try:
        for n in range(20):
            read(f"{start}{n}{'1' * MB}")
        assert tracemalloc.get_traced_memory()[0] < 5 * MB
    finally:
        tracemalloc.stop()


async def test_large_contexts_are_few(tmp_path: Path) -> None:
    contexts = Contexts(Settings(data_dir=tmp_path))
    large = [{f"t{turn}x{n}": f"https://a.example/{n}" for n in range(9000)} for turn in range(30)]
    for one in large:
        await contexts.resolve(1, one)
    assert 1 < sum(contexts.cached(one, 1) is not None for one in large) < 25
    small = [{f"s{turn}": "https://a.example/s"} for turn in range(300)]
    for one in small:
        await contexts.resolve(1, one)
    assert all(contexts.cached(one, 1) is not None for one in small)
    await contexts.close()


def test_a_shelf_holds_what_it_may_and_always_one() -> None:
    shelf = Shelf[str, int](10)
    assert shelf.put("a", 1, 4) == shelf.put("b", 2, 4) == []
    assert shelf.put("a", 3, 5) == [("a", 1)]
    assert shelf.get("b") == 2
    assert shelf.put("c", 4, 3) == [("a", 3)]
    assert shelf.put("d", 5, 99) == [("b", 2), ("c", 4)]
    assert (shelf.get("d"), shelf.get("a"), list(shelf.items())) == (5, None, [("d", 5)])
    assert (shelf.take("d"), shelf.take("d")) == (5, None)
    assert shelf.put("e", 6, 10) == []
