"""Many entities in one request (CIM 009, 5.6.7 to 5.6.10 and 5.6.20; 6.14 to 6.17, 6.31): each succeeds or fails by itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nhip.errors import NhipError
from nhip.graph.api import params
from nhip.graph.api.answers import Answer, dumped, entity_problem
from nhip.graph.api.entities import SIMPLIFIED
from nhip.graph.api.federating import federation_of, write_many
from nhip.graph.api.media import LD_JSON, linked_context
from nhip.graph.api.names import require_uri
from nhip.graph.api.request import CONTEXT, Call
from nhip.graph.contexts.model import Context
from nhip.graph.document.expand import expand_entity
from nhip.graph.errors import BadRequestData, TooLarge
from nhip.graph.model import Doc, Operation, OperationName, Outcome
from nhip.graph.pieces import LARGE, aside, pieces
from nhip.graph.registrations.batches import Result
from nhip.kernel.i18n import _

_HEAVY = 5_000
"""Bytes of each entity of a batch, about, from which on one is worth a thread."""
Failed = list[dict[str, Any]]


async def create_batch(call: Call) -> Answer:
    """POST /entityOperations/create."""
    return await _batch(call, "create")


async def upsert_batch(call: Call) -> Answer:
    """POST /entityOperations/upsert: `options=update` changes what is there, else it is replaced."""
    told = params.options(call.query, SIMPLIFIED | {"update", "replace"})
    return await _batch(call, "upsert-update" if "update" in told else "upsert-replace")


async def update_batch(call: Call) -> Answer:
    """POST /entityOperations/update: appends to what is there; `options=noOverwrite` leaves what it has."""
    told = params.options(call.query, SIMPLIFIED | {"noOverwrite", "replace", "update"})
    return await _batch(call, "append-keep" if "noOverwrite" in told else "append")


async def merge_batch(call: Call) -> Answer:
    """POST /entityOperations/merge."""
    params.options(call.query, SIMPLIFIED)
    observed, lang = params.moment(call.query, "observedAt"), call.query.get("lang", "")
    return await _batch(call, "merge", observed_at=observed, lang=lang)


async def delete_batch(call: Call) -> Answer:
    """POST /entityOperations/delete: an array of identifiers."""
    operations: list[Operation] = []
    failed: Failed = []
    async for some in pieces(_items(call, await call.json())):
        for item in some:
            try:
                operations.append(Operation(name="delete", id=require_uri(item if isinstance(item, str) else "")))
            except NhipError as error:
                failed.append(entity_problem(item if isinstance(item, str) else None, error))
    done, _created = await _written(call, operations, failed)
    return _answered(done, [], failed)


async def _batch(call: Call, name: OperationName, *, observed_at: str = "", lang: str = "") -> Answer:
    items = _items(call, await call.json())
    operations: list[Operation] = []
    failed: Failed = []
    fragment = name not in ("create", "upsert-replace")
    shared, plain = await _shared_context(call), params.simplified(call.query)
    heavy = call.large and len(items) * _HEAVY < LARGE
    async for some in pieces(items):
        for item in some:
            try:
                if type(item) is not dict:
                    raise BadRequestData(what=_("an entity is a JSON object"))
                context = await call.context_of(item) if shared is None or CONTEXT in item else shared
                if heavy:
                    doc = await aside(_expanded, item, context, fragment=fragment, simplified=plain)
                else:
                    doc = _expanded(item, context, fragment=fragment, simplified=plain)
                operations.append(
                    Operation(name=name, id=doc["id"], doc=doc, observed_at=observed_at, lang=lang, large=heavy)
                )
            except NhipError as error:
                failed.append(entity_problem(_identifier(item), error))
    done, created = await _written(call, operations, failed)
    return _answered(done, created if name in ("create", "upsert-replace", "upsert-update") else [], failed)


async def _shared_context(call: Call) -> Context | None:
    """The @context of all entities of a batch, None where each has to be asked for its own."""
    try:
        return None if call.kind == LD_JSON else await call.context()
    except NhipError:
        return None


def _expanded(item: dict[str, Any], context: Context, *, fragment: bool, simplified: bool) -> Doc:
    doc = expand_entity(item, context, fragment=fragment, simplified=simplified)
    if "id" not in doc:
        require_uri("")
    return doc


def _identifier(item: Any) -> str | None:
    found = item.get("id", item.get("@id")) if isinstance(item, dict) else None
    return found if isinstance(found, str) else None


def _items(call: Call, body: Any) -> list[Any]:
    """The array of a batch. Raises for what fails it whole (5.6.7.4)."""
    if call.kind == LD_JSON and linked_context(call.header(b"link")) is not None:
        raise BadRequestData(what=_("a request in application/ld+json has its @context in the body, not in Link"))
    if isinstance(body, list) and len(body) > call.app.limits.batch:
        raise TooLarge(what=str(len(body)))
    if not isinstance(body, list) or not body or None in body:
        raise BadRequestData(what=_("a batch is an array with at least one item and without null"))
    return body


async def _written(call: Call, operations: list[Operation], failed: Failed) -> tuple[Iterable[str], list[str]]:
    """Identifiers that succeeded and those that are new; what failed is added to `failed`."""
    if operations and (federation := federation_of(call)) is not None:
        return await _divided(await write_many(call, federation, operations), operations, failed)
    outcomes = await call.app.graph.write(call.tenant, operations) if operations else []
    return await _told(outcomes, failed)


async def _divided(
    results: list[Result], operations: list[Operation], failed: Failed
) -> tuple[Iterable[str], list[str]]:
    """As `_written`, of changes that were made by sources too."""
    done, created = await _told([result.outcome for result in results if result.outcome is not None], failed)
    good = dict.fromkeys(done)
    for result, operation in zip(results, operations, strict=True):
        for registration, error in result.errors:
            told = entity_problem(result.id, error)
            failed.append({**told, "registrationId": registration} if registration else told)
        if result.errors:
            good.pop(result.id, None)
        elif result.outcome is None:
            good[result.id] = None
            created += [result.id] if operation.name == "create" or result.created else []
    return good, [id for id in created if id in good]


async def _told(outcomes: list[Outcome], failed: Failed) -> tuple[Iterable[str], list[str]]:
    done: dict[str, None] = {}
    created = []
    async for some in pieces(outcomes):
        for outcome in some:
            if outcome.error is not None:
                failed.append(entity_problem(outcome.id, outcome.error))
            elif outcome.kept:
                failed.append(entity_problem(outcome.id, BadRequestData(what=_kept(outcome))))
            else:
                done[outcome.id] = None
                if outcome.created:
                    created.append(outcome.id)
    return done, created


def _kept(outcome: Outcome) -> str:
    names = ", ".join(name for name, _why in outcome.kept)
    return f"{outcome.kept[0][1]} ({names})"


def _answered(done: Iterable[str], created: list[str], failed: Failed) -> Answer:
    if failed:
        return Answer(207, dumped({"success": list(done), "errors": failed}))
    return Answer(201, dumped(created)) if created else Answer(204)
