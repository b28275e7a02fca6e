"""The runner of ETSI's suite counts what Robot Framework wrote, and maps @contexts to the suite's own files."""

from __future__ import annotations

import json
from importlib import util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]
OUTPUT = """<robot><suite name="TP"><suite name="Group"><suite name="File">
<test name="one"><status status="PASS"/></test>
<test name="two"><status status="FAIL">expected
 200</status></test>
</suite></suite></suite></robot>"""


@pytest.fixture
def etsi(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The script, working in a folder of its own."""
    found = util.spec_from_file_location("etsi", ROOT / "scripts" / "etsi.py")
    assert found is not None and found.loader is not None
    module = util.module_from_spec(found)
    found.loader.exec_module(module)
    monkeypatch.setattr(module, "WORK", tmp_path)
    return module


def test_the_score_and_the_failures(etsi: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "output.xml"
    output.write_text(OUTPUT)
    assert etsi._report(output, "TP") == 1
    assert capsys.readouterr().out.splitlines()[-2:] == ["    1 of     2  Group", "TP passed 1 of 2"]
    assert (tmp_path / "failures.txt").read_text() == "Group\ttwo\texpected 200\n"


def test_the_suite_is_linked_with_another_mqtt_broker(etsi: ModuleType, tmp_path: Path) -> None:
    suite = tmp_path / "suite-of-others"
    (suite / "resources" / "mqttUtils").mkdir(parents=True)
    (suite / "resources" / "variables.py").write_text("url = ''")
    (suite / "resources" / "AssertionUtils.resource").write_text("Set Variable If    'Location' in ${response_headers}")
    (suite / "TP").mkdir()
    etsi._link(suite, tmp_path / "linked")
    linked = tmp_path / "linked"
    assert (linked / "TP").resolve() == suite / "TP"
    assert (linked / "resources" / "variables.py").read_text() == "url = ''"
    assertions = (linked / "resources" / "AssertionUtils.resource").read_text()
    assert assertions == "Set Variable If    'Location' in $response_headers", (
        "which has no case, being a mapping of headers"
    )
    assert "--mosquitto" in (linked / "resources" / "mqttUtils" / "MqttUtils.resource").read_text()
    assert not list((suite / "resources" / "mqttUtils").iterdir()), "the suite itself stays as it is"


def test_the_variables_are_python(etsi: ModuleType) -> None:
    names: dict[str, object] = {}
    exec(etsi._variables(["http://a/ngsi-ld/v1", "http://b/ngsi-ld/v1"]), names)
    assert names["url"] == names["temporal_api_url"] == names["b1_url"] == "http://a/ngsi-ld/v1"
    assert names["b2_url"] == "http://b/ngsi-ld/v1"
    assert json.dumps(names["delete_temporal_on_core_delete"]) == "true"
