"""Contracts as hypothesis makes them."""

from __future__ import annotations

from hypothesis import strategies as st

from nhip.datasets.contract.model import Contract, Field, Reference, RowRule

TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)
ODD = st.sampled_from(
    [
        "",
        "no",
        "YES",
        "01",
        "1.0",
        "1e5",
        "2024-01-01",
        "12:30",
        "~",
        "null",
        "a: b",
        "# c",
        "Đường  Huế",
        "- x",
        "{a}",
        "'",
        '"',
        "x\ty",
        "line\nbreak",
        "0x1F",
        "0o17",
        "1_000",
        ".5",
        "=",
        "<<",
        "&a",
        "*b",
        "!t",
        "\u2028",
        "\x85",
    ]
)
WORDS = st.one_of(TEXT, ODD)
FILLED = WORDS.filter(bool)
SEVERITIES = st.sampled_from(["fatal", "error", "warning", "mended"])
NUMBERS = st.one_of(
    st.integers(-(10**12), 10**12).map(float), st.floats(-1e9, 1e9, allow_nan=False).map(lambda x: x + 0.0)
)
SMALL = st.one_of(st.none(), st.integers(0, 1000))
NAMES = st.lists(
    st.one_of(st.from_regex(r"[a-z][a-z0-9_]{0,10}", fullmatch=True), st.sampled_from(["Diện tích", "a.b", "tên cột", "1st"])),
    min_size=1, max_size=5, unique_by=str.lower,
).map(lambda names: [name for name in names if name != "_row"] or ["c"])  # fmt: skip


@st.composite
def fields(draw: st.DrawFn, name: str) -> Field:
    kind = draw(st.sampled_from(["string", "integer", "number", "boolean", "date", "timestamp", "time"]))
    limit = st.one_of(st.none(), NUMBERS, FILLED)
    return Field(
        name=name, type=kind, kind=draw(WORDS), delivered=tuple(draw(st.lists(WORDS, max_size=2))), title=draw(WORDS),
        title_en=draw(WORDS), description=draw(WORDS), required=draw(st.booleans()), unique=draw(st.booleans()),
        primary_key=draw(st.integers(0, 3)), pattern=draw(WORDS), enum=tuple(draw(st.lists(WORDS, max_size=3))),
        minimum=draw(limit), maximum=draw(limit), exclusive_minimum=draw(limit), exclusive_maximum=draw(limit),
        multiple_of=draw(st.one_of(st.none(), st.floats(1e-6, 1e6))), min_length=draw(SMALL), max_length=draw(SMALL),
        format=draw(WORDS), order=draw(st.sampled_from(["", "dmy", "mdy", "ymd"])), unit=draw(WORDS), crs=draw(WORDS),
        classification=draw(WORDS), severity=draw(st.dictionaries(FILLED, SEVERITIES, max_size=2)),
    )  # fmt: skip


def _rule(name: str) -> st.SearchStrategy[RowRule]:
    column = '"' + name.replace('"', '""') + '"'
    holds = st.sampled_from(
        [f"{column} IS NOT NULL", f"NOT ({column} IS NULL)", f"length(CAST({column} AS VARCHAR)) > 2 OR 1 = 2"]
    )
    return st.builds(RowRule, name=FILLED, holds=holds, description=WORDS, severity=SEVERITIES)


@st.composite
def references(draw: st.DrawFn, names: list[str]) -> Reference:
    near = draw(st.lists(st.sampled_from(names), min_size=1, max_size=2))
    far = draw(st.lists(st.sampled_from(["ma", "code", "mã"]), min_size=len(near), max_size=len(near)))
    return Reference(
        columns=tuple(near), to_dataset=draw(st.sampled_from(["xa-phuong", "units", "46-x"])), to_columns=tuple(far)
    )


@st.composite
def contracts(draw: st.DrawFn) -> Contract:
    names = draw(NAMES)
    keys = st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True).map(tuple)
    return Contract(
        id=draw(FILLED), version=draw(FILLED), dataset=draw(st.one_of(st.sampled_from(["truong-hoc", "46-x"]), FILLED)),
        table=draw(WORDS), title=draw(WORDS), title_en=draw(WORDS), description=draw(WORDS), status=draw(FILLED),
        fields=tuple(draw(fields(name)) for name in names), row_rules=tuple(draw(st.lists(_rule(names[0]), max_size=2))),
        references=tuple(draw(st.lists(references(names), max_size=2))), duplicate_keys=tuple(draw(st.lists(keys, max_size=2))),
        min_rows=draw(SMALL), max_rows=draw(SMALL), drift_rows_percent=draw(st.one_of(st.none(), st.floats(0, 1000))),
        cadence_days=draw(st.one_of(st.none(), st.floats(0.001, 4000))), province=draw(WORDS), classification=draw(WORDS),
        owner=draw(WORDS), licence=draw(WORDS), tags=tuple(draw(st.lists(WORDS, max_size=2))),
    )  # fmt: skip
