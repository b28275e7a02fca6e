"""Media types and the Link header are chosen as HTTP and CIM 009, 6.3.4 to 6.3.6, say."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhip.graph.api.media import (
    GEO_JSON,
    JSON,
    LD_JSON,
    PLAIN,
    WITH_GEO,
    body_type,
    chosen,
    linked_context,
)
from nhip.graph.api.preferring import preferred
from nhip.graph.contexts.addresses import context_link
from nhip.graph.errors import BadRequestData, NotAcceptable, UnsupportedMediaType
from tests.graph.clauses import clause

CONTEXT = 'rel="http://www.w3.org/ns/json-ld#context"'


@clause("6.3.4")
@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("application/ld+json, application/json", JSON),
        ("application/json;q=0.1, application/ld+json;q=0.9", LD_JSON),
        ("application/json;q=0, */*", LD_JSON),
        ("*/*;q=0.9, application/ld+json;q=0.8", JSON),
        ("application/ld+json;q=none", LD_JSON),
        ("application/geo+json", GEO_JSON),
        ("APPLICATION/LD+JSON", LD_JSON),
    ],
)
def test_the_answers_media_type(accept: str, media: str) -> None:
    assert chosen(accept, WITH_GEO) == media


@clause("6.3.4")
@pytest.mark.parametrize("accept", ["application/xml", "application/geo+json", "application/json;q=0", "text/*", ",,,"])
def test_what_cannot_be_given_is_refused(accept: str) -> None:
    with pytest.raises(NotAcceptable):
        chosen(accept, PLAIN)


@given(st.text(max_size=300))
def test_any_accept_header_is_answered_or_refused(accept: str) -> None:
    with contextlib.suppress(NotAcceptable):
        assert chosen(accept, WITH_GEO) in WITH_GEO


@clause("6.3.4")
def test_the_bodys_media_type() -> None:
    assert body_type("application/json; charset=utf-8", False) == JSON
    assert body_type("", True) == JSON
    assert body_type("application/merge-patch+json", True) == "application/merge-patch+json"
    for header, patch in (("application/merge-patch+json", False), ("application/xml", True), ("", False)):
        with pytest.raises(UnsupportedMediaType):
            body_type(header, patch)


@clause("6.3.5")
def test_the_context_in_a_link_header() -> None:
    assert (
        linked_context(f'<https://a.example/c.jsonld>; {CONTEXT}; type="application/ld+json"')
        == "https://a.example/c.jsonld"
    )
    assert (
        linked_context(f'<https://a.example/next>; rel="next", <https://a.example/c>;{CONTEXT}')
        == "https://a.example/c"
    )
    assert linked_context('<https://a.example/c>; rel="license"') is None
    assert linked_context("") is None
    with pytest.raises(BadRequestData):
        linked_context(f"<https://a.example/1>; {CONTEXT}, <https://a.example/2>; {CONTEXT}")


@given(st.text(max_size=300))
def test_a_link_header_never_takes_long_nor_fails_otherwise(header: str) -> None:
    with contextlib.suppress(BadRequestData):
        linked_context(header)


def test_an_address_cannot_break_out_of_the_link_header() -> None:
    made = context_link('https://a.example/>; rel="next"\r\nset-cookie: a=b').decode()
    assert "\r" not in made and "\n" not in made
    assert made.count("<") == made.count(">") == 1


@clause("4.3.6.8", "6.3.6")
@pytest.mark.parametrize(
    ("header", "version"),
    [
        ("ngsi-ld=1.5", (1, 5)),
        ('foo="a, ngsi-ld=1.4", ngsi-ld = "1.5";x=1', (1, 5)),
        ("NGSI-LD=1.0", (1, 0)),
        ('ngsi-ld="1.0"', (1, 0)),
        ("ngsi-ld=1.0;q=0.1", (1, 0)),
        ("respond-async, ngsi-ld=1.0", (1, 0)),
        ("respond-async", None),
        ("ngsi-ld=new", None),
        ("body=json", None),
        ("", None),
    ],
)
def test_the_version_that_a_client_prefers(header: str, version: tuple[int, int] | None) -> None:
    assert preferred(header) == version


@pytest.mark.parametrize("filling", [" ", '"', ",", ";", "=", "a ", '" ', "\t(", '",'])
def test_long_headers_do_not_take_the_square_of_their_length(filling: str) -> None:
    header = f"({filling * (90_000 // len(filling))}("
    began = time.process_time()
    assert preferred(header) is None
    assert linked_context(header) is None
    with contextlib.suppress(NotAcceptable):
        chosen(header, ("application/json",))
    assert time.process_time() - began < 2
