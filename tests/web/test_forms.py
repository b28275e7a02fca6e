"""Forms: what is read, what is said, and that nothing typed is lost."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.testing import TestClient

from nhip.web import formats
from nhip.web.forms import Form
from nhip.web.i18n import speaking

from .gallery import make


@pytest.fixture(scope="module")
def client():
    with TestClient(make()) as client:
        yield client


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("1.234,5", 1234.5),
        ("1234,5", 1234.5),
        ("1.234", 1234),
        ("1234.5", 1234.5),
        ("0.125", 0.125),
        ("-7", -7),
        ("1 234 567", 1234567),
        ("", None),
    ],
)
def test_numbers(typed: str, value: float | None) -> None:
    form = Form({"n": [typed]})
    assert form.number("n") == value
    assert form.errors == []


@pytest.mark.parametrize("typed", ["abc", "1,2,3", "١٢", "1e5", "nan", "1.2.3", "9" * 30, "--1", ","])
def test_what_is_no_number_is_said(typed: str) -> None:
    form = Form({"n": [typed]})
    assert form.number("n") is None
    assert len(form.errors) == 1


@given(st.floats(-1e12, 1e12, allow_nan=False))
def test_a_number_that_we_write_can_be_read_back(value: float) -> None:
    value = round(value, 4)
    with speaking("vi"):
        typed = formats.number(value, 4)
    assert Form({"n": [typed]}).number("n") == pytest.approx(value)


@given(st.text(max_size=60))
def test_reading_never_fails(typed: str) -> None:
    form = Form({name: [typed] for name in ("n", "d-day", "d-month", "d-year")})
    form.number("n")
    form.integer("n", lowest=0)
    form.date("d")
    form.text("n", pattern=r"[a-z]+")
    assert all(str(error) for error in form.errors)


def test_bounds() -> None:
    form = Form({"n": ["400"], "m": ["1,5"]})
    assert form.integer("n", highest=366) is None
    assert form.integer("m") is None
    with speaking("en"):
        assert [str(error) for error in form.errors] == ["Use 366 or less.", "Use a whole number."]


@pytest.mark.parametrize(
    ("parts", "value"),
    [(("2", "9", "2026"), date(2026, 9, 2)), (("29", "2", "2024"), date(2024, 2, 29)), (("", "", ""), None)],
)
def test_dates(parts: tuple[str, str, str], value: date | None) -> None:
    form = Form({f"d-{part}": [text] for part, text in zip(("day", "month", "year"), parts, strict=True)})
    assert form.date("d") == value
    assert form.errors == []


@pytest.mark.parametrize(
    "parts", [("31", "2", "2026"), ("2", "9", "26"), ("2", "", "2026"), ("x", "9", "2026"), ("²", "9", "2026")]
)
def test_wrong_dates(parts: tuple[str, str, str]) -> None:
    form = Form({f"d-{part}": [text] for part, text in zip(("day", "month", "year"), parts, strict=True)})
    assert form.date("d") is None
    assert len(form.errors) == 1


def test_text_is_normalised_but_shown_as_typed() -> None:
    form = Form({"name": ["  Hue\u0302\u0301 "]})
    assert form.text("name") == "Huế"
    assert form.raw("name") == "  Huế "


def test_a_choice_outside_the_list_is_refused() -> None:
    form = Form({"kind": ["evil"]})
    assert form.choice("kind", ["folder", "http"]) == ""
    assert form.error("kind") is not None


def test_a_form_that_comes_back_keeps_everything(client) -> None:
    typed = {
        "name": "",
        "days": "bảy",
        "kind": "folder",
        "mode": "new",
        "note": "<b>Ghi chú</b>",
        "notify": "on",
        "begins-day": "31",
    }
    answer = client.post("/gallery/form", data=typed, headers={"accept-language": "vi"})
    assert answer.status_code == 422
    assert 'value="bảy"' in answer.text
    assert "&lt;b&gt;Ghi chú&lt;/b&gt;" in answer.text
    assert 'value="31"' in answer.text
    assert 'value="folder" selected' in answer.text
    assert 'value="new" checked' in answer.text
    assert 'name="notify" checked' in answer.text
    assert "Có 3 chỗ cần sửa" in answer.text
    assert 'href="#f-days"' in answer.text
    assert 'aria-describedby="e-days" aria-invalid="true"' in answer.text


def test_a_good_form_says_so_once_on_the_next_page(client) -> None:
    typed = {
        "name": "Sở <Y> tế",
        "days": "7",
        "kind": "http",
        "begins-day": "2",
        "begins-month": "9",
        "begins-year": "2026",
    }
    shown = client.post("/gallery/form", data=typed, headers={"accept-language": "en"})
    assert shown.history[0].status_code == 303
    assert "Source Sở &lt;Y&gt; tế was added." in shown.text
    assert "was added" not in client.get("/gallery/form").text


def test_an_uploaded_file_is_read(client) -> None:
    from litestar import Request, post

    seen = {}

    @post("/upload")
    async def upload(request: Request) -> None:
        form = await Form.read(request)
        file = form.upload("file", required="Choose a file.")
        assert file is not None
        seen.update(name=file.filename, body=await file.read(), text=form.raw("title"), missing=form.upload("other"))

    with TestClient(make(routes=[upload])) as own:
        own.post("/upload", files={"file": ("điểm.csv", b"a;b")}, data={"title": "x"})
    assert seen == {"name": "điểm.csv", "body": b"a;b", "text": "x", "missing": None}


def test_a_file_has_to_be_chosen_again_and_the_page_says_so(client) -> None:
    wrong = {"name": "", "days": "7", "kind": "http"}
    headers = {"accept-language": "en"}
    chosen = client.post("/gallery/form", data=wrong, files={"file": ("a.csv", b"x")}, headers=headers)
    assert "Choose the file again" in chosen.text
    assert "Choose the file again" not in client.post("/gallery/form", data=wrong, headers=headers).text
