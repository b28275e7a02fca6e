"""What a dataset is called and said to be in another portal's catalogue."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from nhip.portal.ckan.shapes import package
from nhip.portal.model import Entry
from nhip.portal.national.model import National

MOST_NAME = 100
_NOT_IN_TAGS = re.compile(r"[^\w .-]+")
_RESOURCE = ("id", "name", "format", "mimetype", "url", "size", "last_modified")


def name_there(national: National, name: str) -> str:
    """The name of our dataset at the other side: with our prefix, at most the hundred characters that CKAN takes."""
    whole = f"{national.prefix}{name}"
    if len(whole) <= MOST_NAME:
        return whole
    return f"{whole[: MOST_NAME - 9]}-{hashlib.sha256(whole.encode()).hexdigest()[:8]}"


def package_there(national: National, entry: Entry, root: str) -> dict[str, Any]:
    """The dataset as `package_create` and `package_update` of CKAN take it: our own page is named as its source."""
    ours = package(entry, root)
    kept = ("title", "notes", "license_id", "author", "author_email", "maintainer", "maintainer_email", "url", "state")
    extras = [*ours["extras"], {"key": "source_id", "value": str(entry.dataset_id)}]
    return {
        **{field: ours[field] for field in kept},
        "name": name_there(national, entry.name),
        "private": False,
        **({"owner_org": national.organisation} if national.organisation else {}),
        "tags": [{"name": tag} for tag in _tags(entry.keywords)],
        "extras": extras,
        "resources": [
            {field: one[field] for field in _RESOURCE if one[field] is not None} for one in ours["resources"]
        ],
    }


def _tags(keywords: list[str]) -> list[str]:
    """Keywords as CKAN takes them: 2 to 100 letters, digits, blanks, `-_.`; others would make it refuse the dataset."""
    plain = (" ".join(_NOT_IN_TAGS.sub(" ", keyword).split())[:MOST_NAME] for keyword in keywords)
    return list(dict.fromkeys(tag for tag in plain if len(tag) > 1))
