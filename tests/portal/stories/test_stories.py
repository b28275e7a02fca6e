"""Stories: composed without code, read by strangers, over live open data alone; what is withdrawn says so in its place."""

from __future__ import annotations

import re
import uuid
from html import unescape
from pathlib import Path
from xml.etree.ElementTree import fromstring

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhip.console.stories.editor import fitted, form_of, pressed, read_draft
from nhip.datasets.store import get_agency
from nhip.db.installation import Installation
from nhip.kernel.actor import Actor, act_as
from nhip.portal.model import OpenColumn
from nhip.portal.service import release_due, withdraw
from nhip.portal.stories import service
from nhip.portal.stories.errors import SameEditor, StoryChanged
from nhip.portal.stories.model import Block, Draft
from nhip.portal.stories.text import render
from tests.portal.conftest import STOP_ROWS, deliver
from tests.portal.people.conftest import AGENCY, Client, open_dataset

HOME = "/console/stories"
SECRET = "Nguyễn Văn An"


def _fields(page: str) -> dict[str, list[str]]:
    """What a browser would send back of the editor's form."""
    inside = page[page.index('id="story-blocks"') : page.index("</form>", page.index('id="story-blocks"'))]
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input(?![^>]*type="checkbox")[^>]*name="([^"]+)"[^>]*value="([^"]*)"', inside):
        found[name] = [unescape(value)]
    for name, value in re.findall(r'type="checkbox" name="([^"]+)" value="([^"]*)" checked', inside):
        found.setdefault(name, []).append(unescape(value))
    for name, text in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>\n?(.*?)</textarea>', inside, re.S):
        found[name] = [unescape(text)]
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', inside, re.S):
        chosen = re.findall(r'value="([^"]*)" selected', options)
        found[name] = [unescape(chosen[0])] if chosen else [""]
    return found


async def _press(official: Client, name: str, do: str, **typed: str) -> str:
    page = (await official.get(f"{HOME}/{name}")).text
    sent = {**_fields(page), **{key: [value] for key, value in typed.items()}, "do": [do]}
    answer = await official.post(f"{HOME}/{name}", data=sent)
    assert answer.status_code == 200, answer.text[-3000:]
    return answer.text


async def _begun(official: Client, title: str) -> str:
    answer = await official.post(f"{HOME}/new", data={"title": title, "agency": AGENCY}, follow_redirects=False)
    assert answer.status_code == 303, answer.text[:2000]
    return str(answer.headers["location"]).rpartition("/")[2]


async def _story(city: Installation, title: str, *blocks: Block, publish: bool = True) -> str:
    async with city.db.tx() as tx:
        made = await service.make(tx, await get_agency(tx, AGENCY), title)
        await service.save(tx, made, Draft(title=title, lead="Câu dẫn", blocks=list(blocks)), 1)
        if publish:
            await service.publish(tx, city.settings, await service.get_story(tx, made.name))
    return made.name


CHART = Block(kind="chart", dataset="tram-xe-buyt", group="mo_cua", span="year", chart="bars")


async def test_an_official_composes_and_publishes_a_story_by_buttons_and_lists(
    official: Client, stranger: Client
) -> None:
    name = await _begun(official, "Trạm xe buýt của thành phố")
    assert name == "tram-xe-buyt-cua-thanh-pho"
    await _press(official, name, "add-text")
    await _press(official, name, "add-chart", **{"b0-text": "## Mở đầu\n\nBa **trạm**.", "lead": "Ba trạm đầu tiên"})
    page = await _press(official, name, "look", **{"b1-dataset": "tram-xe-buyt"})
    assert 'name="b1-group"' in page, "the columns of the chosen dataset are on the list"
    page = await _press(official, name, "look", **{"b1-group": "mo_cua"})
    assert 'name="b1-span"' in page, "a date can be cut"
    page = await _press(official, name, "look", **{"b1-span": "year"})
    assert 'role="img"' in page and "2019" in page, "the chart is drawn beside its fields"
    await _press(official, name, "add-number")
    page = await _press(
        official, name, "up-2", **{"b2-dataset": "tram-xe-buyt", "b2-title": "Số trạm", "b2-unit": "trạm"}
    )
    assert page.index('value="number"') < page.index('value="chart"'), "the number moved above the chart"
    assert (await stranger.get(f"/story/{name}")).status_code == 404, "a draft is not read"
    answer = await official.post(f"{HOME}/{name}/publish", follow_redirects=False)
    assert answer.status_code == 303, answer.text[-2000:]
    read = (await stranger.get(f"/story/{name}")).text
    assert "<h3>Mở đầu</h3>" in read and "<strong>trạm</strong>" in read and 'role="img"' in read and "Số trạm" in read
    assert "/dataset/tram-xe-buyt/rows?_agg=count" in read, "the very rows for programs"
    link = re.search(r'href="(/dataset/tram-xe-buyt/rows\?[^"]*_group[^"]*)"', read)
    assert link is not None
    rows = (await stranger.get(unescape(link[1]))).json()["rows"]
    assert {row["mo_cua_year"]: row["count"] for row in rows} == {"2019": 1, "2020": 1, "2021": 1}
    for path in ("/", "/stories", "/sitemap.xml"):
        assert f"/story/{name}" in (await stranger.get(path)).text, path
    page = await _press(official, name, "drop-0")
    assert "Mở đầu" not in page and "<h3>Mở đầu</h3>" in (await stranger.get(f"/story/{name}")).text, "a version stays"


async def test_what_cannot_be_drawn_cannot_be_published(official: Client) -> None:
    name = await _begun(official, "Chưa xong")
    assert (await official.post(f"{HOME}/{name}/publish")).status_code == 422
    await _press(official, name, "add-chart", title="Chưa xong")
    await _press(official, name, "look", **{"b0-dataset": "tram-xe-buyt"})
    answer = await official.post(f"{HOME}/{name}/publish")
    assert answer.status_code == 422 and "block 1" in answer.text
    await _press(official, name, "look", **{"b0-group": "khong-co-cot"})
    assert (await official.post(f"{HOME}/{name}/offer")).status_code == 422


async def test_a_story_shows_nothing_of_what_is_not_open(city: Installation, official: Client, tmp_path: Path) -> None:
    from nhip.datasets.catalogue import put_contract, put_dataset
    from tests.portal.conftest import PEOPLE, PEOPLE_ROWS

    async with city.db.tx() as tx:
        closed = await put_dataset(tx, "nguoi-kin", AGENCY, "Người kín")
        await put_contract(tx, closed, PEOPLE.replace("nguoi-khuyet-tat", "nguoi-kin"), who="test")
    await deliver(city, "nguoi-kin", PEOPLE_ROWS, tmp_path)
    name = await _story(city, "Tò mò", Block(kind="table", dataset="nguoi-kin"), publish=False)
    page = (await official.get(f"{HOME}/{name}")).text
    assert SECRET not in page and "Người kín" not in page and "is not open" in page
    choices = re.search(r'<select[^>]*name="b0-dataset".*?</select>', page, re.S)
    assert choices is not None and "nguoi-kin" not in choices[0] and "tram-xe-buyt" in choices[0]


async def test_a_withdrawn_dataset_says_so_in_its_block_and_new_data_are_counted(
    city: Installation, stranger: Client, tmp_path: Path
) -> None:
    dataset = await open_dataset(city, "ben-thuyen", "Bến thuyền", tmp_path)
    text = Block(kind="text", text="Vẫn còn đây")
    name = await _story(city, "Bến thuyền", text, Block(kind="number", dataset="ben-thuyen", title="Bến"))
    assert re.search(r'class="value">\s*3\s*<', (await stranger.get(f"/story/{name}")).text)
    await deliver(city, "ben-thuyen", STOP_ROWS + "T04,Cầu,,16.468,107.591,2022-01-01\n", tmp_path)
    await release_due(city)
    assert re.search(r'class="value">\s*4\s*<', (await stranger.get(f"/story/{name}")).text), "live"
    async with city.db.tx() as tx:
        await withdraw(tx, dataset, "Trùng lặp")
    answer = await stranger.get(f"/story/{name}")
    assert answer.status_code == 200 and "was withdrawn: Trùng lặp" in answer.text and "Vẫn còn đây" in answer.text


async def test_every_kind_of_block_is_drawn(city: Installation, stranger: Client) -> None:
    blocks = (
        CHART,
        msgspec.structs.replace(CHART, chart="line", title="Theo năm"),
        Block(kind="number", dataset="tram-xe-buyt", function="max", column="vi_do", unit="°"),
        Block(kind="table", dataset="tram-xe-buyt", columns=["ten", "mo_cua"], size=2),
        Block(kind="map", dataset="tram-xe-buyt"),
        Block(kind="table", dataset="tram-xe-buyt", filter_column="ma", filter_value="T02"),
    )
    name = await _story(city, "Mọi loại khối", *blocks)
    read = (await stranger.get(f"/story/{name}")).text
    assert read.count('role="img"') == 3 and read.count('<circle class="last"') >= 4
    assert "16.4726" in read and "The first 2 rows." in read and "Theo năm" in read
    assert "notice-warn" not in read
    for lang in ("vi", "en"):
        answer = await stranger.get(f"/story/{name}", headers={"Accept-Language": lang})
        assert answer.text.count("<h1>") == 1 and f'<html lang="{lang}"' in answer.text


async def test_only_the_embedded_page_may_stand_in_a_frame(city: Installation, stranger: Client) -> None:
    name = await _story(city, "Để nhúng", Block(kind="text", text="Xin chào"))
    framed, page = await stranger.get(f"/story/{name}/embed"), await stranger.get(f"/story/{name}")
    assert "frame-ancestors *" in framed.headers["content-security-policy"] and "x-frame-options" not in framed.headers
    assert framed.headers["cross-origin-resource-policy"] == "cross-origin" and "<form" not in framed.text
    assert (
        "frame-ancestors 'none'" in page.headers["content-security-policy"]
        and page.headers["x-frame-options"] == "DENY"
    )
    assert "script-src 'self'" in framed.headers["content-security-policy"]


async def test_oembed_gives_the_frame_of_our_own_stories_alone(city: Installation, stranger: Client) -> None:
    name = await _story(city, 'Tiêu đề "lạ" <b>', Block(kind="text", text="x"))
    here = "http://testserver.local"
    told = (await stranger.get("/oembed", params={"url": f"{here}/story/{name}", "maxwidth": "300"})).json()
    assert told["type"] == "rich" and told["version"] == "1.0" and told["width"] == 300
    assert f'src="{here}/story/{name}/embed"' in told["html"] and "<b>" not in told["html"]
    for url in (
        f"https://evil.example/story/{name}",
        f"{here}/dataset/x",
        f"{here}/story/khong-co",
        "",
        "%%%",
        "http://[",
    ):
        assert (await stranger.get("/oembed", params={"url": url})).status_code in (400, 404), url
    asked = {"url": f"{here}/story/{name}", "maxwidth": "300"}
    answer = await stranger.get("/oembed", params={**asked, "format": "xml"})
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert {part.tag: part.text for part in fromstring(answer.content)} == {n: str(v) for n, v in told.items()}
    assert (await stranger.get("/oembed", params={**asked, "format": "yaml"})).status_code == 501
    page = (await stranger.get(f"/story/{name}")).text
    assert "application/json+oembed" in page and "text/xml+oembed" in page


async def test_a_withdrawn_story_tells_why(city: Installation, official: Client, stranger: Client) -> None:
    name = await _story(city, "Sẽ rút", Block(kind="text", text="Sai số liệu"))
    assert (await official.post(f"{HOME}/{name}/withdraw", data={"why": ""})).status_code == 422
    await official.post(f"{HOME}/{name}/withdraw", data={"why": "Tính sai"})
    answer = await stranger.get(f"/story/{name}")
    assert answer.status_code == 410 and "Tính sai" in answer.text and "Sai số liệu" not in answer.text
    assert (await stranger.get(f"/story/{name}/embed")).status_code == 410
    assert f"/story/{name}" not in (await stranger.get("/stories")).text
    assert (await stranger.get("/story/khong-co")).status_code == 404


async def test_two_who_save_at_once_notice(city: Installation) -> None:
    name = await _story(city, "Hai người", publish=False)
    async with city.db.tx() as tx:
        story = await service.get_story(tx, name)
        await service.save(tx, story, Draft(title="Một"), story.revision)
        with pytest.raises(StoryChanged):
            await service.save(tx, story, Draft(title="Hai"), story.revision)


async def test_four_eyes_where_the_setting_asks_for_them(city: Installation) -> None:
    strict = msgspec.structs.replace(city.settings, story_four_eyes=True)
    author, other = (Actor(party=uuid.UUID(int=n), name=f"Người {n}") for n in (1, 2))
    with act_as(author):
        name = await _story(city, "Bốn mắt", Block(kind="text", text="x"), publish=False)
        async with city.db.tx() as tx:
            story = await service.get_story(tx, name)
            with pytest.raises(SameEditor):
                await service.publish(tx, strict, story)
    with act_as(other):
        async with city.db.tx() as tx:
            assert await service.publish(tx, strict, await service.get_story(tx, name)) == 1


async def test_names_do_not_meet(city: Installation) -> None:
    names = [await _story(city, title, publish=False) for title in ("Trùng tên", "Trùng tên", "New", "đ", "!!!")]
    assert len(set(names)) == 5 and "new" not in names


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html;base64,AAAA)",
        "[x](//evil.example)",
        "![x](https://evil.example/pixel.png)",
        '[x](https://a.example "onmouseover=alert(1)")',
        "<https://a.example>",
        "<img src=x onerror=alert(1)>",
    ],
)
def test_text_holds_no_html_and_leads_nowhere_bad(text: str) -> None:
    made = str(render(text))
    tags = set(re.findall(r"<(\w+)", made))
    assert tags <= {"p", "a", "em"} and "javascript:" not in "".join(re.findall(r'href="([^"]*)"', made)).lower()
    assert not re.search(r'href="(?!https?://|mailto:|/(?!/)|#)', made)


