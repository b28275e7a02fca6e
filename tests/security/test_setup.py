"""The first start: no default password, one code, one administrator; until then everything leads there."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from click.testing import CliRunner

from nhip.cli import cli
from nhip.kernel.time import held, now
from nhip.security.signin.invitations import invite_first
from tests.security.people import PASSWORD, World

FORM = {"name": "Trần Lan", "account": "lan", "password": PASSWORD, "again": PASSWORD}


async def code_for(world: World) -> str:
    async with world.db.tx() as tx:
        return await invite_first(tx)


async def test_until_then_people_are_led_there_and_programs_told(empty_world: World) -> None:
    browser = empty_world.browser()
    for path in ("/console", "/signin", "/account", "/sensitive", "/recover"):
        assert (await browser.get(path)).headers["location"] == "/setup", path
        told = await browser.get(path, headers={"accept": "application/json"})
        assert (told.status_code, told.json()["key"]) == (503, "SetupNeeded")
    assert (await browser.post("/signin", data={"name": "admin", "password": "admin"})).headers["location"] == "/setup"
    assert (await browser.get("/health")).status_code == 200
    assert await empty_world.rows("select count(*) from security.account") == [(0,)], (
        "nobody is there, not even a default"
    )


async def test_the_code_makes_an_administrator_who_is_signed_in(empty_world: World) -> None:
    code, browser = await code_for(empty_world), empty_world.browser()
    page = await browser.get(f"/setup?code={code}")
    assert f'name="code" value="{code}"' in page.text
    done = await browser.post("/setup", data={"code": code, **FORM})
    assert done.headers["location"] == "/account/second-factor?next=/"
    assert (await browser.get("/console")).text == "hello Trần Lan, level 1"
    assert (await browser.get("/sensitive")).text == "sensitive"
    assert (await browser.get("/setup")).headers["location"] == "/signin", "there is nothing to set up any more"
    other = empty_world.browser()
    assert (await other.post("/setup", data={"code": code, **FORM, "account": "tu"})).headers["location"] == "/signin"
    assert await empty_world.rows("select name from security.account") == [("lan",)]


async def test_by_default_the_administrator_adds_a_second_factor_before_anything_else(empty_world: World) -> None:
    world = empty_world.other(second_factor="privileged")
    browser = world.browser()
    await browser.post("/setup", data={"code": await code_for(world), **FORM})
    led = await browser.get("/console")
    assert led.headers["location"] == "/account/second-factor?next=/console"
    assert (await browser.get("/account/second-factor")).status_code == 200


async def test_wrong_old_and_guessed_codes(empty_world: World) -> None:
    code, browser = await code_for(empty_world), empty_world.browser()
    wrong = await browser.post("/setup", data={"code": "aaaaa-bbbbb-ccccc-ddddd-eeeee", **FORM})
    assert wrong.status_code == 422 and "This code is wrong" in wrong.text
    newer = await code_for(empty_world)
    assert (await browser.post("/setup", data={"code": code, **FORM})).status_code == 422, "a newer one was printed"
    with held(now() + timedelta(hours=25)):
        assert (await browser.post("/setup", data={"code": newer, **FORM})).status_code == 422, "older than a day"
    guesser = empty_world.browser(address="203.0.113.9")
    answers = [(await guesser.post("/setup", data={"code": f"x{n}", **FORM})).status_code for n in range(31)]
    assert answers == [422] * 31
    last = await guesser.post("/setup", data={"code": newer, **FORM})
    assert "Too many failed attempts" in last.text, "even the right one"
    assert (await browser.post("/setup", data={"code": newer.upper().replace("-", " "), **FORM})).status_code == 303


async def test_a_wrong_form_does_not_use_the_code_up(empty_world: World) -> None:
    code, browser = await code_for(empty_world), empty_world.browser()
    for wrong, words in (
        ({"password": "short", "again": "short"}, "has 5 characters. Use at least 15"),
        ({"password": "matkhaucuatoi2026", "again": "matkhaucuatoi2026"}, "too easy to guess"),
        ({"password": "tranlan tranlan lan", "again": "tranlan tranlan lan"}, "too easy to guess"),
        ({"again": "something else"}, "The two passwords differ."),
        ({"account": "a b"}, "without blanks"),
        ({"account": ""}, "Choose a name to sign in with."),
        ({"name": " "}, "Enter your name."),
    ):
        answer = await browser.post("/setup", data={"code": code, **FORM, **wrong})
        assert (answer.status_code, words in answer.text) == (422, True), words
        assert PASSWORD not in answer.text
    assert (await browser.post("/setup", data={"code": code, **FORM})).status_code == 303


async def test_of_two_at_once_one_becomes_the_administrator(empty_world: World) -> None:
    code = await code_for(empty_world)
    browsers = [empty_world.browser(address=f"203.0.113.{n}") for n in (1, 2)]
    forms = [{"code": code, **FORM, "account": f"lan{n}"} for n in (1, 2)]
    answers = await asyncio.gather(*(b.post("/setup", data=f) for b, f in zip(browsers, forms, strict=True)))
    assert sorted(a.status_code for a in answers) == [303, 422]
    assert await empty_world.rows("select count(*) from security.account") == [(1,)]


async def test_a_recovery_code_sets_nothing_up(world: World) -> None:
    from nhip.security.signin.invitations import invite

    async with world.db.tx() as tx:
        code = await invite(tx, await world.person())
    answer = await world.browser().post("/setup", data={"code": code, **FORM})
    assert answer.headers["location"] == "/signin"


async def test_the_command_prints_the_address_then_links(empty_world: World) -> None:
    def run(*args: str) -> str:
        environment = {"NHIP_DATABASE_URL": empty_world.settings.database_url, "NHIP_DATA_DIR": "/nonexistent-nhip"}
        folder = str(empty_world.settings.data_dir)
        done = CliRunner().invoke(cli, ["--data-dir", folder, "password", *args], env=environment)
        return done.output.strip() or str(done.exception)

    address = await asyncio.to_thread(run)
    assert address.startswith("http://127.0.0.1:8321/setup?code=")
    browser = empty_world.browser()
    code = address.partition("code=")[2]
    assert (await browser.post("/setup", data={"code": code, **FORM})).status_code == 303
    link = await asyncio.to_thread(run)
    assert link.startswith("http://127.0.0.1:8321/recover?code=")
    page = await empty_world.browser().get(link.partition("8321")[2])
    assert "For the account lan." in page.text
    assert "Nobody signs in under the name nobody" in await asyncio.to_thread(run, "nobody")
    generated = await asyncio.to_thread(run, "--generate")
    assert (await browser.get("/console")).status_code == 303, "all sessions ended"
    other = empty_world.browser()
    assert (await other.post("/signin", data={"name": "lan", "password": generated})).headers["location"] == "/"
