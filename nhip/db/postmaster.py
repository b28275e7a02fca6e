"""Whose process a PostgreSQL lock file names: a living server's, or nobody's any more.

PostgreSQL itself only asks whether a process of that number is there. In a container whose first process takes no orphans, a
server that was killed stays there as a zombie for ever, and after a restart its number may be another program's: it then
refuses to start ("lock file already exists").
"""

from __future__ import annotations

from pathlib import Path

import psutil

LOCK = "postmaster.pid"


def living_postmaster(data: Path) -> int | None:
    """Process number of the server that runs on the cluster `data`, or None."""
    pid = _named(data / LOCK)
    return pid if pid is not None and _serves(pid, data) else None


def clear_dead_locks(data: Path, sockets: Path) -> None:
    """Remove lock files of a server that lives no more, once none of its processes is left that might still write.

    To be called only while nobody else can start a server on `data`.
    """
    if living_postmaster(data) is not None:
        return
    left = [process for process in psutil.process_iter() if _serves(process.pid, data)]
    psutil.wait_procs(left, timeout=10)  # processes of a server that was killed end by themselves
    if any(_serves(process.pid, data) for process in left):
        return  # PostgreSQL will say so
    for lock in (data / LOCK, *sockets.glob(".s.PGSQL.*.lock")):
        lock.unlink(missing_ok=True)


def _named(lock: Path) -> int | None:
    try:
        return abs(int(lock.read_text().splitlines()[0]))  # less than 0: a server of one user, without a postmaster
    except (OSError, ValueError, IndexError):
        return None


def _serves(pid: int, data: Path) -> bool:
    """Whether that process is a living PostgreSQL, and on this cluster as far as we may see."""
    try:
        process = psutil.Process(pid)
        if "postgres" not in process.name() or process.status() == psutil.STATUS_ZOMBIE:
            return False
    except psutil.Error:
        return False
    try:
        return Path(process.cwd()) == data
    except (psutil.AccessDenied, OSError):
        return True
    except psutil.Error:
        return False
