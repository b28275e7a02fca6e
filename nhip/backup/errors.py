"""Why a backup or a restore did not happen."""

from __future__ import annotations

from nhip.errors import BadInput, NhipError


class DumpFailed(NhipError):
    """The database could not be copied: {what}. The backups that were there before are untouched."""


class RestoreFailed(NhipError):
    """The database could not be filled: {what}. The backup is untouched; empty the folder {folder} and try again."""


class NoPlace(BadInput):
    """No place for backups is set. Set `backup_to` to a folder on another disk or machine."""


class NoBackup(BadInput):
    """There is no backup at {folder}. Name the folder that `nhip backup` wrote to, or one of the points in it."""


class BackupDamaged(NhipError):
    """The backup {folder} is damaged: {what}. Take another one; `nhip backup verify` tells which are whole."""


class NotEmpty(BadInput):
    """A backup is restored into an empty place only, and {what} holds data already."""


class WrongPassphrase(BadInput):
    """The keys in this backup do not open with this passphrase."""


class PassphraseNeeded(BadInput):
    """The keys in this backup are sealed. Set NHIP_BACKUP_PASSPHRASE to the passphrase, or restore --without-keys."""


class ProgramTooOld(BadInput):
    """This backup was made by Nhịp {made_with}, which is newer than this one ({here}). Install that version and try again."""
