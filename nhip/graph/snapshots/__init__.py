"""Snapshots (CIM 009, 5.16, 6.3.22): what some queries found, frozen, to be asked as the live graph is."""
