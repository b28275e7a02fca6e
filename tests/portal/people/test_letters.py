"""Letters against a real mail server: double opt-in, one-click leaving, never twice, tried again, nothing without a server."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.testing import AsyncTestClient

from nhip.app import create_app
from nhip.db.installation import Installation
from nhip.kernel.time import held, now
from nhip.portal.people import letters
from nhip.portal.people.letters import is_address, write_letter
from nhip.portal.people.mail import MailServerAway, MailSettingWrong, server_of
from nhip.portal.people.outbox import forget, send_waiting, tell_changes
from nhip.portal.service import recall, release_due, withdraw
from nhip.settings import Settings
from tests.portal.conftest import STOP_ROWS, deliver
from tests.portal.people.conftest import Client, Mailbox, open_dataset

Post = tuple[Installation, Mailbox]


@pytest.fixture
async def reader(mailbox: Post) -> AsyncIterator[Client]:
    """A stranger's browser at an installation that sends letters."""
    async with mailbox[0].db.tx() as tx:
        await tx.execute("delete from portal.mail")
        await tx.execute("delete from portal.subscription")
    async with AsyncTestClient(create_app(mailbox[0].settings), base_url="http://testserver.local") as client:
        client.headers.update({"Accept": "text/html", "Accept-Language": "vi"})
        yield client


async def _asked(reader: Client, email: str, **what: str) -> None:
    answer = await reader.post("/follow", data={"email": email, **what}, follow_redirects=False)
    assert answer.status_code == 303 and answer.headers["location"] == "/follow/asked", answer.text[:2000]


def _link(text: str, kind: str) -> str:
    found = re.search(rf"http://testserver\.local(/{kind}/\S+)", text)
    assert found is not None, text
    return found[1]


async def _following(reader: Client, mailbox: Post, email: str, **what: str) -> None:
    installation, box = mailbox
    await _asked(reader, email, **what)
    await send_waiting(installation)
    link = _link(box.letters[-1].get_content(), "follow/confirm")
    assert (await reader.post(link)).status_code == 200
    box.letters.clear()


async def test_from_asking_to_a_letter_about_a_change_to_leaving_by_one_click(
    reader: Client, mailbox: Post, tmp_path: Path
) -> None:
    installation, box = mailbox
    await open_dataset(installation, "cau-duong", "Cầu đường", tmp_path)
    await _asked(reader, "an@Mai.Example", dataset="cau-duong")
    assert await send_waiting(installation) == {"sent": 1}
    (first,) = box.letters
    assert (
        first["To"] == "an@mai.example"
        and "Cầu đường" in first["Subject"]
        and first["From"].addresses[0].domain == "hue.example"
    )
    link = _link(first.get_content(), "follow/confirm")
    assert (await reader.get(link)).status_code == 200
    async with installation.db.read() as tx:
        assert await letters.count_readers(tx) == {}, "a program that opens links confirms nothing"
    assert (await reader.post(link)).status_code == 200
    async with installation.db.read() as tx:
        assert await letters.count_readers(tx) == {"dataset": 1}
    box.letters.clear()
    assert await tell_changes(installation) == 0, "what was there before is no news"
    await deliver(installation, "cau-duong", STOP_ROWS.replace("Chợ Đông Ba", "Cầu Trường Tiền"), tmp_path)
    await release_due(installation)
    assert [await tell_changes(installation), await tell_changes(installation)] == [1, 0], "told once"
    await send_waiting(installation)
    (letter,) = box.letters
    leave = _link(letter.get_content(), "unsubscribe")
    assert "http://testserver.local/dataset/cau-duong" in letter.get_content() and "Cầu đường" in letter["Subject"]
    assert letter["List-Unsubscribe"] == f"<http://testserver.local{leave}>"
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click" and letter["Message-ID"]
    assert (await reader.get(leave)).status_code == 200
    async with AsyncTestClient(create_app(installation.settings), base_url="http://testserver.local") as provider:
        for _twice in range(2):
            answer = await provider.post(leave, data={"List-Unsubscribe": "One-Click"}, follow_redirects=False)
            assert answer.status_code == 200
    async with installation.db.read() as tx:
        assert await letters.count_readers(tx) == {}
        row = await (await tx.execute("select count(*) from portal.mail where subscription_id is not null")).fetchone()
    assert row == (0,), "the address is gone with its letters"


