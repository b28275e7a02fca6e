"""The subscriptions in memory: by tenant, type and watched attribute, so that a change meets few that it is not about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nhip.graph.model import Doc, Outcome
from nhip.graph.subscriptions.fences import Key, Lookup, keys_of
from nhip.graph.subscriptions.ladder import Ladder
from nhip.graph.subscriptions.model import Subscription
from nhip.graph.subscriptions.telling import TRIGGER, concerns

Bucket = dict[str, Subscription]
_LOOKED_AT = 64
_WHOLE = frozenset({"entityCreated", "entityDeleted"})
_TRIGGERS = {
    (kind, created): frozenset({trigger} if created else {trigger, "entityUpdated"})
    for kind, trigger in TRIGGER.items()
    for created in (False, True)
}
"""Of a change of an attribute, by its kind and whether the entity is new."""


class Buckets:
    """Finds the subscriptions that a change triggers."""

    def __init__(self) -> None:
        self._by_attribute: dict[tuple[int, str, str], Bucket] = {}
        """Of one type, told of changes of one attribute only."""
        self._ladders: dict[tuple[int, str, str], Ladder] = {}
        """Likewise, where a limit of that attribute is all that decides."""
        self._by_type: dict[tuple[int, str], Bucket] = {}
        self._by_key: dict[tuple[int, Key], Bucket] = {}
        """Of certain entities, places, scopes, whatever changes in them (fences.py)."""
        self._keyed: dict[int, Bucket] = {}
        self._lookups: dict[int, Lookup] = {}
        self._any: dict[int, Bucket] = {}
        self._kinds: dict[tuple[int, str], int] = {}
        """How many subscriptions name a type; the type '' stands for those with keys that name none."""

    def __bool__(self) -> bool:
        return bool(self._any or self._kinds)

    def put(self, one: Subscription) -> None:
        """Take in one that is not there."""
        for table, key in self._places(one):
            table.setdefault(key, {})[one.id] = one
        for key in _rungs(one):
            self._ladders.setdefault(key, Ladder(key[2])).put(one)
        self._lookups.setdefault(one.tenant, Lookup()).note(keys_of(one) or (), 1)
        for kind in _kinds(one):
            self._kinds[one.tenant, kind] = self._kinds.get((one.tenant, kind), 0) + 1

    def remove(self, one: Subscription) -> None:
        """Forget one that is there."""
        for table, key in self._places(one):
            del table[key][one.id]
            if not table[key]:
                del table[key]
        for key in _rungs(one):
            self._ladders[key].remove(one)
            if not self._ladders[key]:
                del self._ladders[key]
        self._lookups[one.tenant].note(keys_of(one) or (), -1)
        for kind in _kinds(one):
            self._kinds[one.tenant, kind] -= 1
            if not self._kinds[one.tenant, kind]:
                del self._kinds[one.tenant, kind]

    def _places(self, one: Subscription) -> Iterator[tuple[dict[object, Bucket], object]]:
        if (keys := keys_of(one)) is not None:
            for key in keys:
                yield self._by_key, (one.tenant, key)  # type: ignore[misc]
            yield self._keyed, one.tenant  # type: ignore[misc]
            return
        if one.types is None:
            yield self._any, one.tenant  # type: ignore[misc]
        for kind in one.types or ():
            if not one.watched or one.triggers & _WHOLE:
                yield self._by_type, (one.tenant, kind)  # type: ignore[misc]
            elif not _has_rung(one):
                for name in one.watched:
                    yield self._by_attribute, (one.tenant, kind, name)  # type: ignore[misc]

    def listens(self, tenant: int, types: Iterable[str]) -> bool:
        """Whether any may be about entities of these types."""
        if tenant in self._any:
            return True
        if self._kinds:
            if (tenant, "") in self._kinds:
                return True
            for kind in types:
                if (tenant, kind) in self._kinds:
                    return True
        return False

    def meant(self, tenant: int, doc: Doc, outcome: Outcome) -> Iterator[Subscription | None]:
        """Those that are to be told of a change, `doc` being the entity as it is now, or was: each once; None now and then while
        one is looked for. Where linked entities decide, that is left open."""
        sure: Bucket = {}
        found: Bucket = {}
        changes = dict.fromkeys((change.attribute, change.kind) for change in outcome.changes)  # one for many instances
        for kind in doc["type"]:
            for attribute, change in changes:
                key = tenant, kind, attribute
                triggers = _TRIGGERS[change, outcome.created]
                if ladder := self._ladders.get(key):
                    for one in ladder.passed(doc, triggers):
                        sure[one.id] = one
                if bucket := self._by_attribute.get(key):
                    for one in bucket.values():
                        if not triggers.isdisjoint(one.triggers):
                            found[one.id] = one
        for one in self._wide(tenant, doc, outcome):
            if one.id not in found and one.id not in sure and concerns(one, outcome, changes):
                found[one.id] = one
        yield from sure.values()
        for number, one in enumerate(found.values(), 1):
            if one.matches is None or one.matches(doc):
                yield one
            elif not number % _LOOKED_AT:
                yield None

    def _near(self, tenant: int, doc: Doc) -> Iterator[Subscription]:
        """Those of its types with a key that the document has."""
        keys = self._lookups[tenant].keys(doc)
        buckets = [self._keyed[tenant]] if keys is None else [self._by_key.get((tenant, key), {}) for key in keys]
        for bucket in buckets:
            for one in bucket.values():
                if one.types is None or not one.types.isdisjoint(doc["type"]):
                    yield one

    def _wide(self, tenant: int, doc: Doc, outcome: Outcome) -> Iterator[Subscription]:
        """Those of which the changed attributes alone do not say whether they are triggered."""
        if every := self._any.get(tenant):
            yield from every.values()
        if tenant in self._keyed:
            yield from self._near(tenant, doc)
        for kind in doc["type"]:
            if bucket := self._by_type.get((tenant, kind)):
                yield from bucket.values()
            for name in (outcome.before or ()) if outcome.deleted else ():
                if bucket := self._by_attribute.get((tenant, kind, name)):
                    yield from bucket.values()
                if ladder := self._ladders.get((tenant, kind, name)):
                    yield from ladder.all()


def _kinds(one: Subscription) -> Iterable[str]:
    return one.types if one.types is not None else () if keys_of(one) is None else ("",)


def _has_rung(one: Subscription) -> bool:
    """Whether a ladder finds it: a limit of the one attribute that it watches is all that decides."""
    return one.limit is not None and one.watched == {one.limit.attribute} and not one.triggers & _WHOLE


def _rungs(one: Subscription) -> Iterator[tuple[int, str, str]]:
    if one.limit is not None and _has_rung(one):
        for kind in one.types or ():
            yield one.tenant, kind, one.limit.attribute


class Index:
    """Every subscription, by what a change triggers: the usual ones, and those that are to be told for certain."""

    def __init__(self) -> None:
        self._all: dict[tuple[int, str], Subscription] = {}
        self.usual, self.certain = Buckets(), Buckets()

    def put(self, one: Subscription) -> None:
        """Take it in, in place of what had its id."""
        self.remove(one.tenant, one.id)
        self._all[one.tenant, one.id] = one
        self._side(one).put(one)

    def remove(self, tenant: int, id: str) -> None:
        """Forget it, if it is there."""
        if (one := self._all.pop((tenant, id), None)) is not None:
            self._side(one).remove(one)

    def _side(self, one: Subscription) -> Buckets:
        return self.certain if one.endpoint.certain else self.usual

    def get(self, tenant: int, id: str) -> Subscription | None:
        """The one with this id."""
        return self._all.get((tenant, id))

    def all(self) -> Iterator[Subscription]:
        """Every one."""
        return iter(list(self._all.values()))

    def listens(self, tenant: int, types: Iterable[str]) -> bool:
        """Whether any may be about entities of these types."""
        return self.usual.listens(tenant, types) or self.certain.listens(tenant, types)
