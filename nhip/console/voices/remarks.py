"""One comment: shown or not, answered, made a task to mend that leads to the row."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from nhip.console.common import installation_of, rights_of
from nhip.console.voices.access import ANSWER, access_remark
from nhip.console.voices.lists import HOME, said
from nhip.datasets.store import get_dataset
from nhip.db import Connection
from nhip.kernel.i18n import _
from nhip.portal.people import remarks
from nhip.portal.people.errors import RemarkNotFound
from nhip.portal.people.forms import SMALL_FORM, AnyRequest
from nhip.portal.people.model import Remark
from nhip.web.forms import Form
from nhip.web.i18n import translate
from nhip.web.model import Crumb
from nhip.web.render import page, redirect

ONE = f"{HOME}/comments/{{remark_id:uuid}}"


@get(ONE, permission="voice.read")
async def show(request: AnyRequest, remark_id: FromPath[uuid.UUID]) -> Response[str]:
    """A comment with everything that was typed, and what may be done."""
    return await _page(request, remark_id, Form.of())


async def _page(request: AnyRequest, remark_id: uuid.UUID, form: Form, status: int = 200) -> Response[str]:
    rights = rights_of(request)
    async with installation_of(request).db.read() as tx:
        remark = await access_remark(tx, rights, remark_id)
        dataset = await get_dataset(tx, remark.dataset_id)
    begun = {"text": remark.shown_text or remark.text, "reply": remark.reply, "task": remark.task or remark.text[:500]}
    for name, value in begun.items():
        form.values.setdefault(name, [value])
    crumbs = [Crumb(translate(_("Requests and comments")), HOME), Crumb(translate(_("Comment")))]
    values: dict[str, Any] = {"remark": remark, "dataset": dataset, "form": form, "crumbs": crumbs}
    values["may_answer"] = rights.may(ANSWER, organisation=dataset.agency_id)
    return page(request, "console/voices/remark.html", status=status, **values, **said())


@post(f"{ONE}/{{act:str}}", permission=ANSWER, request_max_body_size=SMALL_FORM)
async def do(request: AnyRequest, remark_id: FromPath[uuid.UUID], act: FromPath[str]) -> Response[Any]:
    """What an official decides."""
    if act not in _ACTS:
        raise RemarkNotFound(what=str(remark_id))
    form = await Form.read(request)
    with form.refusals():
        async with installation_of(request).db.tx() as tx:
            remark = await access_remark(tx, rights_of(request), remark_id, ANSWER)
            await _ACTS[act](tx, remark, form)
    if form.errors:
        return await _page(request, remark_id, form, status=422)
    return redirect(f"{HOME}?show=comments" if act == "drop" else f"{HOME}/comments/{remark_id}", _("Done."))


async def _show(tx: Connection, remark: Remark, form: Form) -> None:
    text = form.text("text", required=_("Write what everybody may read."), longest=4_000)
    if not form.errors:
        await remarks.show(tx, remark, text)


async def _drop(tx: Connection, remark: Remark, form: Form) -> None:
    why = form.text("why", required=_("Say why; officials read it."), longest=500)
    if not form.errors:
        await remarks.drop(tx, remark, why)


async def _answer(tx: Connection, remark: Remark, form: Form) -> None:
    reply = form.text("reply", required=_("Write the answer."), longest=4_000)
    if not form.errors:
        await remarks.answer(tx, remark, reply)


async def _task(tx: Connection, remark: Remark, form: Form) -> None:
    task = form.text("task", required=_("Say what is to be mended."), longest=500)
    row = form.integer("row", lowest=1, highest=2**53)
    if not form.errors:
        await remarks.make_task(tx, remark, task, row)


async def _done(tx: Connection, remark: Remark, form: Form) -> None:
    await remarks.end_task(tx, remark)


_ACTS: dict[str, Callable[[Connection, Remark, Form], Awaitable[None]]] = {
    "show": _show,
    "drop": _drop,
    "answer": _answer,
    "task": _task,
    "done": _done,
}
ROUTES = [show, do]
