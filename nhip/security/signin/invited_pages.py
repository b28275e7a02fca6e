"""Pages for whoever holds a one-time code: the first administrator, a new person, one who lost the password or a factor."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from nhip.errors import NhipError
from nhip.kernel.i18n import _
from nhip.security.model import Account
from nhip.security.permissions.catalogue import PUBLIC
from nhip.security.sessions import session_cookie
from nhip.security.signin import attempts, gate, service
from nhip.security.signin.common import AnyRequest, db_of, settings_of, visitor_of, with_next
from nhip.security.signin.errors import FACTORS, PasswordRefused, TooManyFailures
from nhip.security.signin.model import Invitation
from nhip.security.signin.rules import shortest
from nhip.web.forms import Form
from nhip.web.render import page, redirect

ACCOUNT = r"[^\s@/\\]{3,60}"
"""What a name to sign in with looks like."""
WRONG = _("This code is wrong, was used already, or is older than 24 hours.")
LOCKED = _("Too many failed attempts. Wait {minutes} minutes and try again.")
Found = tuple[Invitation, Account | None] | None


@get("/setup", permission=PUBLIC, before_setup=True, include_in_schema=False)
async def show_setup(request: AnyRequest) -> Response[Any]:
    """Make the first administrator; afterwards there is nothing to see here."""
    if await gate.is_set_up(request):
        return redirect("/signin")
    return _page(request, "setup", Form.of(code=request.query_params.get("code", "")), 200)


@post("/setup", permission=PUBLIC, before_setup=True, include_in_schema=False, request_max_body_size=20_000)
async def send_setup(request: AnyRequest) -> Response[Any]:
    """Make the first administrator, and lead on to a second factor."""
    if await gate.is_set_up(request):
        return redirect("/signin")
    form = await Form.read(request)
    name = form.text("name", required=_("Enter your name."), longest=120)
    hint = _("Use 3 to 60 letters or digits, without blanks.")
    account = form.text("account", required=_("Choose a name to sign in with."), pattern=ACCOUNT, hint=hint, longest=60)
    password = read_new(form)
    if not form.errors:
        await _look_up(request, form, first=True)
    if not form.errors:
        try:
            token = await service.set_up(db_of(request), visitor_of(request), form.raw("code"), name, account, password)
        except NhipError as error:
            tell(form, error, "account")
        else:
            answer = redirect(with_next(FACTORS, "/"), _("Nhịp is set up. You are its first administrator."))
            answer.cookies.append(session_cookie(settings_of(request), token))
            return answer
    return _page(request, "setup", form, 422)


@get("/recover", permission=PUBLIC, include_in_schema=False)
async def show_recover(request: AnyRequest) -> Response[Any]:
    """Set a password by a one-time code; looking does not use it up, as mail programs open links too."""
    form = Form.of(code=request.query_params.get("code", ""))
    account = await _look_up(request, form, first=False) if form.raw("code") else None
    return _page(request, "recover", form, 422 if form.errors else 200, account=account)


@post("/recover", permission=PUBLIC, include_in_schema=False, request_max_body_size=20_000)
async def send_recover(request: AnyRequest) -> Response[Any]:
    """Set the password, or, where only the code was sent, ask for one."""
    form = await Form.read(request)
    form.text("code", required=_("Enter the code."), longest=100)
    account = None if form.errors else await _look_up(request, form, first=False)
    if account is None or "password" not in form.values:
        return _page(request, "recover", form, 422 if form.errors else 200, account=account)
    password = read_new(form)
    if not form.errors:
        try:
            await service.recover(db_of(request), visitor_of(request), account, form.raw("code"), password)
        except NhipError as error:
            tell(form, error, "password")
        else:
            return redirect("/signin", _("Your password is set. Sign in with it now."))
    return _page(request, "recover", form, 422, account=account)


async def _look_up(request: AnyRequest, form: Form, *, first: bool) -> Account | None:
    """Whose password the typed code sets; what is wrong with it is noted in the form."""
    try:
        found: Found = await service.find_invited(db_of(request), visitor_of(request), form.raw("code"))
    except TooManyFailures:
        form.fail("", LOCKED, minutes=attempts.MINUTES)
        return None
    if found is None or (found[1] is None) != first:
        form.fail("code", WRONG)
        return None
    return found[1]


def read_new(form: Form) -> str:
    """A new password, typed twice."""
    password = form.raw("password")
    if not password:
        form.fail("password", _("Enter a password."))
    elif password != form.raw("again"):
        form.fail("again", _("The two passwords differ."))
    return password


def tell(form: Form, error: NhipError, field: str) -> None:
    """Say beside the right field why it did not work."""
    form.fail("password" if isinstance(error, PasswordRefused) else field, error.template(), **error.values)


def _page(request: AnyRequest, name: str, form: Form, status: int, **values: Any) -> Response[str]:
    fewest = shortest(settings_of(request).second_factor)
    return page(request, f"security/{name}.html", status=status, form=form, fewest=fewest, **values)


ROUTES = [show_setup, send_setup, show_recover, send_recover]
