"""Pure functions and types without I/O: ids, time, text, geometry, measures, the Sector."""