async def test_many_changes_are_one_letter_and_the_next_waits_a_day(
    reader: Client, mailbox: Post, tmp_path: Path
) -> None:
    installation, box = mailbox
    await _following(reader, mailbox, "binh@mai.example", agency="000.00.10.H57")
    await _following(reader, mailbox, "chi@mai.example")
    first = await open_dataset(installation, "bai-xe", "Bãi xe", tmp_path)
    second = await open_dataset(installation, "den-duong", "Đèn đường", tmp_path)
    assert await tell_changes(installation) == 2
    async with installation.db.tx() as tx:
        await recall(tx, first, 1, "Sai toạ độ")
        await withdraw(tx, second, "Trùng lặp")
    assert await tell_changes(installation) == 0, "gathered for the next letter"
    with held(now() + timedelta(hours=21)):
        assert await tell_changes(installation) == 2
        await send_waiting(installation)
    assert len(box.letters) == 4
    last = [one.get_content() for one in box.letters if "Sai toạ độ" in one.get_content()]
    assert len(last) == 2 and all("Trùng lặp" in text for text in last)


async def test_the_same_answer_whoever_follows_already_and_no_flood_of_letters(reader: Client, mailbox: Post) -> None:
    installation, box = mailbox
    await _following(reader, mailbox, "dung@mai.example")
    for _again in range(3):
        await _asked(reader, "dung@mai.example")
    await send_waiting(installation)
    assert box.letters == [], "whoever follows is asked nothing"
    for name in ("catalogue", "tram-xe-buyt"):
        for _again in range(8):
            await _asked(reader, "victim@mai.example", **({} if name == "catalogue" else {"dataset": name}))
    await send_waiting(installation)
    assert len(box.letters) <= letters.LETTERS_A_DAY


async def test_what_fails_is_tried_again_and_gives_up(mailbox: Post, reader: Client) -> None:
    installation, box = mailbox
    box.refuse["full@mai.example"] = "452 Mailbox full"
    await _asked(reader, "full@mai.example")
    assert await send_waiting(installation) == {"later": 1}
    assert await send_waiting(installation) == {}, "not at once"
    at = now()
    for _again in range(8):
        at += timedelta(days=1, minutes=1)
        with held(at):
            await send_waiting(installation)
    async with installation.db.read() as tx:
        assert (await letters.count_mail(tx))["failed"] == 1
        (trouble,) = await letters.list_trouble(tx)
    assert "452" in trouble.error and trouble.attempts == 8


async def test_a_mailbox_that_is_not_there_is_never_written_to_again(
    mailbox: Post, reader: Client, tmp_path: Path
) -> None:
    installation, box = mailbox
    await _following(reader, mailbox, "gone@mai.example")
    box.refuse["gone@mai.example"] = "550 No such user"
    await open_dataset(installation, "via-he", "Vỉa hè", tmp_path)
    await tell_changes(installation)
    assert await send_waiting(installation) == {"never": 1}
    async with installation.db.read() as tx:
        assert await letters.count_readers(tx) == {}


async def test_a_letter_whose_fate_nobody_knows_is_not_sent_twice(mailbox: Post, reader: Client) -> None:
    installation, box = mailbox
    box.hang_up = True
    await _asked(reader, "maybe@mai.example")
    assert await send_waiting(installation) == {"unknown": 1}
    box.hang_up = False
    with held(now() + timedelta(days=2)):
        assert await send_waiting(installation) == {}
    assert len(box.letters) == 1


async def test_a_worker_that_died_while_sending_does_not_send_again(mailbox: Post, reader: Client) -> None:
    installation, box = mailbox
    await _asked(reader, "lost@mai.example")
    async with installation.db.tx() as tx:
        await tx.execute(letters.queries.take_letter, {"now": now()})
    with held(now() + timedelta(hours=1)):
        assert await send_waiting(installation) == {}
    async with installation.db.read() as tx:
        assert await letters.count_mail(tx) == {"unknown": 1}
    assert box.letters == []


async def test_a_server_that_is_away_keeps_the_letters(mailbox: Post, reader: Client) -> None:
    installation, box = mailbox
    await _asked(reader, "later@mai.example")
    away = msgspec.structs.replace(installation.settings, smtp_url="smtp://user:geheim@127.0.0.1:9")
    with pytest.raises(MailServerAway) as error:
        await send_waiting(msgspec.structs.replace(installation, settings=away))
    assert "geheim" not in str(error.value) and "geheim" not in repr(server_of(away))
    with held(now() + timedelta(minutes=2)):
        assert await send_waiting(installation) == {"sent": 1}
    assert len(box.letters) == 1


