"""NGSI-LD documents: from what clients send to the canonical form, to what rests, and to every representation of it."""
