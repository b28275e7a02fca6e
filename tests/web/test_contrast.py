"""Every colour pair in use reaches WCAG 2.2 contrast in both themes; every colour is a token."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CSS = Path(__file__).resolve().parents[2] / "nhip" / "web" / "static" / "css"
TOKENS = (CSS / "tokens.css").read_text(encoding="utf-8")
TEXT, SHAPE = 4.5, 3.0
GROUNDS = ("paper", "surface", "sunken")
PAIRS = [
    *[
        (ink, ground, TEXT)
        for ink in ("ink", "quiet", "accent", "accent-deep", "warn-ink", "alarm")
        for ground in GROUNDS
    ],
    *[(shape, ground, SHAPE) for shape in ("edge", "warn", "good", "water") for ground in GROUNDS],
    ("on-accent", "accent", TEXT),
    ("on-accent", "accent-deep", TEXT),
    ("on-alarm", "alarm", TEXT),
    ("ink", "accent-soft", TEXT),
    ("accent", "accent-soft", SHAPE),
    *[("ink", soft, TEXT) for soft in ("water-soft", "good-soft", "warn-soft", "alarm-soft")],
    *[("accent", soft, TEXT) for soft in ("water-soft", "good-soft", "warn-soft", "alarm-soft")],
    *[("quiet", soft, TEXT) for soft in ("warn-soft", "good-soft", "alarm-soft")],
    ("water", "water-soft", SHAPE),
    ("warn", "warn-soft", SHAPE),
    ("good", "good-soft", TEXT),
    ("alarm", "alarm-soft", TEXT),
    ("warn-ink", "warn-soft", TEXT),
]
"""(what is drawn, what it is drawn on, least ratio): text 4.5 (1.4.3), shapes and borders of fields 3 (1.4.11)."""


def _blocks() -> dict[str, dict[str, str]]:
    light, rest = TOKENS.split("@media screen and (prefers-color-scheme: dark)")
    system, chosen = rest.split(':root[data-theme="dark"]')
    return {
        name: dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", text))
        for name, text in (("light", light), ("dark", system), ("chosen", chosen))
    }


def _luminance(colour: str) -> float:
    def channel(at: int) -> float:
        value = int(colour[at : at + 2], 16) / 255
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)


def ratio(first: str, second: str) -> float:
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_ratio_is_that_of_the_standard() -> None:
    assert ratio("#ffffff", "#000000") == pytest.approx(21)
    assert ratio("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("drawn", "ground", "least"), PAIRS)
def test_pair_is_readable(theme: str, drawn: str, ground: str, least: float) -> None:
    colours = _blocks()[theme]
    assert ratio(colours[drawn], colours[ground]) >= least, f"{drawn} on {ground} ({theme})"


def test_both_ways_to_the_dark_theme_are_the_same() -> None:
    blocks = _blocks()
    assert blocks["dark"] == blocks["chosen"]
    assert blocks["dark"].keys() == blocks["light"].keys()


def test_every_colour_token_is_in_a_checked_pair() -> None:
    unchecked = _blocks()["light"].keys() - {name for pair in PAIRS for name in pair[:2]} - {"line"}
    assert unchecked == set(), "line is decoration; every other colour needs a checked pair"


@pytest.mark.parametrize(
    "sheet", sorted(p.name for p in CSS.glob("*.css") if p.name not in ("tokens.css", "print.css"))
)
def test_no_colour_outside_the_tokens(sheet: str) -> None:
    text = (CSS / sheet).read_text(encoding="utf-8")
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[;\s,)])|hsla?\(", text) == []
    known = set(re.findall(r"--([a-z0-9-]+):", TOKENS))
    assert set(re.findall(r"var\(--([a-z0-9-]+)\)", text)) <= known
