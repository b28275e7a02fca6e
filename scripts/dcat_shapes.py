"""Draw nhip/portal/dcat/shapes.tsv from SEMIC's SHACL shapes of DCAT-AP 3.0.1 (CC BY 4.0).

    python scripts/dcat_shapes.py dcat-ap-SHACL.ttl > nhip/portal/dcat/shapes.tsv

The file is `releases/3.0.1/shacl/dcat-ap-SHACL.ttl` of github.com/SEMICeu/DCAT-AP. One line for each property of each class:
class, property, least and most values, kind of node, class of values, data type. Needs rdflib.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

from rdflib import Graph
from rdflib.namespace import RDF, RDFS, SH
from rdflib.term import Node

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from nhip.portal.dcat.nodes import PREFIXES  # noqa: E402

COLUMNS = (SH.minCount, SH.maxCount, SH.nodeKind, SH["class"], SH.datatype)
SAID = {*COLUMNS, SH.path, SH.name, SH.description, RDFS.seeAlso}


def short(term: Node | None) -> str:
    """`dct:title` for what is in our prefixes, the name alone for kinds of nodes, a number as it is."""
    told = "" if term is None else str(term)
    for prefix, space in PREFIXES.items():
        if told.startswith(space):
            return f"{prefix}:{told[len(space) :]}"
    return told.removeprefix(str(SH))


def rules(graph: Graph) -> list[tuple[str, ...]]:
    """The lines, sorted. Raises SystemExit for a constraint that is not known here."""
    found: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for shape in graph.subjects(RDF.type, SH.NodeShape):
        for prop in graph.objects(shape, SH.property):
            if unknown := {p for p in graph.predicates(prop) if p not in SAID}:
                raise SystemExit(f"not known: {unknown}")
            key = short(graph.value(shape, SH.targetClass)), short(graph.value(prop, SH.path))
            for column in COLUMNS:
                if value := short(graph.value(prop, column)):
                    found[key][str(column)] = value
    return sorted((*key, *(told.get(str(column), "") for column in COLUMNS)) for key, told in found.items())


if __name__ == "__main__":
    for line in rules(Graph().parse(sys.argv[1])):
        print("\t".join(line))
