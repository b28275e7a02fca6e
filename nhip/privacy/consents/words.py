"""The words that a person agrees to: put together from the register, so that they say what is registered and nothing else."""

from __future__ import annotations

from hashlib import sha256

from nhip.kernel.i18n import _
from nhip.privacy.processing.model import Processing
from nhip.web.i18n import translate

RIGHTS = _(
    "You may take this consent back at any time, as easily as you give it, on the page of your consents or at the desk. That "
    "changes nothing about what was done before. You may ask to see your data, to get a copy, to have them corrected or "
    "deleted, to have the processing restricted, object to it, and complain. Refusing or taking back does not touch what the "
    "law gives you anyway."
)


def words_of(processing: Processing) -> str:
    """The text for a consent to `processing`, in the language of the page."""
    lines = [
        processing.shown_title,
        translate(_("Purpose: {text}"), text=processing.shown_purpose),
        translate(_("Kinds of data: {text}"), text="; ".join(processing.data_categories)),
        translate(_("Controller: {text}"), text=processing.shown_controller),
    ]
    if processing.processors:
        lines.append(translate(_("Processors: {text}"), text="; ".join(processing.processors)))
    if processing.recipients:
        lines.append(translate(_("Given to: {text}"), text="; ".join(processing.recipients)))
    if processing.abroad:
        lines.append(translate(_("Transfer abroad: {text}"), text=processing.abroad))
    if processing.retention_months:
        lines.append(translate(_("Kept for {n} months."), n=processing.retention_months))
    return "\n".join([*lines, translate(RIGHTS)])


def digest_of(text: str) -> bytes:
    """SHA-256 of the words, 32 bytes."""
    return sha256(text.encode()).digest()
