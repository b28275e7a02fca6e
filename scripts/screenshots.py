"""Take the pictures of the README with Chromium: `make screenshots`.

Without `--url` it starts the installation in `--data-dir` by itself; an empty folder becomes the model city first (minutes).
With `--url` and `--password` it looks at one that runs already.
"""

from __future__ import annotations

import argparse
import base64
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from nhip.testing.browser import launching, ready
from nhip.testing.serving import free_port

WHO = "du-lieu"
"""The account of the model city that sees every dataset, and for which the demo wants no second factor."""
ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
MOST_BYTES = 120 << 10
PIXELS = """png => new Promise(done => { const image = new Image(); image.onload = () => {
  const canvas = document.createElement('canvas'); canvas.width = image.width; canvas.height = image.height;
  const paper = canvas.getContext('2d'); paper.drawImage(image, 0, 0);
  const bytes = paper.getImageData(0, 0, image.width, image.height).data; let text = '';
  for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
  done({width: image.width, height: image.height, rgba: btoa(text)}); }; image.src = 'data:image/png;base64,' + png; })"""


class Shot(NamedTuple):
    """A picture: its name, the page (`{worst}` is the dataset with most findings, `{faults}` its
    first group of faults that can be mended), the window in CSS pixels."""

    name: str
    path: str
    width: int
    height: int
    scale: int = 1


SHOTS = (
    Shot("health", "/console", 1280, 900),
    Shot("findings", "/console/datasets/{worst}/findings", 1280, 800),
    Shot("mend", "{faults}", 1280, 640),
    Shot("live", "/console/things/one?id=urn%3Angsi-ld%3AWaterObserved%3ATV01", 1280, 810),
    Shot("phone", "/console", 360, 740, 2),
)


def main() -> None:
    """Take every picture; exit 1 when one does not fit into 120 KB."""
    options = parsed()
    IMAGES.mkdir(exist_ok=True)
    with running(options) as (url, password), sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launching())
        state, places = sign_in(browser, url, password)
        sizes = {s.name: take(browser, url + s.path.format(**places), s, state) for s in SHOTS}
    for name, size in sizes.items():
        print(f"docs/images/{name}.png  {size >> 10} KB")
    sys.exit(1 if max(sizes.values()) > MOST_BYTES else 0)


def parsed() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="Address of an installation that runs.")
    parser.add_argument("--password", help=f"The password of {WHO} there.")
    parser.add_argument("--data-dir", type=Path, default=ROOT / "build" / "city", help="Folder of the model city.")
    options = parser.parse_args()
    if options.url and not options.password:
        parser.error("--url needs --password")
    return options


@contextmanager
def running(options: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """Address and password of an installation; started and stopped here unless `--url` names one."""
    if options.url:
        yield options.url.rstrip("/"), options.password
        return
    port = free_port()
    nhip = [sys.executable, "-m", "nhip", "--data-dir", str(options.data_dir)]
    with tempfile.TemporaryFile("w+") as out:
        command = [*nhip, "demo", "--no-browser", "--port", str(port)]
        process = subprocess.Popen(command, stdout=out, text=True)
        try:
            wait_for(port, process)
            made = subprocess.run([*nhip, "password", WHO, "--generate"], check=True, capture_output=True, text=True)
            password = made.stdout.strip()
            yield f"http://127.0.0.1:{port}", password
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def wait_for(port: int, process: subprocess.Popen[str]) -> None:
    """Until the port takes connections; the first start loads the city."""
    while process.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        try:
            process.wait(0.5)
        except subprocess.TimeoutExpired:
            continue
    sys.exit("Nhịp did not start")


def sign_in(browser: Browser, url: str, password: str) -> tuple[Any, dict[str, str]]:
    """The signed-in state, and what the places in the addresses of SHOTS stand for."""
    context = browser.new_context(locale="vi-VN")
    page = context.new_page()
    page.goto(f"{url}/signin")
    page.fill("input[name=name]", WHO)
    page.fill("input[name=password]", password)
    page.click("main button[type=submit]")
    page.goto(f"{url}/console/queue")
    found = re.search(r"/console/datasets/([^/]+)", link(page, "a.row-link[href*='/findings']"))
    worst = found[1] if found else sys.exit("nothing is to mend: is this the model city?")
    page.goto(f"{url}/console/datasets/{worst}/findings")
    faults = link(page, "a.row-link[href*='severity=error']")
    state = context.storage_state()
    context.close()
    return state, {"worst": worst, "faults": faults}


def link(page: Page, selector: str) -> str:
    """Where the first link that fits leads."""
    return page.locator(selector).first.get_attribute("href", timeout=20_000) or ""


def take(browser: Browser, url: str, shot: Shot, state: Any) -> int:
    """One picture in light Vietnamese; gives its bytes."""
    context = browser.new_context(
        locale="vi-VN",
        viewport={"width": shot.width, "height": shot.height},
        device_scale_factor=shot.scale,
        color_scheme="light",
        reduced_motion="reduce",
        storage_state=state,
    )
    page = context.new_page()
    page.goto(url)
    ready(page)
    page.evaluate("document.fonts.ready")
    image = with_palette(page.context.new_page(), page.screenshot())
    context.close()
    (IMAGES / f"{shot.name}.png").write_bytes(image)
    return len(image)


def with_palette(blank: Page, png: bytes) -> bytes:
    """The same picture in its 256 commonest colours (PNG colour type 3): a third of the size, no difference to see."""
    seen = blank.evaluate(PIXELS, base64.b64encode(png).decode())
    width, height = seen["width"], seen["height"]
    rgb = np.frombuffer(base64.b64decode(seen["rgba"]), np.uint8).reshape(-1, 4)[:, :3].astype(np.int32)
    codes = rgb @ np.array([1 << 16, 1 << 8, 1])
    colours, index, counts = np.unique(codes, return_inverse=True, return_counts=True)
    parts = np.stack([colours >> 16, (colours >> 8) & 255, colours & 255], axis=1)
    palette = parts[np.argsort(-counts)[:256]]
    nearest = np.array([np.argmin(((palette - colour) ** 2).sum(axis=1)) for colour in parts], np.uint8)
    lines = np.zeros((height, width + 1), np.uint8)  # each line begins with its filter, 0
    lines[:, 1:] = nearest[index].reshape(height, width)
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        chunk(name, body)
        for name, body in (
            (b"IHDR", header),
            (b"PLTE", palette.astype(np.uint8).tobytes()),
            (b"IDAT", zlib.compress(lines.tobytes(), 9)),
            (b"IEND", b""),
        )
    )


def chunk(name: bytes, body: bytes) -> bytes:
    """A PNG chunk: length, name, body, checksum (W3C PNG, section 5.3)."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


if __name__ == "__main__":
    main()
