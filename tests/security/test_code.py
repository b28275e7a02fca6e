"""Rules of safe code that the source itself can be asked about, and what the scripts of the pages may do."""

from __future__ import annotations

import ast
import logging
import math
import re
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from nhip.kernel.journal import OneLine, visible
from nhip.security.openid.claims import _HASHES
from nhip.security.secrets import Vault
from nhip.settings import Settings
from tests.security.edge import client_at, small

ROOT = Path(__file__).parents[2]
BESIDE = ("nhip/testing/", "nhip/modelcity/", "nhip/scaffold/")
"""Fake agencies, the model city's invention, a new sector's template: nothing of them serves anybody."""
INVENTORY = (ROOT / "docs" / "explain" / "security.md").read_text(encoding="utf-8")


@cache
def sources() -> dict[str, ast.Module]:
    """Every module that serves, by its path."""
    paths = ((str(p.relative_to(ROOT)), p) for p in sorted((ROOT / "nhip").rglob("*.py")))
    return {name: ast.parse(path.read_text("utf-8")) for name, path in paths if not name.startswith(BESIDE)}


@cache
def nodes() -> tuple[tuple[str, ast.AST], ...]:
    """Every node that a rule asks about, with its file."""
    asked = (ast.Call, ast.Import, ast.ImportFrom, ast.Compare, ast.Constant, ast.FunctionDef, ast.AsyncFunctionDef)
    return tuple((file, node) for file, tree in sources().items() for node in ast.walk(tree) if isinstance(node, asked))


@cache
def calls() -> tuple[tuple[str, ast.Call, str], ...]:
    """Every call: the file, the node, and what is called, dotted."""
    return tuple((file, node, dotted(node.func)) for file, node in nodes() if isinstance(node, ast.Call))


def dotted(called: ast.expr) -> str:
    """`a.b.c` as it is written; other expressions by their last name only, which is quicker than writing them out."""
    if isinstance(called, ast.Name):
        return called.id
    if isinstance(called, ast.Attribute):
        return f"{dotted(called.value)}.{called.attr}"
    return dotted(called.func) + "()" if isinstance(called, ast.Call) else ""


