"""From routes and settings to a running application: the composition root calls `build` once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from litestar import Litestar, Response, get
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.openapi.config import OpenAPIConfig
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from nhip import __version__
from nhip.errors import NhipError
from nhip.settings import Settings
from nhip.web import metrics
from nhip.web.heads import Heads
from nhip.web.i18n import message_of
from nhip.web.live import Live, live_route
from nhip.web.model import NavItem
from nhip.web.preferences import Preferences
from nhip.web.problems import HANDLERS
from nhip.web.render import Pages
from nhip.web.static import StaticFiles, static_route

STATIC = Path(__file__).parent / "static"
Check = Callable[[], Awaitable[None]]
Layer = Callable[[ASGIApp], ASGIApp]
_CHECK_TIMEOUT_S = 3.0

REQUESTS = metrics.Counter("nhip_http_requests_total", "Requests answered, by method, route and status.")
SECONDS = metrics.Histogram("nhip_http_request_seconds", "Seconds from request to the start of its answer, by route.")


def build(
    settings: Settings,
    *,
    routes: Sequence[Any],
    templates: Mapping[str, Path],
    navigation: Sequence[NavItem] = (),
    static: Sequence[Path] = (),
    layers: Sequence[Layer] = (),
    checks: Mapping[str, Check] | None = None,
    lifespan: Sequence[Any] = (),
    dependencies: Mapping[str, Any] | None = None,
    state: Mapping[str, Any] | None = None,
    guards: Sequence[Any] = (),
    openapi: OpenAPIConfig | None = None,
) -> Litestar:
    """The application.

    `templates`: package name -> its templates folder. `static`: more folders of static files. `layers`: ASGI layers
    around everything, the outermost first (`nhip.security.protect`). `checks`: what `/health` asks, each raising when
    not well. `state`: what handlers find in `request.app.state` (`db`, …). `guards`: who may use a route, by the
    permission that it names (`nhip.security.permissions.guard`).
    """
    files, live = StaticFiles(STATIC, *static), Live()
    ours = {
        "settings": settings,
        "static": files,
        "live": live,
        "checks": dict(checks or {}),
        "pages": Pages(settings, files, templates, navigation),
    }
    app = Litestar(
        route_handlers=[static_route, favicon, health, metrics_route, live_route, *routes],
        guards=list(guards),
        lifespan=[_live_until_the_end(live), *lifespan],
        exception_handlers=HANDLERS,
        dependencies=dict(dependencies or {}),
        openapi_config=openapi,
        logging_config=None,
        state=State({**(state or {}), **ours}),
    )
    _wrap(app, [Heads, *layers, lambda inner: Preferences(inner, settings.language), Measured])
    return app


def _wrap(app: Litestar, layers: Sequence[Layer]) -> None:
    """Put `layers` around the whole application, unlike Litestar's middleware also around addresses that do not exist."""
    for layer in reversed(layers):
        app.asgi_handler = layer(app.asgi_handler)


@asynccontextmanager
async def _closing(live: Live) -> AsyncIterator[None]:
    try:
        yield
    finally:
        live.close()


def _live_until_the_end(live: Live) -> Callable[[Litestar], Any]:
    return lambda _app: _closing(live)


class Measured:
    """ASGI layer that counts and times requests by route template, so that the number of series stays small."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        started, method = time.perf_counter(), str(scope["method"])

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = scope.get("path_template") or "none"
                SECONDS.observe(time.perf_counter() - started, route=route)
                REQUESTS.add(method=method, route=route, status=str(message["status"]))
            await send(message)

        await self.app(scope, receive, counted)


@get("/favicon.ico", permission="public", anonymous=True, include_in_schema=False, sync_to_thread=False)
def favicon(state: State) -> Response[bytes]:
    """The mark, for browsers that ask without having read the page."""
    return Response(state.static.files["favicon.svg"].body, media_type="image/svg+xml")


@get("/health", permission="public", anonymous=True)
async def health(state: State) -> Response[dict[str, Any]]:
    """Ready (200), or which part is not and why (503)."""
    checks: Mapping[str, Check] = state.checks
    results = await asyncio.gather(*(_checked(check) for check in checks.values()))
    parts = dict(zip(checks, results, strict=True))
    ready = all(part["ready"] for part in parts.values())
    body = {"ready": ready, "version": __version__, "parts": parts}
    return Response(body, status_code=200 if ready else 503, headers={"Cache-Control": "no-store"})


async def _checked(check: Check) -> dict[str, Any]:
    started = time.perf_counter()
    try:
        await asyncio.wait_for(check(), _CHECK_TIMEOUT_S)
    except NhipError as error:
        return {"ready": False, "why": message_of(error)}
    except TimeoutError:
        return {"ready": False, "why": f"no answer in {_CHECK_TIMEOUT_S:g} s"}
    except Exception as error:
        return {"ready": False, "why": type(error).__name__}
    return {"ready": True, "ms": round((time.perf_counter() - started) * 1000, 1)}


@get("/metrics", permission="metrics.read", include_in_schema=False, sync_to_thread=False)
def metrics_route() -> Response[str]:
    """Measures of this process for Prometheus."""
    return Response(metrics.exposition(), media_type="text/plain; version=0.0.4")
