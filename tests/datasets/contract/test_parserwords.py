"""Faults of form are told in our own words, with the line they are in; nothing of a parser's English reaches a page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhip.datasets.contract import parserwords
from nhip.datasets.contract.document import parse
from nhip.datasets.contract.errors import ContractUnreadable
from nhip.datasets.contract.lint import lint

OURS = {words for _known, words in parserwords._YAML} | {parserwords._TAB, parserwords._OTHER}


@pytest.mark.parametrize(
    ("text", "line", "says", "shown"),
    [
        ("id: x\nname: Trường: Huế", 2, "a second “:” stands", "name: Trường: Huế"),
        ("a:\n\t- x", 2, "a tab stands before", "- x"),
        ("a: [1,\nb: 2\n", 1, "is not closed with ]", "a: [1,"),
        ("x: 1\na: {b: 1", 2, "in curly brackets is not closed", "a: {b: 1"),
        ("x: 1\na: 'b\nc: d", 2, "are not closed", "a: 'b"),
        ("- a\nb: c", 2, "should begin with “-”", "b: c"),
        ("a:\n  b: 1\n c: 2", 3, "not indented like those above", "c: 2"),
        ("a: @foo", 1, "needs quotes", "a: @foo"),
        ("a: *x", 1, "put the text into quotes", "a: *x"),
        ('a: "\\q"', 1, "use single quotes", 'a: "\\q"'),
        ("a: 1\n---\nb: 2", 2, "two documents", "---"),
        ("x: 1\na: b\x01c", 2, "cannot be seen", "a: bc"),
    ],
)
def test_faults_of_yaml(text: str, line: int, says: str, shown: str) -> None:
    with pytest.raises(ContractUnreadable) as caught:
        parse(text)
    assert (caught.value.values["line"], says in caught.value.values["what"]) == (line, True), caught.value.values
    assert caught.value.values["detail"] == f" ({shown})"


@given(st.text("ab:- \n\t[]{}'\"&*!|>%@`#,\\\x01é", max_size=40))
def test_any_text_is_told_in_our_words_and_a_line_of_it(text: str) -> None:
    try:
        parse(text)
    except ContractUnreadable as error:
        assert 1 <= error.values["line"] <= max(len(text.splitlines()), 1)
        theirs = error.values["what"] not in OURS
        assert not theirs or not any(w in error.values["what"] for w in ("did not", "found", "expected '"))


def test_faults_of_the_standard() -> None:
    text = "apiVersion: v3.1.0\nkind: DataContract\nid: a\nversion: 1.0.0\nstatus: active\ntags: no list\nschema: 5\n"
    said = [problem.values["what"] for problem in lint(text) if problem.code == "contract.schema"]
    assert parserwords._SCHEMA["list_type"] in said
    assert all(what in parserwords._SCHEMA.values() for what in said)
