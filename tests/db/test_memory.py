"""How much memory the embedded server is given."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nhip.db.memory import memory_bytes, shared_buffers_mb

_GB = 1 << 30


@pytest.mark.parametrize(("memory", "buffers"), [(_GB // 2, 128), (4 * _GB, 512), (8 * _GB, 1024), (512 * _GB, 2048)])
def test_an_eighth_of_the_memory_within_bounds(memory: int, buffers: int) -> None:
    assert shared_buffers_mb(memory) == buffers


def test_a_container_has_what_it_is_allowed(tmp_path: Path) -> None:
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = tmp_path / "memory.max"
    assert memory_bytes(limit) == machine
    for told, memory in (("max\n", machine), (f"{_GB // 4}\n", _GB // 4), (f"{machine * 2}\n", machine)):
        limit.write_text(told, encoding="ascii")
        assert memory_bytes(limit) == memory
