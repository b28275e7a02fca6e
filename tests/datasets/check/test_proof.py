"""What a pattern or a list of words proves about a cell."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nhip.datasets.check.cells import cell_rules
from nhip.datasets.check.pattern import compiled
from nhip.datasets.check.proof import find_proof
from nhip.datasets.check.visible import visible_glob, visible_pattern
from nhip.datasets.conform.forms import Reading, form_of
from nhip.datasets.conform.plan import Column
from nhip.datasets.conform.text import parse_text
from nhip.datasets.contract.expression import engine
from nhip.datasets.contract.model import Field

VISIBLE = [r"H57-\d{9}", r"0\d{9}", "[A-Z]{2}[0-9]+", r"(?:a|b)?c{2,}", r"(x|y)*z", r"\d+\.\d\-\+", "a_b@c:d"]


def column(field: Field, *, as_delivered: bool = False) -> Column:
    form = form_of(field, Reading(), as_delivered=as_delivered)
    return Column(0, field, "x", form, cell_rules(field), False)


@given(data=st.data())
@settings(deadline=None, max_examples=25)
@pytest.mark.parametrize("pattern", VISIBLE)
def test_what_such_a_pattern_matches_is_canonical(pattern: str, data: st.DataObject) -> None:
    proof = find_proof(column(Field(name="x", pattern=pattern)))
    assert proof is not None and proof.rule == "pattern"
    text = data.draw(st.from_regex(pattern, fullmatch=True))
    assert parse_text(text)[:2] == (text, "")


OTHERS = [
    r".+",
    r"\w+",
    "[^@]+",
    r"[\w]",
    r"\D",
    r"[^@\s]+@[^@\s]+\.[a-z]+",
    r"^[\w.-]{3,}$",
    r"(\S|a)*?",
    r"[%-à]",
    r"[^\]a]",
    "a)|(b",
    "[]x]",
]


@given(data=st.data())
@settings(deadline=None, max_examples=25)
@pytest.mark.parametrize("pattern", VISIBLE + OTHERS)
def test_the_visible_part_of_a_pattern_is_a_part_of_it(pattern: str, data: st.DataObject) -> None:
    strict, glob = visible_pattern(pattern), visible_glob(pattern)
    assert strict
    text = data.draw(st.from_regex(f"(?:{strict})", fullmatch=True))
    assert parse_text(text)[:2] == (text, "") or not text
    odd = data.draw(st.text(alphabet="H57-0123456789aéb@.x_]À \t", max_size=13))
    query = "SELECT t, regexp_full_match(t, ?), regexp_full_match(t, ?), t GLOB ? FROM (SELECT unnest([?, ?]) AS t)"
    with engine() as con:
        for _, whole, part, by_glob in con.execute(query, [compiled("x", pattern), strict, glob, text, odd]).fetchall():
            assert whole or not part
            assert not glob or by_glob == part


@pytest.mark.parametrize(
    "pattern",
    [
        "(?i)k+",
        "a b",
        r"\s",
        "Huế",
        r"\x{212a}",
        r"\bx",
        "(?=a)a",
        "[[:alpha:]]",
        r"\p{L}",
        "é",
        "[é]",
        "[z-a]",
        "[a",
        "x\\",
    ],
)
def test_other_patterns_prove_nothing(pattern: str) -> None:
    assert visible_pattern(pattern) == visible_glob(pattern) == ""


@pytest.mark.parametrize(
    ("pattern", "glob"),
    [
        (r"H57-\d{2}", "H57-[0-9][0-9]"),
        ("[A-Z_]x", "[A-Z_-_]x"),
        ("[*]", ""),
        ("a*", ""),
        ("a{2,}", ""),
        ("a{99}", ""),
        ("(a)", ""),
    ],
)
def test_globs(pattern: str, glob: str) -> None:
    assert visible_glob(pattern) == glob


def test_words_prove_themselves_when_they_are_canonical() -> None:
    proof = find_proof(column(Field(name="x", enum=("Đã hủy", "Nữ"))))
    assert proof is not None and proof.rule == "enum"
    assert find_proof(column(Field(name="x", enum=("Đã huỷ", "Nữ")))) is None
    assert find_proof(column(Field(name="x", enum=tuple(map(str, range(99)))))) is None


def test_no_proof_for_other_types_kinds_and_raw_text() -> None:
    assert find_proof(column(Field(name="x", type="integer", enum=("1",)))) is None
    assert find_proof(column(Field(name="x", kind="phone", pattern=r"0\d{9}"))) is None
    assert find_proof(column(Field(name="x", pattern=r"0\d{9}"), as_delivered=True)) is None
