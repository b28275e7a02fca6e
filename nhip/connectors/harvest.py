"""What all portals share: list the datasets, fetch what changed, tell what vanished, swallow nothing.

A listing that does not come to its end raises, so that a half-read portal never looks like deletions. A resource that fails is a
`Failure` and is tried again next time; the rest of the portal goes on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Annotated, Any, Literal, Protocol

import msgspec

from nhip.connectors.errors import ListingIncomplete, SourceError
from nhip.connectors.model import Failure, Fetched, Note, Payload, RemoteDataset, RemoteResource, State, TestResult
from nhip.connectors.sink import Sink
from nhip.connectors.web import WebSource
from nhip.kernel.i18n import _
from nhip.kernel.text import storable
from nhip.security.outgoing_errors import OutgoingError, TimedOut, Unreachable, WrongCredentials

_SAME_FAULTS = 5
"""Times that the portal may be away or refuse in a row before the rest is left to the next run."""
_FEW = 10
"""Up to so many datasets may vanish at once; more than half of a larger catalogue must be gone twice to be believed."""


_TEXTS = ("id", "title", "description", "organisation", "licence", "modified", "url")


class PortalSource(WebSource, frozen=True, kw_only=True):
    """Settings that every portal has."""

    datasets: Annotated[
        list[str], msgspec.Meta(description=_("Ids of the datasets to fetch; empty: all of the portal."))
    ] = []
    organisations: Annotated[
        list[str], msgspec.Meta(description=_("Only datasets of these organisations, as the portal names them."))
    ] = []
    formats: Annotated[
        list[str], msgspec.Meta(description=_("Only resources in these formats, like CSV; empty: all."))
    ] = []
    trust_modified: Annotated[
        bool, msgspec.Meta(description=_("Skip datasets whose date of change is the same as last time."))
    ] = True
    content: Annotated[
        Literal["data", "catalogue"],
        msgspec.Meta(description=_("What is brought: the data themselves, or only what the portal says of them.")),
    ] = "data"
    gone: Annotated[
        Literal["withdraw", "keep"],
        msgspec.Meta(description=_("What becomes of an open dataset here when the portal offers it no longer.")),
    ] = "withdraw"
    page_size: Annotated[int, msgspec.Meta(ge=1, le=32_000, description=_("Rows asked for in one page."))] = 1_000
    max_pages: Annotated[int, msgspec.Meta(ge=1, le=1_000_000, description=_("Most pages that are read."))] = 10_000


class Portal(Protocol):
    """A portal that can be harvested."""

    host: str

    def datasets(self) -> list[RemoteDataset]:
        """All datasets, each once. Raises OutgoingError or SourceError unless the list is whole."""
        ...

    def read(
        self, dataset: RemoteDataset, resource: RemoteResource, known: dict[str, Any], sink: Sink
    ) -> tuple[Payload | None, dict[str, Any]]:
        """A resource unless it is as `known` says, and what is known now."""
        ...


def harvest(portal: Portal, source: PortalSource, state: State, sink: Sink) -> Fetched:
    """Fetch what is new or changed on `portal`."""
    remote = unique(_storable(dataset) for dataset in portal.datasets())
    before: dict[str, str] = dict(state.get("datasets", {}))
    if before and not remote:
        raise ListingIncomplete(host=portal.host, expected=len(before), found=0)
    choice = hashlib.blake2b(msgspec.json.encode(source), digest_size=8).hexdigest()
    # Other settings may want other resources of the same datasets: then no date of change is trusted.
    marks = before if state.get("choice") == choice else dict.fromkeys(before, "")
    run = _Run(portal, source, marks, dict(state.get("resources", {})), sink)
    chosen = [dataset for dataset in remote if _is_chosen(dataset, source)]
    if source.content == "data":
        for dataset in chosen:
            run.fetch(dataset)
    else:
        run.done = {dataset.id: dataset.modified for dataset in chosen}
    vanished, held = _vanished(before, remote, state)
    for dataset_id in held:
        run.done[dataset_id] = before[dataset_id]
    kept = {"choice": choice, "datasets": run.done, "resources": run.resources_of(chosen), "held": held}
    return Fetched(
        payloads=run.payloads,
        state=kept,
        unchanged=not run.payloads and not run.failures and before == run.done,
        remote=remote,
        catalogue=chosen,
        complete=not held,
        vanished=vanished,
        failures=run.failures,
        notes=[*run.notes(), *_notes_of(held, portal.host), *_nothing(remote, portal.host)],
    )


def _vanished(before: dict[str, str], remote: list[RemoteDataset], state: State) -> tuple[list[str], list[str]]:
    """Datasets that are gone, and those that seem so: when most of a catalogue goes at once, the next run must find the same."""
    there = {dataset.id for dataset in remote}
    gone = sorted(set(before) - there)
    doubtful = len(gone) > _FEW and len(gone) * 2 > len(before)
    return ([], gone) if doubtful and state.get("held") != gone else (gone, [])


def _notes_of(held: list[str], host: str) -> list[Note]:
    if not held:
        return []
    text = _("{host} suddenly lists {count} datasets fewer. Nothing is removed unless the next run finds the same.")
    return [Note(text, {"host": host, "count": str(len(held))})]


def _nothing(remote: list[RemoteDataset], host: str) -> list[Note]:
    text = _("{host} lists no dataset. Check the address: a catalogue is hardly ever empty.")
    return [] if remote else [Note(text, {"host": host})]


def describe(portal: Portal, source: PortalSource) -> TestResult:
    """What a harvest would bring, without fetching a resource."""
    remote = portal.datasets()
    chosen = [dataset for dataset in remote if _is_chosen(dataset, source)]
    files = sum(len(_resources(dataset, source)) for dataset in chosen)
    values = {"host": portal.host, "count": str(len(remote)), "chosen": str(len(chosen)), "files": str(files)}
    note = Note(_("{host} lists {count} datasets; {chosen} of them with {files} resources would be fetched."), values)
    return TestResult(notes=[note], would_fetch=[f"{d.id}: {d.title}" for d in chosen[:100]], datasets=len(chosen))


def unique(datasets: Iterable[RemoteDataset]) -> list[RemoteDataset]:
    """Each id once, the first one wins; within a dataset each resource id and each address once."""
    found: dict[str, RemoteDataset] = {}
    for dataset in datasets:
        if dataset.id not in found:
            found[dataset.id] = msgspec.structs.replace(dataset, resources=tuple(_unique_resources(dataset)))
    return list(found.values())


def _storable(dataset: RemoteDataset) -> RemoteDataset:
    texts = {name: storable(text) for name in _TEXTS if (text := getattr(dataset, name)) and storable(text) != text}
    resources = tuple(
        msgspec.structs.replace(one, id=storable(one.id), title=storable(one.title), modified=storable(one.modified))
        for one in dataset.resources
    )
    return msgspec.structs.replace(dataset, **texts, tags=tuple(map(storable, dataset.tags)), resources=resources)


def all_different(datasets: list[RemoteDataset], host: str) -> list[RemoteDataset]:
    """`datasets` when each came once. Raises ListingIncomplete when one came twice: pages shifted while they were read, and
    then another one is missing."""
    found = unique(datasets)
    if len(found) != len(datasets):
        raise ListingIncomplete(host=host, expected=len(datasets), found=len(found))
    return found


def _unique_resources(dataset: RemoteDataset) -> Iterable[RemoteResource]:
    ids: set[str] = set()
    urls: set[str] = set()
    for resource in dataset.resources:
        if resource.id not in ids and (not resource.url or resource.url not in urls):
            yield resource
        ids.add(resource.id)
        urls.add(resource.url)


def _is_chosen(dataset: RemoteDataset, source: PortalSource) -> bool:
    if source.datasets and dataset.id not in source.datasets:
        return False
    return not source.organisations or dataset.organisation in source.organisations


def _resources(dataset: RemoteDataset, source: PortalSource) -> list[RemoteResource]:
    wanted = {text.lower().lstrip(".") for text in source.formats}
    return [one for one in dataset.resources if not wanted or one.format.lower().lstrip(".") in wanted]


class _Run:
    """One harvest under way."""

    def __init__(
        self, portal: Portal, source: PortalSource, before: dict[str, str], known: dict[str, Any], sink: Sink
    ) -> None:
        self.portal, self.source, self.before, self.known, self.sink = portal, source, before, known, sink
        self.payloads: list[Payload] = []
        self.failures: list[Failure] = []
        self.done: dict[str, str] = {}
        self.left: list[str] = []
        self._in_a_row = 0

    def fetch(self, dataset: RemoteDataset) -> None:
        """Fetch the resources of `dataset`, unless it is the same as last time or the portal is away."""
        if self._in_a_row >= _SAME_FAULTS:
            self.left.append(dataset.id)
            self._keep(dataset)
            return
        if self.source.trust_modified and dataset.modified and self.before.get(dataset.id) == dataset.modified:
            self._keep(dataset)
            return
        results = [self._fetch_one(dataset, resource) for resource in _resources(dataset, self.source)]
        # An empty mark makes the next run look again at a dataset of which a part failed.
        self.done[dataset.id] = dataset.modified if all(results) else ""

    def _keep(self, dataset: RemoteDataset) -> None:
        if dataset.id in self.before:
            self.done[dataset.id] = self.before[dataset.id]

    def _fetch_one(self, dataset: RemoteDataset, resource: RemoteResource) -> bool:
        place = f"{dataset.id}/{resource.id}"
        if self._in_a_row >= _SAME_FAULTS:
            return False
        try:
            payload, self.known[place] = self.portal.read(dataset, resource, self.known.get(place, {}), self.sink)
        except (OutgoingError, SourceError) as error:
            self.failures.append(Failure(dataset=dataset.id, resource=resource.id, error=error))
            away = isinstance(error, TimedOut | Unreachable | WrongCredentials)
            self._in_a_row = self._in_a_row + 1 if away else 0
            return False
        self._in_a_row = 0
        if payload is not None:
            self.payloads.append(payload)
        return True

    def resources_of(self, chosen: list[RemoteDataset]) -> dict[str, Any]:
        """What is known of the resources that still exist."""
        there = {f"{dataset.id}/{resource.id}" for dataset in chosen for resource in dataset.resources}
        return {place: known for place, known in self.known.items() if place in there}

    def notes(self) -> list[Note]:
        """What people should know about this run."""
        if not self.left:
            return []
        values = {"host": self.portal.host, "count": str(len(self.left))}
        return [Note(_("{host} stopped answering; {count} datasets are left to the next run."), values)]
