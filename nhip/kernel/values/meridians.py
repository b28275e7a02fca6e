"""VN-2000: EPSG codes of its zones and the central meridian of every province.

Sources: EPSG registry; Circular 973/2001/TT-TCDC with the later additions for provinces split since (63 provinces). The provinces
of 1 July 2025 keep the meridians of their parts, so that one province may have measurements on several.
"""

from __future__ import annotations

MERIDIANS: dict[str, int] = {
    "103-00": 9205,
    "104-00": 9206,
    "104-30": 9207,
    "104-45": 9208,
    "105-00": 5897,
    "105-30": 9209,
    "105-45": 9210,
    "106-00": 9211,
    "106-15": 9212,
    "106-30": 9213,
    "107-00": 9214,
    "107-15": 9215,
    "107-30": 9216,
    "107-45": 5899,
    "108-00": 5898,
    "108-15": 9217,
    "108-30": 9218,
}
"""Central meridian (degrees-minutes east) of a 3-degree zone -> EPSG code; k = 0.9999, false easting 500,000 m."""

ZONES: dict[int, str] = {code: meridian for meridian, code in MERIDIANS.items()} | {
    5896: "102-00",
    3405: "UTM 48N",
    3406: "UTM 49N",
}
"""EPSG code -> name of every projected VN-2000 zone that is accepted."""

_OLD: dict[str, str] = {
    "103-00": "11 12",
    "104-00": "14",
    "104-30": "91 96",
    "104-45": "10 15 25 40 89",
    "105-00": "01 26 35 37 38 87 92 93 95",
    "105-30": "02 27 30 33 34 36 42 72 84 86 94",
    "105-45": "04 31 74 79 80 82 83",
    "106-00": "08 17 44",
    "106-15": "45 70",
    "106-30": "06 19",
    "107-00": "24 46",
    "107-15": "20",
    "107-30": "62",
    "107-45": "22 48 49 68 75 77",
    "108-00": "51",
    "108-15": "52 56 58",
    "108-30": "54 60 64 66 67",
}
"""Meridian -> codes of the 63 provinces before 1 July 2025."""

_MERGED = (
    "08:08+02 15:15+10 19:19+06 24:27+24 25:25+26+17 31:31+30 33:33+34 37:37+35+36 44:45+44 48:48+49 51:51+62 52:64+52 56:56+58 "
    "66:66+54 68:68+67+60 75:75+70 79:79+74+77 80:72+80 82:87+82 86:86+83+84 91:89+91 92:92+94+93 96:96+95"
)
"""Present code:old codes of its parts, the part that gave the name first."""

_OF_OLD = {code: MERIDIANS[meridian] for meridian, codes in _OLD.items() for code in codes.split(" ")}
_PARTS = {present: parts.split("+") for present, _, parts in (entry.partition(":") for entry in _MERGED.split(" "))}


def central_meridian(epsg: int) -> tuple[float, float]:
    """Central meridian in degrees and scale factor of a zone of `ZONES`."""
    if epsg in (3405, 3406):
        return (105.0 if epsg == 3405 else 111.0), 0.9996
    degrees, minutes = ZONES[epsg].split("-")
    return int(degrees) + int(minutes) / 60, 0.9999


def meridians(province: str) -> tuple[int, ...]:
    """EPSG codes of the zones of a province by its two-digit code, the likeliest first; empty for an unknown code.

    A code may be of the 34 present provinces or of the 63 old ones; where a code is both, the zones of the present one are given,
    and they hold the old one's.
    """
    parts = _PARTS.get(province, [province])
    return tuple(dict.fromkeys(_OF_OLD[part] for part in parts if part in _OF_OLD))
