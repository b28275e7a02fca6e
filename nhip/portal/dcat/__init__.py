"""The catalogue for other catalogues: DCAT-AP 3.0.1, schema.org and Croissant of what is open, and how well it is described."""
