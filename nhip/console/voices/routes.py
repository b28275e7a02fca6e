"""Everything that the desk for readers brings to the console."""

from __future__ import annotations

from nhip.console.voices import lists, remarks, wishes

ROUTES = [*lists.ROUTES, *wishes.ROUTES, *remarks.ROUTES]