@cache
def imports() -> tuple[tuple[str, str], ...]:
    """Every import: the file and the dotted name, `module.name` for from-imports."""
    found = []
    for file, node in nodes():
        if isinstance(node, ast.Import):
            found += [(file, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [(file, f"{node.module}.{alias.name}") for alias in node.names]
    return tuple(found)


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((k.value for k in call.keywords if k.arg == name), None)


def test_no_shell_and_no_dynamic_code() -> None:
    """No shell, no eval, no objects from bytes, no templates from text; programs are started by a list of words."""
    forbidden = re.compile(
        r"(builtins\.)?(eval|exec|compile|__import__)|os\.(system|popen|exec\w+|spawn\w+)|(pickle|marshal|shelve|dill)\.\w+"
        r"|yaml\.(load|full_load|unsafe_load)|.*\.from_string|asyncio\.create_subprocess_shell|.*\.render_template_string"
    )
    found = [f"{file}:{node.lineno} {name}" for file, node, name in calls() if forbidden.fullmatch(name)]
    for file, node, name in calls():
        if name.startswith(("subprocess.", "asyncio.create_subprocess")):
            shell = keyword(node, "shell")
            if shell is not None or (
                name.startswith("subprocess.") and isinstance(node.args[0], ast.Constant | ast.JoinedStr)
            ):
                found.append(f"{file}:{node.lineno} {name} by a shell")
    assert found == []
    assert not [file for file, name in imports() if name.split(".")[0] in ("pickle", "marshal", "shelve", "dill")]


def test_patterns_are_constants_or_escaped() -> None:
    """A pattern that is put together from pieces escapes what is not ours. Those of contracts are judged by their linter."""
    judged = {
        "nhip/datasets/contract/patterns.py",
        "nhip/datasets/contract/lint_field.py",
        "nhip/datasets/contract/shapes.py",
    }
    functions = {
        f"re.{name}"
        for name in ("compile", "match", "search", "fullmatch", "sub", "subn", "split", "findall", "finditer")
    }
    loose = []
    for file, node, name in calls():
        if name not in functions or file in judged or not node.args:
            continue
        for part in ast.walk(node.args[0]):
            if isinstance(part, ast.FormattedValue):
                text = ast.unparse(part.value)
                if not text.startswith("re.escape(") and not re.fullmatch(
                    r"_?[A-Z][A-Z_]*(\.upper\(\))?|'.*'\.join\(.*", text
                ):
                    loose.append(f"{file}:{node.lineno} {text}")
    assert loose == []


def test_xml_is_read_by_the_careful_parser() -> None:
    """Errors and types of the standard library are fine, its parsers are not: defusedxml reads, or RDF by a guarded door."""
    harmless = {"xml.etree.ElementTree.ParseError", "xml.etree.ElementTree.Element", "xml.sax.SAXException"}
    harmless |= {"xml.sax.handler.ContentHandler", "xml.sax.handler.feature_namespaces", "xml.etree.ElementTree"}
    harmless |= {"xml.sax.saxutils.escape", "xml.sax.saxutils.quoteattr"}
    harmless |= {"xml.sax.saxutils.XMLGenerator", "xml.sax.xmlreader.AttributesImpl"}  # they write
    harmless |= {"xml.etree.ElementTree.SubElement", "xml.etree.ElementTree.tostring"}
    used = {(file, name) for file, name in imports() if name.split(".")[0] in ("xml", "lxml", "expat", "libxml2")}
    assert {name for _file, name in used} <= harmless
    plain = [
        f"{file}:{n.lineno}"
        for file, n, name in calls()
        if re.fullmatch(r"ElementTree\.(parse|fromstring|iterparse|XML)", name)
    ]
    careful = {file for file, name in imports() if name.startswith("defusedxml")}
    assert {place.partition(":")[0] for place in plain} <= careful


def test_every_cookie_is_made_by_the_careful_functions() -> None:
    """Cookies are made in five places only; those with secrets cannot be read by scripts and are Secure over https."""
    made = [
        (file, node)
        for file, node, name in calls()
        if name in ("Cookie", "SimpleCookie") or name.endswith("set_cookie")
    ]
    shell = {"nhip/web/render.py", "nhip/web/preferences.py"}
    assert {file for file, _node in made} <= shell | {"nhip/security/sessions.py", "nhip/security/openid/pages.py"}
    for file, node in made:
        if file not in shell:
            assert ast.unparse(keyword(node, "httponly") or node) == "True", file
            assert "is_secure(settings)" in ast.unparse(keyword(node, "secure") or node), file
            assert ast.unparse(keyword(node, "samesite") or node) in ("'lax'", "'strict'"), file
            assert keyword(node, "domain") is None and ast.unparse(keyword(node, "path") or node) == "'/'", file


def test_reading_routes_change_nothing() -> None:
    """No GET handler opens a writing transaction. The way back from an identity provider ends a flow that its browser began."""
    found = []
    for file, node in nodes():
        if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef):
            decorated = [dotted(each.func) for each in node.decorator_list if isinstance(each, ast.Call)]
            if "get" in decorated and ".tx()" in ast.unparse(node):
                found.append(f"{file}:{node.name}")
    assert found == []


# --- cryptography ------------------------------------------------------------------------------------------------

PLACES = {
    "cryptography": {"nhip/security/secrets.py", "nhip/backup/seal.py", "nhip/ledger/"},
    "argon2": {"nhip/security/passwords.py", "nhip/backup/seal.py"},
    "joserfc": {"nhip/security/openid/"},
    "webauthn": {"nhip/security/signin/"},
    "pyotp": {"nhip/security/signin/"},
    "hmac": {
        "nhip/security/",
        "nhip/ledger/",
        "nhip/connectors/sftp/",
        "nhip/privacy/",
        "nhip/portal/",
        "nhip/graph/mirrors/",
    },
    "ssl": {"nhip/security/", "nhip/connectors/sql/"},
}
"""Where each library of cryptography may be used; a new place belongs into the inventory first."""


def test_cryptography_is_used_where_the_inventory_says() -> None:
    strange = [
        f"{file} {name}"
        for file, name in imports()
        if (library := name.split(".")[0]) in PLACES and not file.startswith(tuple(PLACES[library]))
    ]
    assert strange == []
    used = {name.rpartition(".")[2] for _file, name in imports() if name.startswith("cryptography.hazmat")}
    assert used <= {
        "AESGCM",
        "Ed25519PrivateKey",
        "Ed25519PublicKey",
        "Encoding",
        "NoEncryption",
        "PrivateFormat",
        "PublicFormat",
    }
    for word in (
        "AES-256-GCM",
        "Ed25519",
        "HMAC-SHA-256",
        "Argon2id",
        "RS256, PS256, ES256, EdDSA",
        "`cryptography`",
        "`joserfc`",
    ):
        assert word in INVENTORY, f"{word} is not in the inventory"
    others = {"Crypto", "nacl", "jwt", "jose", "rsa", "ecdsa", "passlib", "bcrypt"}
    assert not [f"{file} {name}" for file, name in imports() if name.split(".")[0] in others]


def test_no_broken_hash_is_used() -> None:
    """SHA-256 and BLAKE2b; SHA-1 only inside one-time codes (RFC 6238), by their library."""
    names = set(re.findall(r"hashlib\.(\w+)", "\n".join(name for _file, _node, name in calls())))
    names |= {name.partition(".")[2] for _file, name in imports() if name.startswith("hashlib.")}
    assert names - {"new"} <= {"sha256", "sha384", "sha512", "blake2b", "file_digest"}
    assert set(_HASHES.values()) <= {"sha256", "sha384", "sha512"}, "what hashlib.new is asked for"
    assert [file for file, _node, name in calls() if name == "hashlib.new"] == ["nhip/security/openid/claims.py"]
    texts = (path.read_text("utf-8").replace('"md5": "cr:md5"', "") for path in (ROOT / "nhip").rglob("*.py"))  # a term
    assert not any(re.search(r"hashlib\.(md5|sha1)\b|usedforsecurity|['\"]md5['\"]", text) for text in texts)


def test_randomness_comes_from_the_system() -> None:
    """`secrets` (the operating system's generator, which does not run dry) and nothing that can be foretold."""
    assert not [
        f"{file} {name}" for file, name in imports() if name == "random" or name.startswith(("random.", "numpy.random"))
    ]
    places = {file for file, name in imports() if name == "secrets" or name.startswith("secrets.")}
    allowed = {"nhip/kernel/random.py", "nhip/kernel/ids.py", "nhip/db/keyfile.py"}
    assert {
        file for file in places if not file.startswith(("nhip/security/", "nhip/ledger/", "nhip/backup/"))
    } <= allowed
    sizes = [
        ast.literal_eval(n.args[0])
        for _f, n, name in calls()
        if name == "random.token" and n.args and isinstance(n.args[0], ast.Constant)
    ]
    assert all(size >= 16 for size in sizes), "128 bits at least"
    short = Counter(ast.unparse(n) for _f, n, name in calls() if name == "secrets.randbelow")
    assert not short


def test_secrets_are_compared_in_constant_time() -> None:
    """No `==` between what is secret; secrets are looked up by their hash or compared by compare_digest."""
    named = "token|secret|digest|signature|mac|nonce|verifier|browser_hash|password_hash|tag|challenge"
    secret = re.compile(rf"(\w+\.)*_?({named})(_hash)?")
    places = ("connectors", "formats", "datasets", "portal", "ledger", "backup", "db", "privacy", "things")
    public = (*(f"nhip/{name}/" for name in places), "nhip/graph/mirrors/judging.py")
    found = []
    for file, node in nodes():
        if not isinstance(node, ast.Compare) or file.startswith(public):
            continue  # hashes of what everybody may know: files, versions, tree nodes, things
        sides = [node.left, node.comparators[0]]
        equal = isinstance(node.ops[0], ast.Eq | ast.NotEq) and not any(
            isinstance(side, ast.Constant) for side in sides
        )
        if equal and any(secret.fullmatch(ast.unparse(side)) for side in sides):
            found.append(f"{file}:{node.lineno} {ast.unparse(node)}")
    assert found == []
    assert {name for _file, name in imports()} >= {"hmac"}


def test_every_sealing_has_its_own_nonce(tmp_path: Path) -> None:
    vault = Vault(Settings(data_dir=tmp_path))
    sealed = [vault.seal({"a": "same"}, "same") for _ in range(2_000)]
    assert len({value[11:23] for value in sealed}) == len(sealed) == len(set(sealed))
    for file, call, name in calls():
        if name.endswith(".encrypt"):
            inside = [
                f for path, f in nodes() if path == file and isinstance(f, ast.FunctionDef) and call in ast.walk(f)
            ]
            assert re.search(r"(secrets\.token_bytes|os\.urandom)\(_?NONCE\)", ast.unparse(inside[-1])), file


ENTROPY = 4.2
"""Bits a character: above it lie random strings, below it words."""


def test_no_secret_stands_in_the_source() -> None:
    found = []
    for file, node in nodes():
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        assert "PRIVATE KEY-----" not in node.value, file
        for word in re.findall(r"[A-Za-z0-9+/_=-]{32,}", node.value):
            if "0123456789" in word or "http" in node.value:
                continue  # an alphabet, an address
            bits = -sum(n / len(word) * math.log2(n / len(word)) for n in Counter(word).values())
            if bits > ENTROPY and all(re.search(kind, word) for kind in (r"\d", "[a-z]", "[A-Z]")):
                found.append(f"{file}:{node.lineno} {word[:12]}…")
    assert found == []


# --- passwords ---------------------------------------------------------------------------------------------------


def test_password_fields_hide_what_is_typed_and_take_what_is_pasted() -> None:
    """Every field for a password is of that type and named for password managers; nothing on a page stands in their way."""
    templates = "\n".join(path.read_text("utf-8") for path in (ROOT / "nhip").rglob("templates/**/*.html"))
    fields = re.findall(r'text_field\(form, "(password|present|again)"(.*?)\) }}', templates, re.S)
    assert len(fields) >= 4
    for name, said in fields:
        assert 'kind="password"' in said and re.search(r'autocomplete="(current|new)-password"', said), name
    assert 'type="{{ kind }}"' in templates and 'type="password" value' not in templates
    everything = templates + "\n".join(scripts().values())
    assert not re.search(r"onpaste|addEventListener\(\s*[\"']paste", everything)


# --- the rest ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "DEBUG"])
async def test_trace_is_not_answered(method: str) -> None:
    async with client_at(small(Settings()), url="http://127.0.0.1") as client:
        answer = await client.request(method, "/health", headers={"x-secret": "7", "sec-fetch-site": "same-origin"})
    assert answer.status_code in (403, 404, 405) and "x-secret" not in answer.text


def scripts() -> dict[str, str]:
    folder = ROOT / "nhip" / "web" / "static" / "js"
    found = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.js")}
    assert len(found) >= 3
    return found


def test_scripts_keep_nothing_and_run_nothing() -> None:
    """No browser storage but the theme's cookie, no code from text, no objects filled by foreign keys."""
    forbidden = (
        r"\b(localStorage|sessionStorage|indexedDB|caches|eval|Function|document\.write|innerHTML|outerHTML|insertAdjacentHTML"
        r"|postMessage|__proto__|importScripts)\b"
    )
    for name, text in scripts().items():
        assert not re.search(forbidden, re.sub(r"//.*", "", text)), name
        for written in re.findall(r"document\.cookie = (`[^`]*`)", text):
            assert "nhip_theme" in written and "SameSite=Lax" in written, name
        assert not re.search(r"Object\.assign\((?!document)|\[\s*\w+\s*\]\s*=(?!=)", text), name


def test_every_library_has_an_exact_version() -> None:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pinned = [line for line in lines if line and not line.startswith(("#", " ", "-"))]
    assert len(pinned) > 40 and all(re.match(r"[A-Za-z0-9._-]+(\[[^\]]+\])?==\S+", line) for line in pinned)
    manifest = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    wanted = re.findall(r'^    "([a-zA-Z0-9_-]+)[^"]*",\s+# \w', manifest, re.M)
    names = {re.split(r"[=\[]", line)[0].lower().replace("_", "-") for line in pinned}
    assert len(wanted) > 30 and {name.lower().replace("_", "-") for name in wanted} <= names


def test_types_are_checked_strictly() -> None:
    """mypy in its strict mode is part of `make check`, over the whole program, with no file left out."""
    manifest = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert (
        "[tool.mypy]\nstrict = true" in manifest
        and 'packages = ["nhip"]' in manifest
        and "ignore_errors" not in manifest
    )
    assert "bin)/mypy" in (ROOT / "Makefile").read_text(encoding="utf-8").lower()


def test_logs_go_to_standard_error_alone() -> None:
    """As the list of logs says; nothing is printed by what serves, and no handler writes elsewhere."""
    handlers = {(file, name) for file, _node, name in calls() if re.fullmatch(r"logging\.(?!Null)\w*Handler", name)}
    assert handlers == {("nhip/kernel/journal.py", "logging.StreamHandler")}
    assert not [file for file, name in imports() if name.startswith(("logging.handlers", "logging.config", "syslog"))]
    printed = [file for file, _node, name in calls() if name == "print"]
    assert [
        file for file in printed if file.startswith(("nhip/security/", "nhip/web/", "nhip/console/", "nhip/ledger/"))
    ] == []


def test_line_breaks_cannot_forge_lines_of_the_journal() -> None:
    path = "/x\n2026-11-21 ERROR nhip.web admin signed in\r\x1b[2J\u202e"
    record = logging.LogRecord("nhip.web", logging.WARNING, __file__, 1, "GET %s: %s", (path, "no"), None)
    line = OneLine().format(record)
    assert "\n" not in line and "\r" not in line and "\x1b" not in line and "\u202e" not in line
    assert r"\n2026-11-21 ERROR" in line and line.endswith("no")
    try:
        raise ValueError("broken\n2026-11-21 ERROR nhip.web forged")
    except ValueError:
        record.exc_info = sys.exc_info()
    written = OneLine().format(record).split("\n")
    assert len(written) > 3 and all(text.startswith("  | ") for text in written[1:])
    assert visible("Phường Thuận Hóa\t") == "Phường Thuận Hóa\\t"
