"""The nouns of open data: a publication and its treatment, an open release, an entry of the catalogue, a licence."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Literal

import msgspec

TOPIC = "portal"
"""Announced when what is open changes (`nhip.db.notify`)."""
ActName = Literal["keep", "drop", "mask", "round", "year", "month", "unit", "prefix", "band", "top", "bottom", "group"]
"""What can be done to a column before it is open."""
Role = Literal["", "quasi", "sensitive"]
"""What a column says of people: nothing, something by which others' knowledge finds them, something that nobody should learn."""


class Act(msgspec.Struct, frozen=True):
    """What is done to one column: `keep` as it is, `drop`, `mask` with •••, `round` to a multiple of `to`, `year` or `month` of a
    date, `unit` of an address (its commune alone), `prefix` of the first `to` characters, `band` of `to` numbers (1950–1959),
    `top` and `bottom`: nothing above or below `to`, `group`: what fewer than `to` rows say is "Khác"."""

    act: ActName = "keep"
    to: float = 0


Treatment = dict[str, Act]
"""Column -> act; a column that is not named is kept when it is nobody's personal data, else dropped."""


class Shaping(msgspec.Struct, frozen=True, kw_only=True):
    """What is done to the table as a whole, after its columns. `roles`: where somebody says of a column other than Nhịp infers.
    `by`: count rows by these columns in place of listing them, with `measures` (column -> what is made of it). Rows in groups of
    fewer than `fewest` are left out (0: none is)."""

    roles: dict[str, Role] = {}
    by: list[str] = []
    measures: dict[str, Literal["sum", "mean"]] = {}
    fewest: int = 0


WHOLE = Shaping()


class Publication(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided about one dataset, last."""

    dataset_id: uuid.UUID
    state: Literal["published", "withdrawn"]
    licence: str
    basis: str
    """The legal ground, in words."""
    treatment: Treatment
    shaping: Shaping
    keywords: list[str]
    contact: str
    """E-mail address or page where people ask about the data."""
    cadence: str
    """How often it is renewed, a code of the EU frequency vocabulary (`DAILY`, `MONTHLY`…); empty: not said."""
    proposed_by: str
    proposed_at: datetime
    decided_by: str
    decided_at: datetime | None
    first_published_at: datetime | None
    withdrawn_at: datetime | None
    reason: str
    proposed_party: uuid.UUID | None = None
    """Who proposed it; None: Nhịp's command line."""


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody proposes about one dataset. Nothing of it holds until it is accepted."""

    id: uuid.UUID
    dataset_id: uuid.UUID
    state: Literal["waiting", "accepted", "returned", "replaced"]
    licence: str
    basis: str
    treatment: Treatment
    shaping: Shaping
    keywords: list[str]
    contact: str
    cadence: str
    gate: GateReport | None
    by_name: str
    by_party: uuid.UUID | None
    """Who proposed and so does not decide on it; None: Nhịp's command line."""
    at: datetime
    note: str


class OpenColumn(msgspec.Struct, frozen=True, kw_only=True):
    """A column of a release as people are told: what it means, of which type, in which unit, what was done to it."""

    name: str
    type: str
    """text, integer, number, boolean, date, timestamp, time"""
    kind: str = ""
    title: str = ""
    title_en: str = ""
    description: str = ""
    unit: str = ""
    act: ActName = "keep"
    to: float = 0
    """What the act was given: the multiple, the number of characters."""


class Suspicion(msgspec.Struct, frozen=True, kw_only=True):
    """What the gate found in a column: recogniser, number of cells, one masked example."""

    column: str
    what: str
    cells: int
    example: str = ""


class GateReport(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a table may be open: `blocks` are marked reasons that stop it, `warns` what a person should know."""

    open: bool
    blocks: list[str] = []
    warns: list[str] = []
    suspicions: list[Suspicion] = []
    k: int | None = None
    """The smallest group of rows that share all quasi-identifiers; None where there are none."""
    l: int | None = None  # noqa: E741 - the letter of l-diversity
    """The fewest different values of a sensitive column within such a group; None where no column is sensitive."""
    wanted_k: int = 0
    wanted_l: int = 0
    few_rows: int = 0
    """Rows in groups smaller than `wanted_k`."""
    quasi: list[str] = []
    sensitive: list[str] = []
    overruled: list[str] = []
    """Columns of which somebody says less than Nhịp infers."""
    policy: str = ""
    """Name and date of the policy that was applied."""


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """An open, immutable table: Parquet in the object store, made from version `no` by the treatment then in force."""

    dataset_id: uuid.UUID
    no: int
    object: str
    digest: str
    row_count: int
    bytes: int
    columns: list[OpenColumn]
    gate: GateReport
    as_of: datetime
    made_at: datetime
    recalled_at: datetime | None = None
    recall_reason: str = ""
    removed_at: datetime | None = None
    """When the bytes of a recalled release were deleted."""


class Credit(msgspec.Struct, frozen=True, kw_only=True):
    """Whose a harvested dataset is, as its licence wants it told: the organisation, the title, the address and the licence at the
    portal that it came from, and our name for that portal."""

    organisation: str = ""
    title: str = ""
    url: str = ""
    licence: str = ""
    portal: str = ""

    @property
    def words(self) -> str:
        """The organisation, or else the portal; the title there; the licence there."""
        return ", ".join(part for part in (self.organisation or self.portal, self.title, self.licence) if part)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A published dataset as the catalogue shows it."""

    dataset_id: uuid.UUID
    name: str
    title: str
    title_en: str
    description: str
    agency_code: str
    agency_name: str
    agency_name_en: str
    theme: str
    keywords: list[str]
    formats: list[str]
    places: list[str]
    """Codes of the administrative units that it covers."""
    licence: str
    contact: str
    cadence: str
    release_no: int
    row_count: int
    bytes: int
    columns: list[OpenColumn]
    virtues: dict[str, float | None]
    score: int
    """Points of data.europa.eu's MQA, of 405."""
    issued: datetime
    modified: datetime
    as_of: datetime
    credit: Credit | None = None
    """Of harvested data; None: the agency's own."""


class Licence(msgspec.Struct, frozen=True, kw_only=True):
    """A licence to choose: `uri` is what catalogues name, `authority` its URI in the EU vocabulary where there is one."""

    code: str
    title: str
    title_en: str
    uri: str
    authority: str = ""
    open: bool = True


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """One decision about a publication."""

    id: uuid.UUID
    dataset_id: uuid.UUID
    act: str
    by_name: str
    at: datetime
    basis: str
    note: str
    gate: dict[str, Any]
