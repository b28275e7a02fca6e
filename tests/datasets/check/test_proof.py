"""What a pattern or a list of words proves about a cell."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhip.datasets.check.cells import cell_rules
from nhip.datasets.check.proof import find_proof
from nhip.datasets.conform.forms import Reading, form_of
from nhip.datasets.conform.plan import Column
from nhip.datasets.conform.text import parse_text
from nhip.datasets.contract.model import Field

VISIBLE = [r"H57-\d{9}", r"0\d{9}", "[A-Z]{2}[0-9]+", r"(?:a|b)?c{2,}", r"(x|y)*z", r"\d+\.\d\-\+", "a_b@c:d"]


def column(field: Field, *, as_delivered: bool = False) -> Column:
    form = form_of(field, Reading(), as_delivered=as_delivered)
    return Column(0, field, "x", form, cell_rules(field), False)


@given(data=st.data())
@pytest.mark.parametrize("pattern", VISIBLE)
def test_what_such_a_pattern_matches_is_canonical(pattern: str, data: st.DataObject) -> None:
    proof = find_proof(column(Field(name="x", pattern=pattern)))
    assert proof is not None and proof.rule == "pattern"
    text = data.draw(st.from_regex(pattern, fullmatch=True))
    assert parse_text(text)[:2] == (text, "")


@pytest.mark.parametrize("pattern", ["(?i)k+", ".+", r"\w+", "[^@]+", "a b", r"\s", "Huế", r"\x{212a}", r"[\w]", r"\D"])
def test_other_patterns_prove_nothing(pattern: str) -> None:
    assert find_proof(column(Field(name="x", pattern=pattern))) is None


def test_words_prove_themselves_when_they_are_canonical() -> None:
    proof = find_proof(column(Field(name="x", enum=("Đã hủy", "Nữ"))))
    assert proof is not None and proof.rule == "enum"
    assert find_proof(column(Field(name="x", enum=("Đã huỷ", "Nữ")))) is None
    assert find_proof(column(Field(name="x", enum=tuple(map(str, range(99)))))) is None


def test_no_proof_for_other_types_kinds_and_raw_text() -> None:
    assert find_proof(column(Field(name="x", type="integer", enum=("1",)))) is None
    assert find_proof(column(Field(name="x", kind="phone", pattern=r"0\d{9}"))) is None
    assert find_proof(column(Field(name="x", pattern=r"0\d{9}"), as_delivered=True)) is None
