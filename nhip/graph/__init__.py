"""The live graph of the city: things as NGSI-LD entities (ETSI GS CIM 009 v1.9.1), their history, queries, sharing."""

from nhip import compiled

compiled.take()
