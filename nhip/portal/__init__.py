"""Open data: what was published, for everybody to find, understand, trust and use."""
