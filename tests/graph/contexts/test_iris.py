"""What is a URI, what is a name."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhip.graph.contexts.iris import is_name, is_uri


@pytest.mark.parametrize(
    "text", ["urn:ngsi-ld:Vehicle:A4567", "https://đànẵng.example/a?b=c#d", "urn:ngsi-ld:Ciudad:París", "a:b"]
)
def test_uris(text: str) -> None:
    assert is_uri(text)


@pytest.mark.parametrize(
    "code", [0x202E, 0x200B, 0xFEFF, 0x2028, 0xA0, 0x3C, 0xFE0F, 0xE0100, 0xFDD0, 0xFFFE, 0x115F, 0x3164, 0xFFA0]
)
def test_what_nobody_sees_is_in_no_uri(code: int) -> None:
    assert not is_uri(f"urn:ngsi-ld:Vehicle:A{chr(code)}B")


@pytest.mark.parametrize(
    "text", ["", "Vehicle", ":x", "urn:", "1a:b", "urn:a b", "urn:a\n", "urn:%00\x00", "a:" + "x" * 2000]
)
def test_no_uris(text: str) -> None:
    assert not is_uri(text)


def test_names_are_of_any_script() -> None:
    assert is_name("độẨm_2")
    assert not any(map(is_name, ["2a", "_a", "a.b", "a b", "", "a\n", "x" * 501]))


_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[A-Za-z0-9!#$%&'()*+,\-./:;=?@\[\]_~]+")
_TAILS = st.text(st.characters(max_codepoint=127), max_size=12) | st.from_regex(r"[A-Za-z0-9:-]{0,12}", fullmatch=True)


@given(st.lists(st.tuples(st.sampled_from(["", "urn:", "urn:ngsi-ld:Lamp:", "a b:", "1:"]), _TAILS), min_size=1))
def test_what_was_asked_before_changes_no_answer(parts: list[tuple[str, str]]) -> None:
    """Identifiers that begin as others did are known sooner, and judged as if they came first."""
    for text in [head + tail for head, tail in parts] * 2:
        assert is_uri(text) == (_URI.fullmatch(text) is not None), text


@pytest.mark.parametrize("tail", ["1 2", "a\n", "<a>", "a" * 2000, "\u200b"])
def test_a_known_beginning_makes_no_uri_by_itself(tail: str) -> None:
    assert is_uri("urn:ngsi-ld:Lamp:1") and not is_uri(f"urn:ngsi-ld:Lamp:{tail}")
