"""Every kind is whole: settings, samples, page in the docs, messages in the catalogue."""

from __future__ import annotations

import inspect
import signal
import subprocess
import sys
from importlib import resources
from pathlib import Path

import msgspec
import pytest

from nhip.connectors import errors as source_errors
from nhip.connectors.errors import BadSetting, UnknownKind
from nhip.connectors.reference import page, settings_table
from nhip.connectors.registry import KINDS, fields_of, get_connector, list_connectors, read_settings
from nhip.errors import NhipError
from nhip.security import outgoing_errors

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_whole(kind: str) -> None:
    connector = get_connector(kind)
    assert connector.kind == kind and connector.title and connector.yields.endswith(".")
    assert list(inspect.signature(connector.fetch).parameters) == ["source", "secret", "state", "sink"]
    assert list(inspect.signature(connector.test).parameters) == ["source", "secret", "settings"]
    for field in fields_of(connector):
        assert field.description.endswith("."), f"{kind}.{field.name} is not described"
    samples = list(resources.files(f"nhip.connectors.{kind}").joinpath("samples").iterdir())
    assert samples
    how_to = ROOT / "docs" / "howto" / f"connect-{kind.replace('_', '-')}.md"
    text = how_to.read_text("utf-8")
    assert f"nhip source add {kind} " in text
    assert settings_table(connector) in text, (
        f"{how_to.name}: put in what nhip.connectors.reference.settings_table gives"
    )


def test_the_reference_is_up_to_date() -> None:
    assert (ROOT / "docs" / "reference" / "connectors.md").read_text("utf-8") == page()


def test_settings_are_structs_that_refuse_the_unknown() -> None:
    for connector in list_connectors():
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({"no_such_setting": 1}, connector.settings)


def test_text_becomes_lists_tables_and_flags() -> None:
    ckan = get_connector("ckan")
    read = read_settings(ckan, {"url": "https://x", "datasets": "a, b", "trust_modified": "false", "page_size": "50"})
    assert (read.datasets, read.trust_modified, read.page_size) == (["a", "b"], False, 50)
    assert read_settings(ckan, {"url": "https://x", "datasets": '["a,b"]'}).datasets == ["a,b"]
    api = get_connector("json_api")
    assert read_settings(api, {"url": "https://x", "params": '{"a": "1"}'}).params == {"a": "1"}
    for values, name in (
        ({"url": "https://x", "params": "{broken"}, "params"),
        ({"url": "https://x", "paging": "sideways"}, "paging"),
        ({"url": "https://x", "page_size": "many"}, "page_size"),
        ({"url": ""}, "url"),
    ):
        with pytest.raises(BadSetting, match=name):
            read_settings(api, values)


def test_unknown_kinds_are_named() -> None:
    with pytest.raises(UnknownKind, match="folder"):
        get_connector("fax")


def _errors() -> list[type[NhipError]]:
    modules = (source_errors, outgoing_errors)
    return [getattr(module, name) for module in modules for name in module.__all__]


def test_messages_are_sentences_and_show_their_values() -> None:
    for error in _errors():
        template = error.template()
        assert template.rstrip("}").endswith((".", "{why")), template
        assert "{" in template or error.__name__ in ("SourceError", "OutgoingError"), template


def test_a_killed_fetch_leaves_only_part_files(tmp_path) -> None:
    """kill -9 in the middle of a payload: nothing that looks like a delivery remains."""
    script = (
        "import sys; from pathlib import Path; from nhip.connectors.sink import Sink; from nhip.settings import Settings\n"
        f"sink = Sink(Path({str(tmp_path / 'sink')!r}), Settings(), reserve_bytes=0)\n"
        "with sink.file('a.csv', origin='x') as whole: whole.write(b'whole')\n"
        "with sink.file('b.csv', origin='x') as draft:\n"
        "    while True:\n"
        "        draft.write(b'x' * 4096); print(flush=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    left = sorted(path.suffix for path in (tmp_path / "sink").iterdir())
    assert left == [".part", ".payload"]
    (whole,) = (tmp_path / "sink").glob("*.payload")
    assert whole.read_bytes() == b"whole"


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("http", "url", "https://lan:mat-khau@example.vn/x.csv"),
        ("http", "headers", '{"authorization": "Bearer mat-khau"}'),
        ("hue", "files", "https://a.vn/x.json,https://lan:mat-khau@a.vn/y.json"),
        ("sql", "connection", "Driver=X;Server=a;Pwd=mat-khau"),
    ],
)
def test_what_signs_in_is_no_setting(kind: str, name: str, value: str) -> None:
    whole = {"http": {"url": "https://a.vn/x?t=1@2"}, "sql": {"engine": "odbc", "query": "select 1"}}.get(kind, {})
    assert read_settings(get_connector(kind), whole)
    with pytest.raises(BadSetting) as caught:
        read_settings(get_connector(kind), {**whole, name: value})
    assert "mat-khau" not in caught.value.message()
