"""docs/tutorial/live-graph.md goes as it says, word by word: its commands are run by a shell, with curl."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import httpx

from nhip.testing.serving import free_port
from tests.docs_pages import DOCS, blocks
from tests.things.conftest import Running

PATIENCE_S = 60


def like(shown: Any, found: Any) -> bool:
    """Whether what was found is as shown; `…` stands for any text, and in a list for any items."""
    if shown == "…":
        return isinstance(found, str)
    if isinstance(shown, dict):
        return isinstance(found, dict) and shown.keys() == found.keys() and all(like(shown[k], found[k]) for k in shown)
    if isinstance(shown, list) and "…" in shown:
        return isinstance(found, list) and all(one in found for one in shown if one != "…")
    if isinstance(shown, list):
        return isinstance(found, list) and len(shown) == len(found) and all(map(like, shown, found))
    return bool(shown == found)


async def shell(script: str, folder: Path) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec("bash", "-c", script, cwd=folder, stdout=pipe, stderr=pipe)


async def test_the_live_graph_goes_as_the_tutorial_says(running: Running, tmp_path: Path) -> None:
    stop = {"id": "urn:ngsi-ld:PublicTransportStop:D1", "type": "PublicTransportStop"}
    link = f'<{running.address}/things/context.jsonld>; rel="http://www.w3.org/ns/json-ld#context"'
    headers = {"Authorization": f"Bearer {running.key}", "Link": link}
    async with httpx.AsyncClient(base_url=f"{running.address}/ngsi-ld/v1", headers=headers, timeout=60) as client:
        assert (await client.post("/entities", json=stop)).status_code == 201
    port = str(free_port())
    setup, output, shown = "", "", 0
    listener: asyncio.subprocess.Process | None = None
    try:
        for block in blocks(DOCS / "tutorial" / "live-graph.md"):
            what, _colon, name = block.note.partition(": ")
            text = block.text.replace("http://127.0.0.1:8321", running.address).replace("8399", port)
            if what == "file":
                (tmp_path / name).write_text(text, encoding="utf-8")
            elif text.startswith("KEY="):
                setup = text.replace("nhip_…", running.key)
            elif text.startswith("python3 "):
                listener = await shell(f"exec {text.replace('python3', sys.executable)}", tmp_path)
                await _listens(int(port))
            elif block.kind == "sh":
                done = await shell(setup + text, tmp_path)
                out, err = await asyncio.wait_for(done.communicate(), PATIENCE_S)
                assert done.returncode == 0, err.decode()
                output = out.decode()
            elif block.kind == "text":
                assert output.split() == text.split(), f"the page shows {text}, but there was: {output}"
                shown += 1
            elif block.kind == "json":
                if what == "in":
                    assert listener is not None and listener.stdout is not None
                    output = (await asyncio.wait_for(listener.stdout.readline(), PATIENCE_S)).decode()
                assert like(json.loads(text), json.loads(output)), f"the page shows {text}, but there was: {output}"
                shown += 1
    finally:
        if listener is not None:
            listener.kill()
            await listener.wait()
    assert shown == 10


async def _listens(port: int) -> None:
    while True:
        try:
            _reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return


def test_what_is_not_as_shown_is_noticed() -> None:
    assert like({"a": ["…", 1], "b": "…"}, {"a": [2, 1], "b": "x"})
    assert not like({"a": 1}, {"a": 1, "b": 2}) and not like([1], [1, 1]) and not like(["…", 3], [1]) and not like(1, 2)
