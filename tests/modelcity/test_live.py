"""The simulator of the model city goes on, whatever a node answers."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from nhip.modelcity import live
from nhip.settings import Settings

ANSWERS = [
    b"<html>the server is being mended</html>",
    b'[{"location": {"coordinates": [1, 2]}}]',
    b"[]",
]


def test_an_answer_that_is_none_does_not_end_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A page of a proxy, things without an id, then a city without stops: the last is asked for again."""
    asked: list[str] = []
    stop = threading.Event()

    class Node(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = ANSWERS[min(len(asked), len(ANSWERS)) - 1]
            if len(asked) > len(ANSWERS) + 4:
                stop.set()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Node) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        settings = Settings(data_dir=tmp_path, port=server.server_port, outgoing_private="127.0.0.0/8")
        monkeypatch.setattr(live, "EVERY_S", 0.01)
        live._run(live.Simulator(settings, "key"), stop)
        server.shutdown()
    assert stop.is_set() and len(asked) > len(ANSWERS) + 4
    assert [one.exc_info is not None for one in caplog.records if one.name == live.__name__] == [True] * 2
