"""Bring the one catalogue up to date: every text that people can see, from code, templates and error classes.

`python scripts/messages.py` updates nhip/web/locale/vi/LC_MESSAGES/nhip.po in place; `--merge FILE…` takes translations
from other .po files; `--check` changes nothing and lists what is missing (exit 1).
"""

from __future__ import annotations

import argparse
import ast
import io
import sys
from collections.abc import Iterator
from pathlib import Path

import jinja2
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2.ext import extract_from_ast

from nhip.settings import meanings

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "nhip"
CATALOGUE = PACKAGE / "web" / "locale" / "vi" / "LC_MESSAGES" / "nhip.po"
MARKS = {"_": 1, "translate": 1, "n_": 2, "translate_plural": 2}
"""Functions that mark a text, and how many of their first arguments are texts."""
HEADER = """# Vietnamese texts of Nhịp, written for people and not word for word.
# Made by scripts/messages.py; edit the msgstr lines only."""
Message = str | tuple[str, str]


def main() -> int:
    """Update, merge or check; 0 when the catalogue is complete."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--merge", nargs="*", type=Path, default=[], help=".po files to take translations from")
    parser.add_argument("--check", action="store_true", help="only say what is missing")
    options = parser.parse_args()
    catalogue = _updated([CATALOGUE, *options.merge])
    missing = [entry for entry in catalogue if entry.id and not _complete(entry.string)]
    text = written(catalogue)
    stale = not CATALOGUE.is_file() or CATALOGUE.read_text(encoding="utf-8") != text
    if not options.check:
        CATALOGUE.write_text(text, encoding="utf-8")
    for entry in missing:
        print(f"no translation: {entry.id!r}")
    if options.check and stale:
        print("the catalogue is out of date: run python scripts/messages.py")
    print(f"{len(catalogue)} texts, {len(missing)} without translation")
    return 1 if missing or (options.check and stale) else 0


def list_messages() -> list[Message]:
    """Every text of the product once."""
    found: dict[Message, None] = {}
    for path in sorted(PACKAGE.rglob("*")):
        if path.suffix == ".py":
            found.update(dict.fromkeys(_of_code(path)))
        elif path.suffix in (".html", ".txt") and "templates" in path.parts:
            found.update(dict.fromkeys(_of_template(path)))
    found.update(dict.fromkeys(_error_templates()))
    found.update(dict.fromkeys(meanings().values()))
    return list(found)


def _of_code(path: Path) -> Iterator[Message]:
    """Literal arguments of the marking functions; a call with anything else is a translation of a marked variable."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and (size := MARKS.get(node.func.id)):
            texts = [a.value for a in node.args[:size] if isinstance(a, ast.Constant) and isinstance(a.value, str)]
            if len(texts) == size:
                yield texts[0] if size == 1 else (texts[0], texts[1])


def _of_template(path: Path) -> Iterator[Message]:
    environment = jinja2.Environment(extensions=["jinja2.ext.loopcontrols", "jinja2.ext.do"])  # only parsed
    tree = environment.parse(path.read_text(encoding="utf-8"))
    for _line, function, message in extract_from_ast(tree, tuple(MARKS)):
        texts = message if isinstance(message, tuple) else (message,)
        wanted = [text for text in texts[: MARKS[function]] if text]
        if len(wanted) == MARKS[function]:
            yield wanted[0] if len(wanted) == 1 else (wanted[0], wanted[1])


def _error_templates() -> Iterator[str]:
    """Docstrings of NhipError and of every class below it, found without importing anything."""
    classes = [node for path in sorted(PACKAGE.rglob("*.py")) for node in _classes(path)]
    errors = {"NhipError"}
    grew = True
    while grew:
        named = {node.name for node in classes if errors & {_base_name(base) for base in node.bases}}
        grew = not named <= errors
        errors |= named
    for node in classes:
        ours = node.name == "NhipError" or errors & {_base_name(base) for base in node.bases}
        if ours and (text := ast.get_docstring(node)):
            yield " ".join(text.split())


def _classes(path: Path) -> list[ast.ClassDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]


def _base_name(base: ast.expr) -> str:
    return base.attr if isinstance(base, ast.Attribute) else base.id if isinstance(base, ast.Name) else ""


def _updated(sources: list[Path]) -> Catalog:
    """The catalogue of today's texts with the translations of `sources`, the later ones winning."""
    known: dict[object, object] = {}
    for path in sources:
        if path.is_file():
            with path.open("rb") as file:
                known.update({_key(e.id): e.string for e in read_po(file, locale="vi") if e.id and _complete(e.string)})
    catalogue = Catalog(locale="vi", header_comment=HEADER, project="nhip")
    for message in list_messages():
        catalogue.add(message, known.get(_key(message)) or ("" if isinstance(message, str) else ("",)))
    return catalogue


def _key(message: object) -> object:
    return tuple(message) if isinstance(message, list | tuple) else message


def _complete(string: object) -> bool:
    return all(string) if isinstance(string, list | tuple) else bool(string)


def written(catalogue: Catalog) -> str:
    """The file's text: sorted, without dates, places and names that would change with every commit."""
    out = io.BytesIO()
    write_po(out, catalogue, width=110, no_location=True, omit_header=True, sort_output=True)
    head = [
        HEADER,
        'msgid ""',
        'msgstr ""',
        '"Language: vi\\n"',
        '"Content-Type: text/plain; charset=utf-8\\n"',
        '"Plural-Forms: nplurals=1; plural=0;\\n"',
    ]
    return "\n".join(head) + "\n\n" + out.getvalue().decode()


if __name__ == "__main__":
    sys.exit(main())
