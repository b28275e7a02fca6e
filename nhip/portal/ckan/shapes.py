"""Entries, agencies, themes and licences in the shapes of CKAN 2.12."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from nhip.datasets.themes import theme_title
from nhip.portal.ckan.ids import FORMATS, TABLE, group_id, name_of, organization_id, resource_id, tag_id
from nhip.portal.licences import list_licences
from nhip.portal.model import Entry, Licence
from nhip.portal.search import Agency, Theme

Shape = dict[str, Any]
_MAIL = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;.]+")
"""Harvesters refuse a whole dataset for an address that is none."""


def moment(at: datetime) -> str:
    """A moment as CKAN writes it: UTC without a zone, with microseconds."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")


def package(entry: Entry, root: str) -> Shape:
    """A dataset with everything in it."""
    licence = list_licences().get(entry.licence)
    mail = entry.contact if _MAIL.fullmatch(entry.contact) else ""
    resources = [resource(entry, form, place, root) for place, form in enumerate(_formats(entry))]
    return {
        "id": str(entry.dataset_id),
        "name": entry.name,
        "title": entry.title,
        "notes": entry.description,
        "type": "dataset",
        "state": "active",
        "private": False,
        "creator_user_id": None,
        "version": None,
        "metadata_created": moment(entry.issued),
        "metadata_modified": moment(entry.modified),
        "license_id": entry.licence,
        "isopen": licence is not None and licence.open,
        **({"license_title": licence.title, "license_url": _uri(licence, root)} if licence else {}),
        "author": entry.agency_name,
        "author_email": mail,
        "maintainer": entry.agency_name,
        "maintainer_email": mail,
        "url": f"{root}/dataset/{entry.name}",
        "owner_org": organization_id(entry.agency_code),
        "organization": _organization_of(entry),
        "groups": [group_reference(entry.theme)] if entry.theme else [],
        "tags": [tag(keyword) for keyword in entry.keywords],
        "resources": resources,
        "extras": _extras(entry),
        "num_resources": len(resources),
        "num_tags": len(entry.keywords),
        "relationships_as_subject": [],
        "relationships_as_object": [],
    }


def _formats(entry: Entry) -> list[str]:
    return [form for form in FORMATS if form in entry.formats]


def _extras(entry: Entry) -> list[Shape]:
    told = {
        "title_en": entry.title_en,
        "agency_code": entry.agency_code,
        "as_of": moment(entry.as_of),
        "contact": entry.contact,
        "frequency": entry.cadence,
        "release": str(entry.release_no),
        "source": entry.credit.words if entry.credit else "",
        "source_url": entry.credit.url if entry.credit else "",
    }
    return [{"key": key, "value": value} for key, value in told.items() if value]


def resource(entry: Entry, form: str, place: int, root: str) -> Shape:
    """One format of a dataset."""
    label, media = FORMATS[form]
    changed = moment(entry.modified)
    return {
        "id": resource_id(entry.dataset_id, form),
        "package_id": str(entry.dataset_id),
        "position": place,
        "name": f"{entry.title} ({label})",
        "description": "",
        "format": label,
        "mimetype": media,
        "url": f"{root}/dataset/{entry.name}/export.{form}",
        "url_type": None,
        "resource_type": None,
        "hash": "",
        "size": entry.bytes if form == "parquet" else None,
        "mimetype_inner": None,
        "state": "active",
        "created": moment(entry.issued),
        "last_modified": changed,
        "metadata_modified": changed,
        "cache_url": None,
        "cache_last_updated": None,
        "datastore_active": form == TABLE,
    }


def tag(keyword: str) -> Shape:
    """A keyword."""
    told = {"name": keyword, "display_name": keyword, "state": "active", "vocabulary_id": None}
    return {"id": tag_id(keyword), **told}


def group_reference(theme: str) -> Shape:
    """A theme inside a dataset."""
    title = theme_title(theme, "vi")
    told = {"title": title, "display_name": title, "description": "", "image_display_url": ""}
    return {"id": group_id(theme), "name": name_of(theme), **told}


def _organization_of(entry: Entry) -> Shape:
    return {
        "id": organization_id(entry.agency_code),
        "name": name_of(entry.agency_code),
        "title": entry.agency_name,
        "type": "organization",
        "description": "",
        "image_url": "",
        "created": moment(entry.issued),
        "is_organization": True,
        "approval_status": "approved",
        "state": "active",
    }


def organization(agency: Agency) -> Shape:
    """An agency."""
    ours = {"id": organization_id(agency.code), "name": name_of(agency.code), "type": "organization"}
    extras = [{"key": "agency_code", "value": agency.code}, {"key": "title_en", "value": agency.title_en}]
    kept = [extra for extra in extras if extra["value"]]
    return {**ours, **_body(agency.title, agency.datasets), "is_organization": True, "extras": kept}


def group(theme: Theme) -> Shape:
    """A theme."""
    ours = {"id": group_id(theme.code), "name": name_of(theme.code), "type": "group"}
    return {**ours, **_body(theme_title(theme.code, "vi"), theme.datasets), "is_organization": False, "extras": []}


def _body(title: str, datasets: int) -> Shape:
    return {
        "title": title,
        "display_name": title,
        "description": "",
        "image_url": "",
        "image_display_url": "",
        "state": "active",
        "approval_status": "approved",
        "package_count": datasets,
        "num_followers": 0,
        "users": [],
        "groups": [],
        "tags": [],
    }


def licence(one: Licence, root: str) -> Shape:
    """A licence as license_list tells it."""
    openness = "approved" if one.open else "not reviewed"
    return {
        "id": one.code,
        "title": one.title,
        "url": _uri(one, root),
        "status": "active",
        "family": "",
        "od_conformance": openness,
        "osd_conformance": "not reviewed",
        "maintainer": "",
        "is_generic": False,
        "domain_content": one.open,
        "domain_data": one.open,
        "domain_software": False,
    }


def _uri(one: Licence, root: str) -> str:
    return root + one.uri if one.uri.startswith("/") else one.uri
