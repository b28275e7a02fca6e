"""The NGSI-LD interface (ETSI GS CIM 009 v1.9.1, clause 6) as one small ASGI application without a web framework."""
