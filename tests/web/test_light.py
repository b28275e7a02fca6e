"""What the suite makes cheaper is the same thing: applications made once have the same routes and nothing else in common."""

from __future__ import annotations

from pathlib import Path

import litestar
import pytest

from nhip.security import passwords
from nhip.settings import Settings
from nhip.testing import light
from nhip.web import app as web_app


@pytest.fixture
def folders(tmp_path: Path) -> list[Settings]:
    return [Settings(data_dir=tmp_path / name) for name in ("one", "other")]


def _routes(app: litestar.Litestar) -> list[tuple[str, list[str], list[str]]]:
    return [(route.path, sorted(route.methods), sorted(route.handler_names)) for route in app.routes]


def test_an_application_made_again_is_as_one_made_anew(
    folders: list[Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    from nhip.app import create_app

    light.lighten()
    first, again = map(create_app, folders)
    monkeypatch.setattr(web_app, "Litestar", litestar.Litestar)
    anew = create_app(folders[1])
    assert _routes(first) == _routes(again) == _routes(anew)
    assert (again.guards, again.exception_handlers) == (anew.guards, anew.exception_handlers)
    assert [type(manager) for manager in again._lifespan_managers] == [
        type(manager) for manager in anew._lifespan_managers
    ]
    assert again.state.static.version == anew.state.static.version
    assert [app.state.settings.data_dir for app in (first, again)] == [settings.data_dir for settings in folders]
    for own in ("state", "stores", "event_emitter", "asgi_router", "asgi_handler"):
        assert getattr(first, own) is not getattr(again, own), own


async def test_whoever_asks_for_it_gets_the_whole_hashing(whole_hashing: None) -> None:
    stored = await passwords.hash_password("ghe xanh mua thu bay")
    assert "$m=65536,t=3,p=4$" in stored and not passwords.outdated(stored)
    assert await passwords.matches(stored, "ghe xanh mua thu bay")
    assert not await passwords.matches(None, "ghe xanh mua thu bay")


async def test_hashing_is_light_otherwise() -> None:
    light.lighten()
    stored = await passwords.hash_password("ghe xanh mua thu bay")
    assert "$m=8,t=1,p=1$" in stored and not passwords.outdated(stored)
    assert await passwords.matches(stored, "ghe xanh mua thu bay")
    assert not await passwords.matches(stored, "ghe xanh mua thu")
