"""Language and theme of a request: `?lang=` and `?theme=` choose, a cookie remembers, the browser and the setting decide else."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from nhip.web.i18n import negotiate, speaking

THEMES = ("auto", "light", "dark")
LANGUAGE_COOKIE = "nhip_lang"
THEME_COOKIE = "nhip_theme"
_YEAR = 31_536_000


class Preferences:
    """ASGI layer that puts `lang` and `theme` into the scope's state and speaks that language while the request runs."""

    def __init__(self, app: ASGIApp, default_language: str) -> None:
        self.app = app
        self.default_language = default_language

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        asked = {name: values[-1] for name, values in parse_qs(scope["query_string"].decode("latin-1")).items()}
        headers = {
            name: value.decode("latin-1") for name, value in scope["headers"] if name in (b"cookie", b"accept-language")
        }
        kept = cookies(headers.get(b"cookie", ""))
        lang = negotiate(
            asked.get("lang", ""),
            kept.get(LANGUAGE_COOKIE, ""),
            headers.get(b"accept-language", ""),
            self.default_language,
        )
        theme = next((t for t in (asked.get("theme"), kept.get(THEME_COOKIE)) if t in THEMES), "auto")
        scope.setdefault("state", {}).update(lang=lang, theme=theme)
        chosen = {LANGUAGE_COOKIE: lang} if asked.get("lang") == lang else {}
        if asked.get("theme") == theme:
            chosen[THEME_COOKIE] = theme
        with speaking(lang):
            await self.app(scope, receive, _remembering(send, chosen) if chosen else send)


def cookies(header: str) -> dict[str, str]:
    """The cookies of a request header; an unreadable header counts as none."""
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(header)
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in jar.items()}


def _remembering(send: Send, chosen: dict[str, str]) -> Send:
    """`send` that adds a cookie for every choice made in the address."""

    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            lines = [f"{name}={value}; Path=/; Max-Age={_YEAR}; SameSite=Lax" for name, value in chosen.items()]
            message["headers"] = [*message["headers"], *((b"set-cookie", line.encode()) for line in lines)]
        await send(message)

    return wrapped
