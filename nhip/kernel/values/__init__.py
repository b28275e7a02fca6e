"""Parsers of single delivered values: dates, numbers, booleans, phones, plates, identity numbers, coordinates."""
