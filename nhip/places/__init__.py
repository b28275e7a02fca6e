"""Administrative units as of a date: the register, its importers, the address resolver."""
