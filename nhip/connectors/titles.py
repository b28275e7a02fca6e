"""What the settings of sources and the choices for them are called on pages (English texts, gettext keys)."""

from __future__ import annotations

from typing import Final

from nhip.kernel.i18n import _

SETTINGS: Final = {
    "path": _("Folder"),
    "pattern": _("Which files"),
    "settle_seconds": _("Wait until untouched (seconds)"),
    "host": _("Server"),
    "port": _("Port"),
    "username": _("User name"),
    "fingerprint": _("Fingerprint of the server"),
    "url": _("Web address"),
    "auth": _("Way to sign in"),
    "auth_name": _("Name of header or parameter"),
    "headers": _("Further request headers"),
    "ca_certificate": _("The agency's own certificate"),
    "filename": _("Name for the file"),
    "accept_html": _("Accept web pages"),
    "params": _("Fixed parameters"),
    "rows": _("Where the rows are"),
    "paging": _("Division into pages"),
    "page_size": _("Rows in a page"),
    "size_param": _("Parameter for the page size"),
    "page_param": _("Parameter for the page number"),
    "first_page": _("Number of the first page"),
    "offset_param": _("Parameter for rows to skip"),
    "next_path": _("Where the next page's address is"),
    "cursor_path": _("Where the next page's mark is"),
    "cursor_param": _("Parameter for the mark"),
    "total_path": _("Where the number of all rows is"),
    "max_pages": _("Most pages"),
    "engine": _("Kind of database"),
    "query": _("Query (SQL)"),
    "database": _("Database"),
    "connection": _("ODBC connection"),
    "tls": _("Encryption"),
    "cursor": _("Column that only grows"),
    "key": _("Key columns"),
    "format": _("Stored as"),
    "batch": _("Rows held at a time"),
    "timeout_seconds": _("Longest wait (seconds)"),
    "datasets": _("Datasets of the portal"),
    "organisations": _("Organisations"),
    "formats": _("Formats"),
    "content": _("What is brought"),
    "gone": _("When the portal offers it no longer"),
    "trust_modified": _("Trust the portal's dates of change"),
    "datastore": _("Row interface"),
    "filter_query": _("Filter"),
    "version": _("Version of DKAN"),
    "list_path": _("Page with the list"),
    "files": _("Addresses of files"),
}

CHOICES: Final = {
    "auth.none": _("none"),
    "auth.basic": _("user name and password"),
    "auth.bearer": _("token (Bearer)"),
    "auth.header": _("key in a header"),
    "auth.query": _("key in the address"),
    "paging.none": _("all in one answer"),
    "paging.page": _("page numbers"),
    "paging.offset": _("rows to skip"),
    "paging.next": _("address of the next page"),
    "paging.cursor": _("mark of the next page"),
    "engine.mysql": _("MySQL or MariaDB"),
    "engine.postgresql": "PostgreSQL",
    "engine.sqlite": _("SQLite (a file)"),
    "engine.odbc": _("SQL Server, Oracle and others (ODBC)"),
    "tls.prefer": _("where the server can"),
    "tls.require": _("always"),
    "tls.verify": _("always, and check the certificate"),
    "format.ndjson": "NDJSON",
    "format.parquet": "Parquet",
    "content.data": _("the data"),
    "content.catalogue": _("the catalogue alone"),
    "gone.withdraw": _("it is withdrawn here too"),
    "gone.keep": _("it stays open here"),
    "datastore.auto": _("where there is no file"),
    "datastore.always": _("always"),
    "datastore.never": _("never"),
    "version.auto": _("ask the portal"),
    "version.7": "DKAN 7",
    "version.2": "DKAN 2",
}
"""By `setting.choice`."""


def title_of_setting(name: str) -> str:
    """The title of a setting; one that nobody gave a title is shown by its name."""
    return SETTINGS.get(name, name)


def title_of_choice(name: str, choice: object) -> str:
    """The title of a choice for the setting `name`; free values are shown as they are."""
    return CHOICES.get(f"{name}.{choice}", str(choice))
