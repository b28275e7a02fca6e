"""A node's processes: uvicorn's server with our own connections, and several of them behind one port."""

from __future__ import annotations

import asyncio
import errno
import logging
import multiprocessing
import os
import resource
import signal
import socket
import threading
from collections.abc import Callable
from email.utils import formatdate
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from types import FrameType
from typing import Any, cast

import uvicorn
from uvicorn.config import STARTUP_FAILURE

from nhip.errors import CannotListen, PortTaken
from nhip.graph.http.connection import Connection
from nhip.graph.http.limits import HttpLimits
from nhip.kernel import journal

log = logging.getLogger(__name__)
BACKLOG = 2048
FILES = 65_536
"""Open files asked for, where the system allows them: each connection is one."""
PAUSE_S = 1.0


class Front:
    """What the connections of a process share. uvicorn calls it as it calls a protocol's class, for each connection."""

    app: Callable[..., Any]
    loop: asyncio.AbstractEventLoop
    connections: set[Any]
    state: dict[str, Any]

    def __init__(self, limits: HttpLimits | None = None) -> None:
        self.limits = limits or HttpLimits()
        self.held = 0
        """Bytes of large bodies in memory."""
        self._tasks: set[asyncio.Task[None]] = set()
        self.date = b""
        self.now = self.until_head = self.until_body = self.until_idle = 0.0

    def __call__(self, config: uvicorn.Config, server_state: Any, app_state: dict[str, Any], _loop: Any) -> Connection:
        """A connection that was accepted."""
        self.app, self.state = config.loaded_app, app_state
        self.connections, self._tasks = server_state.connections, server_state.tasks
        if not self.date:
            self._tick()
        return Connection(self)

    def wait_for(self, task: asyncio.Task[None]) -> None:
        """The process does not end before the task does, within its time for ending."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def watch(self) -> None:
        """Once a second, called by uvicorn."""
        self._tick()
        for connection in list(getattr(self, "connections", ())):
            connection.watch()

    def _tick(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.now = now = self.loop.time()
        self.until_head, self.until_body = now + self.limits.head_s, now + self.limits.body_s
        self.until_idle = now + self.limits.idle_s
        self.date = f"date: {formatdate(usegmt=True)}".encode("ascii")


class Server(uvicorn.Server):
    """Ends when it is told to, and leaves it at that: who runs it has something to stop too."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Without what uvicorn does besides: raising the signal again afterwards, which would end the process at once."""
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


def server(application: Any, limits: HttpLimits | None = None, *, factory: bool = False) -> Server:
    """A server for the application (ASGI 3; `factory`: what makes it, as module:function); told its sockets when it runs."""
    front = Front(limits)
    return Server(
        uvicorn.Config(
            application,
            factory=factory,
            http=cast(Any, front),
            ws="none",
            loop="uvloop",
            lifespan="on",
            interface="asgi3",
            log_config=None,
            proxy_headers=False,
            date_header=False,
            server_header=False,
            backlog=BACKLOG,
            callback_notify=front.watch,
            timeout_notify=0,
            timeout_graceful_shutdown=front.limits.ending_s,
        )
    )


def run(application: str, host: str, port: int, processes: int = 1) -> None:
    """Serve what the factory `application` (module:function) makes until interrupted, in as many processes.

    Raises PortTaken, CannotListen.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, FILES)), hard))
    alone = listening(host, port)
    if processes == 1:
        serve(application, alone)
        return
    alone.close()
    _Several(application, [listening(host, port, shared=True) for _ in range(processes)]).run()


def listening(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A socket at an address; `shared` ones take the address together.

    Raises PortTaken when it is in use, CannotListen when it is none that this machine may listen on.
    """
    try:
        family, kind, _protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        found = socket.socket(family, kind)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        found.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(host=host, port=port) from error
        raise CannotListen(host=host, port=port, why=error.strerror or str(error)) from error
    return found


def serve(application: str, at: socket.socket) -> None:
    """Serve in this process until told to end, or until the process that started it is gone."""
    journal.begin()
    logging.getLogger("httpx").setLevel(logging.WARNING)  # a line for each notification
    if parent := multiprocessing.parent_process():
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    log.info("listening at %s port %s", *at.getsockname()[:2])
    server(application, factory=True).run([at])


def _end_with(parent: int) -> None:
    wait([parent])
    os.kill(os.getpid(), signal.SIGTERM)


class _Several:
    """Processes behind one port. Each has its own socket, so that the kernel spreads connections evenly; they stay open here, so
    that connections to a process that died wait for the one that takes its place."""

    def __init__(self, application: str, sockets: list[socket.socket]) -> None:
        self._application = application
        self._sockets = sockets
        self._context = multiprocessing.get_context("spawn")
        self._told, self._tell = self._context.Pipe(duplex=False)

    def run(self) -> None:
        """Until interrupted, or until one of the first could not even start: later that passes, as when the database is away."""
        before = {number: signal.signal(number, self._interrupted) for number in (signal.SIGINT, signal.SIGTERM)}
        running = [self._start(at) for at in self._sockets]
        first = set(running)
        try:
            while self._told not in wait([self._told, *(one.sentinel for one in running)]):
                for place, one in enumerate(running):
                    if one.exitcode == STARTUP_FAILURE and first.issuperset(running):
                        return
                    if one.exitcode is not None:
                        log.warning("process %s ended with %s; starting another", one.pid, one.exitcode)
                        self._told.poll(PAUSE_S)
                        running[place] = self._start(self._sockets[place])
        finally:
            for one in running:
                one.terminate()
            for one in running:
                one.join()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _start(self, at: socket.socket) -> SpawnProcess:
        process = self._context.Process(target=serve, args=(self._application, at))
        process.start()
        return process

    def _interrupted(self, _number: int, _frame: FrameType | None) -> None:
        self._tell.send(None)
