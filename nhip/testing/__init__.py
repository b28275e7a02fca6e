"""Fixtures that sectors and third parties use: database, client, clock, fake agencies, browser, axe."""
