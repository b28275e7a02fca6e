"""Pages of the documentation as something that is run: their blocks, a shell, what is shown held against what came."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
FENCE = re.compile(r"^(?:<!-- (?P<note>(?:file|in): [^>]+?) -->\n)?```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.S | re.M)


class Block(NamedTuple):
    """A fenced block: its language, what the comment above says (`file: NAME`, `in: NAME`), its text."""

    kind: str
    note: str
    text: str


def blocks(page: Path) -> list[Block]:
    return blocks_of(page.read_text(encoding="utf-8"))


def blocks_of(text: str) -> list[Block]:
    return [Block(m["kind"], m["note"] or "", m["text"]) for m in FENCE.finditer(text)]


def squeezed(text: str) -> str:
    return " ".join(text.split())


def holds(output: str, line: str) -> bool:
    """Whether a line of the output says what the page shows; `…` stands for anything."""
    parts = [re.escape(squeezed(part)) for part in line.split("…")]
    pattern = re.compile(r"^" + ".*".join(p.strip() for p in parts) + r"$")
    return any(pattern.match(squeezed(found)) for found in output.splitlines())


def follow(
    text: str,
    run: Callable[[str], str],
    write: Callable[[str, str], object],
    read: Callable[[str], str] | None = None,
) -> int:
    """Go through a page as its reader does; gives how many lines of output it showed.

    `run` takes a `sh` block and gives what it printed, which the `text` blocks after it have to be part of; `write` gets the name
    and the text of a block marked `file:`, `read` gives the text of a file that a `text` block marked `in:` shows.
    """
    output, shown = "", 0
    for block in blocks_of(text):
        what, _colon, name = block.note.partition(": ")
        if what == "file":
            write(name, block.text)
        elif block.kind == "sh":
            output = run(block.text)
        elif block.kind == "text":
            seen = read(name) if what == "in" and read else output
            for line in block.text.splitlines():
                assert holds(seen, line), f"the page shows “{line}”, but there was:\n{seen}"
                shown += 1
    return shown


class Shell:
    """A shell that lives from block to block, and everything it started ends with it."""

    END = "the block is done"

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            ["bash"], cwd=folder, env=environment, stdin=pipe, stdout=pipe, text=True, start_new_session=True
        )

    def __enter__(self) -> Shell:
        return self

    def run(self, text: str) -> str:
        """What a block prints; after some minutes it is over with all of it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{text}\necho\necho {self.END}\n")
        self._process.stdin.flush()
        late = threading.Timer(400, self.__exit__)
        late.start()
        printed = ""
        while not printed.endswith(f"{self.END}\n"):
            line = self._process.stdout.readline()
            assert line, f"the shell ended or was too slow in:\n{text}\nafter:\n{printed}"
            printed += line
        late.cancel()
        return printed

    def __exit__(self, *_error: object) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def write(self, name: str, text: str) -> None:
        """A file in the folder that the shell is in."""
        self.run(f"cat > {name} <<'END OF THE FILE'\n{text}END OF THE FILE")
