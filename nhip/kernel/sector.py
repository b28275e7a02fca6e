"""A sector is data: one frozen `Sector` that can be listed, checked, documented and shown without running it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec


class Indicator(msgspec.Struct, frozen=True, kw_only=True):
    """One number with a meaning. `sql` is one DuckDB SELECT over the datasets it names, giving one row with one number.

    `better` says which direction is good; beyond `warn` and `alarm` in the bad direction the state changes.
    """

    name: str
    title: str
    title_en: str
    meaning: str
    unit: str
    sql: str
    datasets: tuple[str, ...]
    better: Literal["higher", "lower"] = "higher"
    warn: float | None = None
    alarm: float | None = None


class DatasetPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset that the sector brings: its contract file (in the sector's `contracts/`) and where its data come from."""

    name: str
    agency_code: str
    agency_name: str
    contract: str
    theme: str = ""
    demo: str = ""
    """File in the sector's `demo/` that stands in for the agency's system until a real source is added."""


class Permission(msgspec.Struct, frozen=True):
    """A right that a route, a job or an act needs: `sector.act`. `roles`: the built-in roles that have it.

    `sensitive`: an act after which harm is hard to undo, or a look at personal data; asks for a fresh proof of who it is.
    """

    name: str
    title: str
    roles: tuple[str, ...] = ()
    sensitive: bool = False


class Sector(msgspec.Struct, frozen=True, kw_only=True):
    """A plug-in. `migrations/`, `templates/`, `locale/`, `contracts/` and `demo/` in its package are found by folder."""

    name: str
    title: str
    title_en: str
    package: str
    summary: str = ""
    datasets: tuple[DatasetPlan, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    routes: Sequence[Any] = ()
    """Litestar handlers (see `nhip.sdk.page`); each names the permission it needs: `@get("/console/x", permission="x.read")`."""
    jobs: Any = None
    """A procrastinate Blueprint, or None."""
    permissions: tuple[Permission, ...] = ()
    """What its routes and jobs may need; each name begins with the sector's name and a point."""
    requires: tuple[str, ...] = ()
    """Sectors whose migrations run first."""
