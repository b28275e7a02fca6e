"""Install the packages of a requirements file and show how far it is: `install_packages.py FILE "what they are for"`.

pip shows either every line or, with -q, nothing for half a minute. Warnings and errors of pip stay as they are.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

PIP = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off"]
EVERY = 20
"""Where no terminal watches, a line is printed for so many packages."""
_NAMED = re.compile(r"(?:Collecting|Requirement already satisfied:) ([\w.-]+)")
_PINNED = re.compile(r"^[\w.-]+(\[.*\])?==", re.MULTILINE)


def main() -> int:
    """pip's exit status."""
    wanted, title = Path(sys.argv[1]), sys.argv[2]
    total, met = len(_PINNED.findall(wanted.read_text(encoding="utf-8"))), 0
    print(f"Installing {title} ({wanted.name}) ...", flush=True)
    with subprocess.Popen([*PIP, "-r", str(wanted)], stdout=subprocess.PIPE, text=True) as pip:
        assert pip.stdout is not None
        for line in pip.stdout:
            if named := _NAMED.match(line):
                met += 1
                _show(met, max(total, met), named[1])
            elif line.startswith("Installing collected packages"):
                _say(f"  putting {line.count(',') + 1} packages into .venv ...")
    return pip.returncode


def _show(met: int, total: int, name: str) -> None:
    """One line that a terminal overwrites; every so many packages a line of its own elsewhere."""
    if sys.stdout.isatty():
        print(f"\r\033[K  {met}/{total} {name}", end="", flush=True)
    elif met % EVERY == 0:
        print(f"  {met}/{total}", flush=True)


def _say(text: str) -> None:
    print(f"\r\033[K{text}" if sys.stdout.isatty() else text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
