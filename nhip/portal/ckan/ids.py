"""Names and ids as CKAN needs them, made from what we have: nothing is stored, and the same thing always has the same id."""

from __future__ import annotations

import hashlib
import uuid

from nhip.kernel.ids import slug

FORMATS = {
    "csv": ("CSV", "text/csv"),
    "xlsx": ("XLSX", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "json": ("JSON", "application/json"),
    "parquet": ("Parquet", "application/vnd.apache.parquet"),
    "geojson": ("GeoJSON", "application/geo+json"),
}
TABLE = "csv"
"""The resource whose rows datastore_search gives; the others are the same table."""
_RANDOM = (1 << 62) - 1
"""The random end of a UUID; version and variant lie above."""


def _mask(form: str) -> int:
    return int.from_bytes(hashlib.sha256(f"ckan resource {form}".encode()).digest()[:8]) & _RANDOM


_MASKS = {form: _mask(form) for form in FORMATS}


def resource_id(dataset_id: uuid.UUID, form: str) -> str:
    """The id of one format of a dataset: the dataset's, its random end turned by the format, so that it can be turned back."""
    return str(uuid.UUID(int=dataset_id.int ^ _MASKS[form]))


def datasets_of(resource: str) -> dict[str, str]:
    """Ids of the datasets that could have this resource -> the format it would be; empty when it is no id."""
    try:
        given = uuid.UUID(resource)
    except ValueError:
        return {}
    return {str(uuid.UUID(int=given.int ^ mask)): form for form, mask in _MASKS.items()}


def organization_id(code: str) -> str:
    """The id of an agency."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"urn:nhip:agency:{code}"))


def group_id(theme: str) -> str:
    """The id of a theme."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"urn:nhip:theme:{theme}"))


def tag_id(keyword: str) -> str:
    """The id of a keyword."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"urn:nhip:keyword:{keyword}"))


def name_of(text: str) -> str:
    """The name of an agency's code or of a theme in addresses and filters: `000.00.10.H57` becomes `000-00-10-h57`."""
    return slug(text)


def is_id(text: str) -> bool:
    """Whether a text is an id rather than a name."""
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
