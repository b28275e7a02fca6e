"""Why a file that somebody handed in is not taken, in words for them."""

from __future__ import annotations

from nhip.errors import NhipError


class UnusableUpload(NhipError):
    """This file cannot be taken."""

    status = 422


class EmptyUpload(UnusableUpload):
    """The file is empty. Choose it again."""


class UploadTooLarge(UnusableUpload):
    """The file is larger than {limit_mb} MB, the most that is taken here."""

    status = 413


class NotAllowedHere(UnusableUpload):
    """Files of this type are not taken here. Send one of: {allowed}."""

    status = 415


class UnknownUpload(UnusableUpload):
    """The content of the file is of no type that is known here. Save it as PDF or as a picture and send it again."""

    status = 415


class WrongName(UnusableUpload):
    """The name “{name}” does not fit the content of the file. Give it the right ending and send it again."""


class DamagedUpload(UnusableUpload):
    """The file is damaged or incomplete. Save it again and send it once more."""


class TwoFiles(UnusableUpload):
    """The file holds a second file behind or inside it, which is not taken. Save it again and send it once more."""


class HoldsProgram(UnusableUpload):
    """The file holds a program (a macro, script or link that starts something). Save it without and send it again."""


class Locked(UnusableUpload):
    """The file is protected by a password, so nobody here can look into it. Take the protection off and send it again."""


class PacksTooMuch(UnusableUpload):
    """The file would unpack to far more than it should. It was not unpacked."""

    status = 413


class PictureTooLarge(UnusableUpload):
    """The picture has more than {limit} million pixels. Make it smaller and send it again."""

    status = 413


class PictureTooSlow(UnusableUpload):
    """The picture could not be read in {seconds} seconds. Save it as JPEG and send it again."""
