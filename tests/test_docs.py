"""The documentation is true: commands exist, the first tutorial runs as it says, pictures are there and small."""

from __future__ import annotations

import importlib
import json
import re
import shlex
import sys
from collections.abc import Iterator
from configparser import ConfigParser
from functools import cache
from itertools import pairwise
from pathlib import Path

import click
import pytest
from babel.messages.pofile import read_po

from nhip.cli import cli, main
from nhip.datasets.catalogue import put_agency, put_contract, put_dataset
from nhip.datasets.contract.lint import lint
from nhip.datasets.corrections import CellFix, correct
from nhip.datasets.deliveries import receive
from nhip.datasets.health import get_dataset_health
from nhip.datasets.pipeline import process
from nhip.datasets.store import get_dataset
from nhip.db.installation import Installation
from nhip.db.migrate import migrate
from nhip.plugins import found_sectors
from nhip.scaffold import write_sector
from nhip.sector_check import check
from nhip.settings import Settings
from nhip.testing.sector import first_page, sector_of
from tests.docs_pages import DOCS, FENCE, ROOT, blocks, follow

READMES = [ROOT / "README.md", ROOT / "README.vi.md"]
PAGES = [*READMES, *sorted(DOCS.rglob("*.md"))]
MOST_IMAGE_BYTES = 120 << 10
STARTS = re.compile(r"(?P<before>\s*(?:\$ )?(?:sudo .*/bin/)?)nhip ")
CONTINUED = re.compile(r"\\\n\s*")


def commands(text: str) -> Iterator[list[str]]:
    """The `nhip` commands of a shell block as words; loops, variables and comments are left out of the words."""
    for line in CONTINUED.sub(" ", text).splitlines():
        for part in re.split(r"; | && |\bdo ", line):
            if found := STARTS.match(part):
                words = shlex.split(part[found.end("before") :], comments=True)
                yield words[1 : next((i for i, w in enumerate(words) if w in ("|", ">", "&")), None)]


SHELL = [(page, words) for page in PAGES for b in blocks(page) if b.kind in ("sh", "") for words in commands(b.text)]


@pytest.mark.parametrize(("page", "words"), SHELL, ids=[f"{p.name}: {' '.join(w)}"[:80] for p, w in SHELL])
def test_every_command_in_the_docs_exists_with_these_options(page: Path, words: list[str]) -> None:
    command: click.Command = cli
    context = click.Context(cli)
    for position, word in enumerate(words):
        if word.startswith("-") and len(word) > 1:
            known = {o for p in command.params for o in (*p.opts, *p.secondary_opts)} | {"--help", "-h", "--version"}
            assert word.partition("=")[0] in known, f"{page.name}: {word} of {command.name}"
        elif isinstance(command, click.Group) and not words[position - 1].startswith("--data-dir"):
            found = command.get_command(context, word)
            assert found is not None, f"{page.name}: there is no command {word}"
            command = found
    assert not isinstance(command, click.Group) or "--help" in words or len(words) == 1


def test_commands_are_found_at_all() -> None:
    assert len(SHELL) > 40


