"""From a template name and values to a response. Author's view: docs/reference/components.md."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import jinja2
import msgspec
from litestar import MediaType, Request, Response
from litestar.datastructures import Cookie

from nhip.kernel.time import now
from nhip.settings import Settings
from nhip.web import charts, formats
from nhip.web.i18n import NAMES, language, translate, translate_plural
from nhip.web.model import Column, NavItem, Notice
from nhip.web.static import StaticFiles

AnyRequest = Request[Any, Any, Any]
TEMPLATES = Path(__file__).parent / "templates"
NOTICE_COOKIE = "nhip_notice"
_PLAIN_PLACES = re.compile(r"(?:[^{}]|\{\w+\})*")

_request: ContextVar[AnyRequest | None] = ContextVar("request", default=None)


class Pages:
    """The templates of an installation with everything that is always there in them."""

    def __init__(
        self,
        settings: Settings,
        static: StaticFiles,
        templates: Mapping[str, Path],
        navigation: Sequence[NavItem] = (),
    ) -> None:
        """`templates` maps a package's name to its templates folder; `web` is added."""
        folders = {"web": TEMPLATES, **templates}
        self.environment = jinja2.Environment(
            loader=jinja2.PrefixLoader({name: jinja2.FileSystemLoader(folder) for name, folder in folders.items()}),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.loopcontrols", "jinja2.ext.do"],
        )
        self.environment.filters.update(formats.FILTERS)
        self.environment.globals.update(_always(settings, static))
        self.navigation = tuple(navigation)
        self.environment.globals["ui"] = Components(self.environment)

    def render(self, request: AnyRequest, name: str, block: str, values: dict[str, Any]) -> str:
        """The text of template `name`, or of one block of it."""
        template = self.environment.get_template(name)
        context = {**_of_request(request), "navigation": self._reachable(request), **values}
        with _serving(request):
            if not block:
                return template.render(context)
            prepared = template.new_context(context)
            return "".join(template.blocks[block](prepared))

    def _reachable(self, request: AnyRequest) -> list[NavItem]:
        """What of the navigation the person may open."""
        return [item for item in self.navigation if not item.permission or may(request, item.permission)]


class Components:
    """`ui` in templates: every macro of `web/components/*.html` by its name."""

    def __init__(self, environment: jinja2.Environment) -> None:
        self._environment = environment
        self._macros: dict[str, Callable[..., str]] = {}

    def __getattr__(self, name: str) -> Callable[..., str]:
        if not self._macros:
            self._macros = dict(self._load())
        try:
            return self._macros[name]
        except KeyError:
            raise AttributeError(name) from None

    def _load(self) -> Iterator[tuple[str, Callable[..., str]]]:
        for path in sorted((TEMPLATES / "components").glob("*.html")):
            module = self._environment.get_template(f"web/components/{path.name}").module
            yield from ((name, value) for name, value in vars(module).items() if not name.startswith("_"))


def page(
    request: AnyRequest,
    name: str,
    /,
    *,
    status: int = 200,
    block: str = "",
    headers: dict[str, str] | None = None,
    **values: Any,
) -> Response[str]:
    """Answer with template `name` (`package/file.html`) or one `block` of it. A waiting notice is shown and taken away."""
    pages: Pages = request.app.state.pages
    text = pages.render(request, name, block, values)
    gone = [Cookie(key=NOTICE_COOKIE, max_age=0)] if not block and NOTICE_COOKIE in request.cookies else []
    return Response(text, status_code=status, media_type=MediaType.HTML, headers=headers, cookies=gone)


SAFE_IN_ADDRESS = "/:?#[]@!$&'()*+,;=%"
"""Signs that an address may hold as they are (RFC 3986), `%` of what is quoted already among them."""


def redirect(path: str, notice: str | Notice = "", /, **values: str | int | float) -> Response[None]:
    """See other (303) `path`, a local address; `notice` is English text (marked) whose places are `values`."""
    kept = Notice(notice, values) if isinstance(notice, str) else notice
    jar = []
    if kept.text:
        value = base64.urlsafe_b64encode(msgspec.json.encode(kept)).decode()
        jar.append(Cookie(key=NOTICE_COOKIE, value=value, max_age=120, httponly=True, samesite="lax"))
    return Response(None, status_code=303, headers={"Location": quote(local(path), safe=SAFE_IN_ADDRESS)}, cookies=jar)


def local(path: str, otherwise: str = "/") -> str:
    """`path` when it is an address of this installation, else `otherwise`; keeps `?next=` from leading elsewhere."""
    parts = urlsplit(path)
    fine = path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return path if fine and path.isprintable() and "\\" not in path else otherwise


def is_fragment(request: AnyRequest) -> bool:
    """Whether htmx asks for a part of a page."""
    return request.headers.get("HX-Request") == "true"


def may(request: AnyRequest, permission: str) -> bool:
    """Whether whoever is signed in holds `permission` somewhere; decides what a page offers, never what an act is allowed."""
    who: Any = request.scope.get("who")
    return who is not None and bool(who.rights.anywhere(permission))


def _always(settings: Settings, static: StaticFiles) -> dict[str, Any]:
    return {
        "_": translate,
        "n_": translate_plural,
        "static": static.url,
        "url": url,
        "query": query,
        "col": Column,
        "charts": charts,
        "city": settings.city,
        "languages": NAMES,
        "now": now,
    }


def _of_request(request: AnyRequest) -> dict[str, Any]:
    state = request.scope.get("state", {})
    return {
        "request": request,
        "who": request.scope.get("who"),
        "may": partial(may, request),
        "lang": language(),
        "theme": state.get("theme", "auto"),
        "notice": _waiting_notice(request),
        "crumbs": [],
    }


def _waiting_notice(request: AnyRequest) -> Notice | None:
    try:
        kept = msgspec.json.decode(base64.urlsafe_b64decode(request.cookies[NOTICE_COOKIE]), type=Notice)
    except (KeyError, binascii.Error, ValueError, msgspec.MsgspecError):
        return None
    return (
        kept if _PLAIN_PLACES.fullmatch(kept.text) else None
    )  # `{n:>9999999999}` in a forged one would fill the memory


@contextmanager
def _serving(request: AnyRequest) -> Iterator[None]:
    token = _request.set(request)
    try:
        yield
    finally:
        _request.reset(token)


def url(path: str = "", **changes: str | int | None) -> str:
    """The present address (or `path`) with query values changed; None takes one away. Choices of look are not carried on."""
    request = _request.get()
    if request is None:
        return path or "?"
    asked = parse_qsl(
        request.scope["query_string"].decode("latin-1"), keep_blank_values=True
    )  # in the order of the address
    kept = [(name, value) for name, value in asked if name not in changes and name not in ("lang", "theme")]
    kept += [(name, str(value)) for name, value in changes.items() if value is not None]
    return (path or request.url.path) + (f"?{urlencode(kept)}" if kept else "")


def query(name: str) -> str:
    """A query value of the present address, empty when it has none."""
    request = _request.get()
    return str(request.query_params.get(name, "")) if request is not None else ""
