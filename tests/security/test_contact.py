"""`/.well-known/security.txt` (RFC 9116): there where a contact is set, absent where none is."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from litestar.testing import TestClient

from nhip.errors import BadInput
from nhip.kernel.time import now
from nhip.security.contact import PATH, security_txt
from nhip.settings import Settings, load
from nhip.web.app import build


def _client(**settings: str) -> TestClient:
    app = build(Settings(**settings), routes=[security_txt], templates={})
    return TestClient(app)


def test_the_contact_stands_where_finders_look() -> None:
    contacts = "mailto:an-toan@hue.example, https://hue.example/an-toan"
    with _client(security_contact=contacts, base_url="https://hue.example/") as client:
        answer = client.get(PATH)
    assert answer.status_code == 200 and answer.headers["content-type"] == "text/plain; charset=utf-8"
    fields = [line.split(": ", 1) for line in answer.text.splitlines()]
    assert [value for name, value in fields if name == "Contact"] == contacts.split(", ")
    told = dict(fields)
    assert timedelta(days=30) < datetime.fromisoformat(told["Expires"]) - now() < timedelta(days=365)
    assert told["Preferred-Languages"] == "vi, en" and told["Canonical"] == "https://hue.example" + PATH
    assert set(told) == {"Contact", "Expires", "Preferred-Languages", "Canonical"}


def test_without_a_contact_there_is_no_page() -> None:
    with _client() as client:
        assert client.get(PATH).status_code == 404


@pytest.mark.parametrize("text", ["an-toan@hue.example", "http://hue.example", "mailto:a@b\nExpires: 1", "mailto:"])
def test_what_is_no_contact_is_refused_by_name(text: str) -> None:
    with pytest.raises(BadInput, match="security_contact"):
        load({"security_contact": text}, environ={})
