"""Reaching one dataset, delivery or source: what is not there and what is not yours answer alike.

`NotFound` where somebody may not even read it; `Forbidden` where they read it but may not do what they ask.
"""

from __future__ import annotations

import uuid

from nhip.datasets.errors import AgencyNotFound, AlertGone, DatasetNotFound, DeliveryNotFound, SourceNotFound
from nhip.datasets.records import Agency, Dataset, DeliveryRecord, Source
from nhip.datasets.store import find_alert_place, get_agency, get_dataset, get_delivery, get_source
from nhip.db import Connection
from nhip.errors import Forbidden
from nhip.security.permissions.current import current_rights
from nhip.security.permissions.model import Rights

READ = "dataset.read"


async def access_dataset(tx: Connection, rights: Rights, name: str | uuid.UUID, permission: str = READ) -> Dataset:
    """The dataset, if `permission` holds for its agency. Raises DatasetNotFound, Forbidden."""
    dataset = await get_dataset(tx, name)
    if not rights.may(permission, organisation=dataset.agency_id):
        _refuse(rights, dataset.agency_id, DatasetNotFound(name=str(name)))
    return dataset


async def access_delivery(
    tx: Connection, rights: Rights, delivery_id: uuid.UUID, permission: str = READ
) -> tuple[DeliveryRecord, Dataset]:
    """The delivery and its dataset, if `permission` holds for its agency. Raises DeliveryNotFound, Forbidden."""
    delivery = await get_delivery(tx, delivery_id)
    dataset = await get_dataset(tx, delivery.dataset_id)
    if not rights.may(permission, organisation=dataset.agency_id):
        _refuse(rights, dataset.agency_id, DeliveryNotFound())
    return delivery, dataset


async def access_source(tx: Connection, rights: Rights, name: str, permission: str = "source.read") -> Source:
    """The source, if `permission` holds for its agency. Raises SourceNotFound, Forbidden."""
    source = await get_source(tx, name)
    if not rights.may(permission, organisation=source.agency_id):
        _refuse(rights, source.agency_id, SourceNotFound(name=name), "source.read")
    return source


async def access_agency(tx: Connection, rights: Rights, code: str, permission: str = READ) -> Agency:
    """The agency, if `permission` holds for it. Raises AgencyNotFound, Forbidden."""
    agency = await get_agency(tx, code)
    if not rights.may(permission, organisation=agency.id):
        _refuse(rights, agency.id, AgencyNotFound(code=code))
    return agency


async def access_alert(tx: Connection, rights: Rights, alert_id: uuid.UUID, permission: str = "alert.settle") -> None:
    """Raises AlertGone, Forbidden unless `permission` holds for the agency of the alert's dataset."""
    agency_id = await find_alert_place(tx, alert_id)
    if agency_id is None:
        raise AlertGone
    if not rights.may(permission, organisation=agency_id):
        _refuse(rights, agency_id, AlertGone())


def require_reach(dataset: Dataset, permission: str = READ) -> None:
    """Raises DatasetNotFound when the task works for somebody who may not; Nhịp itself may."""
    rights = current_rights()
    if rights is not None and not rights.may(permission, organisation=dataset.agency_id):
        raise DatasetNotFound(name=dataset.name)


def _refuse(rights: Rights, agency_id: uuid.UUID, absent: Exception, read: str = READ) -> None:
    if rights.may(read, organisation=agency_id):
        raise Forbidden
    raise absent
