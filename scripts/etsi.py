"""Run the NGSI-LD conformance suite of ETSI against nodes of our own: `make etsi SUITE=folder [TREE=TP|IOP_TP] [TEST=name]`.

The suite is somebody else's (Robot Framework, BSD-3-Clause) and stays where it is: nothing of it is copied into the project.
It runs from a folder of links below build/etsi, in an environment of its own, with a variable file and a map of @contexts made
here; its MQTT broker in a container is replaced by Debian's mosquitto. Prints `TP passed N of M`, the groups and the failures.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[1]
WORK = ROOT / "build" / "etsi"
PYTHON = WORK / "venv" / "bin" / "python"
REQUIREMENTS = [
    "setuptools==80.9.0",  # HttpCtrl asks it for versions
    "robotframework==7.4.1",
    "robotframework-jsonlibrary==0.5",
    "robotframework-requests==0.9.7",
    "deepdiff==8.6.1",
    "prettydiff==0.1.0",
    "paho-mqtt==1.6.1",
    "robotframework-mqttlibrary==0.7.1.post3",
]
OF_SUITE = "https://raw.githubusercontent.com/marek-mraz/ngsi-ld-test-suite/main/resources/jsonld-contexts/"
CONTEXTS = {
    f"{OF_SUITE}ngsi-ld-test-suite-compound.jsonld": "ngsi-ld-test-suite-compound.jsonld",
    f"{OF_SUITE}ngsi-ld-test-suite.jsonld": "ngsi-ld-test-suite.jsonld",
    # elsewhere; the tests need that they can be read, and terms of the suite in the first two
    "https://easy-global-market.github.io/ngsild-api-data-models/ngsildTestSuite/ngsildTestSuiteV1.8-compound.jsonld": (
        "ngsi-ld-test-suite-compound.jsonld"
    ),
    "https://forge.etsi.org/rep/cim/ngsi-ld-test-suite/-/raw/develop/resources/jsonld-contexts/"
    "ngsi-ld-test-suite-compound.jsonld": "ngsi-ld-test-suite-compound.jsonld",
    "https://fiware.github.io/NGSI-LD_TestSuite/ldContext/testContext.jsonld": "ngsi-ld-test-suite.jsonld",
    "https://fiware.github.io/data-models/context.jsonld": "ngsi-ld-test-suite.jsonld",
}
"""Address -> file among the suite's own contexts, from which our nodes read it."""
CORE = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.9.jsonld"
MQTT_PORT, RECEIVER_PORT, SOURCE_PORT, CONTEXT_PORT = 8085, 8085, 8086, 8087
FIRST_PORT = 9790
NODE = "antares"
"""What the nodes are called: a test of the suite looks for these names in Via, those of its author's brokers."""
INSTANCES = 30
"""Instances in one temporal answer: the suite takes 20 to fit into one and 40 to need several (its README)."""
ASSERTIONS = "AssertionUtils.resource"
LOCATION = ("'Location' in ${response_headers}", "'Location' in $response_headers")
"""What a keyword asks, and what it means: names of headers have no case (RFC 9110, 5.1), and our server writes them small."""
MQTT = """\
*** Settings ***
Library             Process
Library             MQTTLibrary


*** Keywords ***
Start Mqtt Server
    [Arguments]    ${{conf_file_name}}    ${{port}}
    Start Process    {python}    {script}    --mosquitto    ${{conf_file_name}}    ${{port}}    alias=mosquitto
    Wait Until Keyword Succeeds    15s    100ms    Mosquitto Listens    ${{port}}

Mosquitto Listens
    [Arguments]    ${{port}}
    Evaluate    socket.create_connection(("127.0.0.1", ${{port}}), 1).close()    modules=socket

Stop Mqtt Server
    Run Keyword And Ignore Error    Terminate Process    mosquitto
"""


