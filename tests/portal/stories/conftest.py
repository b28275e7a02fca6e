"""The city of the readers' tests, with an editor at a browser."""

from tests.portal.people.conftest import city, mailbox, official, stranger

__all__ = ["city", "mailbox", "official", "stranger"]
