"""Stories of the model city's officials, requests and comments of its readers: made through the services that people use."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

from nhip.datasets.store import get_agency
from nhip.db import Connection
from nhip.db.installation import Installation
from nhip.modelcity.agencies import AGENCIES
from nhip.portal.people import remarks, wishes
from nhip.portal.people.model import RemarkKind
from nhip.portal.store import find_entry
from nhip.portal.stories import service as stories
from nhip.portal.stories.model import Block, Draft
from nhip.portal.stories.store import list_stories


class Told(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A story of an agency (its short name)."""

    agency: str
    title: str
    title_en: str
    lead: str
    lead_en: str
    block: list[Block]


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request for data; with `dataset` it was answered by opening that."""

    agency: str
    title: str
    text: str
    dataset: str = ""
    answer: str = ""


class Said(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A comment on a dataset and its owner's answer."""

    dataset: str
    kind: RemarkKind
    text: str
    reply: str


class Voices(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file beside this module."""

    story: list[Told]
    wish: list[Asked]
    remark: list[Said]


def voices() -> Voices:
    """What is told, asked and said."""
    text = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Voices)


async def make_voices(installation: Installation) -> None:
    """Make all of it, once; what is about a dataset that is not open is left out."""
    codes = {agency.slug: agency.code for agency in AGENCIES}
    all_of = voices()
    async with installation.db.tx() as tx:
        if await list_stories(tx, None, 1):
            return  # a load that was cut off goes on
        for story in all_of.story:
            await _tell(tx, installation, codes, story)
        for wish in all_of.wish:
            await _ask(tx, codes, wish)
        for remark in all_of.remark:
            await _say(tx, remark)


async def _tell(tx: Connection, installation: Installation, codes: dict[str, str], told: Told) -> None:
    names = {block.dataset for block in told.block if block.dataset}
    if not all([await find_entry(tx, name) for name in names]):
        return
    made = await stories.make(tx, await get_agency(tx, codes[told.agency]), told.title)
    draft = Draft(
        title=told.title, title_en=told.title_en, lead=told.lead, lead_en=told.lead_en, blocks=list(told.block)
    )
    await stories.save(tx, made, draft, made.revision)
    await stories.publish(tx, installation.settings, await stories.get_story(tx, made.name))


async def _ask(tx: Connection, codes: dict[str, str], asked: Asked) -> None:
    if asked.dataset and await find_entry(tx, asked.dataset) is None:
        return
    new = wishes.NewWish(title=asked.title, text=asked.text, agency_code=codes[asked.agency])
    wish = await wishes.receive(tx, new)
    await wishes.route(tx, wish, await get_agency(tx, codes[asked.agency]))
    await wishes.show(tx, wish, asked.title, asked.text)
    if asked.dataset:
        await wishes.publish(tx, wish, asked.dataset, asked.answer)
    else:
        await wishes.begin(tx, wish)


async def _say(tx: Connection, said: Said) -> None:
    entry = await find_entry(tx, said.dataset)
    if entry is None:
        return
    remark_id = await remarks.receive(tx, entry, remarks.NewRemark(kind=said.kind, text=said.text))
    await remarks.show(tx, await remarks.get_remark(tx, remark_id), said.text)
    await remarks.answer(tx, await remarks.get_remark(tx, remark_id), said.reply)
