"""From definitions to names and back, beside a general JSON-LD processor."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyld import jsonld

from nhip.graph.contexts import core
from nhip.graph.contexts.compile import compile_context
from nhip.graph.contexts.model import CORE
from nhip.graph.errors import BadRequestData

CITY = {
    "ex": "https://example.org/",
    "Vehicle": "ex:Vehicle",
    "speed": {"@id": "ex:speed"},
    "brand": {"@id": "https://schema.org/brand", "@type": "@id"},
    "marque": "https://schema.org/brand",
    "schema": "https://schema.org",
    "wide": {"@id": "https://wide.example/", "@prefix": True},
    "temperature": "default:temperature",
    "default": core.VOCAB,
}


def test_core_terms_have_their_own_iris() -> None:
    assert CORE.expand("location") == "https://uri.etsi.org/ngsi-ld/location"
    assert CORE.expand("title") == "http://purl.org/dc/terms/title"
    assert CORE.compact("https://uri.etsi.org/ngsi-ld/hasObject") == "object"
    assert CORE.expand("ngsi-ld:status") == "https://uri.etsi.org/ngsi-ld/status"


def test_unknown_names_belong_to_the_default_vocabulary() -> None:
    assert CORE.expand("đènĐường") == core.VOCAB + "đènĐường"
    assert CORE.compact(core.VOCAB + "đènĐường") == "đènĐường"


def test_what_would_read_as_another_name_is_not_shortened() -> None:
    assert CORE.compact(core.VOCAB + "location") == "ngsi-ld:default-context/location"
    assert CORE.compact(core.VOCAB + "a:b") == "ngsi-ld:default-context/a:b"


def test_users_cannot_redefine_what_is_the_cores() -> None:
    context = compile_context(
        [{"Property": "https://evil.example/P", "id": "ex:id", "ngsi-ld": "https://evil.example/"}]
    )
    assert context.expand("Property") == core.NAMESPACE + "Property"
    assert context.expand("ngsi-ld:x") == core.NAMESPACE + "x"


def test_later_contexts_win_and_null_takes_back() -> None:
    context = compile_context(
        [{"a": "https://one.example/a", "b": "https://one.example/b"}, {"a": "https://two.example/a", "b": None}]
    )
    assert context.expand("a") == "https://two.example/a"
    assert context.expand("b") == core.VOCAB + "b"
    assert compile_context([{"a": "https://one.example/a"}, None]).expand("a") == core.VOCAB + "a"


@pytest.mark.parametrize(
    "definitions",
    [
        {"Vehicle": {"@id": "https://example.org/V", "@context": {"speed": "https://example.org/hidden"}}},
        {"a": "b:x", "b": "a:y"},
        {"a": 5},
        {"a": {"@id": 5}},
        {"a": "https://example.org/with space"},
    ],
)
def test_forbidden_definitions(definitions: dict[str, Any]) -> None:
    with pytest.raises(BadRequestData):
        compile_context([definitions])


@pytest.mark.parametrize("name", ["9bad", "my attr", "", "a-b", "<x>", "ex:<b>", "a\u200bb", "@id"])
def test_impossible_names(name: str) -> None:
    with pytest.raises(BadRequestData):
        CORE.expand(name)


def test_names_of_strangers_do_not_fill_the_memory() -> None:
    for number in range(10_000):
        CORE.expand(f"name{number}")
    assert len(CORE.expand.__self__) <= 4096  # type: ignore[attr-defined]


NAMES = [
    "Vehicle",
    "speed",
    "brand",
    "marque",
    "ex:thing",
    "schema:x",
    "wide:x",
    "temperature",
    "location",
    "nothing",
    "urn:a:b",
]


@pytest.mark.parametrize("name", NAMES)
def test_expands_as_a_json_ld_processor_does(name: str) -> None:
    document = {"@context": [CITY, _core()], "@id": "urn:x:1", name: {"type": "Property", "value": 1}}
    expanded = jsonld.expand(document)[0]
    assert [key for key in expanded if not key.startswith("@")] == [compile_context([CITY]).expand(name)]


@pytest.mark.parametrize("name", NAMES)
def test_compacts_types_as_a_json_ld_processor_does(name: str) -> None:
    context = compile_context([CITY])
    iri = context.expand(name)
    compacted = jsonld.compact({"@id": "urn:x:1", "@type": iri}, [CITY, _core()])
    assert context.compact(iri) == compacted.get("type", compacted.get("@type"))


def _core() -> dict[str, Any]:
    """Our core context without its one scoped term, which would have a processor fetch a document of the W3C."""
    return core.document()["@context"]


_word = st.from_regex(r"[a-c]{1,2}", fullmatch=True)
_iri = st.one_of(
    st.builds("https://{}.example/{}".format, _word, _word),
    st.builds("{}:{}".format, _word, _word),
    _word,
    st.sampled_from([core.NAMESPACE + "location", core.VOCAB, core.VOCAB + "a", "https://a.example/"]),
)
_definition = st.one_of(_iri, st.builds(lambda iri, prefix: {"@id": iri, "@prefix": prefix}, _iri, st.booleans()))


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(_word, _definition, max_size=6),
    st.lists(_word | st.builds("{}:{}".format, _word, _word), min_size=1),
)
def test_a_compacted_name_expands_to_the_same_iri(definitions: dict[str, Any], names: list[str]) -> None:
    try:
        context = compile_context([definitions])
    except BadRequestData:
        return
    for name in names:
        iri = context.expand(name)
        if context.compact(iri) != iri:
            assert context.expand(context.compact(iri)) == iri


@pytest.mark.parametrize("link", ["t{}", "t{}:x/"])
def test_a_term_that_leads_over_many_others_is_followed_only_so_far(link: str) -> None:
    def chain(count: int) -> list[dict[str, Any]]:
        return [{**{f"t{n}": link.format(n + 1) for n in range(count)}, f"t{count}": "https://x.example/"}]

    assert compile_context(chain(50)).expand("t0").startswith("https://x.example/")
    with pytest.raises(BadRequestData):
        compile_context(chain(5000))
