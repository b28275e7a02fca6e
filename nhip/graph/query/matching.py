"""Conditions -> a closure that decides about one canonical document; fast enough to be asked for every change and row.

Of several instances (datasetId, or history) one that meets the condition is enough; of an array any element is, and with `!=`
none may be equal; a missing target never matches, not even `!=` (CIM 009, 4.9).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from nhip.graph.model import VALUE_MEMBER, Doc, Instance
from nhip.graph.query.comparing import Test, test_of
from nhip.graph.query.model import And, Lookup, Name, Node, Or, Path, Term, terms_of

Decide = Callable[[Doc, Lookup], bool]
RELATIONS = frozenset({"Relationship", "ListRelationship"})
_EQUALITY = frozenset({"==", "!=", "exists", "absent"})


def nothing_linked(identifier: str) -> Doc | None:
    """The lookup where linked entities are not at hand."""
    return None


def decide_q(node: Node) -> Decide:
    """The closure of a q or csf tree."""
    match node:
        case And(parts):
            return _every(_by_attribute(parts))
        case Or(parts):
            return _some([decide_q(part) for part in parts])
        case Term():
            return decide_term(node)
        case Name():
            raise TypeError("a name is no condition of q")


def _by_attribute(parts: tuple[Node, ...]) -> list[Decide]:
    """Conditions that must all hold; usual ones about the same attribute (`speed>10;speed<20`) look it up together."""
    together: dict[str, list[Term]] = {}
    others: list[Node] = []
    for part in parts:
        if isinstance(part, Term) and _is_usual(part):
            together.setdefault(part.path.names[0], []).append(part)
        else:
            others.append(part)
    return [_one_step(terms) for terms in together.values()] + [decide_q(part) for part in others]


def _every(decisions: list[Decide]) -> Decide:
    if len(decisions) == 1:
        return decisions[0]
    if len(decisions) == 2:
        first, second = decisions
        return lambda doc, lookup: first(doc, lookup) and second(doc, lookup)
    return lambda doc, lookup: all(decide(doc, lookup) for decide in decisions)


def _some(decisions: list[Decide]) -> Decide:
    return lambda doc, lookup: any(decide(doc, lookup) for decide in decisions)


def decide_term(term: Term) -> Decide:
    """The closure of one condition."""
    if term.operator == "absent":
        present = decide_term(Term(term.path, "exists"))
        return lambda doc, lookup: not present(doc, lookup)
    return _one_step([term]) if _is_usual(term) else _reach(term.path, test_of(term), term.operator)


def _is_usual(term: Term) -> bool:
    path = term.path
    return term.operator != "absent" and path.linked is None and len(path.names) == 1 and not path.keys


def _one_step(terms: list[Term]) -> Decide:
    """Usual conditions (`name == value`) about one attribute without detours: one Property with one instance."""
    name, tests = terms[0].path.names[0], [test_of(term) for term in terms]
    meets_all = _all_of(tests)
    otherwise = _every([_reach(term.path, test, term.operator) for term, test in zip(terms, tests, strict=True)])

    def decide(doc: Doc, lookup: Lookup) -> bool:
        instances = doc.get(name)
        if instances is None:
            return False
        if type(instances) is list and len(instances) == 1:
            only = instances[0]
            if type(only) is dict and only.get("type") == "Property":
                return "value" in only and meets_all(only["value"])
        return otherwise(doc, lookup)

    return decide


def _all_of(tests: list[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]
    if len(tests) == 2:
        one, other = tests
        return lambda target: one(target) and other(target)
    return lambda target: all(test(target) for test in tests)


def _reach(path: Path, test: Test, operator: str) -> Decide:
    """Walk to the targets of `path` and ask `test` about each."""
    first, rest, keys = path.names[0], path.names[1:], path.keys
    if path.linked is not None:
        return _follow(path, test, operator)

    def decide(doc: Doc, lookup: Lookup) -> bool:
        return any(meets(target, keys, test, operator) for target in targets_of(doc.get(first), rest))

    return decide


def _follow(path: Path, test: Test, operator: str) -> Decide:
    """Walk to other entities, step by step: there each is looked at once, by however many ways it is reached."""
    steps: list[Path] = []
    while path.linked is not None:
        steps.append(path)
        path = path.linked
    reach = _reach(path, test, operator)

    def decide(doc: Doc, lookup: Lookup) -> bool:
        docs = [doc]
        for step in steps:
            found: set[str] = set().union(*(leads_to(one, step) for one in docs))
            others = [other for identifier in found if (other := lookup(identifier)) is not None]
            docs = [one for one in others if not step.hint or step.hint.intersection(one.get("type", ()))]
        return any(reach(one, lookup) for one in docs)

    return decide


def targets_of(found: Any, rest: tuple[str, ...]) -> Iterator[Any]:
    """The target elements that are left after the sub-attributes `rest`: instances, or bare values of core members."""
    if found is None:
        return
    elements = found if isinstance(found, list) and found and isinstance(found[0], dict) else [found]
    if not rest:
        yield from elements
        return
    for element in elements:
        if isinstance(element, dict):
            yield from targets_of(element.get(rest[0]), rest[1:])


def objects_of(target: Any) -> list[str]:
    """The identifiers that a Relationship or ListRelationship leads to; none for anything else."""
    if not isinstance(target, dict) or target.get("type") not in RELATIONS:
        return []
    found = target.get("objectList") if target["type"] == "ListRelationship" else target.get("object")
    many = found if isinstance(found, list) else [found]
    return [one["object"] if isinstance(one, dict) else one for one in many if one]


def meets(target: Any, keys: tuple[str, ...], test: Test, operator: str) -> bool:
    """Whether one target element (an attribute instance, or a bare value) passes `test` under `operator`."""
    if not isinstance(target, dict) or target.get("type") not in VALUE_MEMBER:
        return at_keys(target, keys, test, operator)
    kind = target["type"]
    if kind in RELATIONS:
        linked = objects_of(target)
        return not keys and operator in _EQUALITY and bool(linked) and test(linked if len(linked) > 1 else linked[0])
    value = target.get(VALUE_MEMBER[kind])
    if value is None:
        return False
    return (
        _in_language(value, keys, test, operator)
        if kind == "LanguageProperty"
        else at_keys(value, keys, test, operator)
    )


def _in_language(texts: Any, keys: tuple[str, ...], test: Test, operator: str) -> bool:
    """`[en]` looks at one language, `[*]` (or none) at all; negative operators must then hold in every one."""
    if not isinstance(texts, dict):
        return at_keys(texts, keys, test, operator)
    if keys and keys != ("*",):
        wanted = keys[0].lower()
        return any(_each_text(text, test, operator) for tag, text in texts.items() if tag.lower() == wanted)
    join = all if operator in {"!=", "!~="} else any
    return bool(texts) and join(_each_text(text, test, operator) for text in texts.values())


def _each_text(text: Any, test: Test, operator: str) -> bool:
    if isinstance(text, list) and operator not in {"==", "!="}:
        return (all if operator == "!~=" else any)(test(one) for one in text)
    return test(text)


def at_keys(value: Any, keys: tuple[str, ...], test: Test, operator: str) -> bool:
    """Go into a compound value; of arrays on the way every element is a candidate."""
    for position, key in enumerate(keys):
        if isinstance(value, list):
            return any(at_keys(one, keys[position:], test, operator) for one in value)
        if not isinstance(value, dict) or key not in value:
            return False
        value = value[key]
    return value is not None and test(value)


def linked_steps(node: Node | None) -> list[Path]:
    """The paths of a tree that go into other entities."""
    return [term.path for term in terms_of(node) if term.path.linked is not None]


def linked_depth(node: Node | None) -> int:
    """How many Relationships the deepest condition follows."""
    return max((path.depth() for path in linked_steps(node)), default=0)


def leads_to(doc: Doc, path: Path) -> set[str]:
    """The identifiers that must be at hand to take the first linked step of `path` from `doc`."""
    targets: Iterator[Instance] = targets_of(doc.get(path.names[0]), path.names[1:])
    return {identifier for target in targets for identifier in objects_of(target)}