@pytest.mark.slow
def test_the_first_dataset_goes_as_the_tutorial_says(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NHIP_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("NHIP_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("COLUMNS", "140")
    shown = follow(
        (DOCS / "tutorial" / "first-dataset.md").read_text(encoding="utf-8"),
        run=lambda text: "".join(run(words, capsys) for words in commands(text) if words != ["up"]),
        write=lambda name, text: Path(name).write_text(text, encoding="utf-8"),
        read=lambda name: Path(name).read_text(encoding="utf-8"),
    )
    assert shown > 30


def run(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """One command in this process, as the shell would start it; gives what it printed."""
    with pytest.raises(SystemExit) as ended:
        main(words)
    captured = capsys.readouterr()
    assert ended.value.code in (0, 1), f"nhip {' '.join(words)}: {captured.err}"
    assert "Traceback" not in captured.err
    return captured.out


async def test_the_cells_mended_in_the_tutorial_move_the_virtues(installation: Installation, tmp_path: Path) -> None:
    """What the browser part of the page promises: đúng 75 to 87,5, sạch 87,5 to 100, and the eighth row back."""
    files = {b.note.removeprefix("file: "): b.text for b in blocks(DOCS / "tutorial" / "first-dataset.md")}
    file = tmp_path / "truong-hoc.csv"
    file.write_text(files[file.name], encoding="utf-8")
    async with installation.db.tx() as tx:
        await put_agency(tx, "so", "Sở Giáo dục và Đào tạo")
        dataset = await put_dataset(tx, "truong-tieu-hoc", "so", "Trường tiểu học")
        await put_contract(tx, dataset, files["truong-hoc.yaml"], who="test")
    delivery = (await receive(installation, dataset.id, file, filename=file.name, who="test", later=False)).delivery
    await process(installation, delivery.id)
    assert await _judged(installation) == (75.0, 87.5, 7)
    fixes = [
        CellFix(row=6, column="ngay_thanh_lap", was="31/02/1990", now="28/02/1990"),
        CellFix(row=8, column="ma_truong", was="TH-006", now="TH-007"),
    ]
    again = await correct(installation, dataset, delivery.id, fixes, who="test", later=False)
    await process(installation, again.id)
    assert await _judged(installation) == (87.5, 100.0, 8)


async def _judged(installation: Installation) -> tuple[float | None, float | None, int]:
    async with installation.db.read() as tx:
        health = await get_dataset_health(tx, await get_dataset(tx, "truong-tieu-hoc"))
    assert health.virtues is not None
    assert health.version is not None
    return health.virtues.accurate, health.virtues.clean, health.version.row_count


@pytest.fixture
def lighting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The sector of the second tutorial with the code of the page put in; everything but its Vietnamese."""
    write_sector(tmp_path / "nhip-lighting", "lighting", "Chiếu sáng", "Street lighting")
    package = tmp_path / "nhip-lighting" / "nhip_lighting"
    given = blocks(DOCS / "tutorial" / "first-sector.md")
    indicator, route = (b.text for b in given if b.kind == "python")
    indicators, pages = package / "indicators.py", package / "pages.py"
    indicators.write_text(indicators.read_text("utf-8").rstrip().removesuffix(")") + indicator + ")\n", "utf-8")
    pages.write_text(pages.read_text("utf-8").replace("ROUTES = [overview]\n", route), "utf-8")
    (package / "templates" / "broken.html").write_text(next(b.text for b in given if b.kind == "jinja"), "utf-8")
    monkeypatch.syspath_prepend(str(package.parent))
    monkeypatch.setattr("nhip.app.found_sectors", lambda: (sector_of("nhip_lighting"),))
    yield package
    found_sectors.cache_clear()
    for name in [n for n in sys.modules if n.split(".")[0] == "nhip_lighting"]:
        del sys.modules[name]
    importlib.invalidate_caches()


async def test_the_sector_of_the_tutorial_works(lighting: Path, installation: Installation) -> None:
    sector, given = sector_of("nhip_lighting"), blocks(DOCS / "tutorial" / "first-sector.md")
    shown = [b.text for b in given if b.kind == "text"]
    faults = [str(f) for f in check(sector)]
    assert shown[-1].strip() in faults
    with (lighting / "locale" / "vi.po").open("a", encoding="utf-8") as file:
        file.write("\n" + next(b.text for b in given if b.kind == "po"))
    assert [str(f) for f in check(sector)] == []
    await migrate(installation.db, [sector.package])
    text = await first_page(installation, "nhip_lighting", "/console/lighting/broken")
    assert all(word in text for word in ("DT-0003", "Phú Xuân", "DT-0005", "Vỹ Dạ", "Đèn hỏng"))
    assert "DT-0001" not in text


def test_the_scaffold_writes_the_files_that_the_tutorial_lists(tmp_path: Path) -> None:
    written = write_sector(tmp_path / "nhip-lighting", "lighting", "Chiếu sáng", "Street lighting")
    shown = next(b.text for b in blocks(DOCS / "tutorial" / "first-sector.md") if b.kind == "text")
    assert sorted(str(p.relative_to(tmp_path)) for p in written) == sorted(shown.split())


def test_every_file_of_a_page_is_given_before_it_is_used() -> None:
    for page in (DOCS / "tutorial").glob("*.md"):
        for block in blocks(page):
            assert not block.note or block.note.startswith(("file: ", "in: "))


@pytest.mark.parametrize("path", sorted((DOCS / "howto" / "contracts").glob("*.yaml")), ids=lambda p: p.stem)
def test_the_contracts_of_the_docs_have_nothing_wrong(path: Path) -> None:
    wrong = [
        p.message for p in lint(path.read_text(encoding="utf-8")) if "no column is the primary key" not in p.message
    ]
    assert wrong == []


LABEL = re.compile(r"\*\*([^*\n]*[À-ỹ][^*\n]*)\*\*")


@pytest.mark.parametrize(
    "page", [*(DOCS / "tutorial").glob("*.md"), *(DOCS / "howto").glob("*.md")], ids=lambda p: p.stem
)
def test_labels_of_the_console_are_called_as_the_console_calls_them(page: Path) -> None:
    """In tutorials and how-tos Vietnamese in bold is what stands on a page."""
    with (ROOT / "nhip" / "web" / "locale" / "vi" / "LC_MESSAGES" / "nhip.po").open("rb") as file:
        known = {m.string[:1].upper() + m.string[1:] for m in read_po(file) if isinstance(m.string, str)}
    labels = set(LABEL.findall(FENCE.sub("", page.read_text(encoding="utf-8"))))
    unknown = {label for label in labels if label[0].upper() + label[1:] not in known}
    assert unknown == set(), f"not on any page: {unknown}"


LINK = re.compile(r"!?\[[^\]]*\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")


@cache
def headings(page: Path) -> frozenset[str]:
    """The parts of a page as addresses name them."""
    found = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.M)
    return frozenset(re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in found)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    for target, part in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        path = page.parent / target if target else page
        assert path.exists(), f"{page.name} leads to {target}, which is not there"
        assert not part or path.suffix != ".md" or part in headings(path), f"{page.name}: {target} has no part {part}"
        if path.suffix == ".png":
            assert path.stat().st_size <= MOST_IMAGE_BYTES, f"{target} is larger than 120 KB"


def test_no_picture_is_left_over() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert [p.name for p in (DOCS / "images").glob("*.png") if p.name not in text] == []


def test_the_readmes_name_commands_that_the_makefile_has() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    for readme in READMES:
        named = set(re.findall(r"(?:`|^)make ([a-z-]+)", readme.read_text(encoding="utf-8"), re.M))
        assert {"demo", "test"} <= named <= targets


def test_both_readmes_have_the_same_parts() -> None:
    levels = [re.findall(r"^(#+) ", FENCE.sub("", r.read_text(encoding="utf-8")), re.M) for r in READMES]
    assert levels[0] == levels[1]


def test_the_index_leads_to_every_page() -> None:
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    missing = [
        str(p.relative_to(DOCS))
        for p in sorted(DOCS.rglob("*.md"))
        if p != DOCS / "README.md" and p.parent.name != "decisions" and f"({p.relative_to(DOCS)})" not in index
    ]
    assert missing == []


def test_the_architecture_page_has_the_layers_that_are_checked() -> None:
    parser = ConfigParser()
    parser.read(ROOT / ".importlinter", encoding="utf-8")
    layers = parser["importlinter:contract:layers"]["layers"].split("\n")[::-1]
    checked = [set(re.findall(r"nhip\.\w+", line)) - {"nhip.__main__"} for line in layers]
    page = (DOCS / "architecture.md").read_text(encoding="utf-8")
    place = {
        n: int(no) for no, names in re.findall(r"^\| (\d+) \| (.+?) \|", page, re.M) for n in names.split("`")[1::2]
    }
    assert set(place) == set().union(*checked)
    for lower, upper in pairwise([names for names in checked if names]):
        assert max(place[n] for n in lower) <= min(place[n] for n in upper)


REAL = {
    "gtfs-stops": "transit/hanoi_gtfs_md.zip",
    "gtfs-routes": "transit/hanoi_gtfs_md.zip",
    "gtfs-calendar": "transit/hanoi_gtfs_md.zip",
    "hcmc-stops": "transit/hcmc_bus_lines_stops.csv",
    "osm-stops": "transit/hanoi_bus_stops_osm.geojson",
    "nso-conversion": "vi/nso_conversion_2025.csv",
}


@pytest.mark.real
@pytest.mark.parametrize("name", REAL)
def test_the_figures_of_what_nhip_found(
    name: str, real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NHIP_DATA_DIR", str(tmp_path))
    contract = DOCS / "howto" / "contracts" / f"{name}.yaml"
    report = json.loads(run(["check", str(real_data / REAL[name]), "--contract", str(contract), "--json"], capsys))
    page = (DOCS / "explain" / "what-nhip-found.md").read_text(encoding="utf-8")
    row = re.search(rf"^\| `{name}`[^|]*\|(.*)\|$", page, re.M)
    assert row is not None
    cells = [cell.strip().replace(",", "") for cell in row[1].split("|")]
    assert [report["rows"], report["findings"], report["mended"]] == [int(cell) for cell in cells[:3]]
    virtues = ("accurate", "complete", "clean", "consistent")
    scores = [report["virtues"][virtue] for virtue in virtues]
    assert ["-" if score is None else f"{score:.1f}" for score in scores] == cells[3:]
