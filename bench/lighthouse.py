"""What Lighthouse (npm, fetched once into bench/work) says of public pages on its phone profile, 100 being the best.

    .venv/bin/python -m bench.lighthouse http://127.0.0.1:8321 [PATH …]

The address is that of a running Nhịp, such as `make demo`; without paths: home, search, a search with words, agencies and the
page of the first dataset. Target: at least 95 in performance, accessibility, best practices and search.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import Any
from urllib.parse import urlsplit

import httpx

from bench import results

VERSION = "13.5.0"
FOLDER = results.WORK / "lighthouse"
KINDS = {
    "performance": "performance",
    "accessibility": "accessibility",
    "best-practices": "best_practices",
    "seo": "search",
}


def main() -> None:
    """Measure and record."""
    base, paths = sys.argv[1].rstrip("/"), sys.argv[2:]
    _install()
    for path in paths or ["/", "/datasets", "/datasets?q=truong", "/agencies", _first_dataset(base)]:
        results.record(f"lighthouse {path}", _scores(base + path))


def _install() -> None:
    if not (FOLDER / "node_modules" / ".bin" / "lighthouse").exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        wanted = ["npm", "install", "--silent", "--prefix", str(FOLDER), f"lighthouse@{VERSION}"]
        subprocess.run(wanted, check=True)


def _first_dataset(base: str) -> str:
    addresses = re.findall(r"<loc>([^<]*/dataset/[^<]*)</loc>", httpx.get(f"{base}/sitemap.xml").text)
    return str(urlsplit(addresses[0]).path)


def _scores(address: str) -> dict[str, Any]:
    told = FOLDER / "told.json"
    command = [str(FOLDER / "node_modules" / ".bin" / "lighthouse"), address, "--quiet", "--output=json"]
    command += [f"--output-path={told}", "--chrome-flags=--headless=new --no-sandbox --disable-gpu"]
    browser = os.environ.get("CHROME_PATH", "/usr/bin/chromium")
    subprocess.run(command, check=True, env={**os.environ, "CHROME_PATH": browser})
    said = json.loads(told.read_text(encoding="utf-8"))
    figures: dict[str, Any] = {ours: round(said["categories"][kind]["score"] * 100) for kind, ours in KINDS.items()}
    return {**figures, "bytes": int(said["audits"]["total-byte-weight"]["numericValue"])}


if __name__ == "__main__":
    main()
