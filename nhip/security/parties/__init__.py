"""People, organisations, units, service accounts."""
