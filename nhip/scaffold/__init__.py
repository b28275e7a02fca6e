"""`nhip sector new`: a working sector from the files beside this module."""

from __future__ import annotations

from pathlib import Path

FILES = Path(__file__).parent / "files"


def write_sector(folder: Path, name: str, title: str, title_en: str) -> list[Path]:
    """Write the sector `name` into `folder`; gives the files. `@name@`, `@title@` and `@title_en@` are filled in."""
    values = {"@name@": name, "@title@": title, "@title_en@": title_en}
    written = []
    for source in sorted(FILES.rglob("*.tmpl")):
        relative = _filled(str(source.relative_to(FILES)).removesuffix(".tmpl"), values)
        target = folder / relative.replace("package/", f"nhip_{name}/", 1)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_filled(source.read_text(encoding="utf-8"), values), encoding="utf-8")
        written.append(target)
    return written


def _filled(text: str, values: dict[str, str]) -> str:
    for place, value in values.items():
        text = text.replace(place, value)
    return text