async def test_an_answer_to_a_request_and_to_a_comment_is_a_letter_in_the_language_of_its_reader(
    mailbox: Post, reader: Client
) -> None:
    from nhip.portal.people import remarks, wishes
    from nhip.portal.service import get_entry

    installation, box = mailbox
    async with installation.db.tx() as tx:
        wish = await wishes.receive(tx, wishes.NewWish(title="Bến phà", text="x", email="em@mai.example", lang="en"))
        await wishes.refuse(tx, wish, "Không có")
        entry = await get_entry(tx, "tram-xe-buyt")
        made = await remarks.receive(tx, entry, remarks.NewRemark(kind="idea", text="x", email="em@mai.example"))
        await remarks.show(tx, await remarks.get_remark(tx, made), "x")
        await remarks.answer(tx, await remarks.get_remark(tx, made), "Cảm ơn bạn")
    await send_waiting(installation)
    assert len(box.letters) == 2
    english = next(one for one in box.letters if "Bến phà" in one["Subject"])
    assert english["Subject"].startswith("Your request") and "Không có" in english.get_content()
    assert any("Cảm ơn bạn" in one.get_content() for one in box.letters)
    assert english["List-Unsubscribe"] is None, "an answer is no subscription"


async def test_one_key_one_letter(mailbox: Post, reader: Client) -> None:
    words = {
        "to": "a@b.example",
        "lang": "vi",
        "subject": "Xin chào\r\nBcc: x@y.example",
        "subject_values": {},
        "parts": [],
    }
    async with mailbox[0].db.tx() as tx:
        assert await write_letter(tx, key="one", **words)  # type: ignore[arg-type]
        assert not await write_letter(tx, key="one", **words)  # type: ignore[arg-type]
    await send_waiting(mailbox[0])
    (letter,) = mailbox[1].letters
    assert letter["Bcc"] is None and "Bcc" in letter["Subject"], "a line break in a subject makes no header"


async def test_without_a_server_the_form_says_so_and_offers_the_feed(stranger: Client, city: Installation) -> None:
    for query in ("", "?dataset=tram-xe-buyt", "?agency=000.00.10.H57"):
        page = await stranger.get(f"/follow{query}")
        assert page.status_code == 200 and "changes.atom" in page.text and 'name="email"' not in page.text, query
    assert (await stranger.post("/follow", data={"email": "a@b.example"})).status_code == 422
    assert await tell_changes(city) == 0 and await send_waiting(city) == {}
    assert (await stranger.get("/follow?dataset=khong-co")).status_code == 404
    assert (await stranger.get("/follow?agency=khong-co")).status_code == 404


async def test_forged_links_do_nothing(stranger: Client) -> None:
    for token in ("x", "A" * 43, "%00"):
        assert (await stranger.get(f"/follow/confirm/{token}")).status_code == 404
        assert (await stranger.post(f"/follow/confirm/{token}")).status_code == 404
        assert (await stranger.get(f"/unsubscribe/{token}")).status_code == 200, "nothing is told of who follows"
        assert (await stranger.post(f"/unsubscribe/{token}")).status_code == 200


async def test_what_is_no_longer_needed_is_forgotten(mailbox: Post, reader: Client) -> None:
    installation, _box = mailbox
    await _asked(reader, "never@mai.example")
    await send_waiting(installation)
    with held(now() + timedelta(days=40)):
        await forget(installation)
    async with installation.db.read() as tx:
        row = await (
            await tx.execute(
                "select (select count(*) from portal.mail), (select count(*) from portal.subscription),"
                " (select count(*) from portal.wish where address <> '')"
            )
        ).fetchone()
    assert row == (0, 0, 0)


@pytest.mark.parametrize(
    ("url", "sender"),
    [("http://x", "a@b.vn"), ("smtp://", "a@b.vn"), ("smtp://h:x", "a@b.vn"), ("smtp://h", ""), ("smtp://h", "kein")],
)
def test_settings_that_cannot_be_meant_are_said_without_their_secret(url: str, sender: str, tmp_path: Path) -> None:
    with pytest.raises(MailSettingWrong) as error:
        server_of(Settings(data_dir=tmp_path, smtp_url=url.replace("://", "://u:geheim@"), mail_from=sender))
    assert "geheim" not in str(error.value)


def test_the_mail_server_is_no_part_of_what_settings_print(tmp_path: Path) -> None:
    assert "geheim" not in repr(Settings(data_dir=tmp_path, smtp_url="smtp://u:geheim@h"))


@given(st.text(max_size=80))
def test_no_address_holds_what_could_end_a_line(text: str) -> None:
    if is_address(text):
        assert text.isascii() and text.count("@") == 1 and not set(text) & set('\r\n\t ,;<>"\0')