@given(st.text(max_size=300))
def test_whatever_is_typed_only_known_tags_come_out(text: str) -> None:
    tags = set(re.findall(r"<(\w+)", str(render(text))))
    assert tags <= {"p", "a", "em", "strong", "ul", "ol", "li", "blockquote", "h2", "h3", "h4", "br"}


BLOCKS = st.builds(
    Block,
    kind=st.sampled_from(["text", "number", "chart", "table", "map"]),
    text=st.text(st.characters(categories=["L", "N", "P"]), max_size=20),
    dataset=st.sampled_from(["", "a", "b"]),
    group=st.sampled_from(["", "x", "y"]),
    size=st.integers(1, 200),
)


@given(st.lists(BLOCKS, max_size=8))
def test_a_draft_comes_back_from_its_form_as_it_was(blocks: list[Block]) -> None:
    draft = Draft(title="Tiêu đề", lead="Câu", blocks=blocks)
    form = form_of(draft, 7)
    again = read_draft(form)
    assert not form.errors
    nfc = [msgspec.structs.replace(b, text=form.raw(f"b{n}-text").strip()) for n, b in enumerate(blocks)]
    assert again == msgspec.structs.replace(draft, blocks=nfc)


@given(st.lists(BLOCKS, min_size=1, max_size=6), st.sampled_from(["up", "down", "drop", "add"]), st.integers(-2, 9))
def test_buttons_never_lose_a_block_but_the_one_that_is_removed(blocks: list[Block], act: str, place: int) -> None:
    before = Draft(title="x", blocks=blocks)
    what = "map" if act == "add" else str(place)
    after, lead = pressed(before, f"{act}-{what}")
    grown = {"add": 1, "drop": -1 if 0 <= place < len(blocks) else 0}.get(act, 0)
    assert len(after.blocks) == len(blocks) + grown and (lead is None or 0 <= lead < max(1, len(after.blocks)))
    if not grown:
        assert sorted(map(repr, after.blocks)) == sorted(map(repr, blocks))


def test_columns_of_another_dataset_are_let_go() -> None:
    block = Block(kind="chart", dataset="a", group="cu", span="year", column="so", columns=["cu", "so"])
    kept = fitted(block, [OpenColumn(name="so", type="integer")])
    assert (kept.group, kept.span, kept.column, kept.columns) == ("", "", "so", ["so"])
