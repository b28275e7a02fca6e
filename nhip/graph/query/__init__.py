"""Queries over the live graph (ETSI GS CIM 009 v1.9.1): parsers, what decides a match, search, discovery, linked entities."""
