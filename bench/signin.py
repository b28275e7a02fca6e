"""What a sign-in costs: CPU ms of the deliberate hashing, and of everything else (ours and the database's).

    .venv/bin/python -m bench.signin [--times 30]

CPU time and not wall time, so that other work on the machine does not count: argon2id's four lanes are four threads, and on
four idle cores take a quarter of the time on the clock.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from bench.results import record, table
from nhip.db.installation import Installation, opened
from nhip.parts import prepare_database
from nhip.security.model import Account
from nhip.security.parties.service import make_party
from nhip.security.passwords import matches
from nhip.security.service import make_user, sign_in
from nhip.settings import Settings

PASSWORD = "ghe xanh mua thu bay"
MOST_MS = 300
"""The figure of part 2: deliberate hashing, and nothing else."""
MOST_REST_MS = 30


async def measure(times: int) -> dict[str, Any]:
    """CPU ms of one hash and of one sign-in, each the mean of `times`; wall ms beside them."""
    with tempfile.TemporaryDirectory(prefix="nhip-bench-") as folder:
        async with opened(Settings(data_dir=Path(folder)), pool_size=2) as installation:
            await prepare_database(installation.db)
            account = await _person(installation)
            await _sign_in(installation, 0)
            hashed = await _hashes(account, times)
            whole = await _sign_ins(installation, times)
    rest = whole["cpu_ms"] - hashed["cpu_ms"]
    return {
        "times": times,
        "hash_cpu_ms": round(hashed["cpu_ms"], 1),
        "hash_wall_ms": round(hashed["wall_ms"], 1),
        "signin_wall_ms": round(whole["wall_ms"], 1),
        "rest_cpu_ms": round(rest, 1),
        "database_cpu_ms": round(whole["database_ms"], 1),
    }


async def _person(installation: Installation) -> Account:
    async with installation.db.tx() as tx:
        return await make_user(tx, await make_party(tx, "person", "Lan"), "lan", PASSWORD)


async def _sign_in(installation: Installation, n: int) -> None:
    ended = await sign_in(installation.db, "lan", PASSWORD, f"2001:db8::{n:x}", 12, "bench")
    assert ended.token


async def _hashes(account: Account, times: int) -> dict[str, float]:
    cpu, wall = time.process_time(), time.perf_counter()
    for _each in range(times):
        assert await matches(account.password_hash, PASSWORD)
    return _per(times, cpu, wall)


async def _sign_ins(installation: Installation, times: int) -> dict[str, float]:
    before = _database_s(installation)
    cpu, wall = time.process_time(), time.perf_counter()
    for n in range(times):
        await _sign_in(installation, n)
    took = _per(times, cpu, wall)
    return took | {"database_ms": (_database_s(installation) - before) * 1000 / times}


def _per(times: int, cpu: float, wall: float) -> dict[str, float]:
    return {
        "cpu_ms": (time.process_time() - cpu) * 1000 / times,
        "wall_ms": (time.perf_counter() - wall) * 1000 / times,
    }


def _database_s(installation: Installation) -> float:
    """CPU seconds that the database's processes have used until now."""
    assert installation.server is not None
    pid = installation.server.pid()
    assert pid is not None
    processes = psutil.Process(pid).children(recursive=True)
    return sum(sum(process.cpu_times()[:2]) for process in processes if process.is_running())


def run(times: int) -> None:
    """Measure, hold against the figure, record."""
    figures = asyncio.run(measure(times))
    record("signin", figures | {"good": figures["hash_cpu_ms"] <= MOST_MS and figures["rest_cpu_ms"] <= MOST_REST_MS})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=30)
    run(parser.parse_args().times)
    print(table(["signin"]))


if __name__ == "__main__":
    main()