def main() -> int:
    """The exit status is 0 when every test passed."""
    options = _options()
    if options.mosquitto:
        return _mosquitto(*options.mosquitto)
    if not options.suite:
        sys.exit(
            "say where the suite is: make etsi SUITE=folder (docs/howto/run-the-ngsi-ld-suite.md says how to get it)"
        )
    suite = Path(options.suite).resolve()
    if not (suite / options.tree).is_dir():
        sys.exit(f"{suite} does not hold the suite: there is no folder {options.tree} in it")
    _prepare(suite)
    count = 5 if options.tree == "IOP_TP" else 1
    with _nodes(count, options.port, options.url) as urls:
        return _run(suite, urls, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("suite", nargs="?", default="", help="folder of the suite")
    parser.add_argument("--tree", default="TP", help="TP, IOP_TP, or a folder below one of them")
    parser.add_argument("--test", action="append", default=[], help="name of a test; * stands for any text")
    parser.add_argument("--path", action="append", default=[], help="file or folder below the tree")
    parser.add_argument("--url", action="append", default=[], help="a broker that runs already, instead of our nodes")
    parser.add_argument("--port", type=int, default=FIRST_PORT, help="port of the first of our nodes")
    parser.add_argument("--mosquitto", nargs=2, help=argparse.SUPPRESS)
    return parser.parse_args()


def _prepare(suite: Path) -> None:
    """The environment, the folder of links, the context map."""
    if not PYTHON.exists():
        print("Installing what the suite needs ...", file=sys.stderr)
        venv.create(WORK / "venv", with_pip=True)
    installed = WORK / "venv" / "installed.txt"
    if not installed.exists() or installed.read_text() != "\n".join(REQUIREMENTS):
        subprocess.run([PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", *REQUIREMENTS], check=True)
        installed.write_text("\n".join(REQUIREMENTS))
    _link(suite, WORK / "suite")
    folder = suite / "resources" / "jsonld-contexts"
    found = {url: str(folder / name) for url, name in CONTEXTS.items() if (folder / name).exists()}
    (WORK / "contexts.json").write_text(json.dumps(found, indent=1))


def _link(suite: Path, place: Path) -> None:
    """The suite as links, with the keywords that start a container replaced, and one that takes `location` for no Location."""
    shutil.rmtree(place, ignore_errors=True)
    (place / "resources" / "mqttUtils").mkdir(parents=True)
    for item in suite.iterdir():
        if item.name != "resources":
            (place / item.name).symlink_to(item)
    for item in (suite / "resources").iterdir():
        if item.name == ASSERTIONS:
            (place / "resources" / item.name).write_text(item.read_text(encoding="utf-8").replace(*LOCATION))
        elif item.name != "mqttUtils":
            (place / "resources" / item.name).symlink_to(item)
    text = MQTT.format(python=sys.executable, script=Path(__file__).resolve())
    (place / "resources" / "mqttUtils" / "MqttUtils.resource").write_text(text)


@contextmanager
def _nodes(count: int, first: int, running: list[str]) -> Iterator[list[str]]:
    """Addresses of `count` nodes with empty databases, at ports from `first` on; they end with the block."""
    if running:
        yield running
        return
    _must_be_free(*range(first, first + count), RECEIVER_PORT, SOURCE_PORT, CONTEXT_PORT)
    shutil.rmtree(WORK / "data", ignore_errors=True)
    environment = {**os.environ, "NHIP_OUTGOING_PRIVATE": "127.0.0.0/8"}
    processes, urls = [], []
    try:
        for number in range(count):
            port = first + number
            command = [sys.executable, "-m", "nhip", "--data-dir", WORK / "data", "graph", "serve", "--open"]
            command += ["--port", str(port), "--node", f"{NODE}{number + 1}", "--contexts", WORK / "contexts.json"]
            command += ["--instances", str(INSTANCES)]
            with (WORK / f"node{number + 1}.log").open("wb") as log:
                processes.append(subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=ROOT))
            urls.append(f"http://127.0.0.1:{port}/ngsi-ld/v1")
            _wait(urls[-1], processes[-1])
        yield urls
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(30)


def _must_be_free(*ports: int) -> None:
    """Whoever answers there instead would be judged in our nodes' place, or take what the suite waits for."""
    for port in ports:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                sys.exit(f"something else listens on 127.0.0.1:{port}; the suite needs that port")


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/info/sourceIdentity", timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    sys.exit(f"the node at {url} does not answer; see {WORK}/node*.log")


def _run(suite: Path, urls: list[str], options: argparse.Namespace) -> int:
    variables = WORK / "variables.py"
    variables.write_text(_variables(urls))
    out = WORK / "out"
    shutil.rmtree(out, ignore_errors=True)
    command = [PYTHON, "-m", "robot", "--variablefile", variables, "--outputdir", out, "--loglevel", "WARN"]
    command += ["--report", "NONE", "--log", "NONE", "--console", "none"]
    for test in options.test:
        command += ["--test", test]
    command += [f"{options.tree}/{path}" for path in options.path] or [options.tree]
    library = suite / "libraries" / "robotframework-httpctrl" / "src"
    environment = {**os.environ, "PYTHONPATH": str(library), "ETSI_QUIET_IO": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    with (WORK / "robot.log").open("wb") as log:
        subprocess.run(command, cwd=WORK / "suite", env=environment, stdout=log, stderr=log, check=False)
    return _report(out / "output.xml", options.tree.split("/", maxsplit=1)[0])


def _variables(urls: list[str]) -> str:
    """The variable file (README of the suite; its own resources/variables.py stays as it is)."""
    lines = [
        f"url = temporal_api_url = {urls[0]!r}",
        f"ngsild_test_suite_context = {next(iter(CONTEXTS))!r}",
        "notification_server_host = context_source_host = context_server_host = mqtt_broker_host = '127.0.0.1'",
        f"notification_server_port = {RECEIVER_PORT}",
        f"context_source_port = {SOURCE_PORT}",
        f"context_server_port = {CONTEXT_PORT}",
        f"mqtt_broker_non_default_port = {MQTT_PORT}",
        f"core_context = {CORE!r}",
        "delete_temporal_on_core_delete = True",
        *(f"b{number}_url = {url!r}" for number, url in enumerate(urls, 1)),
    ]
    return "\n".join(lines) + "\n"


def _report(output: Path, tree: str) -> int:
    """Prints the score, by group, and the failures; writes them to failures.txt beside it."""
    if not output.exists():
        sys.exit(f"robot wrote no result; see {WORK}/robot.log")
    groups: dict[str, list[int]] = {}
    failures = []
    for group, name, passed, message in _tests(ElementTree.parse(output).getroot().find("suite"), ()):
        score = groups.setdefault(group, [0, 0])
        score[0] += passed
        score[1] += 1
        if not passed:
            failures.append(f"{group}\t{name}\t{' '.join(message.split())[:300]}")
    (WORK / "failures.txt").write_text("\n".join(failures) + "\n")
    print("\n".join(failures))
    for group, (good, every) in sorted(groups.items()):
        print(f"{good:5} of {every:5}  {group}")
    good = sum(score[0] for score in groups.values())
    every = sum(score[1] for score in groups.values())
    print(f"{tree} passed {good} of {every}")
    return 0 if good == every else 1


def _tests(suite: ElementTree.Element | None, above: tuple[str, ...]) -> Iterator[tuple[str, str, bool, str]]:
    """Group, name, whether it passed and the message of every test."""
    if suite is None:
        return
    here = (*above, suite.get("name", ""))
    for test in suite.findall("test"):
        status = test.find("status")
        assert status is not None
        yield "/".join(here[1:-1]), test.get("name", ""), status.get("status") == "PASS", status.text or ""
    for inner in suite.findall("suite"):
        yield from _tests(inner, here)


def _mosquitto(configuration: str, port: str) -> int:
    """Debian's mosquitto on the loopback, with the suite's password file where it asks for users."""
    place = WORK / f"mosquitto-{port}.conf"
    lines = [f"listener {port} 127.0.0.1"]
    if "user" in configuration:
        passwords = WORK / "mosquitto-passwords"
        passwords.unlink(missing_ok=True)
        subprocess.run(["mosquitto_passwd", "-b", "-c", passwords, "user_with_password", "password"], check=True)
        passwords.chmod(0o644)
        lines += ["allow_anonymous false", f"password_file {passwords}"]
    else:
        lines += ["allow_anonymous true"]
    place.write_text("\n".join(lines) + "\n")
    program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    os.execv(program, [program, "-c", str(place)])


if __name__ == "__main__":
    sys.exit(main())
