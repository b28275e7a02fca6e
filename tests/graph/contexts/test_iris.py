"""What is a URI, what is a name."""

from __future__ import annotations

import pytest

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
