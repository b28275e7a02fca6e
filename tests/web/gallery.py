"""A small application that shows every component, for the tests and for whoever works on the look.

`python tests/web/gallery.py 8400` serves it at http://127.0.0.1:8400/gallery.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from litestar import Litestar, Request, Response, get, post

from nhip import security
from nhip.errors import DatabaseAway
from nhip.kernel.i18n import _
from nhip.kernel.time import now, today
from nhip.security.pages import show_signin
from nhip.security.protect import protect
from nhip.settings import Settings
from nhip.web.app import build
from nhip.web.forms import Form
from nhip.web.model import Cell, Crumb, Listing, MatrixRow, NavItem, Tab
from nhip.web.render import page, redirect

AnyRequest = Request[Any, Any, Any]
TEMPLATES = Path(__file__).parent / "templates"
SIGNIN_TEMPLATES = Path(str(security.__file__)).parent / "templates"
NAVIGATION = [
    NavItem("Gallery", "/gallery", "Show"),
    NavItem("Sample form", "/gallery/form", "Show"),
    NavItem("Citizen page", "/public", "Show"),
    NavItem("Broken page", "/gallery/broken", "Faults"),
    NavItem("Database away", "/gallery/away", "Faults"),
]
AGENCIES = [
    ("Sở Xây dựng", (98.2, 91.0, 88.4, 100, 76.0, 0)),
    ("Sở Nông nghiệp và Môi trường", (93.1, 84.5, 47.0, 22.0, 91.0, 12)),
    ("Trung tâm Giám sát, điều hành đô thị thông minh", (99.8, 99.1, 99.0, 97.5, 98.0, 85)),
    ("Công ty Cổ phần Môi trường và Công trình đô thị", (71.4, 63.2, 80.0, None, None, 0)),
    ("Sở Y tế", (99.0, 97.2, 95.0, 88.0, 93.0, 41)),
    ("Ủy ban nhân dân phường Thuận Hóa", (88.8, 90.2, 92.3, 61.0, 84.0, 5)),
]


def _cell(value: float | None) -> Cell:
    state = "" if value is None or value >= 80 else "warn" if value >= 50 else "alarm"
    return Cell(value, href="/gallery?cell=1", state=state)


def sample() -> dict[str, Any]:
    """Everything that the gallery template shows."""
    moment = now()
    return {
        "matrix_rows": [MatrixRow(name, [_cell(v) for v in values], "/gallery") for name, values in AGENCIES],
        "rows": [
            {
                "slug": f"d{n}",
                "title": title,
                "rows": 1234 * (n + 1) ** 2,
                "state": state,
                "at": moment - timedelta(hours=5 * n),
            }
            for n, (title, state) in enumerate(
                [
                    ("Điểm dừng xe buýt", "good"),
                    ("Cơ sở kinh doanh thực phẩm đã được cấp giấy chứng nhận đủ điều kiện", "warn"),
                    ("Trạm quan trắc nước sông Hương", "alarm"),
                    ("Cây xanh đường phố", "stale"),
                    ("Giấy phép xây dựng", "busy"),
                    ("Trường học", "unknown"),
                ]
            )
        ],
        "points": [(today() - timedelta(days=29 - n), 82 + (n * 7 % 11) + n / 3) for n in range(30)],
        "band": [(79 + n / 3, 93 + n / 3) for n in range(30)],
        "moment": moment,
        "listing": Listing(4, 50, 1_234_567),
        "tabs": [
            Tab(_("Findings"), "/gallery", True, 1234),
            Tab("Rows", "/gallery?tab=rows"),
            Tab("Versions", "/gallery?v", False, 7),
        ],
        "form": Form.of(q="Thuận Hóa", state="warn"),
    }


@get("/gallery")
async def gallery(request: AnyRequest) -> Response[str]:
    crumbs = [Crumb("Console", "/gallery"), Crumb("Gallery", "/gallery"), Crumb("All components")]
    return page(request, "gallery/gallery.html", crumbs=crumbs, **sample())


@get("/gallery/form")
async def show_form(request: AnyRequest) -> Response[str]:
    return page(request, "gallery/form.html", form=Form.of(kind="http", begins=today(), notify=True))


@post("/gallery/form")
async def send_form(request: AnyRequest) -> Response[Any]:
    form = await Form.read(request)
    name = form.text("name", required=_("Enter the name of the source."), longest=40)
    form.integer("days", required="Say after how many days new data is due.", lowest=1, highest=366)
    form.choice("kind", ["folder", "http"])
    form.date("begins", required="Say from which day on.")
    if form.errors:
        return page(request, "gallery/form.html", status=422, form=form)
    return redirect("/gallery/form", "Source {name} was added.", name=name)


@post("/gallery/publish", status_code=204)
async def publish(request: AnyRequest) -> None:
    request.app.state.live.publish("datasets")


@get("/public")
async def public(request: AnyRequest) -> Response[str]:
    return page(request, "gallery/public.html", **sample())


@get("/gallery/broken")
async def broken(request: AnyRequest) -> None:
    raise RuntimeError("secret detail 4711")


@get("/gallery/away")
async def away(request: AnyRequest) -> None:
    raise DatabaseAway(what="OperationalError")


async def _well() -> None:
    return None


def make(**more: Any) -> Litestar:
    """The gallery application; `more` goes to `build`."""
    routes = [gallery, show_form, send_form, public, broken, away, publish, show_signin, *more.pop("routes", [])]
    settings = Settings(city="Huế")
    templates = {"gallery": TEMPLATES, "security": SIGNIN_TEMPLATES, **more.pop("templates", {})}
    options = {"navigation": NAVIGATION, "checks": {"test": _well}, "layers": protect(settings), **more}
    return build(settings, routes=routes, templates=templates, **options)


if __name__ == "__main__":
    from granian import Granian
    from granian.constants import Interfaces

    sys.path.insert(0, str(Path(__file__).parent))
    Granian("gallery:make", port=int(sys.argv[1]), interface=Interfaces.ASGI, factory=True).serve()
