"""How much memory a database server of ours may use."""

from __future__ import annotations

import os
from pathlib import Path

_MB = 1 << 20
_LIMIT = Path("/sys/fs/cgroup/memory.max")
_LEAST_MB, _MOST_MB = 128, 2048
_PART = 8


def memory_bytes(limit: Path = _LIMIT) -> int:
    """The memory of the machine, or what the container of this process may use of it (cgroup 2)."""
    there = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        told = limit.read_text(encoding="ascii").strip()
    except OSError:
        return there
    return min(there, int(told)) if told.isdigit() else there


def shared_buffers_mb(memory: int) -> int:
    """Megabytes of PostgreSQL's own cache, an eighth of the memory: reading a page from it takes a tenth of the time of having
    the system copy it. What is not used of it is not taken."""
    return min(max(memory // _PART // _MB, _LEAST_MB), _MOST_MB)
