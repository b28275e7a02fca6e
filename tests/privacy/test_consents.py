"""Consents: to the words that were shown, to chosen kinds of data, taken back at any time, never rewritten."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import psycopg
import pytest

from nhip.db.installation import Installation
from nhip.kernel.time import now
from nhip.ledger.errors import LedgerClosed
from nhip.privacy.consents import has_consent, service, store
from nhip.privacy.consents.words import digest_of, words_of
from nhip.privacy.errors import ConsentGone, ConsentRefused, WordsChanged
from nhip.privacy.processing import service as register
from tests.privacy import city


async def give(installation: Installation, processing, who: bytes, types=("Số điện thoại",)):
    async with installation.db.tx() as tx:
        shown = digest_of(words_of(processing))
        return await service.give(tx, who, processing, types, shown=shown, channel="desk", document="HS 12/2026")


async def agrees(installation: Installation, who: bytes, name: str = "nhac-lich", kind: str | None = None) -> bool:
    async with installation.db.read() as tx:
        return await has_consent(tx, who, name, kind)


async def test_nobody_agrees_until_they_do_and_to_no_more_than_that(installation: Installation) -> None:
    await city.make(installation)
    processing = await city.register(installation)
    lan, minh = city.subject(installation, city.LAN), city.subject(installation, city.MINH)
    assert not await agrees(installation, lan)
    await give(installation, processing, lan)
    assert await agrees(installation, lan)
    assert await agrees(installation, lan, kind="Số điện thoại")
    assert not await agrees(installation, lan, kind="Họ tên")
    assert not await agrees(installation, minh)
    assert not await agrees(installation, lan, name="khac")


async def test_the_evidence_is_the_exact_words(installation: Installation) -> None:
    await city.make(installation)
    processing = await city.register(installation)
    lan = city.subject(installation, city.LAN)
    await give(installation, processing, lan)
    async with installation.db.read() as tx:
        (consent,) = await store.list_consents(tx, lan)
    assert consent.text == words_of(processing)
    assert "Nhắn tin nhắc hạn" in consent.text and "Bộ Y tế" in consent.text and "Sở Y tế" in consent.text
    assert digest_of(consent.text) == consent.text_digest
    assert (consent.channel, consent.document, consent.processing_no) == ("desk", "HS 12/2026", 1)


async def test_nobody_agrees_to_words_that_were_changed_meanwhile(installation: Installation) -> None:
    await city.make(installation)
    processing = await city.register(installation)
    shown = digest_of(words_of(processing))
    async with installation.db.tx() as tx:
        entry = msgspec.structs.replace(register.entry_of(processing), recipients=("Công ty Quảng cáo",))
        changed = await register.change(tx, processing, entry)
    with pytest.raises(WordsChanged):
        async with installation.db.tx() as tx:
            who = city.subject(installation, city.LAN)
            await service.give(tx, who, changed, ("Họ tên",), shown=shown, channel="online")


@pytest.mark.parametrize("types", [(), ("Nhóm máu",)])
async def test_nothing_is_agreed_to_by_default_or_beyond_the_register(installation: Installation, types) -> None:
    await city.make(installation)
    processing = await city.register(installation)
    with pytest.raises(ConsentRefused):
        await give(installation, processing, city.subject(installation, city.LAN), types)


async def test_what_does_not_rest_on_consent_asks_for_none(installation: Installation) -> None:
    await city.make(installation)
    processing = await city.register(installation, "public_task")
    with pytest.raises(ConsentRefused):
        await give(installation, processing, city.subject(installation, city.LAN))


async def test_withdrawing_holds_at_once_and_says_who_must_be_told_by_when(installation: Installation) -> None:
    await city.make(installation)
    processing = await city.register(installation)
    lan = city.subject(installation, city.LAN)
    made = await give(installation, processing, lan)
    async with installation.db.tx() as tx:
        notices = await service.withdraw(tx, lan, made, channel="online")
    assert not await agrees(installation, lan)
    assert sorted(n.recipient for n in notices) == ["Bộ Y tế", "Công ty Tin nhắn"]
    assert all(timedelta(days=20) <= n.due_at - now() <= timedelta(days=33) for n in notices)
    async with installation.db.tx() as tx:
        await service.tell(tx, notices[0].id)
        with pytest.raises(ConsentGone):
            await service.tell(tx, notices[0].id)
        assert [n.recipient for n in await store.list_notices(tx)] == [notices[1].recipient]
    assert await city.kinds(installation, "consent.") == ["consent.given", "consent.withdrawn", "consent.told"]


async def test_only_one_s_own_consent_is_taken_back_and_only_once(installation: Installation) -> None:
    await city.make(installation)
    processing = await city.register(installation)
    lan, minh = city.subject(installation, city.LAN), city.subject(installation, city.MINH)
    made = await give(installation, processing, lan)
    for who, times in ((minh, 1), (lan, 0)):
        if times:
            with pytest.raises(ConsentGone):
                async with installation.db.tx() as tx:
                    await service.withdraw(tx, who, made, channel="online")
            assert await agrees(installation, lan)
        else:
            async with installation.db.tx() as tx:
                await service.withdraw(tx, who, made, channel="online")
            with pytest.raises(ConsentGone):
                async with installation.db.tx() as tx:
                    await service.withdraw(tx, who, made, channel="online")


async def test_history_is_never_rewritten(installation: Installation) -> None:
    await city.make(installation)
    processing = await city.register(installation)
    lan = city.subject(installation, city.LAN)
    first = await give(installation, processing, lan)
    await give(installation, processing, lan, ("Họ tên",))
    async with installation.db.read() as tx:
        history = await store.list_consents(tx, lan)
        assert [c.data_types for c in history] == [["Họ tên"], ["Số điện thoại"]]
        assert [c.withdrawn_at is None for c in history] == [True, False]
    async with installation.db.tx() as tx:
        await service.withdraw(tx, lan, history[0].id, channel="desk")
    for table in ("consent", "consent_text", "consent_withdrawal"):
        for act in (f"delete from privacy.{table}", f"truncate privacy.{table} cascade"):
            with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
                async with installation.db.tx() as tx:
                    await tx.execute(act)  # type: ignore[arg-type]
    async with installation.db.read() as tx:
        assert first in {c.id for c in await store.list_consents(tx, lan)}


async def test_without_the_ledger_nothing_is_agreed(installation: Installation) -> None:
    await city.make(installation)
    processing = await city.register(installation)
    lan = city.subject(installation, city.LAN)
    await city.close_ledger(installation)
    with pytest.raises(LedgerClosed):
        await give(installation, processing, lan)
    assert not await agrees(installation, lan)
