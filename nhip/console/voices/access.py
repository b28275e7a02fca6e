"""Reaching one request or comment: what is not there and what is another agency's answer alike."""

from __future__ import annotations

import uuid

from nhip.datasets.store import get_dataset
from nhip.db import Connection
from nhip.errors import Forbidden
from nhip.portal.people import remarks, wishes
from nhip.portal.people.errors import RemarkNotFound, WishNotFound
from nhip.portal.people.model import Remark, Wish
from nhip.security.permissions.model import Rights

READ, ANSWER = "voice.read", "voice.answer"


async def access_wish(tx: Connection, rights: Rights, no: int, permission: str = READ) -> Wish:
    """A request, if `permission` holds for its agency; of no agency yet: everywhere. Raises WishNotFound, Forbidden."""
    wish = await wishes.get_wish(tx, no)
    if not rights.may(READ, organisation=wish.agency_id):
        raise WishNotFound(what=str(no))
    if not rights.may(permission, organisation=wish.agency_id):
        raise Forbidden
    return wish


async def access_remark(tx: Connection, rights: Rights, remark_id: uuid.UUID, permission: str = READ) -> Remark:
    """A comment, if `permission` holds for the agency of its dataset. Raises RemarkNotFound, Forbidden."""
    remark = await remarks.get_remark(tx, remark_id)
    agency = (await get_dataset(tx, remark.dataset_id)).agency_id
    if not rights.may(READ, organisation=agency):
        raise RemarkNotFound(what=str(remark_id))
    if not rights.may(permission, organisation=agency):
        raise Forbidden
    return remark
