"""JSON-LD @contexts as NGSI-LD uses them: term <-> IRI, compiled once a chain; hosted, cached and implicit contexts."""
